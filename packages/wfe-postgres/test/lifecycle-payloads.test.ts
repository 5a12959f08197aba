import { describe, expect, it } from "vitest";
import type { LifecycleEvent } from "wfe-core";
import { sampleLifecycleEvent, sampleLifecycleEvents } from "wfe-core/test-support";
import { eventText, PayloadReader, payloadsOf } from "../src/lifecycle-payloads.ts";

const withMessage = (message: string): LifecycleEvent => ({ ...sampleLifecycleEvent("w"), type: "error", error: { code: "C", message } });

function read(payloads: readonly string[], reader = new PayloadReader()): readonly LifecycleEvent[] | undefined {
  return payloads.map((payload) => reader.read(payload)).at(-1)?.events;
}

describe("notifications of lifecycle events", () => {
  it("hold many short events each", () => {
    const events = Array.from({ length: 20 }, () => sampleLifecycleEvents("w")).flat();

    const payloads = payloadsOf("me", 7, events.map(eventText));

    expect(payloads.length).toBeLessThan(events.length / 20);
    expect(new PayloadReader().read(payloadsOf("me", 7, [])[0] ?? "")).toEqual({ from: "me", sequence: 7, events: [] });
    expect(read(payloads)).toEqual(events);
  });

  it.each(["a", "ä", "€", "😀"])("are shorter than 8,000 bytes, and cut between characters: %s", (text) => {
    const events = Array.from({ length: 8 }, (_, shift) => withMessage(`${"x".repeat(shift)}${text.repeat(20_000)}`));

    for (const event of events) {
      const payloads = payloadsOf("f".repeat(36), Number.MAX_SAFE_INTEGER, [eventText(event)]);

      expect(Math.max(...payloads.map((payload) => Buffer.byteLength(payload)))).toBeLessThan(8_000);
      expect(read(payloads)).toEqual([event]);
    }
  });

  it("have of an endless message the first million characters, with a mark", () => {
    const most = 2 ** 20;

    const [kept] = read(payloadsOf("me", 1, [eventText(withMessage("y".repeat(most)))])) ?? [];
    const [cut] = read(payloadsOf("me", 1, [eventText(withMessage("y".repeat(most + 1)))])) ?? [];

    expect(kept).toEqual(withMessage("y".repeat(most)));
    expect(cut).toEqual(withMessage(`${"y".repeat(most - 13)}… (shortened)`));
  });

  it("are put together again from their beginning, whatever came before", () => {
    const reader = new PayloadReader();
    const long = payloadsOf("me", 1, [eventText(withMessage("z".repeat(20_000)))]);
    const [first = "", ...rest] = long;
    expect(long).toHaveLength(3);

    expect(reader.read(first)).toBeUndefined();
    expect(read(long, reader)).toEqual([withMessage("z".repeat(20_000))]);
    expect(reader.read(first)).toBeUndefined();
    reader.forget();

    expect(() => read(rest, reader)).toThrow("it is a piece of what has not begun");
  });

  it.each([
    ["", "it is of another form"],
    ["hello", "it is of another form"],
    ["me 1 0 [] ", "it is of another form"],
    ["me 1 1 2 []", "it is a piece of what has not begun"],
    ["me 1 0 1 {}", "it has no events"],
    ["me 1 0 1 nonsense", "is not valid JSON"],
    ["me 1 0 1 [{}]", "the event is of no workflow"],
  ])("are refused when they are none: %s", (payload, why) => {
    expect(() => new PayloadReader().read(payload)).toThrow(why);
  });
});
