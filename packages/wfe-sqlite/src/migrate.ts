import { PersistenceError } from "wfe-core";
import type { Connection } from "./connection.ts";

/** One step of the schema's history. Never changed once released. */
export interface Migration {
  /** 1 for the first, each one more than the one before. */
  readonly version: number;
  readonly name: string;
  /** The oldest version of this list's code that still works on a database with this migration; `version` itself unless it only adds. */
  readonly oldest: number;
  readonly sql: string;
}

/**
 * Brings a database to the newest schema, in place and at most once, however many processes try at the same moment.
 *
 * @param now - Epoch milliseconds, for the record.
 * @throws PersistenceError `WFE_STORE_NEWER` when a newer version has made the database unfit for this one; nothing is changed then.
 */
export function migrate(connection: Connection, migrations: readonly Migration[], path: string, now: number): void {
  const newest = migrations.at(-1)?.version ?? 0;
  if (versionOf(connection, newest, path) >= newest) return;
  connection.raw.exec("BEGIN IMMEDIATE");
  try {
    connection.raw.exec(
      "CREATE TABLE IF NOT EXISTS wfe_schema (version INTEGER PRIMARY KEY, name TEXT NOT NULL, oldest INTEGER NOT NULL, applied_at INTEGER NOT NULL)",
    );
    // Asked again under the write lock: another process may have been faster.
    const version = versionOf(connection, newest, path);
    for (const migration of migrations) {
      if (migration.version <= version) continue;
      connection.raw.exec(migration.sql);
      connection.raw
        .prepare("INSERT INTO wfe_schema (version, name, oldest, applied_at) VALUES (?, ?, ?, ?)")
        .run(migration.version, migration.name, migration.oldest, now);
    }
    connection.raw.exec("COMMIT");
  } finally {
    connection.rollback(); // does nothing after the commit
  }
}

function versionOf(connection: Connection, newest: number, path: string): number {
  const known = connection.raw.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'wfe_schema'").get() !== undefined;
  if (!known) return 0;
  const found = connection.raw
    .prepare<[], { version: number | null; oldest: number | null }>("SELECT max(version) AS version, max(oldest) AS oldest FROM wfe_schema")
    .get();
  if ((found?.oldest ?? 0) > newest) {
    throw new PersistenceError(
      "WFE_STORE_NEWER",
      `the SQLite database ${JSON.stringify(path)} was written by a newer version (schema ${found?.version}, this version knows ${newest}): upgrade wfe-sqlite`,
    );
  }
  return found?.version ?? 0;
}
