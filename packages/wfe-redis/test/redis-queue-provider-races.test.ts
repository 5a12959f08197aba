import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testKeyPrefix } from "wfe-test-services/vitest";
import { type RedisQueueOptions, RedisQueueProvider } from "../src/redis-queue-provider.ts";
import { idsOf, take, wait } from "./queue-steps.ts";

const place = testKeyPrefix("queue-races");
let running: RedisQueueProvider[];

/** As many as processes would have. */
async function start(count: number, visibilityOfFirst = 30_000): Promise<readonly RedisQueueProvider[]> {
  const keyPrefix = place.another();
  const optionsOf = (index: number): RedisQueueOptions => (index === 0 ? { visibility: visibilityOfFirst } : {});
  running = Array.from({ length: count }, (_, index) => new RedisQueueProvider({ url: place.url, keyPrefix }, optionsOf(index)));
  await Promise.all(running.map((queue) => queue.start()));
  return running;
}

beforeEach(() => {
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((queue) => queue.stop()));
});

describe("several connections to one queue on Redis", () => {
  it("lose no queueing to an ack or a retry at the same moment", async () => {
    const [first, second] = (await start(2)) as [RedisQueueProvider, RedisQueueProvider];
    await first.queueWork("x", "workflow");

    for (let round = 0; round < 300; round += 1) {
      const [item, ...others] = await take(round % 2 === 0 ? first : second);
      expect(item?.id, `round ${round}`).toBe("x");
      expect(others).toEqual([]);
      const end = async (): Promise<void> => await (round % 3 === 0 ? item?.retry("1h") : item?.ack());
      const queueing = (): Promise<void> => (round % 2 === 0 ? second : first).queueWork("x", "workflow");
      await Promise.all(round % 4 < 2 ? [end(), queueing()] : [queueing(), end()]);
    }

    const [last] = await take(first);
    await last?.ack();
    expect(last?.id).toBe("x");
    expect(await take(second)).toEqual([]);
  });

  it("are never given the same entry", async () => {
    const queues = await start(4);
    const ids = Array.from({ length: 2_000 }, (_, index) => `id ${index}`);
    const given: string[] = [];
    let isQueued = false;
    const consume = async (queue: RedisQueueProvider): Promise<void> => {
      for (;;) {
        const isLast = isQueued; // all that there will be is there before it asks
        const items = await queue.dequeueWork("workflow", { limit: 7, wait: 1_000 });
        if (items.length === 0 && isLast) return;
        given.push(...idsOf(items));
        await Promise.all(items.map((item) => item.ack()));
      }
    };

    const consumers = queues.flatMap((queue) => [consume(queue), consume(queue)]);
    await Promise.all(ids.map(async (id, index) => await queues[index % 4]?.queueWork(id, "workflow", { delay: index % 5 })));
    isQueued = true;
    await Promise.all(consumers);

    expect(given.toSorted()).toEqual(ids.toSorted());
  });

  it("give an entry once that is pulled forward as it becomes due", async () => {
    const [first, second, third] = (await start(3)) as [RedisQueueProvider, RedisQueueProvider, RedisQueueProvider];

    for (let round = 0; round < 60; round += 1) {
      await first.queueWork("x", "workflow", { delay: 4 });
      await sleep(round % 6);
      const [, ...looks] = await Promise.all([second.queueWork("x", "workflow"), take(first), take(third)]);
      let items = looks.flat();
      const wasQueuedWhileOut = items.length > 0;
      if (items.length === 0) items = [...(await take(second))];

      expect(idsOf(items), `round ${round}`).toEqual(["x"]);
      await items[0]?.ack();
      const again = await take(third);
      if (!wasQueuedWhileOut) expect(again, `round ${round}`).toEqual([]);
      for (const item of again) await item.ack();
      expect(await take(first), `round ${round}`).toEqual([]);
    }
  });

  it("give an item again once whose time is over, and ignore its late ack, whoever is faster", async () => {
    const [first, ...others] = (await start(3, 15)) as [RedisQueueProvider, ...RedisQueueProvider[]];
    let acked = 0;

    for (let round = 0; round < 40; round += 1) {
      await first.queueWork("x", "workflow");
      const [item] = await take(first);
      expect(item?.id, `round ${round}`).toBe("x");
      await sleep(10 + (round % 6));
      const [, ...looks] = await Promise.all([item?.ack(), ...others.map((queue) => take(queue))]);
      await sleep(20);

      const again = [...looks.flat(), ...(await Promise.all(others.map((queue) => take(queue)))).flat()];
      expect(again.length, `round ${round}`).toBeLessThanOrEqual(1);
      if (again.length === 0) acked += 1;
      for (const each of again) await each.ack();
    }

    expect(acked).toBeLessThan(40);
  });

  it("wake each other for every item, and none waits for a poll", async () => {
    const queues = await start(3);
    const [sender, ...consumers] = queues as [RedisQueueProvider, RedisQueueProvider, RedisQueueProvider];

    for (let round = 0; round < 40; round += 1) {
      const waits = consumers.map((queue) => wait(queue));
      if (round % 4 === 0) await sleep(2);
      const since = performance.now();
      await sender.queueWork("a", "workflow", { delay: (round % 3) * 3 });
      await sender.queueWork("b", "workflow", { delay: (round % 2) * 3 });

      const items = (await Promise.all(waits)).flat();

      expect(idsOf(items).toSorted(), `round ${round}`).toEqual(["a", "b"]);
      expect(performance.now() - since, `round ${round}`).toBeLessThan(4_000); // and not only after the five seconds of a block
      await Promise.all(items.map((item) => item.ack()));
    }
  });
});
