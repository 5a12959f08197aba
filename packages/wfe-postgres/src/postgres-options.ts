import type { Clock, Duration, Entropy } from "wfe-core";
import type { PostgresPool } from "./connection.ts";

/** Where the database is and how it is used. Exactly one of `connectionString` and `pool` is needed; what makes no sense is a `RangeError` before anything is connected. */
export interface PostgresOptions {
  /**
   * Where the server is: `postgres://user:password@host:port/database`, with the parameters that the driver `pg` knows. A pool is made for it by the first
   * start, and ended by the last stop.
   */
  readonly connectionString?: string;
  /**
   * An open `Pool` of the driver `pg`, which is used and never closed; its settings, `search_path` among them, are left alone. With
   * `notifications` one of its connections is kept for as long as a provider runs, so it needs 2 or more.
   */
  readonly pool?: PostgresPool;
  /** Connections at most, 1 or more, with `connectionString`; besides the one for `notifications`. Of no effect with `pool`. @default 10 */
  readonly poolSize?: number;
  /**
   * Schema of the tables, made if it does not exist: a letter or `_`, then letters, digits, `_` and `-`; 63 characters at most, and not
   * beginning with `pg_`. Upper and lower case are told apart.
   *
   * @default "wfe"
   */
  readonly schema?: string;
  /**
   * What the names of tables, indexes and functions begin with: of the same characters, 24 at most. Two prefixes of one schema are two stores, which see
   * nothing of each other.
   *
   * @default ""
   */
  readonly tablePrefix?: string;
  /**
   * Whether a connection of its own is kept open for `LISTEN` and for presence: other machines are then woken at once, and the work of a host
   * that was killed is taken over at once. Not possible through a pooler in transaction mode (PgBouncer): `start` rejects there with
   * `WFE_STORE_SESSION_REQUIRED`. With `false` the queue is polled, and take-over takes the whole ttl of a lock.
   *
   * @default true
   */
  readonly notifications?: boolean;
  /**
   * Longest pause between two looks for what other machines have queued, 10 ms or more. With notifications it is a safety net only; without,
   * it begins with 10 ms after something came, and grows to this.
   *
   * @default "5s" with notifications, "200ms" without
   */
  readonly pollInterval?: Duration;
  /**
   * How long an operation is tried again after its first failure, with pauses that grow from 10 ms to 1 s, while the server cannot be reached, fails over, or has
   * ended the transaction (serialization failure, deadlock), before it rejects with `WFE_STORE_UNREACHABLE`, `WFE_STORE_READ_ONLY` or `WFE_STORE_BUSY`. The first
   * start waits for the server as long. 0 or more; with 0 nothing is tried again.
   *
   * @default "10s"
   */
  readonly retryTimeout?: Duration;
  /**
   * How long the server may take to answer one statement, 1 ms or more. The connection is then given up, with all others that were made before, and
   * the operation tried again as after any other loss of a connection. A caller's pool may take as long to give a connection, or 5 seconds if that
   * is longer; our own 5 seconds. It counts for the statements of an upgrade of the tables, too, and for the wait for another's upgrade.
   *
   * @default "30s"
   */
  readonly queryTimeout?: Duration;
  /**
   * Dotted paths into the data of instances by which filters are to find them through an index: `["customer.id"]`; 16 at most. Each index is made by
   * the first start that asks for it, which keeps writers waiting meanwhile, and is written with every commit that changes data. One that is no longer
   * asked for is left. Without an index a filter on data reads what the rest of the filter leaves; it finds the same.
   *
   * @default none
   */
  readonly indexedData?: readonly string[];
  /**
   * Timers go by it. One that is given here judges leases and the queue, too, which is for tests in virtual time; otherwise these are judged by the
   * clock of the server, which all machines share.
   *
   * @default the clock of the machine
   */
  readonly clock?: Clock;
  /** Where ids, tokens, presences and the spread of pauses come from. @default the randomness of the machine */
  readonly entropy?: Entropy;
}
