import { expect, it } from "vitest";
import { openRedis, RedisQueueProvider } from "wfe-redis";
import { testKeyPrefix } from "wfe-test-services/vitest";
import { VirtualClock } from "../src/test-support/index.ts";
import { TrackedRedis } from "./tracked-redis.ts";

const prefix = testKeyPrefix("tracked");

it("comes to rest when what another has queued has come to who waits for it, on a connection that is made for that", async () => {
  const client = new TrackedRedis(prefix.url);
  const clock = new VirtualClock();
  client.useClock(clock);
  const keyPrefix = prefix.another();
  const started = async (): Promise<RedisQueueProvider> => {
    const redis = openRedis({ client, keyPrefix, clock });
    client.follow(redis);
    const provider = new RedisQueueProvider(redis);
    await provider.start();
    return provider;
  };
  const queueing = await started();
  const ids = Array.from({ length: 30 }, (_, at) => `w-${at}`);
  const seen: string[] = [];

  for (const id of ids) {
    let came = "nothing";
    const waiting = await started();
    const wait = waiting.dequeueWork("workflow", { limit: 1, wait: "1h" }).then(async ([item]) => {
      came = item?.id ?? "an end";
      await item?.ack();
    });
    await queueing.queueWork(id, "workflow");
    await clock.settle();
    seen.push(came);
    await wait;
    await waiting.stop();
  }

  expect(seen).toEqual(ids);
  await queueing.stop();
  client.disconnect();
});
