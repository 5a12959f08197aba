import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RedisServer, startRedisServer } from "wfe-test-services";
import { RedisQueueProvider } from "../src/redis-queue-provider.ts";

/** Items that go through; for more than a test can wait for, see the variable. */
const ITEMS = Number(process.env["WFE_LOAD_ITEMS"] ?? 10_000);
const BATCH = 1_000;

describe("many items through the queue on Redis", () => {
  let server: RedisServer;
  let admin: Redis;
  let queue: RedisQueueProvider;

  beforeAll(async () => {
    server = await startRedisServer();
    admin = new Redis(server.url);
    queue = new RedisQueueProvider({ url: server.url, keyPrefix: "load" });
    await queue.start();
  });

  afterAll(async () => {
    await queue.stop();
    admin.disconnect();
    await server.dispose();
  });

  async function infoOf(section: string, name: string): Promise<string> {
    const line = (await admin.info(section)).split("\r\n").find((each) => each.startsWith(`${name}:`));
    return line?.slice(name.length + 1) ?? "";
  }

  const dataset = async (): Promise<number> => Number(await infoOf("memory", "used_memory_dataset"));
  const calls = async (): Promise<number> => Number(/calls=(\d+)/.exec(await infoOf("commandstats", "cmdstat_evalsha"))?.[1] ?? 0);

  async function putTakeAck(prefix: string, items: number): Promise<number> {
    let done = 0;
    for (let from = 0; from < items; from += BATCH) {
      await Promise.all(
        Array.from({ length: Math.min(BATCH, items - from) }, (_, index) => queue.queueWork(`${prefix} ${from + index}`, "workflow")),
      );
    }
    for (;;) {
      const taken = await queue.dequeueWork("workflow", { limit: BATCH, wait: 0 });
      if (taken.length === 0) return done;
      done += taken.length;
      await Promise.all(taken.map((item, index) => (index % 10 === 9 ? item.retry(0).then(() => (done -= 1)) : item.ack())));
    }
  }

  it(
    "leave nothing but fixed keys, and give the memory back",
    async () => {
      await putTakeAck("warm up", BATCH);
      const [before, callsBefore] = [await dataset(), await calls()];

      const since = performance.now();
      const done = await putTakeAck("id", ITEMS);
      const perSecond = Math.round((ITEMS / (performance.now() - since)) * 1_000);
      const roundTrips = (await calls()) - callsBefore;

      console.log(`${ITEMS} items: ${perSecond} items/s put, taken and acked; ${(roundTrips / ITEMS).toFixed(4)} round trips an item`);
      expect(done).toBe(ITEMS);
      expect((await admin.keys("*")).sort()).toEqual(["{load}:workflow:id", "{load}:workflow:meta"]);
      expect((await dataset()) - before).toBeLessThan(1_000_000);
      expect(roundTrips / ITEMS).toBeLessThan(0.05);
      expect(await queue.bullQueue("workflow").getJobCounts()).toEqual({
        active: 0,
        completed: 0,
        delayed: 0,
        failed: 0,
        prioritized: 0,
        waiting: 0,
        "waiting-children": 0,
      });
    },
    20_000 + ITEMS,
  );
});
