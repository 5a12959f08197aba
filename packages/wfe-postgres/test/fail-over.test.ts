import { describe, expect, it } from "vitest";
import { eventually, instant, sampleChange, sampleEvent, sampleWorkflow } from "wfe-core/test-support";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { APPLIED, appliedOnce, startLoad } from "./load.ts";
import { ask, ownServer } from "./own-server.ts";

const INSTANCES = 50;
const COMMITS = 10;

describe("a fail-over", () => {
  const own = ownServer();

  it("lets a load go on with the replica, when that has become the primary", async () => {
    const schema = own.newSchema();
    const make = (): PostgresPersistenceProvider =>
      new PostgresPersistenceProvider({ connectionString: own.proxy.url, schema, notifications: false, retryTimeout: "30s" });
    const providers = [await own.started(make()), await own.started(make())];
    const load = await startLoad(providers, INSTANCES, COMMITS);
    await eventually(() => load.done >= (INSTANCES * COMMITS) / 4, { interval: 1 });

    // The last that the old primary does is in the replica.
    await own.proxy.refuse();
    own.proxy.cut();
    const standby = await own.server.copyAsStandby();
    try {
      const [before] = await ask(standby.url, `SELECT sum(revision)::int AS sum FROM ${schema}.workflows`);
      own.proxy.retarget(standby.url);
      await own.proxy.accept();
      await eventually(() => own.proxy.connections > 0, { what: "they come to the replica" });
      expect(await ask(standby.url, `SELECT sum(revision)::int AS sum FROM ${schema}.workflows`)).toEqual([before]);
      await standby.promote();
      await load.finished;

      expect(await ask(standby.url, APPLIED(schema))).toEqual(appliedOnce(INSTANCES, COMMITS));
      for (const provider of providers) await provider.stop();
    } finally {
      await standby.dispose();
    }
  });

  it("takes neither commits nor loads of a replica for those of the primary", async () => {
    const schema = own.newSchema();
    const store = await own.started(
      new PostgresPersistenceProvider({ connectionString: own.proxy.url, schema, notifications: false, retryTimeout: 300 }),
    );
    await store.createNewWorkflow(sampleWorkflow("w"), instant());
    const standby = await own.server.copyAsStandby();
    try {
      await store.persistWorkflow(sampleChange("w", "c1"), instant()); // the replica does not know
      own.proxy.retarget(standby.url);
      own.proxy.cut();

      const outcomes = await Promise.allSettled([
        store.loadForPass("w"),
        store.persistWorkflow(sampleChange("w", "c2"), instant()),
        store.createNewWorkflow(sampleWorkflow("x"), instant()),
        store.createEvent(sampleEvent("e"), instant()),
      ]);
      const refused = { status: "rejected", reason: { code: "WFE_STORE_READ_ONLY", retryable: true } };
      expect(outcomes).toMatchObject([refused, refused, refused, refused]);

      // It still has connections to the replica, any number of them.
      await Promise.all(Array.from({ length: 8 }, () => store.getErrors("w")));
      const loading = store.loadForPass("w");
      own.proxy.retarget(own.server.url);

      expect(await loading).toMatchObject({ row: { revision: 1, commitId: "c1" } });
      expect(await store.command("w", "suspend", instant())).toBe(true);
      await store.stop();
    } finally {
      await standby.dispose();
    }
  });
});
