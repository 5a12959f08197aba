import { afterEach, describe, expect, it } from "vitest";
import { instant, sampleWorkflow } from "wfe-core/test-support";
import { testSchema } from "wfe-test-services/vitest";
import type { PostgresClient } from "../src/connection.ts";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { testSessions, type WatchedPool, watchedPool } from "./test-sessions.ts";

const server = testSchema("prepared statements");
const sessions = testSessions(server);

describe("the functions of the schema", () => {
  const ends: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });

  async function started(pool: WatchedPool, notifications: boolean, schema = server.schema): Promise<PostgresPersistenceProvider> {
    const store = new PostgresPersistenceProvider({ pool, schema, notifications });
    await store.start();
    ends.push(() => store.stop());
    return store;
  }

  function poolOf(max: number): WatchedPool {
    const pool = watchedPool(sessions.url, max);
    ends.push(() => pool.end());
    return pool;
  }

  /** On the connection that providers use beside the one they keep. */
  async function onTheirs<TRow>(pool: WatchedPool, text: string): Promise<readonly TRow[]> {
    const client: PostgresClient = await pool.take();
    try {
      return (await client.query({ text, values: [], types: { getTypeParser: () => (value) => value }, query_timeout: 5_000 }))
        .rows as readonly TRow[];
    } finally {
      client.release();
    }
  }

  const PREPARED = "SELECT statement FROM pg_prepared_statements";

  it("are prepared once for each session", async () => {
    const pool = poolOf(2);
    const store = await started(pool, true);

    for (const id of ["a", "b", "c"]) await store.createNewWorkflow(sampleWorkflow(id), instant());

    const prepared = await onTheirs<{ statement: string }>(pool, PREPARED);
    expect(prepared.filter(({ statement }) => statement.includes("create_workflows_v1"))).toHaveLength(1);
  });

  it("are prepared each time where a pooler may give another session to each statement", async () => {
    const pool = poolOf(1);
    const store = await started(pool, false);

    await store.createNewWorkflow(sampleWorkflow("d"), instant());

    expect(await onTheirs(pool, PREPARED)).toEqual([]);
  });

  it("are prepared apart for each schema that one connection serves", async () => {
    const pool = poolOf(3);
    const stores = [await started(pool, true), await started(pool, true, server.another())];

    for (const store of stores) await store.createNewWorkflow(sampleWorkflow("e"), instant());

    expect(await Promise.all(stores.map(async (store) => (await store.getWorkflowInstance("e"))?.id))).toEqual(["e", "e"]);
  });

  it("are prepared anew where somebody has made a session forget them", async () => {
    const pool = poolOf(2);
    const store = await started(pool, true);
    await store.createNewWorkflow(sampleWorkflow("f"), instant());
    await onTheirs(pool, "DEALLOCATE ALL");

    await store.createNewWorkflow(sampleWorkflow("g"), instant());

    expect((await store.getWorkflowInstance("g"))?.id).toBe("g");
    expect(pool.failed).toEqual(["26000"]);
  });
});
