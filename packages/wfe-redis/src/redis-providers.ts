import type { Duration } from "wfe-core";
import { openRedis } from "./connection.ts";
import { type RedisLifecycleOptions, RedisLifecyclePublisher } from "./redis-lifecycle-publisher.ts";
import { RedisLockProvider } from "./redis-lock-provider.ts";
import type { RedisOptions } from "./redis-options.ts";
import { RedisQueueProvider } from "./redis-queue-provider.ts";

/** Where the Redis is, and how its providers behave. */
export interface RedisProvidersOptions extends RedisOptions, RedisLifecycleOptions {
  /** A queue item that is neither acked nor retried for so long is given out again; 1 ms or more. @default "30s" */
  readonly visibility?: Duration;
}

/** What a Redis can do beside a store. The object can be spread over the providers of one: nothing is connected for what is not started. */
export interface RedisProviders {
  readonly locks: RedisLockProvider;
  readonly queue: RedisQueueProvider;
  readonly lifecycle: RedisLifecyclePublisher;
}

/**
 * Everything of one Redis, over one connection: `{ ...postgresProviders(…), ...redisProviders(…) }`. Nothing is connected before the first provider starts; the
 * connections close with the last that stops. Several hosts of one process may share them: starts and stops are counted.
 *
 * @throws RangeError when an option makes no sense.
 */
export function redisProviders(options: RedisProvidersOptions): RedisProviders {
  const connection = openRedis(options);
  return {
    locks: new RedisLockProvider(connection),
    queue: new RedisQueueProvider(connection, options.visibility === undefined ? {} : { visibility: options.visibility }),
    lifecycle: new RedisLifecyclePublisher(connection, options.onError === undefined ? {} : { onError: options.onError }),
  };
}
