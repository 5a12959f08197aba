import type { WatchedPool } from "./test-sessions.ts";

/** Rows of a table that were read and written. */
export interface RowCounts {
  readonly read: number;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

/** Rows of each table of a schema that are read and written by what is done meanwhile over a pool of one connection. */
export async function rowCounts(pool: WatchedPool, schema: string, use: () => Promise<unknown>): Promise<Readonly<Record<string, RowCounts>>> {
  const run = async (text: string): Promise<readonly any[]> => {
    const client = await pool.take();
    try {
      const types = { getTypeParser: () => (value: string) => value };
      return (await client.query({ text, values: [], types, query_timeout: 10_000 })).rows;
    } finally {
      client.release();
    }
  };
  const counted = async (): Promise<ReadonlyMap<string, RowCounts>> => {
    const rows = await run(
      `SELECT relname, seq_tup_read + coalesce(idx_tup_fetch, 0) AS read, n_tup_ins AS inserted, n_tup_upd AS updated, n_tup_del AS deleted
       FROM pg_stat_xact_user_tables WHERE schemaname = '${schema}' ORDER BY relname`,
    );
    return new Map(
      rows.map(({ relname, read, inserted, updated, deleted }) => [
        relname,
        { read: Number(read), inserted: Number(inserted), updated: Number(updated), deleted: Number(deleted) },
      ]),
    );
  };
  await run("BEGIN");
  try {
    // What the server has not yet passed on of the transactions before is counted, too.
    const before = await counted();
    await use();
    const changed = [...(await counted())].map(([table, after]) => [table, difference(after, before.get(table))] as const);
    return Object.fromEntries(changed.filter(([, counts]) => Object.values(counts).some((count) => count > 0)));
  } finally {
    await run("COMMIT");
  }
}

function difference(after: RowCounts, before: RowCounts = { read: 0, inserted: 0, updated: 0, deleted: 0 }): RowCounts {
  return {
    read: after.read - before.read,
    inserted: after.inserted - before.inserted,
    updated: after.updated - before.updated,
    deleted: after.deleted - before.deleted,
  };
}
