import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import pg from "pg";
import { eventually } from "wfe-core/test-support";
import { type PgBouncer, type PgBouncerOptions, startPgBouncer } from "wfe-test-services";
import { postgresUrl, testSchema } from "wfe-test-services/vitest";
import { openPostgres } from "../src/postgres-database.ts";
import { PostgresLockProvider } from "../src/postgres-lock-provider.ts";

const server = testSchema("session pooler");
const INSTALLATION_MS = 120_000;

describe("a session through PgBouncer", () => {
  const bouncers: PgBouncer[] = [];
  afterAll(() => Promise.all(bouncers.map((bouncer) => bouncer.dispose())));

  async function bouncer(poolMode: PgBouncerOptions["poolMode"], settings: Readonly<Record<string, number>> = {}): Promise<string> {
    const started = await startPgBouncer({ server: { url: postgresUrl() }, poolMode, settings });
    bouncers.push(started);
    return started.url;
  }

  /** Keeps many of the pooler's connections busy. */
  function traffic(connectionString: string): void {
    const pool = new pg.Pool({ connectionString, max: 8 });
    let isOver = false;
    const workers = Array.from({ length: 8 }, async () => {
      while (!isOver) await pool.query("SELECT pg_sleep(0.001)");
    });
    onTestFinished(async () => {
      isOver = true;
      await Promise.all(workers);
      await pool.end();
    });
  }

  describe("in transaction mode", () => {
    let url: string;
    beforeAll(async () => {
      url = await bouncer("transaction");
    }, INSTALLATION_MS);

    it("is refused with the way out", async () => {
      const locks = new PostgresLockProvider({ connectionString: url, schema: server.another() });

      const error: unknown = await locks.start().catch((reason: unknown) => reason);

      expect(error).toMatchObject({ name: "PersistenceError", code: "WFE_STORE_SESSION_REQUIRED", retryable: false });
      expect(String(error)).toContain("notifications: false");
    });

    it("is refused every time while others use the pooler", async () => {
      const schema = server.another();
      traffic(url);

      for (let start = 0; start < 10; start += 1) {
        await expect(openPostgres({ connectionString: url, schema }).start()).rejects.toMatchObject({ code: "WFE_STORE_SESSION_REQUIRED" });
      }
    });

    it("is refused when the pooler takes its connections in turns, however many there are", async () => {
      const schema = server.another();

      for (const size of [1, 2, 3]) {
        const turns = await bouncer("transaction", { server_round_robin: 1, default_pool_size: size });
        const pool = new pg.Pool({ connectionString: turns });
        // As many connections as it may have.
        await Promise.all(Array.from({ length: 4 }, () => pool.query("SELECT pg_sleep(0.05)")));
        await expect(openPostgres({ connectionString: turns, schema }).start()).rejects.toMatchObject({ code: "WFE_STORE_SESSION_REQUIRED" });
        await pool.end();
      }
    });

    it("leaves nothing on the pooler's connections", async () => {
      const only = await bouncer("transaction", { default_pool_size: 1 });
      const pool = new pg.Pool({ connectionString: only });
      onTestFinished(() => pool.end());

      await expect(openPostgres({ connectionString: only, schema: server.another() }).start()).rejects.toThrow();

      const sql = `SELECT (SELECT count(*)::int FROM pg_listening_channels()) AS channels,
        (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks`;
      expect((await pool.query(sql)).rows).toEqual([{ channels: 0, locks: 0 }]);
    });

    it("is not needed with notifications: false", async () => {
      const options = { connectionString: url, schema: server.another(), notifications: false };
      const [first, second] = [new PostgresLockProvider(options), new PostgresLockProvider(options)];
      await Promise.all([first.start(), second.start()]);
      onTestFinished(async () => {
        await Promise.all([first.stop(), second.stop()]);
      });

      const lease = await first.acquireLock("r", { ttl: "1m" });

      expect(first.orphans).toBeUndefined();
      expect(await second.acquireLock("r", { ttl: "1m" })).toBeUndefined();
      expect(await lease?.extend()).toBe(true);
      expect(await lease?.release()).toBe(true);
      expect(await second.acquireLock("r", { ttl: "1m" })).toBeDefined();
    });
  });

  it(
    "is taken for one in session mode where others hold all other sessions",
    async () => {
      const connectionString = await bouncer("session", { default_pool_size: 1 });
      const database = openPostgres({ connectionString, schema: server.another() });

      await database.start();

      expect(database.session?.presence).toBeDefined();
      await database.stop();
    },
    INSTALLATION_MS,
  );

  it(
    "is one in session mode",
    async () => {
      const connectionString = await bouncer("session");
      const schema = server.another();
      traffic(connectionString);
      const [first, second] = [new PostgresLockProvider({ connectionString, schema }), new PostgresLockProvider({ connectionString, schema })];

      for (let start = 0; start < 3; start += 1) {
        await Promise.all([first.start(), second.start()]);
        await first.acquireLock(`r${start}`, { ttl: "1m" });
        expect(await second.orphans?.(10)).toEqual([]);
        await first.stop();
        expect(await eventually(async () => ((await second.orphans?.(10)) ?? []).at(0))).toBe(`r${start}`);
        await (await second.acquireLock(`r${start}`, { ttl: "1m" }))?.release(); // taken over
        await second.stop();
      }
    },
    INSTALLATION_MS,
  );
});
