import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACTIVITY_EVENT, type ConflictError, type PersistenceError } from "wfe-core";
import { instant, sampleChange, sampleEvent, samplePointer, sampleWorkflow, VirtualClock } from "wfe-core/test-support";
import { openSqlite, type SqliteDatabase } from "../src/sqlite-database.ts";
import { SqliteLockProvider } from "../src/sqlite-lock-provider.ts";
import { SqlitePersistenceProvider } from "../src/sqlite-persistence-provider.ts";
import { SqliteQueueProvider } from "../src/sqlite-queue-provider.ts";
import { newFolder } from "./sqlite-targets.ts";

describe("GroupCommit", () => {
  let folder: ReturnType<typeof newFolder>;
  let database: SqliteDatabase;
  let persistence: SqlitePersistenceProvider;
  let locks: SqliteLockProvider;
  let queue: SqliteQueueProvider;

  beforeEach(async () => {
    folder = newFolder();
    database = openSqlite({ path: folder.path("wfe.db") });
    persistence = new SqlitePersistenceProvider(database);
    locks = new SqliteLockProvider(database);
    queue = new SqliteQueueProvider(database);
    for (const provider of [persistence, locks, queue]) await provider.start();
  });

  afterEach(async () => {
    for (const provider of [persistence, locks, queue]) await provider.stop();
    folder.remove();
  });

  /** Counts runs of a statement. */
  function counted(sql: string, { connection } = database): { count: number } {
    const runs = { count: 0 };
    const statement = connection.sql(sql);
    const run = statement.run.bind(statement);
    statement.run = (...values) => {
      runs.count += 1;
      return run(...values);
    };
    return runs;
  }

  it("writes what is wanted in one turn in one transaction, whoever wants it", async () => {
    await persistence.createNewWorkflow(sampleWorkflow("a"), instant());
    const commits = counted("COMMIT");

    await Promise.all([
      persistence.persistWorkflow(sampleChange("a", "c1"), instant()),
      ...Array.from({ length: 50 }, (_, index) => persistence.createNewWorkflow(sampleWorkflow(`w-${index}`), instant())),
      ...Array.from({ length: 10 }, (_, index) => queue.queueWork(`w-${index}`, "workflow")),
      ...Array.from({ length: 10 }, (_, index) => locks.acquireLock(`r-${index}`, { ttl: "1m" })),
    ]);

    expect(commits.count).toBeLessThanOrEqual(2); // locks look first whether they are free
  });

  it("writes at most 1,000 of one turn in a transaction, and answers all of them in their order", async () => {
    const ids = Array.from({ length: 2500 }, (_, index) => `w-${index}`);
    const { connection } = database;
    const commit = connection.sql("COMMIT");
    const run = commit.run.bind(commit);
    const stored: unknown[] = [];
    commit.run = () => {
      const done = run();
      stored.push(connection.raw.prepare("SELECT count(*) FROM wfe_workflows").pluck().get());
      return done;
    };

    const answered: string[] = [];
    await Promise.all(ids.map((id) => persistence.createNewWorkflow(sampleWorkflow(id), instant()).then((answer) => answered.push(answer))));

    expect(stored).toEqual([1000, 2000, 2500]);
    expect(answered).toEqual(ids);
    expect(connection.raw.prepare("SELECT id FROM wfe_workflows ORDER BY row").pluck().all()).toEqual(ids);
  });

  it("waits for the disk when one of its writes does; hints, leases and deliveries do not by themselves", async () => {
    const { connection } = database;
    const commit = connection.sql("COMMIT");
    const run = commit.run.bind(commit);
    const modes: unknown[] = [];
    commit.run = () => {
      modes.push(connection.raw.pragma("synchronous", { simple: true })); // 2 waits, 1 does not
      return run();
    };
    const during = async (write: () => Promise<unknown>): Promise<readonly unknown[]> => {
      modes.length = 0;
      await write();
      return [...modes];
    };
    await persistence.createNewWorkflow(sampleWorkflow("w"), instant());
    await queue.queueWork("v", "event");

    const hasty = {
      lease: await during(async () => {
        const lease = await locks.acquireLock("w", { ttl: "1m" });
        await lease?.extend();
        await lease?.release();
      }),
      hint: await during(async () => {
        await queue.queueWork("w", "workflow");
        const [item] = await queue.dequeueWork("workflow", { limit: 1, wait: 0 });
        await item?.ack();
        await queue.dequeueWork("event", { limit: 1, wait: "1m" });
      }),
      delivery: await during(() => persistence.deliverEvents([{ name: "paid", key: "1" }], instant())),
    };
    const lasting = {
      start: await during(() => persistence.createNewWorkflow(sampleWorkflow("v"), instant())),
      event: await during(() => persistence.createEvent(sampleEvent("e"), instant())),
      outcome: await during(() => persistence.deliverEvents([{ name: ACTIVITY_EVENT, key: "1" }], instant())),
      commit: await during(() => persistence.persistWorkflow(sampleChange("w", "c"), instant())),
      withAHint: await during(() => Promise.all([queue.queueWork("x", "workflow"), persistence.createEvent(sampleEvent("f"), instant())])),
    };

    expect(hasty).toEqual({ lease: [1, 1, 1], hint: [1, 1, 1, 1], delivery: [1] });
    expect(lasting).toEqual({ start: [2], event: [2], outcome: [2], commit: [2], withAHint: [2] });
  });

  it("asks for no write lock to see that nothing is due", async () => {
    const begins = counted("BEGIN IMMEDIATE");

    await persistence.claimDueInstances(instant(), { definitions: [], limit: 10, claimUntil: instant(1) });
    await persistence.getRunnableEvents(instant(), { limit: 10, claimUntil: instant(1) });
    await persistence.processCommands(instant(), { limit: 10, claimUntil: instant(1) }, async () => {});
    await queue.dequeueWork("workflow", { limit: 10, wait: 0 });
    await queue.dequeueWork("workflow", { limit: 10, wait: 20 });
    await locks.orphans(10);

    expect(begins.count).toBe(0);
  });

  it("refuses a stale commit to its own caller alone", async () => {
    for (const id of ["a", "b", "c"]) await persistence.createNewWorkflow(sampleWorkflow(id), instant());
    await persistence.persistWorkflow(sampleChange("b", "earlier"), instant());

    const outcomes = await Promise.allSettled(
      ["a", "b", "c"].map((id) => persistence.persistWorkflow(sampleChange(id, "now", { data: '"now"' }), instant())),
    );

    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect((outcomes[1] as PromiseRejectedResult).reason as ConflictError).toMatchObject({ code: "WFE_COMMIT_CONFLICT", reason: "revision" });
    expect((await persistence.getWorkflowInstances(["a", "b", "c"])).map(({ data }) => data)).toEqual(['"now"', '{"total":1}', '"now"']);
  });

  it("takes a change back that fails half-way, and only that one", async () => {
    for (const id of ["a", "b", "c"]) await persistence.createNewWorkflow(sampleWorkflow(id), instant());
    await persistence.persistWorkflow(
      sampleChange("c", "open", { openSubscriptions: [{ id: "s", pointerId: "1", name: "n", key: "k", bound: { storedAfter: "creation" } }] }),
      instant(),
    );
    // Its pointer is written before the subscription, whose id is taken, is refused.
    const failing = sampleChange("b", "now", {
      pointers: [samplePointer({ seq: 2 })],
      openSubscriptions: [{ id: "s", pointerId: "2", name: "n", key: "k", bound: { storedAfter: "creation" } }],
    });

    const outcomes = await Promise.allSettled([
      persistence.persistWorkflow(sampleChange("a", "now", { pointers: [samplePointer({ seq: 2 })] }), instant()),
      persistence.persistWorkflow(failing, instant()),
      queue.queueWork("a", "workflow"),
    ]);

    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect((outcomes[1] as PromiseRejectedResult).reason).toMatchObject({ code: "WFE_PERSISTENCE_FAILED" });
    expect(await persistence.getWorkflowInstance("a")).toMatchObject({ revision: 1, pointers: [{ seq: 1 }, { seq: 2 }] });
    expect(await persistence.getWorkflowInstance("b")).toMatchObject({ revision: 0, pointers: [{ seq: 1 }] });
    expect(await queue.dequeueWork("workflow", { limit: 1, wait: 0 })).toHaveLength(1);
  });

  it("answers nobody before the commit", async () => {
    const order: string[] = [];
    const commit = database.connection.sql("COMMIT");
    const run = commit.run.bind(commit);
    commit.run = () => {
      order.push("commit");
      return run();
    };

    await Promise.all(["a", "b"].map((id) => persistence.createNewWorkflow(sampleWorkflow(id), instant()).then(() => order.push(id))));

    expect(order).toEqual(["commit", "a", "b"]);
  });

  it("answers a commit whose own answer was lost when it is sent again", async () => {
    await persistence.createNewWorkflow(sampleWorkflow("a"), instant());
    const commit = database.connection.sql("COMMIT");
    const run = commit.run.bind(commit);
    commit.run = () => {
      commit.run = run;
      run();
      throw new Error("the disk has not answered");
    };
    const change = sampleChange("a", "c1", { data: "2", errors: [], pointers: [samplePointer({ seq: 2 })], sequence: 2 });

    await expect(persistence.persistWorkflow(change, instant())).rejects.toMatchObject({ retryable: true });
    const again = await persistence.persistWorkflow(change, instant());

    expect(again).toEqual({ revision: 1, inboxSeq: 0, pendingDeliveries: [] });
    expect(await persistence.getWorkflowInstance("a")).toMatchObject({ revision: 1, data: "2" });
  });

  it("takes a commit that did not happen when it is sent again", async () => {
    await persistence.createNewWorkflow(sampleWorkflow("a"), instant());
    const commit = database.connection.sql("COMMIT");
    const run = commit.run.bind(commit);
    commit.run = () => {
      commit.run = run;
      throw new Error("the disk has not answered");
    };
    const change = sampleChange("a", "c1", { data: "2" });

    await expect(persistence.persistWorkflow(change, instant())).rejects.toMatchObject({ retryable: true });
    expect(await persistence.getWorkflowInstance("a")).toMatchObject({ revision: 0 });

    expect(await persistence.persistWorkflow(change, instant())).toMatchObject({ revision: 1 });
  });

  it("ends what is under way before the database is closed", async () => {
    const writing = Array.from({ length: 20 }, (_, index) => persistence.createNewWorkflow(sampleWorkflow(`w-${index}`), instant()));

    await Promise.all([persistence.stop(), locks.stop(), queue.stop()]);

    expect(await Promise.all(writing)).toHaveLength(20);
    await persistence.start();
    expect(await persistence.countWorkflows({})).toBe(20);
  });

  describe("while another connection has the write lock", () => {
    let clock: VirtualClock;
    let waiting: SqliteDatabase;

    beforeEach(async () => {
      clock = new VirtualClock();
      waiting = openSqlite({ path: folder.path("wfe.db"), clock, busyTimeout: "1s" });
      await waiting.start();
      database.connection.sql("BEGIN IMMEDIATE").run();
    });

    afterEach(async () => {
      database.connection.rollback();
      await Promise.all([waiting.stop(), clock.advance("1s")]);
    });

    const write = (): Promise<unknown> => waiting.write((connection) => connection.sql("SELECT 'written' AS answer").get());

    it("asks for it no more once nobody wants to write, and again when somebody does", async () => {
      const [[refused]] = await Promise.all([Promise.allSettled([write()]), clock.advance("2s")]);
      const attempts = counted("BEGIN IMMEDIATE", waiting);

      await clock.advance("1m");

      expect(refused).toMatchObject({ status: "rejected", reason: { code: "WFE_STORE_BUSY", retryable: true } });
      expect([attempts.count, clock.pendingTimers]).toEqual([0, 0]);
      database.connection.rollback();
      expect(await write()).toEqual({ answer: "written" });
    });

    it("lets a stop end that waits for a write which has had enough", async () => {
      const { connection } = waiting;
      const order: string[] = [];
      write().catch((error: PersistenceError) => order.push(error.code));
      await clock.settle();

      void waiting.stop().then(() => order.push("stopped"));
      await clock.advance("500ms");
      expect(order).toEqual([]);
      await clock.advance("1s");

      expect(order).toEqual(["WFE_STORE_BUSY", "stopped"]);
      expect(connection.raw.open).toBe(false);
    });
  });
});
