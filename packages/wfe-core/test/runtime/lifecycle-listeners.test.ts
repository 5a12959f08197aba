import { afterEach, describe, expect, it, vi } from "vitest";
import { LifecycleListeners } from "../../src/runtime/lifecycle-listeners.ts";
import { sampleLifecycleEvents } from "../../src/test-support/fixtures.ts";

const events = sampleLifecycleEvents("w").slice(0, 1);

afterEach(() => {
  vi.restoreAllMocks();
});

/** Listeners with one that notes its calls. */
function setting() {
  const calls: string[] = [];
  const errors: unknown[] = [];
  const listeners = new LifecycleListeners((error) => errors.push(error));
  const leave = listeners.add(
    (event) => void calls.push(event.type),
    () => void calls.push("gap"),
  );
  return { listeners, calls, errors, leave };
}

describe("listeners to lifecycle events", () => {
  it("hear a message once, and of each publisher by itself", () => {
    const { listeners, calls } = setting();

    listeners.hear({ from: "a", sequence: 5, events });
    listeners.hear({ from: "a", sequence: 5, events });
    listeners.hear({ from: "a", sequence: 4, events });
    listeners.hear({ from: "b", sequence: 5, events: [...events, ...events] });
    listeners.hear({ from: "a", sequence: 6, events });

    expect(calls).toEqual(["started", "started", "started", "started"]);
  });

  it("are told of a gap before the message behind it, and of any other that is known", () => {
    const { listeners, calls } = setting();

    listeners.hear({ from: "a", sequence: 1, events });
    listeners.hear({ from: "a", sequence: 3, events });
    listeners.missed();

    expect(calls).toEqual(["started", "gap", "started", "gap"]);
  });

  it("miss nothing that was sent while nobody listened", () => {
    const { listeners, calls, leave } = setting();
    listeners.hear({ from: "a", sequence: 1, events });
    leave();
    leave();
    listeners.add(
      () => void calls.push("again"),
      () => void calls.push("gap"),
    );

    listeners.hear({ from: "a", sequence: 9, events });

    expect([calls, listeners.size]).toEqual([["started", "again"], 1]);
  });

  it("are not called when they have left, also during a delivery, and all leave at once", () => {
    const { listeners, calls } = setting();
    const ends: (() => void)[] = [];
    listeners.add(() => ends.forEach((end) => end()));
    ends.push(listeners.add(() => void calls.push("left")));
    listeners.hear({ from: "a", sequence: 1, events });

    listeners.clear();
    listeners.hear({ from: "a", sequence: 2, events });
    listeners.missed();

    expect([calls, listeners.size]).toEqual([["started"], 0]);
  });

  it("do no harm to each other when one throws", () => {
    const { listeners, calls, errors } = setting();
    listeners.clear();
    const boom = (): never => {
      throw new Error("boom");
    };
    listeners.add(boom, boom);
    listeners.add(
      () => void calls.push("other"),
      () => void calls.push("gap"),
    );

    listeners.hear({ from: "a", sequence: 1, events });
    listeners.missed();
    listeners.report("no message");

    expect([calls, errors]).toEqual([
      ["other", "gap"],
      [new Error("boom"), new Error("boom"), "no message"],
    ]);
  });

  it("remember ten thousand publishers, to tell what they have heard already", () => {
    const { listeners, calls } = setting();
    for (let from = 0; from <= 10_000; from += 1) listeners.hear({ from: `p${from}`, sequence: 1, events });
    calls.length = 0;

    listeners.hear({ from: "p1", sequence: 1, events });
    expect(calls).toEqual([]);
    listeners.hear({ from: "p0", sequence: 1, events });

    expect(calls).toEqual(["started"]);
  });

  it("warn of one that throws when nobody else is told", () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const listeners = new LifecycleListeners();
    listeners.add(() => {
      throw new Error("boom");
    });

    listeners.hear({ from: "a", sequence: 1, events });
    listeners.report("bang");

    expect(warn.mock.calls.map(([warning]) => String(warning))).toEqual(["Error: boom", "a lifecycle listener threw bang"]);
  });
});
