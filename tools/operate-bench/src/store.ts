import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import pg from "pg";
import type { Providers } from "wfe";
import { postgresProviders } from "wfe-postgres";
import { sqliteProviders } from "wfe-sqlite";
import { startPostgresServer } from "wfe-test-services";

/** Kinds of stores that are measured. */
export const STORES = ["sqlite", "postgres"] as const;
export type StoreName = (typeof STORES)[number];

/** A store of its own, empty. */
export interface MeasuredStore {
  /** Providers over a connection, or a pool, of their own, as of a process. */
  open(options?: { readonly indexedData?: readonly string[] }): Providers;
  /** Statements of the database itself. */
  run(sql: string): Promise<void>;
  /** What a server does by itself in quiet moments: room of what is gone, and statistics. */
  settle(): Promise<void>;
  dispose(): Promise<void>;
}

export async function newStore(name: StoreName): Promise<MeasuredStore> {
  return name === "sqlite" ? await newSqlite() : await newPostgres();
}

async function newSqlite(): Promise<MeasuredStore> {
  const folder = await mkdtemp(join(tmpdir(), "wfe-operate-bench-"));
  const path = join(folder, "wfe.db");
  return {
    open: (options = {}) => sqliteProviders({ path, ...options }),
    run: async (sql) => {
      const database = new Database(path);
      database.exec(sql);
      database.close();
    },
    settle: () => Promise.resolve(),
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
}

async function newPostgres(): Promise<MeasuredStore> {
  const server = await startPostgresServer({ settings: { fsync: "on", full_page_writes: "on", shared_buffers: "256MB" } });
  const run = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await client.query(sql);
    await client.end();
  };
  return {
    open: (options = {}) => postgresProviders({ connectionString: server.url, ...options }),
    run,
    settle: () => run("VACUUM (ANALYZE)"),
    dispose: () => server.dispose(),
  };
}
