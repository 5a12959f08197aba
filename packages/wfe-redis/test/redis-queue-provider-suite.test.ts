import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, it } from "vitest";
import { queueSuite } from "wfe-core/test-support";
import { type RedisServer, startRedisServer } from "wfe-test-services";
import { testKeyPrefix } from "wfe-test-services/vitest";
import { RedisQueueProvider } from "../src/redis-queue-provider.ts";
import { queueTarget } from "./queue-target.ts";

// Side by side: its cases wait.
const runner = { describe, it: it.concurrent };
const place = testKeyPrefix("queue");

queueSuite(
  "queue suite on Redis",
  queueTarget(place.another, (keyPrefix, options) => new RedisQueueProvider({ url: place.url, keyPrefix }, options)),
  runner,
);

describe("through a caller's client", () => {
  let client: Redis;
  beforeAll(() => {
    client = new Redis(place.url);
    client.setMaxListeners(0); // all cases share it
  });
  afterAll(() => client.quit());

  queueSuite(
    "queue suite on a client of ioredis",
    queueTarget(place.another, (keyPrefix, options) => new RedisQueueProvider({ client, keyPrefix }, options)),
    runner,
  );
});

describe("with the default prefix", () => {
  let server: RedisServer;
  let stores = 0;
  beforeAll(async () => {
    server = await startRedisServer({ settings: { databases: 200 } });
  });
  afterAll(() => server.dispose());

  queueSuite(
    "queue suite on databases of a Redis",
    queueTarget(
      () => String((stores += 1)),
      (database, options) => new RedisQueueProvider({ url: `${server.url}/${database}` }, options),
    ),
    runner,
  );
});
