import { afterEach, describe, expect, it } from "vitest";
import type { QueueProvider, WorkItem } from "../../src/index.ts";
import { ConsumerLoop } from "../../src/host/consumer-loop.ts";
import { hostSetting, messages } from "./host-setting.ts";

type Dequeue = QueueProvider["dequeueWork"];
const loops: ConsumerLoop[] = [];
afterEach(async () => {
  while (loops.length > 0) await loops.pop()?.stop();
});

/** A loop over the queue of workflows, and the ids that it has handed over, by batch. */
async function setting(
  parts: {
    readonly dequeueWork?: Dequeue;
    readonly room?: () => Promise<number>;
    readonly handle?: (items: readonly WorkItem[]) => Promise<void>;
  } = {},
) {
  const of = await hostSetting(parts.dequeueWork === undefined ? {} : { queue: { dequeueWork: parts.dequeueWork } }, { sweepInterval: "1m" });
  const handed: (readonly string[])[] = [];
  const handle = async (items: readonly WorkItem[]): Promise<void> => {
    handed.push(items.map(({ id }) => id));
    await parts.handle?.(items);
    for (const item of items) await item.ack();
  };
  const loop = new ConsumerLoop(of.services, "workflow", parts.room ?? (() => Promise.resolve(10)), handle);
  loops.push(loop);
  return { ...of, loop, handed };
}

describe("a consumer loop", () => {
  it("hands over what is in the queue and what comes later, of its own type", async () => {
    const { services, clock, loop, handed } = await setting();
    await services.queue.queueWork("a", "workflow");
    await services.queue.queueWork("b", "workflow");
    await services.queue.queueWork("e", "event");

    loop.start();
    await clock.settle();
    await services.queue.queueWork("c", "workflow");
    await clock.settle();

    expect(handed).toEqual([["a", "b"], ["c"]]);
  });

  it("takes no more than there is room for, and waits for room", async () => {
    const rooms: ((room: number) => void)[] = [];
    const { services, clock, loop, handed } = await setting({ room: () => new Promise((resolve) => rooms.push(resolve)) });
    for (const id of ["a", "b", "c"]) await services.queue.queueWork(id, "workflow");

    loop.start();
    await clock.settle();
    expect(handed).toEqual([]);
    rooms[0]?.(2);
    await clock.settle();
    expect(handed).toEqual([["a", "b"]]);
    rooms[1]?.(1);
    await clock.settle();

    expect(handed).toEqual([["a", "b"], ["c"]]);
  });

  it("waits in the queue itself, as long as a sweep takes to come", async () => {
    const asked: unknown[] = [];
    const { clock, loop } = await setting({
      dequeueWork: (type, options) => {
        asked.push([type, options.limit, options.wait]);
        return new Promise((resolve) => options.signal?.addEventListener("abort", () => resolve([])));
      },
    });

    loop.start();
    await clock.settle();

    expect(asked).toEqual([["workflow", 10, 60_000]]);
  });

  it("goes on after an empty answer without calling the handler", async () => {
    let asked = 0;
    const { clock, loop, handed } = await setting({
      dequeueWork: (_, { signal }) => {
        asked += 1;
        if (asked < 3) return Promise.resolve([]);
        return new Promise((resolve) => signal?.addEventListener("abort", () => resolve([])));
      },
    });

    loop.start();
    await clock.settle();

    expect([asked, handed]).toEqual([3, []]);
  });

  it("tries again half a second after the queue has failed, and says so each time", async () => {
    let asked = 0;
    const { clock, loop, warnings } = await setting({
      dequeueWork: () => {
        asked += 1;
        return Promise.reject(new Error("away"));
      },
    });

    loop.start();
    await clock.advance(499);
    expect(asked).toBe(1);
    await clock.advance(501);

    expect(asked).toBe(3);
    expect(messages(warnings)).toEqual(Array(3).fill("the workflow queue could not be read; it is tried again"));
    expect(warnings[0]?.fields).toEqual({ error: new Error("away") });
  });

  it("goes on after a handler that fails", async () => {
    let fails = true;
    const { services, clock, loop, handed, warnings } = await setting({
      handle: () => {
        if (!fails) return Promise.resolve();
        fails = false;
        return Promise.reject(new Error("bad item"));
      },
    });
    await services.queue.queueWork("bad", "workflow");
    loop.start();
    await clock.settle();
    await services.queue.queueWork("good", "workflow");

    await clock.advance(500);

    expect(handed).toEqual([["bad"], ["good"]]);
    expect(warnings.map(({ fields }) => fields)).toEqual([{ error: new Error("bad item") }]);
  });
});

describe("the stop of a consumer loop", () => {
  it("ends its wait in the queue, and what comes later is left there", async () => {
    const { services, clock, loop, handed } = await setting();
    loop.start();
    await clock.settle();

    await loop.stop();
    await services.queue.queueWork("a", "workflow");
    await clock.settle();

    expect(handed).toEqual([]);
    expect((await services.queue.dequeueWork("workflow", { limit: 1, wait: 0 })).map(({ id }) => id)).toEqual(["a"]);
  });

  it("ends its wait for room", async () => {
    const { loop } = await setting({ room: () => new Promise(() => {}) });
    loop.start();

    await expect(loop.stop()).resolves.toBeUndefined();
  });

  it("ends its pause after a failure", async () => {
    const { clock, loop } = await setting({ dequeueWork: () => Promise.reject(new Error("away")) });
    loop.start();
    await clock.settle();
    expect(clock.pendingTimers).toBe(1);

    await loop.stop();

    expect(clock.pendingTimers).toBe(0);
  });

  it("waits until what was taken is handed over", async () => {
    let handOver = (): void => {};
    const { services, clock, loop } = await setting({ handle: () => new Promise((resolve) => (handOver = resolve)) });
    await services.queue.queueWork("a", "workflow");
    loop.start();
    await clock.settle();
    let stopped = false;

    const stop = loop.stop().then(() => {
      stopped = true;
    });
    await clock.settle();
    expect(stopped).toBe(false);
    handOver();
    await stop;

    expect(await services.queue.dequeueWork("workflow", { limit: 1, wait: 0 })).toEqual([]);
  });

  it("hears nothing of a queue that fails because of it", async () => {
    const { clock, loop, warnings } = await setting({
      dequeueWork: (_, { signal }) => new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted")))),
    });
    loop.start();
    await clock.settle();

    await loop.stop();

    expect(warnings).toEqual([]);
  });

  it("can be followed by another start, and does nothing before the first", async () => {
    const { services, clock, loop, handed } = await setting();
    await loop.stop();
    loop.start();
    await loop.stop();
    await services.queue.queueWork("a", "workflow");

    loop.start();
    await clock.settle();

    expect(handed).toEqual([["a"]]);
  });
});
