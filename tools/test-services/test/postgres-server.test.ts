import pg from "pg";
import { expect, it } from "vitest";
import { startPostgresServer } from "../src/index.ts";

async function query(url: string, text: string): Promise<readonly any[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

it("keeps its data and its port over stops and crashes", async () => {
  const server = await startPostgresServer();
  try {
    await query(server.url, "CREATE TABLE kept AS SELECT 1 AS value");
    for (const mode of ["fast", "immediate", "kill"] as const) {
      await server.restart(mode);
      expect(await query(server.url, "SELECT value FROM kept")).toEqual([{ value: 1 }]);
    }
  } finally {
    await server.dispose();
  }
});

it("makes a replica that is read-only until it is promoted", async () => {
  const server = await startPostgresServer();
  try {
    await query(server.url, "CREATE TABLE kept AS SELECT 1 AS value");
    const standby = await server.copyAsStandby();
    try {
      expect(await query(standby.url, "SELECT value FROM kept")).toEqual([{ value: 1 }]);
      await expect(query(standby.url, "DELETE FROM kept")).rejects.toMatchObject({ code: "25006" });
      await standby.promote();
      await query(standby.url, "DELETE FROM kept");
      expect(await query(server.url, "SELECT value FROM kept")).toEqual([{ value: 1 }]);
    } finally {
      await standby.dispose();
    }
  } finally {
    await server.dispose();
  }
});
