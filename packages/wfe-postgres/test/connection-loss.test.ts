import pg from "pg";
import { describe, expect, it } from "vitest";
import { eventually, instant, sampleChange, sampleWorkflow } from "wfe-core/test-support";
import type { PostgresOptions } from "../src/postgres-options.ts";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { APPLIED, appliedOnce, startLoad } from "./load.ts";
import { ownServer } from "./own-server.ts";

const SECRET = "s3cret-pa55word";

describe("the loss of connections", () => {
  const own = ownServer();

  const provider = (schema: string, options: Partial<PostgresOptions> = {}): PostgresPersistenceProvider =>
    new PostgresPersistenceProvider({ connectionString: own.proxy.url, schema, notifications: false, ...options });
  const withPassword = (url: string): string => url.replace("wfe@", `wfe:${SECRET}@`);

  it("loses no commit and applies none twice while all connections are ended again and again", async () => {
    const schema = own.newSchema();
    const providers = [await own.started(provider(schema)), await own.started(provider(schema))];
    const load = await startLoad(providers, 200, 20);
    let ended = 0;
    const ending = (async () => {
      for (let seen = -1; load.done < 4_000; ) {
        await eventually(() => load.done > seen, { interval: 1, timeout: "20s" });
        seen = load.done + Math.floor(Math.random() * 200);
        const text = "SELECT count(pg_terminate_backend(pid)) AS ended FROM pg_stat_activity WHERE application_name = 'wfe'";
        ended += Number((await own.ask(text))[0]?.ended);
        if (seen >= 3_800) return;
      }
    })();

    await Promise.all([load.finished, ending]);

    expect(ended).toBeGreaterThan(20);
    expect(await own.ask(APPLIED(schema))).toEqual(appliedOnce(200, 20));
  });

  it("says that the server is away when that lasts, without secrets, and goes on when it is back", async () => {
    const schema = own.newSchema();
    const store = await own.started(provider(schema, { connectionString: withPassword(own.proxy.url), retryTimeout: 300 }));
    await store.createNewWorkflow(sampleWorkflow("w"), instant());
    await own.proxy.refuse();
    own.proxy.cut();

    const outcome = await store.persistWorkflow(sampleChange("w", "c1"), instant()).catch((error: unknown) => error);

    expect(outcome).toMatchObject({
      name: "PersistenceError",
      code: "WFE_STORE_UNREACHABLE",
      retryable: true,
      message: expect.stringContaining(`the PostgreSQL database "127.0.0.1:${own.proxy.port}/postgres" (schema "${schema}") cannot be reached: `),
      cause: { code: "ECONNREFUSED" },
    });
    expect(String((outcome as Error).stack)).not.toContain(SECRET);
    await own.proxy.accept();
    expect(await store.persistWorkflow(sampleChange("w", "c1"), instant())).toMatchObject({ revision: 1 });
  });

  it("rejects a start when the server is away, and starts later", async () => {
    const store = provider(own.newSchema(), { retryTimeout: 200, connectionString: withPassword(own.proxy.url) });
    await own.proxy.refuse();

    const outcome = await store.start().catch((error: unknown) => error);

    expect(outcome).toMatchObject({ code: "WFE_STORE_UNREACHABLE", retryable: true });
    expect(String((outcome as Error).stack)).not.toContain(SECRET);
    await expect(store.loadForPass("w")).rejects.toMatchObject({ code: "WFE_PROVIDER_NOT_RUNNING" });
    await own.proxy.accept();
    await own.started(store);
    expect(await store.loadForPass("w")).toBeUndefined();
  });

  it("ends what waits to be tried again when it is stopped", async () => {
    const store = await own.started(provider(own.newSchema(), { retryTimeout: "1h" }));
    await own.proxy.refuse();
    own.proxy.cut();
    const outcome = expect(store.loadForPass("w")).rejects.toMatchObject({ code: "WFE_PROVIDER_NOT_RUNNING" });

    await store.stop();

    await outcome;
  });

  it("does not end the process, nor a caller's pool, when idle connections are lost", async () => {
    const schema = own.newSchema();
    const pool = new pg.Pool({ connectionString: own.proxy.url, options: "-c search_path=theirs" });
    const client = await pool.connect();
    client.release();
    const listeners = (): readonly number[] => ["error", "connect", "acquire", "remove", "release"].map((event) => pool.listenerCount(event));
    const clientListeners = (of: pg.PoolClient): readonly number[] =>
      ["error", "end", "notification", "notice"].map((event) => of.listenerCount(event));
    const before = { pool: listeners(), client: clientListeners(client) };
    const store = new PostgresPersistenceProvider({ pool, schema, notifications: false });
    await store.start();
    await store.createNewWorkflow(sampleWorkflow("w"), instant());

    own.proxy.cut();
    await eventually(() => pool.totalCount === 0, { what: "the pool knows of its loss" });
    expect(await store.loadForPass("w")).toBeDefined();
    await store.stop();

    const again = await pool.connect();
    again.release();
    expect({ pool: listeners(), client: clientListeners(again) }).toEqual(before);
    expect((await pool.query("SHOW search_path")).rows).toEqual([{ search_path: "theirs" }]);
    expect(pool).toMatchObject({ ended: false, totalCount: 1, idleCount: 1 });
    await pool.end();
  });

  it("waits for a connection while the server has too many", async () => {
    const schema = own.newSchema();
    await own.ask(`CREATE ROLE ${schema} LOGIN CONNECTION LIMIT 2`);
    await own.ask(`GRANT CREATE ON DATABASE postgres TO ${schema}`);
    const url = own.proxy.url.replace("wfe@", `${schema}@`);
    const others = [new pg.Client({ connectionString: url }), new pg.Client({ connectionString: url })];
    for (const other of others) await other.connect();
    const store = provider(schema, { connectionString: url });

    const starting = store.start();
    await expect(new pg.Client({ connectionString: url }).connect()).rejects.toMatchObject({ code: "53300" });
    for (const other of others) await other.end();
    await starting;

    // More at the same moment than it may have.
    const ids = Array.from({ length: 10 }, (_, index) => `w-${index}`);
    await Promise.all(ids.map((id) => store.createNewWorkflow(sampleWorkflow(id), instant())));
    const found = await Promise.all([...ids.map((id) => store.getWorkflowInstance(id)), ...ids.map((id) => store.getErrors(id))]);
    expect(found.filter((one) => one === undefined)).toEqual([]);
    await store.stop();
  });
});
