import { Cluster } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lockSuite, queueSuite } from "wfe-core/test-support";
import { type RedisCluster, startRedisCluster } from "wfe-test-services";
import { RedisLifecyclePublisher } from "../src/redis-lifecycle-publisher.ts";
import { RedisLockProvider } from "../src/redis-lock-provider.ts";
import { RedisQueueProvider } from "../src/redis-queue-provider.ts";
import { startedEvent } from "./lifecycle-events.ts";
import { queueTarget } from "./queue-target.ts";
import { lockTarget } from "./redis-targets.ts";

let servers: RedisCluster;
let cluster: Cluster;
let prefixes = 0;
// Of different slots.
const another = (): string => `store-${(prefixes += 1)}`;

beforeAll(async () => {
  servers = await startRedisCluster(3);
  cluster = new Cluster(servers.nodes.map(({ port }) => ({ host: "127.0.0.1", port })));
  cluster.setMaxListeners(0); // each provider has some
}, 60_000);
afterAll(async () => {
  cluster.disconnect();
  await servers.dispose();
});

lockSuite(
  "lock suite on a Redis Cluster",
  lockTarget(another, (keyPrefix) => new RedisLockProvider({ client: cluster, keyPrefix })),
  { describe, it: it.concurrent },
);

queueSuite(
  "queue suite on a Redis Cluster",
  queueTarget(another, (keyPrefix, options) => new RedisQueueProvider({ client: cluster, keyPrefix }, options)),
  { describe, it: it.concurrent },
);

describe("a lifecycle publisher on a Redis Cluster", () => {
  it("brings events to every subscriber, once and in order, whichever node its prefix belongs to", async () => {
    for (const keyPrefix of [another(), another(), another(), another()]) {
      const publishers = [
        new RedisLifecyclePublisher({ client: cluster, keyPrefix }),
        new RedisLifecyclePublisher({ client: cluster, keyPrefix }),
      ] as const;
      const heard: number[][] = [];
      for (const publisher of publishers) {
        await publisher.start();
        const versions: number[] = [];
        await publisher.subscribe(({ version }) => void versions.push(version));
        heard.push(versions);
      }

      await Promise.all(Array.from({ length: 100 }, (_, index) => publishers[0].publish(startedEvent("w", index + 1))));

      for (const versions of heard) await expect.poll(() => versions).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
      for (const publisher of publishers) await publisher.stop();
    }
  });

  it("leaves the caller's client open", async () => {
    const listeners = (): unknown => cluster.eventNames().map((name) => [name, cluster.listenerCount(name)]);
    const before = listeners();
    const publisher = new RedisLifecyclePublisher({ client: cluster, keyPrefix: another() });
    await publisher.start();
    await publisher.subscribe(() => {});

    await publisher.stop();

    expect(listeners()).toEqual(before);
    expect(await cluster.get("key")).toBe(null);
  });
});
