import type { Duration, Providers } from "wfe-core";
import { type PostgresLifecycleOptions, PostgresLifecyclePublisher } from "./postgres-lifecycle-publisher.ts";
import { openPostgres } from "./postgres-database.ts";
import { PostgresLockProvider } from "./postgres-lock-provider.ts";
import type { PostgresOptions } from "./postgres-options.ts";
import { PostgresPersistenceProvider } from "./postgres-persistence-provider.ts";
import { PostgresQueueProvider } from "./postgres-queue-provider.ts";

/** Where the database is, and how its providers behave. */
export interface PostgresProvidersOptions extends PostgresOptions, PostgresLifecycleOptions {
  /** A queue item that is neither acked nor retried for so long is given out again; 1 ms or more. @default "30s" */
  readonly visibility?: Duration;
  /**
   * Whether lifecycle events go through the database, so that every host and client that says so reads those of all by `events()`. It costs a small statement
   * for each batch of events, and notifications while somebody reads. Without, `host.events()` gives those of that host, at no cost.
   *
   * @default false
   */
  readonly lifecycle?: boolean;
}

/** The three of one database, and its lifecycle events where they are asked for. The object can be spread and mixed with providers of other stores: nothing is connected for one that is not started. */
export interface PostgresProviders extends Providers {
  readonly persistence: PostgresPersistenceProvider;
  readonly locks: PostgresLockProvider;
  readonly queue: PostgresQueueProvider;
  readonly lifecycle?: PostgresLifecyclePublisher;
}

/**
 * Everything a host needs from one PostgreSQL database, over one pool. Nothing is connected before the first provider starts; the connections
 * close with the last that stops. Several hosts of one process may share them: starts and stops are counted.
 *
 * @throws RangeError when an option makes no sense.
 */
export function postgresProviders(
  options: PostgresProvidersOptions & { readonly lifecycle: true },
): PostgresProviders & { readonly lifecycle: PostgresLifecyclePublisher };
export function postgresProviders(options: PostgresProvidersOptions): PostgresProviders;
export function postgresProviders(options: PostgresProvidersOptions): PostgresProviders {
  const { visibility, lifecycle = false, onError } = options;
  const database = openPostgres(options);
  return {
    persistence: new PostgresPersistenceProvider(database),
    locks: new PostgresLockProvider(database),
    queue: new PostgresQueueProvider(database, visibility === undefined ? {} : { visibility }),
    ...(lifecycle ? { lifecycle: new PostgresLifecyclePublisher(database, onError === undefined ? {} : { onError }) } : {}),
  };
}
