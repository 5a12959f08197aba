import type { Cluster, Redis } from "ioredis";
import type { Clock, Duration, Entropy } from "wfe-core";

/** An open client of the driver `ioredis` 5, for one server or a Cluster. */
export type RedisClient = Redis | Cluster;

/** Where the Redis is and how it is used. Exactly one of `url` and `client` is needed; what makes no sense is a `RangeError` before anything is connected. */
export interface RedisOptions {
  /**
   * Where the server is: `redis://user:password@host:port/database`, or `rediss://` for TLS, with the parameters that the driver `ioredis` knows. Clients are made
   * for it by the first start, and closed by the last stop.
   */
  readonly url?: string;
  /**
   * An open client of the driver `ioredis`, of one server or of a Cluster, which is used and never closed; its settings are left alone. One with the option
   * `keyPrefix` is refused. What needs a connection of its own (subscriptions, waiting) makes copies of it, and closes those.
   */
  readonly client?: RedisClient;
  /**
   * What all keys begin with, in braces, so that a Cluster keeps them together: letters, digits, `_`, `-`, `.` and `:`, 1 to 64 of them. Two prefixes are two stores,
   * which see nothing of each other.
   *
   * @default "wfe"
   */
  readonly keyPrefix?: string;
  /**
   * How long an operation may take in all, while the server cannot be reached, starts, fails over or gives no answer: it is tried again with pauses that grow from
   * 10 ms to 1 s, and then rejects as retryable. The first start waits for the server as long. 1 ms or more.
   *
   * @default "10s"
   */
  readonly retryTimeout?: Duration;
  /**
   * Timers go by it, leases are counted on it, and the queue is judged by it: only for tests, or where all hosts have one clock. Leases are judged by the server
   * all the same.
   *
   * @default the clock of the machine; the queue is judged by that of the server
   */
  readonly clock?: Clock;
  /** Where ids, tokens and the spread of pauses come from. @default the randomness of the machine */
  readonly entropy?: Entropy;
}
