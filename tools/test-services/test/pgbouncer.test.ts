import pg from "pg";
import { expect, it } from "vitest";
import { startPgBouncer, startPostgresServer } from "../src/index.ts";

it("pools the connections of a server by transactions", async () => {
  const server = await startPostgresServer();
  try {
    const pooler = await startPgBouncer({ server, poolMode: "transaction", settings: { default_pool_size: 1 } });
    const clients = [new pg.Client({ connectionString: pooler.url }), new pg.Client({ connectionString: pooler.url })];
    try {
      await Promise.all(clients.map((client) => client.connect()));
      const pids = await Promise.all(
        clients.map(async (client) => (await client.query("SELECT pg_backend_pid() AS pid, current_user AS role")).rows),
      );

      expect(pids[0]).toEqual(pids[1]);
      expect(pids[0]).toMatchObject([{ role: "wfe" }]);
    } finally {
      await Promise.all(clients.map((client) => client.end()));
      await pooler.dispose();
    }
  } finally {
    await server.dispose();
  }
}, 120_000); // it may be installed first
