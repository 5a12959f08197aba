import { afterEach, describe, expect, it } from "vitest";
import { VirtualClock } from "wfe-core/test-support";
import { testKeyPrefix } from "wfe-test-services/vitest";
import { RedisQueueProvider } from "../src/redis-queue-provider.ts";

const keys = testKeyPrefix("given clock");

describe("a queue that was given a clock", () => {
  const running: RedisQueueProvider[] = [];
  afterEach(async () => {
    for (const queue of running.splice(0)) await queue.stop();
  });

  async function start(clock: VirtualClock, keyPrefix = keys.another()): Promise<RedisQueueProvider> {
    const queue = new RedisQueueProvider({ url: keys.url, keyPrefix, clock }, { visibility: "1m" });
    running.push(queue);
    await queue.start();
    return queue;
  }

  const taken = async (queue: RedisQueueProvider, wait: string | number = 0): Promise<readonly string[]> =>
    (await queue.dequeueWork("workflow", { limit: 9, wait: wait as "1h" })).map(({ id }) => id);

  it("gives out what is delayed when it is due by that clock", async () => {
    const clock = new VirtualClock();
    const queue = await start(clock);
    await queue.queueWork("x", "workflow", { delay: "1h" });
    expect(await taken(queue)).toEqual([]);
    const waiting = taken(queue, "2h");
    await taken(queue); // so it has looked

    await clock.advance("1h");

    expect(await waiting).toEqual(["x"]);
  });

  it("gives out what was taken again when its time is over by that clock, and no earlier", async () => {
    const clock = new VirtualClock();
    const keyPrefix = keys.another();
    const [queue, other] = [await start(clock, keyPrefix), await start(clock, keyPrefix)];
    await queue.queueWork("x", "workflow");
    expect(await taken(queue)).toEqual(["x"]);

    await clock.advance(59_999);
    expect(await taken(other)).toEqual([]);
    await clock.advance(1);

    expect(await taken(other)).toEqual(["x"]);
  });
});
