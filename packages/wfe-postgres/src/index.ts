/** PostgreSQL as the store, the locks and the queue of wfe. */
export type { PostgresPool } from "./connection.ts";
export { openPostgres, type PostgresDatabase } from "./postgres-database.ts";
export { type PostgresLifecycleOptions, PostgresLifecyclePublisher } from "./postgres-lifecycle-publisher.ts";
export { PostgresLockProvider } from "./postgres-lock-provider.ts";
export type { PostgresOptions } from "./postgres-options.ts";
export { PostgresPersistenceProvider } from "./postgres-persistence-provider.ts";
export { postgresProviders, type PostgresProviders, type PostgresProvidersOptions } from "./postgres-providers.ts";
export { PostgresQueueProvider, type PostgresQueueOptions } from "./postgres-queue-provider.ts";
