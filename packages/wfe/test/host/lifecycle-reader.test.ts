import { describe, expect, it } from "vitest";
import type { LifecycleEvent } from "../../src/index.ts";
import { LifecycleReader } from "../../src/host/lifecycle-reader.ts";

const event = (n: number): LifecycleEvent => ({ type: "started", workflowId: `w${n}`, definitionId: "d", version: 1, at: new Date(n) });

/** A reader that is subscribed at a publisher, and what it has told of itself. */
function setting() {
  const told: string[] = [];
  const listeners: ((event: LifecycleEvent) => void)[] = [];
  const controller = new AbortController();
  const reader = new LifecycleReader({
    signal: controller.signal,
    subscribe: (listener) => {
      listeners.push(listener);
      return Promise.resolve(() => void told.push("unsubscribed"));
    },
    tooSlow: () => void told.push("too slow"),
    ended: () => void told.push("ended"),
  });
  return { reader, told, controller, publish: (n: number): void => listeners.forEach((listener) => listener(event(n))) };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const done = { done: true, value: undefined };

describe("a reader of lifecycle events", () => {
  it("gives what the publisher sends until its end, and nothing that comes after it", async () => {
    const { reader, publish } = setting();
    publish(1);

    reader.end();
    publish(2);

    expect([await reader.next(), await reader.next()]).toEqual([{ done: false, value: event(1) }, done]);
  });

  it("ends once, however often and by whatever it is ended", async () => {
    const { reader, told, controller } = setting();

    controller.abort();
    reader.end();
    await reader.return();
    await settle();

    expect(told).toEqual(["ended", "unsubscribed"]);
  });

  it("forgets what it has not given when its reader breaks off", async () => {
    const { reader, publish } = setting();
    publish(1);

    expect(await reader.return()).toEqual(done);

    expect(await reader.next()).toEqual(done);
  });

  it("tells again that it is too slow only after it has caught up", async () => {
    const { reader, told, publish } = setting();
    const flood = (): void => {
      for (let n = 0; n < 10_002; n += 1) publish(n);
    };

    flood();
    expect(told).toEqual(["too slow"]);
    for (let n = 0; n < 10_000; n += 1) await reader.next();
    const waiting = reader.next();
    await settle();
    publish(7);
    expect(await waiting).toEqual({ done: false, value: event(7) });
    flood();

    expect(told).toEqual(["too slow", "too slow"]);
  });

  it("is over from the start when its signal has aborted, and does not subscribe", async () => {
    const told: string[] = [];
    const reader = new LifecycleReader({
      signal: AbortSignal.abort(),
      subscribe: () => void told.push("subscribed") as undefined,
      tooSlow: () => {},
      ended: () => void told.push("ended"),
    });

    reader.push(event(1));

    expect([await reader.next(), told]).toEqual([done, []]);
  });

  it("says why it could not subscribe", async () => {
    const told: string[] = [];
    const reader = new LifecycleReader({
      signal: undefined,
      subscribe: () => Promise.reject(new Error("away")),
      tooSlow: () => {},
      ended: () => void told.push("ended"),
    });

    await expect(reader.next()).rejects.toThrow("away");

    expect(told).toEqual(["ended"]);
  });

  it("gives each event to one of those who ask at the same time, and the end to all", async () => {
    const { reader, publish } = setting();
    const asked = [reader.next(), reader.next(), reader.next()];
    await settle();

    publish(1);
    publish(2);
    await settle();
    reader.end();

    expect(await Promise.all(asked)).toEqual([{ done: false, value: event(1) }, { done: false, value: event(2) }, done]);
  });
});
