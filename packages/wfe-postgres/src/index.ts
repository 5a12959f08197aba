/** PostgreSQL as the store, the locks and the queue of wfe. */
export type { PostgresPool } from "./connection.ts";
export { openPostgres, type PostgresDatabase } from "./postgres-database.ts";
export type { PostgresOptions } from "./postgres-options.ts";
export { PostgresPersistenceProvider } from "./postgres-persistence-provider.ts";
