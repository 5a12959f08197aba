import { type Command, Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import { eventually, VirtualClock } from "wfe-core/test-support";
import { testKeyPrefix } from "wfe-test-services/vitest";
import { RedisQueueProvider } from "../src/redis-queue-provider.ts";

const keys = testKeyPrefix("given clock");
/** The limit of a request. */
const LONGEST_ANSWER_MS = 10_000;

/** A client for whose answers a clock waits: requests have limits by it, too. Its copies, which wait for what may never come, are ordinary ones. */
class AwaitedRedis extends Redis {
  #clock: VirtualClock | undefined;

  goBy(clock: VirtualClock): this {
    this.#clock = clock;
    return this;
  }

  override sendCommand(...[command, stream]: Parameters<Redis["sendCommand"]>): unknown {
    const sent = super.sendCommand(command, stream);
    void this.#clock?.track((command as Command).promise).catch(() => undefined); // the driver sends nothing else
    return sent;
  }
}

describe("a queue that was given a clock", () => {
  const running: { readonly queue: RedisQueueProvider; readonly client: Redis }[] = [];
  afterEach(async () => {
    for (const { queue, client } of running.splice(0)) {
      await queue.stop();
      client.disconnect();
    }
  });

  async function start(clock: VirtualClock, keyPrefix = keys.another()): Promise<RedisQueueProvider> {
    const client = new AwaitedRedis(keys.url).goBy(clock);
    const queue = new RedisQueueProvider({ client, keyPrefix, clock }, { visibility: "1m" });
    running.push({ queue, client });
    await queue.start();
    return queue;
  }

  const taken = async (queue: RedisQueueProvider, wait: string | number = 0): Promise<readonly string[]> =>
    (await queue.dequeueWork("workflow", { limit: 9, wait: wait as "1h" })).map(({ id }) => id);

  /** Requests have limits by that clock, too: it is not to move while one is under way. */
  const answered = async (clock: VirtualClock): Promise<void> => {
    // Nothing else here is due so soon.
    await eventually(() => (clock.nextTimerAt?.getTime() ?? Infinity) > clock.now() + LONGEST_ANSWER_MS, { what: "answers to all requests" });
  };

  it("gives out what is delayed when it is due by that clock", async () => {
    const clock = new VirtualClock();
    const queue = await start(clock);
    await queue.queueWork("x", "workflow", { delay: "1h" });
    expect(await taken(queue)).toEqual([]);
    const waiting = taken(queue, "2h");
    await taken(queue); // so it has looked
    await answered(clock);

    await clock.advance("1h");

    expect(await waiting).toEqual(["x"]);
  });

  it("gives out what was taken again when its time is over by that clock, and no earlier", async () => {
    const clock = new VirtualClock();
    const keyPrefix = keys.another();
    const [queue, other] = [await start(clock, keyPrefix), await start(clock, keyPrefix)];
    await queue.queueWork("x", "workflow");
    expect(await taken(queue)).toEqual(["x"]);
    await answered(clock);

    await clock.advance(59_999);
    expect(await taken(other)).toEqual([]);
    await clock.advance(1);

    expect(await taken(other)).toEqual(["x"]);
  });
});
