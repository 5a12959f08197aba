import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WorkItem } from "wfe-core";
import { testKeyPrefix } from "wfe-test-services/vitest";
import { Child } from "../../wfe-sqlite/test/process/child.ts";
import { openRedis } from "../src/connection.ts";
import { type RedisQueueOptions, RedisQueueProvider } from "../src/redis-queue-provider.ts";
import { idsOf, take, wait } from "./queue-steps.ts";

const place = testKeyPrefix("queue-provider");
const ends: (() => unknown)[] = [];
let keyPrefix: string;

beforeEach(() => {
  keyPrefix = place.another();
});

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function start(options: RedisQueueOptions = {}): Promise<RedisQueueProvider> {
  const queue = new RedisQueueProvider({ url: place.url, keyPrefix }, options);
  ends.push(() => queue.stop());
  await queue.start();
  return queue;
}

function admin(): Redis {
  const client = new Redis(place.url, { maxRetriesPerRequest: null });
  ends.push(() => client.disconnect());
  return client;
}

async function keysLeft(): Promise<readonly string[]> {
  const keys = await admin().keys(`{${keyPrefix}}:*`);
  return keys.map((key) => key.slice(keyPrefix.length + 3)).sort();
}

describe("the queue on Redis", () => {
  it("refuses a visibility time that makes no sense", () => {
    for (const visibility of [0, -1, Number.NaN]) {
      expect(() => new RedisQueueProvider({ url: place.url }, { visibility })).toThrow(RangeError);
    }
  });

  it("shares a connection with another provider, and leaves it open for that one", async () => {
    const connection = openRedis({ url: place.url, keyPrefix });
    const [first, second] = [new RedisQueueProvider(connection), new RedisQueueProvider(connection)];
    await Promise.all([first.start(), second.start()]);

    await first.queueWork("x", "workflow");
    await first.stop();
    expect(() => first.bullQueue("workflow")).toThrow(expect.objectContaining({ code: "WFE_PROVIDER_NOT_RUNNING" }));
    const items = await take(second);
    await second.stop();

    expect(idsOf(items)).toEqual(["x"]);
    expect(() => connection.client).toThrow("not open");
  });

  it("gives what becomes due in between by due time, then order of queueing", async () => {
    const queue = await start();
    await Promise.all([
      queue.queueWork("later", "workflow", { delay: 40 }),
      queue.queueWork("soon", "workflow", { delay: 20 }),
      queue.queueWork("soon, too", "workflow", { delay: 20 }),
      queue.queueWork("at once", "workflow"),
    ]);
    await sleep(60);
    await queue.queueWork("last", "workflow");

    const ids = idsOf(await take(queue));

    expect(ids).toEqual(["at once", "soon", "soon, too", "later", "last"]);
  });

  it("gives an id that was queued again before others by that time, though its work ended after", async () => {
    const queue = await start();
    await queue.queueWork("again", "workflow");
    const [item] = await take(queue);
    await queue.queueWork("before", "workflow");
    await sleep(5);
    await queue.queueWork("again", "workflow");
    await sleep(5);
    await queue.queueWork("after", "workflow");

    await item?.ack();

    expect(idsOf(await take(queue))).toEqual(["before", "again", "after"]);
  });

  it("keeps ids apart that differ only in half of a surrogate pair", async () => {
    const queue = await start();
    const ids = ["\ud800", "\ud801", "\ufffd", "\\ud800"];
    for (const id of ids) await queue.queueWork(id, "workflow");

    const items = await take(queue);
    await Promise.all(items.map((item) => item.ack()));

    expect(idsOf(items)).toEqual(ids);
    expect(await keysLeft()).toEqual(["workflow:id", "workflow:meta"]);
  });

  it("gives the item of a killed process to another (fault 4)", async () => {
    const queue = await start();
    const child = new Child("../../../wfe-redis/test/process/queue-taker.ts", place.url, keyPrefix, "5000");
    ends.push(() => child.kill());
    expect(await child.line()).toBe("ready");
    await queue.queueWork("x", "workflow");
    expect(await child.line()).toBe("x");
    const hidden = await take(queue);

    const waiting = wait(queue);
    await child.kill();

    expect(hidden).toEqual([]);
    expect(idsOf(await waiting)).toEqual(["x"]);
  });

  it("has one entry, and leaves no copy, when an id is queued a thousand times (fault 55)", async () => {
    const [first, second] = [await start(), await start()];
    const queueOften = (): Promise<unknown> =>
      Promise.all(
        Array.from({ length: 500 }, (_, index) => [first, second].map((each) => each.queueWork("x", "workflow", { delay: index % 2 }))).flat(),
      );
    await queueOften();
    await sleep(2);

    const items = await take(first);
    await queueOften(); // while it is being worked on
    const meanwhile = await take(second);
    await items[0]?.ack();
    await sleep(2);
    const again = await take(second);
    await again[0]?.ack();

    expect([items, meanwhile, again].map(idsOf)).toEqual([["x"], [], ["x"]]);
    expect(await take(first)).toEqual([]);
    expect(await keysLeft()).toEqual(["workflow:id", "workflow:meta"]);
  });

  it("does not give an item that is put back before its delay, however often it is asked for (fault 58)", async () => {
    const [first, second] = [await start(), await start()];
    await first.queueWork("x", "workflow");
    const [item] = await take(first);
    const putBackAt = performance.now();
    await item?.retry(2_000);

    const looks: (readonly WorkItem[])[] = [];
    while (performance.now() - putBackAt < 1_000 || looks.length <= 10) looks.push(await take(second), await take(first));
    const waited = await wait(second);

    expect(looks.flat()).toEqual([]);
    expect(idsOf(waited)).toEqual(["x"]);
    expect(performance.now() - putBackAt).toBeGreaterThanOrEqual(1_999); // timers count whole milliseconds
  });

  it("gives an item again however often its time was over", async () => {
    const queue = await start({ visibility: 1 });
    await queue.queueWork("x", "workflow");

    for (let turn = 0; turn < 30; turn += 1) {
      const [item] = await wait(queue);
      expect(item?.id, `turn ${turn}`).toBe("x");
    }

    expect(await queue.bullQueue("workflow").getFailedCount()).toBe(0);
  });

  it("takes an id anew whose entry is lost in part, as by the eviction of a key", async () => {
    const [queue, tool] = [await start({ visibility: 1_000 }), admin()];
    const key = (name: string): string => `{${keyPrefix}}:workflow:${name}`;
    for (const id of ["in list", "also in list"]) await queue.queueWork(id, "workflow");
    await queue.queueWork("delayed", "workflow", { delay: "1h" });
    await tool.del(key("wait"), key("delayed"));

    await sleep(2);
    for (const id of ["in list", "delayed", "also in list", "in list"]) await queue.queueWork(id, "workflow");
    const items = await take(queue);
    await tool.del(key("visible"));
    await sleep(2);
    await queue.queueWork("in list", "workflow");
    const again = await take(queue);

    expect([items, again].map(idsOf)).toEqual([["in list", "delayed", "also in list"], ["in list"]]);
  });

  it("wakes another for what is due later when the one that was told of it does not wait any more", async () => {
    const [told, other, sender] = [await start(), await start(), await start()];
    const stop = new AbortController();
    const first = wait(told, stop.signal);
    await sleep(50); // it blocks first, so that the marker is for it
    const second = wait(other);
    await sleep(50);
    await sender.queueWork("x", "workflow", { delay: 400 });
    await sleep(50);
    const sinceAbort = performance.now();

    stop.abort();

    expect(await first).toEqual([]);
    expect(idsOf(await second)).toEqual(["x"]);
    expect(performance.now() - sinceAbort).toBeLessThan(4_000); // and not only after the five seconds of a block
  });

  it("wakes another for what comes when the one that is told of it does not wait any more", async () => {
    const [told, other, sender] = [await start(), await start(), await start()];
    const stop = new AbortController();
    const first = wait(told, stop.signal);
    await sleep(50); // it blocks first, so that the marker is for it
    const second = wait(other);
    await sleep(50);

    stop.abort();
    const since = performance.now();
    await sender.queueWork("x", "workflow");

    expect(await first).toEqual([]);
    expect(idsOf(await second)).toEqual(["x"]);
    expect(performance.now() - since).toBeLessThan(4_000); // and not only after the five seconds of a block
  });

  it("ends what it blocks in at its stop, and leaves nobody's marker behind", async () => {
    const [first, second, third, staying] = [await start(), await start(), await start(), await start()];
    const waits = [first, second, third].map((queue) => wait(queue));
    const waiting = wait(staying);
    await sleep(50);

    const tookMs: number[] = [];
    for (const queue of [first, second, third]) {
      const since = performance.now();
      await queue.stop();
      tookMs.push(performance.now() - since);
    }
    const sender = await start();
    await sender.queueWork("x", "workflow");

    expect(Math.min(...tookMs)).toBeLessThan(900); // without it each would take the second after which a stop goes on all the same
    expect(await Promise.all(waits)).toEqual([[], [], []]);
    expect(idsOf(await waiting)).toEqual(["x"]);
  });
});
