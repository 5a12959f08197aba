import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { instant, persistenceSuite, queueSuite, sampleLifecycleEvent, sampleWorkflow } from "wfe-core/test-support";
import { type PgBouncer, startPgBouncer } from "wfe-test-services";
import { postgresUrl, testSchema } from "wfe-test-services/vitest";
import { PostgresLifecyclePublisher } from "../src/postgres-lifecycle-publisher.ts";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { persistenceTarget, queueTarget, type TargetServer } from "./postgres-targets.ts";

// Each transaction may have another connection to the server: nothing may be left on one, and nothing expected of it.
const server = testSchema("pooler");
let pooler: PgBouncer;
const pooled: TargetServer = {
  ...server,
  get url() {
    return pooler.url;
  },
};

beforeAll(async () => {
  pooler = await startPgBouncer({ server: { url: postgresUrl() }, poolMode: "transaction", settings: { default_pool_size: 12 } });
}, 120_000); // it may be installed first
afterAll(() => pooler.dispose());

persistenceSuite("persistence suite through PgBouncer in transaction mode", persistenceTarget(pooled), { describe, it: it.concurrent });
queueSuite("queue suite through PgBouncer in transaction mode", queueTarget(pooled, { notifications: false }), { describe, it: it.concurrent });

describe("lifecycle events through PgBouncer in transaction mode", () => {
  it("are heard by those who go to the server itself", async () => {
    const schema = server.another();
    const hearing = new PostgresLifecyclePublisher({ connectionString: server.url, schema });
    const pooledOne = new PostgresLifecyclePublisher({ connectionString: pooler.url, schema, notifications: false });
    await Promise.all([hearing.start(), pooledOne.start()]);
    const heard: number[] = [];
    await hearing.subscribe(({ version }) => void heard.push(version));
    const versions = Array.from({ length: 300 }, (_, index) => index + 1);

    await Promise.all(versions.map((version) => pooledOne.publish(sampleLifecycleEvent("w", version))));

    await expect.poll(() => heard).toEqual(versions);
    await Promise.all([hearing.stop(), pooledOne.stop()]);
  });
});

describe("a caller's pool through PgBouncer in transaction mode", () => {
  it("works with the driver's own settings", async () => {
    const pool = new pg.Pool({ connectionString: pooler.url });
    const store = new PostgresPersistenceProvider({ pool, schema: server.another(), notifications: false });
    await store.start();

    await Promise.all(Array.from({ length: 30 }, (_, index) => store.createNewWorkflow(sampleWorkflow(`w-${index}`), instant())));

    expect(await store.countWorkflows({})).toBe(30);
    await store.stop();
    await pool.end();
  });
});
