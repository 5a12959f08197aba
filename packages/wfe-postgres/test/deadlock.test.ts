import pg from "pg";
import { describe, expect, it } from "vitest";
import { eventually, instant, sampleChange, sampleExecutionError, sampleWorkflow } from "wfe-core/test-support";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { ownServer } from "./own-server.ts";

describe("transactions that wait for each other", () => {
  const own = ownServer();

  const deadlocks = async (): Promise<number> => {
    await own.ask("SELECT pg_stat_force_next_flush()");
    return Number((await own.ask("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))[0]?.deadlocks);
  };

  it("lets a commit through, once, that is ended because of a deadlock with another session", async () => {
    const schema = own.newSchema();
    const store = await own.started(new PostgresPersistenceProvider({ connectionString: own.server.url, schema, notifications: false }));
    for (const id of ["a", "b"]) await store.createNewWorkflow(sampleWorkflow(id), instant());
    const before = await deadlocks();
    const other = new pg.Client({ connectionString: own.server.url });
    await other.connect();
    // It never is the victim: who looks for a deadlock first is.
    await other.query("SET deadlock_timeout = '1h'");
    await other.query("BEGIN");
    await other.query(`SELECT 1 FROM ${schema}.workflows WHERE id = 'b' FOR UPDATE`);

    const commits = Promise.all(
      ["b", "a"].map((id) => store.persistWorkflow(sampleChange(id, `c ${id}`, { errors: [sampleExecutionError(id)] }), instant())),
    );
    await eventually(
      async () => (await own.ask("SELECT 1 FROM pg_stat_activity WHERE application_name = 'wfe' AND wait_event_type = 'Lock'")).length > 0,
      {
        what: "the commits have locked a and wait for b",
      },
    );
    await other.query(`SELECT 1 FROM ${schema}.workflows WHERE id = 'a' FOR UPDATE`); // goes through when they are ended
    await other.query("COMMIT");
    await other.end();

    expect(await commits).toMatchObject([{ revision: 1 }, { revision: 1 }]);
    expect(await own.ask(`SELECT count(*)::int AS errors FROM ${schema}.errors`)).toEqual([{ errors: 2 }]);
    await store.stop(); // with its connections what they have counted is written
    await eventually(async () => (await deadlocks()) > before, { what: "a deadlock is counted" });
  });

  it("has no deadlocks between batches of two providers on the same instances in opposite orders", async () => {
    const schema = own.newSchema();
    const make = (): Promise<PostgresPersistenceProvider> =>
      own.started(new PostgresPersistenceProvider({ connectionString: own.server.url, schema, notifications: false }));
    const providers = [await make(), await make()] as const;
    const ids = Array.from({ length: 100 }, (_, index) => `w-${index}`);
    await Promise.all(ids.map((id) => providers[0].createNewWorkflow(sampleWorkflow(id), instant())));
    const before = await deadlocks();

    let applied = 0;
    for (let round = 0; round < 20; round += 1) {
      const outcomes = await Promise.allSettled(
        providers.flatMap((provider, turn) =>
          (turn === 0 ? ids : ids.toReversed()).map((id) =>
            provider.persistWorkflow(sampleChange(id, `c ${round} ${turn}`, {}, { revision: round, controlSeq: 0, inboxSeq: 0 }), instant()),
          ),
        ),
      );
      applied += outcomes.filter(({ status }) => status === "fulfilled").length;
    }

    expect(applied).toBe(20 * ids.length);
    for (const provider of providers) await provider.stop(); // with its connections what they have counted is written
    expect(await deadlocks()).toBe(before);
  });
});
