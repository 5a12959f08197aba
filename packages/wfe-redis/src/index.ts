/** Redis as the locks, the queue and the lifecycle events of wfe. */
export { openRedis, type RedisConnection } from "./connection.ts";
export type { RedisClient, RedisOptions } from "./redis-options.ts";
