import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { WorkflowChange } from "wfe-core";
import {
  instant,
  SAMPLE_DEFINITION,
  sampleChange,
  sampleEvent,
  sampleExecutionError,
  samplePointer,
  sampleSubscription,
  sampleWorkflow,
} from "wfe-core/test-support";
import { testSchema } from "wfe-test-services/vitest";
import { openPostgres } from "../src/postgres-database.ts";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { PostgresQueueProvider } from "../src/postgres-queue-provider.ts";
import { schemaNames } from "../src/schema-names.ts";
import { type RowCounts, rowCounts } from "./row-counts.ts";
import { testSessions, type WatchedPool, watchedPool } from "./test-sessions.ts";

const server = testSchema("faults");
const sessions = testSessions(server);
const { table } = schemaNames(server.schema);

/** Faults of an earlier engine, by their numbers in its list, that a store can have. */
describe("the store on PostgreSQL", () => {
  let pools: readonly WatchedPool[];
  let first: PostgresPersistenceProvider;
  let second: PostgresPersistenceProvider;

  beforeAll(async () => {
    pools = [watchedPool(sessions.url, 1), watchedPool(sessions.url, 4)];
    [first, second] = pools.map((pool) => new PostgresPersistenceProvider({ pool, schema: server.schema, notifications: false })) as [
      PostgresPersistenceProvider,
      PostgresPersistenceProvider,
    ];
    await first.start();
    await second.start();
  });

  beforeEach(async () => {
    await server.empty(server.schema);
    for (const pool of pools) pool.sent.length = 0;
  });

  afterAll(async () => {
    await first.stop();
    await second.stop();
    for (const pool of pools) await pool.end();
  });

  const create = (...ids: readonly string[]): Promise<unknown> =>
    Promise.all(ids.map((id) => first.createNewWorkflow(sampleWorkflow(id), instant())));
  const commit = async (id: string, commitId: string, changes: Partial<WorkflowChange> = {}): Promise<unknown> => {
    const [counters] = await first.readSignals([id]);
    return await first.persistWorkflow(sampleChange(id, commitId, changes, counters), instant());
  };
  const sent = (): number => pools.reduce((sum, pool) => sum + pool.sent.length, 0);

  it("reads an instance and its pointers at one instant, though another session commits in between (fault 25)", async () => {
    const pointers = Array.from({ length: 200 }, (_, index) => samplePointer({ seq: index + 1, attempt: 0 }));
    await first.createNewWorkflow(sampleWorkflow("w", { pointers, data: "0" }), instant());
    const torn: unknown[] = [];
    let writing = true;
    const check = (data: string, attempts: readonly number[]): void => {
      if (attempts.some((attempt) => `${attempt}` !== data)) torn.push([data, attempts]);
    };

    const writer = (async () => {
      for (let revision = 0; revision < 60; revision += 1) {
        const attempt = revision + 1;
        await first.persistWorkflow(
          sampleChange(
            "w",
            `c${revision}`,
            { data: `${attempt}`, pointers: pointers.map((pointer) => ({ ...pointer, attempt })) },
            { revision, controlSeq: 0, inboxSeq: 0 },
          ),
          instant(),
        );
      }
      writing = false;
    })();
    let reads = 0;
    while (writing) {
      const [record, loaded] = await Promise.all([second.getWorkflowInstance("w"), second.loadForPass("w")]);
      check(record?.data ?? "", record?.pointers.map(({ attempt }) => attempt) ?? []);
      check(loaded?.row.data ?? "", loaded?.pointers?.map(({ attempt }) => attempt) ?? []);
      reads += 1;
    }
    await writer;

    expect(torn).toEqual([]);
    expect(reads).toBeGreaterThan(5);
  });

  it("reads in one statement what has to be of one instant (fault 25)", async () => {
    await create("w");
    pools[1]?.sent.splice(0);

    await second.getWorkflowInstance("w");
    await second.loadForPass("w");

    expect(pools[1]?.sent).toHaveLength(2);
  });

  it("lets the claim of an outside worker end by itself (fault 27)", async () => {
    await create("w");
    await commit("w", "c", { openSubscriptions: [sampleSubscription("s", { activity: "ask" })] });

    expect(await first.setSubscriptionToken("s", "lost", "dead", instant(100), instant())).toBe(true);
    expect(await second.getFirstOpenSubscription("ask", instant(99))).toBeUndefined();
    expect(await second.setSubscriptionToken("s", "next", "alive", instant(200), instant(99))).toBe(false);
    expect(await second.getFirstOpenSubscription("ask", instant(100))).toMatchObject({ id: "s" });
    expect(await second.setSubscriptionToken("s", "next", "alive", instant(200), instant(100))).toBe(true);
    expect(await first.extendSubscriptionToken("s", "lost", instant(300), instant(100))).toBe(false);
    expect(await first.clearSubscriptionToken("s", "lost")).toBe(false);
  });

  describe("commands (fault 28)", () => {
    const due = { limit: 10, claimUntil: instant(1000) };
    const stored = (): Promise<readonly any[]> => sessions.query(`SELECT data FROM ${table.commands} ORDER BY data`);
    const schedule = async (...data: readonly string[]): Promise<void> => {
      for (const each of data) await first.scheduleCommand({ name: "c", data: each, executeAt: instant() });
    };

    it("are claimed by one host", async () => {
      await schedule(...Array.from({ length: 20 }, (_, index) => `${index}`));
      const handled: string[] = [];

      await Promise.all(
        [first, second].map((store) => store.processCommands(instant(), { ...due, limit: 20 }, async ({ data }) => void handled.push(data))),
      );

      expect(new Set(handled).size).toBe(20);
      expect(handled).toHaveLength(20);
      expect(await stored()).toEqual([]);
    });

    it("are removed by who they are when they are handled, and not by what is due then", async () => {
      await schedule("a");

      await first.processCommands(instant(), due, async () => schedule("b"));

      expect(await stored()).toEqual([{ data: "b" }]);
    });

    it("do not hold up others when one cannot be handled, and come again", async () => {
      await schedule("a", "bad", "c");
      const handled: string[] = [];

      const count = await first.processCommands(instant(), due, async ({ data }) => {
        if (data === "bad") throw new Error("bad");
        handled.push(data);
      });

      expect([count, handled]).toEqual([2, ["a", "c"]]);
      expect(await stored()).toEqual([{ data: "bad" }]);
      expect(await second.processCommands(instant(999), due, async () => {})).toBe(0);
      expect(await second.processCommands(instant(1000), due, async () => {})).toBe(1);
    });

    it("stay that are scheduled again while they are handled", async () => {
      await schedule("a");

      await first.processCommands(instant(), due, () => second.scheduleCommand({ name: "c", data: "a", executeAt: instant(5) }));

      const again: unknown[] = [];
      await first.processCommands(instant(4), due, async (command) => void again.push(command));
      expect(again).toEqual([]);
      await first.processCommands(instant(5), due, async (command) => void again.push(command));
      expect(again).toEqual([{ name: "c", data: "a", executeAt: instant(5) }]);
    });

    it("are not removed by a host whose claim is over", async () => {
      await schedule("a");

      await first.processCommands(instant(), due, async () => {
        await second.processCommands(instant(1000), { ...due, claimUntil: instant(2000) }, async () => {
          throw new Error("still at it");
        });
      });

      expect(await stored()).toEqual([{ data: "a" }]);
    });
  });

  it("orders events by their arrival, whatever the clocks of hosts say (fault 29)", async () => {
    await create("w");
    await first.createEvent(sampleEvent("one", { time: instant() }), instant(60_000));
    await second.createEvent(sampleEvent("two", { time: instant() }), instant(-60_000));

    expect(await first.getEvents("paid", "1", instant())).toEqual(["one", "two"]);
    await commit("w", "c", { openSubscriptions: [sampleSubscription("s")] }); // what was stored after its creation, by number
    expect((await first.loadForPass("w"))?.deliveries.map(({ eventId }) => eventId)).toEqual(["one"]);
  });

  it("lets the server say when queued work is due, whatever the clocks of hosts say (fault 29)", async () => {
    const database = openPostgres({ pool: pools[1] as WatchedPool, schema: server.schema, notifications: false });
    const queue = new PostgresQueueProvider(database);
    await queue.start();
    pools[1]?.sent.splice(0);

    await queue.queueWork("w", "workflow");
    expect(await queue.dequeueWork("workflow", { limit: 1, wait: 0 })).toHaveLength(1);

    expect(pools[1]?.sent.map(({ values }) => values[0])).toEqual([null, null]); // the instant by which it is judged
    await queue.stop();
  });

  it("gives a name to one instance, be it the id of another (fault 30)", async () => {
    await first.createNewWorkflow(sampleWorkflow("a", { name: "n" }), instant());

    const refused = { code: "WFE_WORKFLOW_NAME_TAKEN" };
    await expect(second.createNewWorkflow(sampleWorkflow("b", { name: "n" }), instant())).rejects.toMatchObject(refused);
    await expect(second.createNewWorkflow(sampleWorkflow("b", { name: "a" }), instant())).rejects.toMatchObject(refused);
    await expect(second.createNewWorkflow(sampleWorkflow("n"), instant())).rejects.toMatchObject(refused);
    await first.createNewWorkflow(sampleWorkflow("own", { name: "own" }), instant());

    expect((await first.listWorkflows({}, {})).items.map(({ id }) => id)).toEqual(["own", "a"]);
    await first.command("a", "terminate", instant());
    await first.deleteWorkflows(["a"]);
    await second.createNewWorkflow(sampleWorkflow("n", { name: "a" }), instant());
    expect(await second.getWorkflowInstanceByName("a")).toMatchObject({ id: "n" });
  });

  it("writes of an instance what a commit changes, and no more (fault 52)", async () => {
    const pointers = Array.from({ length: 500 }, (_, index) => samplePointer({ seq: index + 1, status: "complete" }));
    await first.createNewWorkflow(sampleWorkflow("w", { pointers }), instant());

    const counts = await rowCounts(pools[0] as WatchedPool, server.schema, () =>
      first.persistWorkflow(sampleChange("w", "c", { pointers: [samplePointer({ seq: 501 })], sequence: 501 }), instant()),
    );

    const rows = ({ inserted, updated, deleted }: RowCounts): number => inserted + updated + deleted;
    expect(
      Object.entries(counts)
        .map(([name, count]) => [name, rows(count)])
        .filter(([, count]) => count !== 0),
    ).toEqual([
      ["pointers", 1],
      ["workflows", 1],
    ]);
  });

  it("gives each sweep no more than it asks for (fault 56)", async () => {
    const ids = Array.from({ length: 30 }, (_, index) => `w-${index}`);
    await create(...ids);
    await Promise.all(ids.map((id) => first.createEvent(sampleEvent(`e-${id}`, { key: id }), instant())));
    await Promise.all(ids.map((data) => first.scheduleCommand({ name: "c", data, executeAt: instant() })));
    const options = { limit: 7, claimUntil: instant(1) };

    expect(await first.claimDueInstances(instant(), { definitions: [SAMPLE_DEFINITION], ...options })).toHaveLength(7);
    expect(await first.getRunnableEvents(instant(), options)).toHaveLength(7);
    expect(await first.processCommands(instant(), options, async () => {})).toBe(7);
    await first.deliverEvents(
      ids.map((key) => ({ name: "paid", key })),
      instant(),
    );
    expect(await first.deleteDeliveredEvents(instant(1), 7)).toBe(7);
    expect((await first.listWorkflows({}, { limit: 7 })).items).toHaveLength(7);
    expect(await first.getPointers("w-1", { limit: 1 })).toHaveLength(1);
    expect(await first.deleteDeliveredEvents(instant(1), 100)).toBe(23);
  });

  it("reads many instances in one statement (fault 56)", async () => {
    const ids = Array.from({ length: 30 }, (_, index) => `w-${index}`);
    await create(...ids);
    const before = sent();

    const records = await first.getWorkflowInstances([...ids.toReversed(), "none"]);

    expect(records.map(({ id }) => id)).toEqual(ids.toReversed());
    expect(sent() - before).toBe(1);
  });

  it("refuses to persist an instance that does not exist, and stores nothing of it (fault 62)", async () => {
    const change = sampleChange("none", "c", {
      pointers: [samplePointer()],
      openSubscriptions: [sampleSubscription("s")],
      events: [sampleEvent("e")],
      children: [sampleWorkflow("child")],
      commands: [{ name: "c", data: "d", executeAt: instant() }],
      errors: [sampleExecutionError("none")],
    });

    await expect(first.persistWorkflow(change, instant())).rejects.toMatchObject({ code: "WFE_COMMIT_CONFLICT", reason: "missing" });

    for (const name of ["workflows", "workflow_names", "pointers", "subscriptions", "events", "commands", "errors"] as const) {
      expect(await sessions.query(`SELECT * FROM ${table[name]}`)).toEqual([]);
    }
  });

  it("gives pointers in order of their creation, however they were written (fault 63)", async () => {
    const seqs = [12, 3, 100, 1, 20, 2];
    await first.createNewWorkflow(sampleWorkflow("w", { pointers: seqs.map((seq) => samplePointer({ seq })) }), instant());
    await commit("w", "c", {
      pointers: [samplePointer({ seq: 3, attempt: 1 }), samplePointer({ seq: 11 }), samplePointer({ seq: 4 })],
      sequence: 100,
    });

    const expected = [1, 2, 3, 4, 11, 12, 20, 100];
    expect((await second.getWorkflowInstance("w"))?.pointers.map(({ seq }) => seq)).toEqual(expected);
    expect((await second.loadForPass("w"))?.pointers?.map(({ seq }) => seq)).toEqual(expected);
    expect((await second.getPointers("w", { limit: 5 })).map(({ seq }) => seq)).toEqual(expected.slice(0, 5));
    expect((await second.getPointers("w", { limit: 5, after: 11 })).map(({ seq }) => seq)).toEqual([12, 20, 100]);
  });

  describe("answers as every store does (fault 64)", () => {
    it("to the end of an instance that is over, or that there is not", async () => {
      await create("w");

      expect(await first.command("w", "terminate", instant())).toBe(true);
      expect(await first.command("w", "terminate", instant())).toBe(false);
      expect(await first.command("none", "terminate", instant())).toBeUndefined();
    });

    it("to a wrong token, and to one of what there is not", async () => {
      await create("w");
      await commit("w", "c", { openSubscriptions: [sampleSubscription("s", { activity: "ask" })] });
      await first.setSubscriptionToken("s", "t", "w", instant(9), instant());

      expect(await first.extendSubscriptionToken("s", "wrong", instant(99), instant())).toBe(false);
      expect(await first.clearSubscriptionToken("s", "wrong")).toBe(false);
      expect(await first.clearSubscriptionToken("none", "t")).toBe(false);
      expect(await first.getSubscription("s")).toMatchObject({ token: "t", tokenExpiresAt: instant(9) });
    });

    it("to a command that is scheduled twice: the earlier time holds", async () => {
      for (const at of [5, 9, 3]) await first.scheduleCommand({ name: "c", data: "d", executeAt: instant(at) });

      const handled: unknown[] = [];
      await first.processCommands(instant(9), { limit: 9, claimUntil: instant(99) }, async ({ executeAt }) => void handled.push(executeAt));
      expect(handled).toEqual([instant(3)]);
    });

    it("to who looks at subscriptions: those that are claimed are seen", async () => {
      await create("w");
      await commit("w", "c", { openSubscriptions: [sampleSubscription("s", { activity: "ask" })] });
      await first.setSubscriptionToken("s", "t", "w", instant(9), instant());

      expect(await first.getSubscriptions("paid", "1", instant())).toMatchObject([{ id: "s", token: "t" }]);
    });

    it("to a commit: when an instance was created stays", async () => {
      await create("w");
      await first.persistWorkflow(sampleChange("w", "c"), instant(500));

      expect(await first.getWorkflowInstance("w")).toMatchObject({ createdAt: instant() });
    });

    it("to an event that is stored twice: the first payload stays, and when it came", async () => {
      await first.createEvent(sampleEvent("e", { data: "1" }), instant());
      expect(await second.createEvent(sampleEvent("e", { data: "2", name: "other" }), instant(9))).toBe("e");

      expect(await first.getEvent("e")).toMatchObject({ data: "1", name: "paid", storedAt: instant() });
    });
  });

  it("keeps every field of an instance (fault 65)", async () => {
    const workflow = sampleWorkflow("w", {
      parent: { workflowId: "p", pointerId: "7", depth: 3 },
      rootWorkflowId: "r",
      reference: "ref",
      description: "text",
      pointers: [
        samplePointer({ attempt: 1, retryCount: 2, crashCount: 3, resultCount: 4, index: 5, error: '{"m":1}', dueAt: instant(6), compensates: "8" }),
      ],
    });
    await first.createNewWorkflow(workflow, instant());
    await commit("w", "c", { error: '{"code":"X"}', status: "suspended", completedAt: instant(7) });

    const { dueAt: _, ...rest } = workflow;
    const counters = { revision: 1, controlSeq: 0, inboxSeq: 0, sequence: 1 };
    const expected = { ...rest, ...counters, status: "suspended", error: '{"code":"X"}', completedAt: instant(7), commitId: "c" };
    expect(await second.getWorkflowInstance("w")).toEqual(expected);
    const { pointers, ...row } = expected;
    expect(await second.loadForPass("w")).toEqual({ row, pointers, deliveries: [] });
    expect((await second.listWorkflows({}, {})).items).toEqual([row]);
  });

  it("finds what is due by an index of the definition, and not of others (fault 65)", async () => {
    await create("w");
    await first.createNewWorkflow(sampleWorkflow("other", { fingerprint: "another" }), instant());

    const claim = { limit: 9, claimUntil: instant(1) };
    expect(await first.claimDueInstances(instant(), { definitions: [SAMPLE_DEFINITION], ...claim })).toEqual(["w"]);
    expect(await first.claimDueInstances(instant(), { definitions: [{ ...SAMPLE_DEFINITION, fingerprint: "another" }], ...claim })).toEqual([
      "other",
    ]);
    expect(await sessions.query("SELECT 1 AS found FROM pg_indexes WHERE schemaname = $1 AND indexname = 'workflows_due'", [server.schema])).toEqual([
      { found: 1 },
    ]);
  });
});
