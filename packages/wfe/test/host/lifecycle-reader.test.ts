import { describe, expect, it } from "vitest";
import type { LifecycleEvent } from "../../src/index.ts";
import type { WantedEvents } from "../../src/host/lifecycle-events.ts";
import { LifecycleReader, type LifecycleReaderOptions } from "../../src/host/lifecycle-reader.ts";

const event = (n: number): LifecycleEvent => ({ type: "started", workflowId: `w${n}`, definitionId: "d", version: 1, at: new Date(n) });

/** What a reader is made with that wants everything of this host. */
function optionsOf(told: string[], wanted: Partial<WantedEvents> = {}): LifecycleReaderOptions {
  return {
    wanted: { workflowId: undefined, types: undefined, signal: undefined, ...wanted },
    find: (idOrName) => Promise.resolve(idOrName),
    subscribe: undefined,
    tooSlow: () => void told.push("too slow"),
    ended: () => void told.push("ended"),
  };
}

/** A reader that is subscribed at a publisher, and what it has told of itself. */
function setting() {
  const told: string[] = [];
  const listeners: ((event: LifecycleEvent) => void)[] = [];
  const gaps: (() => void)[] = [];
  const controller = new AbortController();
  const reader = new LifecycleReader({
    ...optionsOf(told, { signal: controller.signal }),
    subscribe: (listener, onGap) => {
      listeners.push(listener);
      gaps.push(onGap);
      return Promise.resolve(() => void told.push("unsubscribed"));
    },
  });
  return {
    reader,
    told,
    controller,
    publish: (n: number): void => listeners.forEach((listener) => listener(event(n))),
    miss: (): void => gaps.forEach((onGap) => onGap()),
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const done = { done: true, value: undefined };

describe("a reader of lifecycle events", () => {
  it("gives what the publisher sends until its end, and nothing that comes after it", async () => {
    const { reader, publish } = setting();
    await settle();
    publish(1);

    reader.end();
    publish(2);

    expect([await reader.next(), await reader.next()]).toEqual([{ done: false, value: event(1) }, done]);
  });

  it("ends once, however often and by whatever it is ended", async () => {
    const { reader, told, controller } = setting();
    await settle();

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
      ...optionsOf(told, { signal: AbortSignal.abort(), workflowId: "w" }),
      subscribe: () => {
        told.push("subscribed");
        return Promise.resolve(() => {});
      },
    });

    reader.push(event(1));

    expect([await reader.next(), told]).toEqual([done, []]);
  });

  it.each<[how: string, subscribe: () => Promise<() => void>]>([
    ["rejects", () => Promise.reject(new Error("away"))],
    [
      "throws",
      () => {
        throw new Error("away");
      },
    ],
  ])("says why it could not subscribe when that %s, each time", async (_, subscribe) => {
    const told: string[] = [];
    const reader = new LifecycleReader({ ...optionsOf(told), subscribe });

    await expect(reader.next()).rejects.toThrow("away");
    await expect(reader.next()).rejects.toThrow("away");

    expect(told).toEqual(["ended"]);
  });

  it("ends at once while its subscription hangs, and leaves it when it comes about", async () => {
    const told: string[] = [];
    const controller = new AbortController();
    let subscribed = (_leave: () => void): void => {};
    const reader = new LifecycleReader({
      ...optionsOf(told, { signal: controller.signal }),
      subscribe: () => new Promise((resolve) => (subscribed = resolve)),
    });
    const waiting = reader.next();
    await settle();

    controller.abort();
    expect(await waiting).toEqual(done);
    subscribed(() => void told.push("unsubscribed"));
    await settle();

    expect([told, await reader.next()]).toEqual([["ended", "unsubscribed"], done]);
  });

  it("does not say what became of its subscription when it is over by then", async () => {
    let refuse = (_error: Error): void => {};
    const reader = new LifecycleReader({ ...optionsOf([]), subscribe: () => new Promise((_, reject) => (refuse = reject)) });

    reader.end();
    refuse(new Error("away"));
    await settle();

    expect(await reader.next()).toEqual(done);
  });

  it("gives the events of the types that are wanted, and of the instance, whose id may be found later", async () => {
    let found = (_id: string): void => {};
    const reader = new LifecycleReader({
      ...optionsOf([], { workflowId: "name of 2", types: new Set(["started", "completed"]) }),
      find: (idOrName) => {
        expect(idOrName).toBe("name of 2");
        return new Promise((resolve) => (found = resolve));
      },
    });
    const next = reader.next();
    const both: readonly number[] = [1, 2];
    for (const n of both) reader.push(event(n));
    for (const n of both) reader.push({ ...event(n), type: "suspended" });

    found("w2");
    expect(await next).toEqual({ done: false, value: event(2) });
    for (const n of both) reader.push({ ...event(n), type: "completed" });
    reader.end();

    expect([await reader.next(), await reader.next()]).toEqual([{ done: false, value: { ...event(2), type: "completed" } }, done]);
  });

  it("says why the instance could not be found", async () => {
    const reader = new LifecycleReader({ ...optionsOf([], { workflowId: "x" }), find: () => Promise.reject(new Error("the store is away")) });

    await expect(reader.next()).rejects.toThrow("the store is away");
  });

  it("counts what it drops, and what its publisher has missed", async () => {
    const { reader, publish, miss } = setting();
    await settle();
    expect(reader.gaps).toBe(0);

    for (let n = 0; n < 10_003; n += 1) publish(n);
    expect(reader.gaps).toBe(3);
    miss();

    expect([reader.gaps, await reader.next()]).toEqual([4, { done: false, value: event(3) }]);
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
