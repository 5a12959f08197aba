import type { Duration, Providers } from "wfe-core";
import { openSqlite } from "./sqlite-database.ts";
import { SqliteLockProvider } from "./sqlite-lock-provider.ts";
import type { SqliteOptions } from "./sqlite-options.ts";
import { SqlitePersistenceProvider } from "./sqlite-persistence-provider.ts";
import { SqliteQueueProvider } from "./sqlite-queue-provider.ts";

/** Where the database is, and how its providers behave. */
export interface SqliteProvidersOptions extends SqliteOptions {
  /** A queue item that is neither acked nor retried for so long is given out again; 1 ms or more. @default "30s" */
  readonly visibility?: Duration;
}

/** The three of one database. */
export interface SqliteProviders extends Providers {
  readonly persistence: SqlitePersistenceProvider;
  readonly locks: SqliteLockProvider;
  readonly queue: SqliteQueueProvider;
}

/**
 * Everything a host needs from one SQLite file, over one connection: its writes share transactions. Nothing is opened before the first
 * provider starts; the connection closes with the last that stops.
 *
 * @throws RangeError when an option makes no sense.
 */
export function sqliteProviders(options: SqliteProvidersOptions): SqliteProviders {
  const database = openSqlite(options);
  return {
    persistence: new SqlitePersistenceProvider(database),
    locks: new SqliteLockProvider(database),
    queue: new SqliteQueueProvider(database, options.visibility === undefined ? {} : { visibility: options.visibility }),
  };
}
