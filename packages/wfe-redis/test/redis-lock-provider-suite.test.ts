import { Redis } from "ioredis";
import { afterAll, describe, it } from "vitest";
import { lockSuite } from "wfe-core/test-support";
import { testKeyPrefix } from "wfe-test-services/vitest";
import { RedisLockProvider } from "../src/redis-lock-provider.ts";
import { lockTarget } from "./redis-targets.ts";

// Their cases wait: side by side.
const runner = { describe, it: it.concurrent };
const { url, another } = testKeyPrefix("locks");

lockSuite(
  "lock suite on Redis",
  lockTarget(another, (keyPrefix) => new RedisLockProvider({ url, keyPrefix })),
  runner,
);

lockSuite(
  "lock suite on Redis with a long prefix",
  lockTarget(
    () => `${another()}:Of-Ours_1.`,
    (keyPrefix) => new RedisLockProvider({ url, keyPrefix }),
  ),
  runner,
);

const client = new Redis(url);
client.setMaxListeners(0); // each provider has some
afterAll(() => client.disconnect());

lockSuite(
  "lock suite on Redis with a caller's client",
  lockTarget(another, (keyPrefix) => new RedisLockProvider({ client, keyPrefix })),
  runner,
);
