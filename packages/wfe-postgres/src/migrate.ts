import { PersistenceError } from "wfe-core";
import type { RunInTransaction } from "./connection.ts";
import type { SchemaNames } from "./schema-names.ts";

/** One step of the schema's history. Never changed once released. */
export interface Migration {
  /** 1 for the first, each one more than the one before. */
  readonly version: number;
  readonly name: string;
  /** The oldest version of this list's code that still works on a database with this migration; `version` itself unless it only adds. */
  readonly oldest: number;
  /** Statements, without values. */
  readonly sql: (names: SchemaNames) => string;
}

/** What {@link migrate} works with. */
export interface MigrationTarget {
  readonly names: SchemaNames;
  /** What to call the database in messages. */
  readonly store: string;
  /** Runs one statement outside of any transaction. */
  readonly run: RunInTransaction;
  readonly transaction: (work: (run: RunInTransaction) => Promise<void>) => Promise<void>;
}

/**
 * Brings a schema to its newest version, in place and at most once, however many hosts try at the same moment.
 *
 * @param now - Epoch milliseconds, for the record.
 * @throws PersistenceError `WFE_STORE_NEWER` when a newer version has made the schema unfit for this one; nothing is changed then.
 */
export async function migrate(target: MigrationTarget, migrations: readonly Migration[], now: number): Promise<void> {
  const { names, store, transaction } = target;
  const newest = migrations.at(-1)?.version ?? 0;
  if ((await versionOf(target.run, names, newest, store)) >= newest) return;
  await transaction(async (run) => {
    // Until the end of the transaction, so that it works through a pooler, too.
    await run("SELECT pg_advisory_xact_lock($1)", [names.migrationLock]);
    // A role that may not make schemas can be given one.
    const [found] = await run<{ exists: boolean }>("SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1) AS exists", [names.schemaName]);
    if (found?.exists !== true) await run(`CREATE SCHEMA ${names.schema}`);
    await run(
      `CREATE TABLE IF NOT EXISTS ${names.table.schema_versions} (
         version bigint PRIMARY KEY, name text NOT NULL, oldest bigint NOT NULL, applied_at bigint NOT NULL)`,
    );
    // Asked again under the lock: another host may have been faster.
    const version = await versionOf(run, names, newest, store);
    for (const migration of migrations) {
      if (migration.version <= version) continue;
      await run(migration.sql(names));
      await run(`INSERT INTO ${names.table.schema_versions} (version, name, oldest, applied_at) VALUES ($1, $2, $3, $4)`, [
        migration.version,
        migration.name,
        migration.oldest,
        now,
      ]);
    }
  });
}

async function versionOf(run: RunInTransaction, names: SchemaNames, newest: number, store: string): Promise<number> {
  const [known] = await run<{ exists: boolean }>("SELECT to_regclass($1) IS NOT NULL AS exists", [names.table.schema_versions]);
  if (known?.exists !== true) return 0;
  const [found] = await run<{ version: number | null; oldest: number | null }>(
    `SELECT max(version) AS version, max(oldest) AS oldest FROM ${names.table.schema_versions}`,
  );
  if ((found?.oldest ?? 0) > newest) {
    throw new PersistenceError(
      "WFE_STORE_NEWER",
      `${store} was written by a newer version (schema ${found?.version}, this version knows ${newest}): upgrade wfe-postgres`,
    );
  }
  return found?.version ?? 0;
}
