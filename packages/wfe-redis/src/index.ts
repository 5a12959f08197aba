/** Redis as the locks, the queue and the lifecycle events of wfe. */
export { openRedis, type RedisConnection } from "./connection.ts";
export { RedisLifecyclePublisher, type RedisLifecycleOptions } from "./redis-lifecycle-publisher.ts";
export { RedisLockProvider, type RedisLockNodes } from "./redis-lock-provider.ts";
export { redisProviders, type RedisProviders, type RedisProvidersOptions } from "./redis-providers.ts";
export type { RedisClient, RedisOptions } from "./redis-options.ts";
export { RedisQueueProvider, type RedisQueueOptions } from "./redis-queue-provider.ts";
