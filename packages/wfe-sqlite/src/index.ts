/** SQLite as the store, the locks and the queue of wfe. */
export { openSqlite, type SqliteDatabase } from "./sqlite-database.ts";
export { SqliteLockProvider } from "./sqlite-lock-provider.ts";
export type { SqliteOptions } from "./sqlite-options.ts";
export { SqlitePersistenceProvider } from "./sqlite-persistence-provider.ts";
export { sqliteProviders, type SqliteProviders, type SqliteProvidersOptions } from "./sqlite-providers.ts";
export { SqliteQueueProvider, type SqliteQueueOptions } from "./sqlite-queue-provider.ts";
