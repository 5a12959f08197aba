import pg from "pg";
import { describe, expect, it } from "vitest";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { startFaultyServer } from "./faulty-server.ts";

describe("connections", () => {
  it.each(["of its own", "of a caller"])("survives a server that ends a connection as it gives it (pool %s)", async (whose) => {
    const server = await startFaultyServer(3);
    const pool = whose === "of a caller" ? new pg.Pool({ connectionString: server.url }) : undefined;
    const where = pool === undefined ? { connectionString: server.url } : { pool };
    const provider = new PostgresPersistenceProvider({ ...where, notifications: false, retryTimeout: 2_000 });

    await expect(provider.start()).rejects.toMatchObject({ code: "WFE_STORE_UNREACHABLE", retryable: true });

    expect(server.welcomed()).toBe(3);
    await pool?.end();
    await server.stop();
  });
});
