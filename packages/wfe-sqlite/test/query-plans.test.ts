import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { WorkflowFilter } from "wfe-core";
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
import { openSqlite, type SqliteDatabase } from "../src/sqlite-database.ts";
import { SqliteLockProvider } from "../src/sqlite-lock-provider.ts";
import { SqlitePersistenceProvider } from "../src/sqlite-persistence-provider.ts";
import { SqliteQueueProvider } from "../src/sqlite-queue-provider.ts";
import { newFolder } from "./sqlite-targets.ts";

/** Tables that hold a row for each host or definition, or are looked through once in a start, or are what a question names. */
const SMALL = ["wfe_hosts", "wfe_schema", "wfe_definitions", "json_each"];

describe("queries on a filled store", () => {
  const folder = newFolder();
  let database: SqliteDatabase;
  let persistence: SqlitePersistenceProvider;
  let locks: SqliteLockProvider;
  let queue: SqliteQueueProvider;

  beforeAll(async () => {
    database = openSqlite({ path: folder.path("wfe.db"), synchronous: "NORMAL", indexedData: ["customer.id"] });
    persistence = new SqlitePersistenceProvider(database);
    locks = new SqliteLockProvider(database);
    queue = new SqliteQueueProvider(database);
    for (const provider of [persistence, locks, queue]) await provider.start();
    const ids = Array.from({ length: 2000 }, (_, index) => `w-${index}`);
    await Promise.all(ids.map((id) => persistence.createNewWorkflow(sampleWorkflow(id, { dueAt: instant(60_000) }), instant())));
    await Promise.all(ids.map((id) => persistence.createEvent(sampleEvent(`e-${id}`, { key: id }), instant())));
    await Promise.all(
      ids.map((id) =>
        persistence.persistWorkflow(
          sampleChange(id, "c", {
            pointers: [samplePointer({ status: "complete" }), samplePointer({ seq: 2 })],
            openSubscriptions: [sampleSubscription(`s-${id}`, { name: "open", key: id, activity: `ask ${id}` })],
            errors: [sampleExecutionError(id)],
            commands: [{ name: "c", data: id, executeAt: instant(60_000) }],
          }),
          instant(),
        ),
      ),
    );
    await Promise.all(ids.map((id) => queue.queueWork(id, "workflow", { delay: "1h" })));
    await Promise.all(ids.map((id) => locks.acquireLock(id, { ttl: "1h" })));
  });

  afterAll(async () => {
    for (const provider of [persistence, locks, queue]) await provider.stop();
    folder.remove();
  });

  /** Texts of the statements that are prepared meanwhile. */
  async function statementsOf(use: () => Promise<unknown>): Promise<readonly string[]> {
    const { connection } = database;
    const texts = new Set<string>();
    const { raw } = connection;
    const [sql, prepare] = [connection.sql.bind(connection), raw.prepare.bind(raw)];
    connection.sql = (text, shape) => {
      texts.add(text);
      return sql(text, shape);
    };
    raw.prepare = ((text: string) => {
      texts.add(text);
      return prepare(text);
    }) as typeof raw.prepare;
    try {
      await use();
    } finally {
      connection.sql = sql;
      raw.prepare = prepare;
    }
    return [...texts].filter((text) => /^\s*(SELECT|INSERT|UPDATE|DELETE)/.test(text));
  }

  /** Steps of the plan of a statement. */
  function planOf(text: string): readonly string[] {
    const values = Array.from({ length: [...text.replaceAll(/'[^']*'/g, "").matchAll(/\?/g)].length }, () => null);
    const steps = database.connection.raw.prepare(`EXPLAIN QUERY PLAN ${text}`).all(...values) as readonly { readonly detail: string }[];
    return steps.map(({ detail }) => detail);
  }

  /** Steps of the plans of these statements that read a whole table or index. */
  function scansOf(texts: readonly string[]): readonly string[] {
    const aliases = new Map([...texts.join(" ").matchAll(/\b(wfe_\w+) ([a-z])\b/g)].map(([, table = "", alias = ""]) => [alias, table]));
    return texts.flatMap((text) =>
      planOf(text)
        .filter((detail) => {
          const table = /^SCAN (\w+)/.exec(detail)?.[1];
          return table !== undefined && !SMALL.includes(aliases.get(table) ?? table) && table !== "CONSTANT";
        })
        .map((detail) => `${detail}: ${text}`),
    );
  }

  const pass = async (): Promise<void> => {
    const id = "w-7";
    await persistence.loadForPass(id);
    await persistence.readSignals([id]);
    await persistence.createEvent(sampleEvent("new", { name: "open", key: id }), instant());
    await persistence.getRunnableEvents(instant(), { limit: 10, claimUntil: instant(1) });
    await persistence.deliverEvents([{ name: "open", key: id }], instant());
    await persistence.claimDueInstances(instant(70_000), { definitions: [SAMPLE_DEFINITION], limit: 10, claimUntil: instant(99_000) });
    const { revision, inboxSeq } = (await persistence.getWorkflowInstance(id)) ?? { revision: 0, inboxSeq: 0 };
    await persistence.persistWorkflow(
      sampleChange(
        id,
        "next",
        {
          consume: [{ subscriptionId: `s-${id}`, eventId: "new" }],
          pointers: [samplePointer({ seq: 2, status: "complete" }), samplePointer({ seq: 3 })],
          openSubscriptions: [sampleSubscription("again", { bound: { effectiveDate: instant() } }), sampleSubscription("other")],
          closeSubscriptions: ["none"],
          children: [sampleWorkflow("child")],
          events: [sampleEvent("told")],
          commands: [{ name: "c", data: "x", executeAt: instant() }],
          errors: [sampleExecutionError(id)],
        },
        { revision, controlSeq: 0, inboxSeq },
      ),
      instant(),
    );
  };
  const uses: Readonly<Record<string, () => Promise<unknown>>> = {
    "a pass from its event to its commit": pass,
    "creating an instance": () => persistence.createNewWorkflow(sampleWorkflow("new"), instant()),
    "looking at instances": () =>
      Promise.all([persistence.getWorkflowInstanceByName("w-9"), persistence.getErrors("w-9"), persistence.countWorkflows({ status: "suspended" })]),
    "looking for instances by status and age": () =>
      persistence.listWorkflows({ status: "runnable", createdAfter: instant(-1), createdBefore: instant(1) }, { limit: 10 }),
    "commands to an instance": async () => {
      for (const command of ["suspend", "resume", "terminate"] as const) await persistence.command("w-11", command, instant());
      await persistence.command("w-11", "retry", instant(), { revision: 1, pointers: [samplePointer()] });
      await persistence.command("w-11", "terminate", instant());
    },
    "looking through the pointers of an instance": async () => {
      for (const query of [{}, { scope: "c" }]) {
        await persistence.getPointers("w-9", { ...query, limit: 10 });
        await persistence.getPointers("w-9", { ...query, compensable: { stepIds: [0, 1] }, limit: 10 });
      }
    },
    "explaining an instance": () => persistence.inspectWorkflow("w-9", { pointerIds: ["1", "2"], workflowIds: ["w-10"] }),
    "removing an instance": () => persistence.deleteWorkflows(["w-11"]),
    "removing delivered events": () => persistence.deleteDeliveredEvents(instant(1), 10),
    activities: async () => {
      const open = await persistence.getFirstOpenSubscription("ask w-12", instant());
      await persistence.getSubscriptions("open", "w-12", instant());
      await persistence.setSubscriptionToken(open?.id ?? "", "t", "w", instant(1), instant());
      await persistence.extendSubscriptionToken(open?.id ?? "", "t", instant(2), instant());
      await persistence.clearSubscriptionToken(open?.id ?? "", "t");
      await persistence.getSubscription(open?.id ?? "");
    },
    "scheduled commands": () => persistence.processCommands(instant(70_000), { limit: 10, claimUntil: instant(99_000) }, async () => {}),
    "the queue": async () => {
      await queue.queueWork("x", "workflow");
      const [item] = await queue.dequeueWork("workflow", { limit: 1, wait: 1000 });
      await queue.queueWork("x", "workflow");
      await item?.retry(0);
      const [again] = await queue.dequeueWork("workflow", { limit: 1, wait: 0 });
      await queue.queueWork("x", "workflow");
      await again?.ack();
    },
    locks: async () => {
      const lease = await locks.acquireLock("free", { ttl: "1m" });
      await lease?.extend();
      await lease?.release();
      await locks.inspect("free");
      await locks.orphans(10);
    },
  };

  it.each(Object.entries(uses))("read no whole table for %s", async (_, use) => {
    const texts = await statementsOf(use);

    expect(texts).not.toEqual([]);
    expect(scansOf(texts)).toEqual([]);
    expect(texts.filter((text) => text.includes("LIMIT ?"))).toEqual([]); // it would be prepared each time
  });

  it.each<[string, WorkflowFilter, string]>([
    ["nothing", {}, "wfe_workflows_created"],
    ["an age", { createdAfter: instant(-1), createdBefore: instant(1) }, "wfe_workflows_created"],
    ["no error", { hasError: false }, "wfe_workflows_(created|failed)"],
    ["a status", { status: "runnable" }, "wfe_workflows_listed"],
    ["two statuses", { status: ["suspended", "terminated"] }, "wfe_workflows_listed"],
    ["a definition", { definitionId: SAMPLE_DEFINITION.id }, "wfe_workflows_listed"],
    ["a version", { version: 1 }, "wfe_workflows_listed"],
    ["a definition and a status", { definitionId: SAMPLE_DEFINITION.id, status: "complete", createdBefore: instant() }, "wfe_workflows_listed"],
    ["an end", { completedBefore: instant() }, "wfe_workflows_(listed|ended)"],
    ["an error", { hasError: true }, "wfe_workflows_failed"],
    ["an error and a status", { hasError: true, status: "suspended" }, "wfe_workflows_failed"],
    ["a name", { name: "name of w-9" }, "sqlite_autoindex_wfe_workflows_2"],
    ["a reference", { reference: "r" }, "wfe_workflows_reference"],
    ["a value of the data", { data: { "customer.id": 7 } }, "wfe_workflows_data_6eb60c7b3a6accfa"],
  ])("find and count by one index, without sorting what is not shown, for a filter of %s", async (_, filter, index) => {
    const lists = await statementsOf(async () => {
      const { cursor } = await persistence.listWorkflows(filter, { limit: 1 });
      if (cursor !== undefined) await persistence.listWorkflows(filter, { limit: 1, cursor });
    });
    const counts = await statementsOf(() => persistence.countWorkflows(filter));

    const found = lists.filter((text) => text.includes("INDEXED BY"));
    const steps = [...found, ...counts.filter((text) => text.includes("INDEXED BY"))].map((text) => planOf(text));
    expect(found).not.toEqual([]);
    for (const plan of steps) {
      expect(plan[0]).toMatch(new RegExp(`^(SEARCH|SCAN) w USING (COVERING )?INDEX ${index}\\b`));
      // Those of one instant alone are sorted, by their ids.
      expect(plan.filter((step) => step.includes("ORDER BY") && !step.includes("LAST TERM"))).toEqual(
        filter.name === undefined ? [] : expect.anything(),
      );
    }
  });

  it("find and count nothing for a list of no statuses, whichever index the rest of the filter names", async () => {
    for (const filter of [
      {},
      { reference: "r" },
      { hasError: true },
      { completedBefore: instant() },
      { name: "x" },
      { data: { "customer.id": 7 } },
    ]) {
      expect((await persistence.listWorkflows({ ...filter, status: [] }, { limit: 1 })).items).toEqual([]);
      expect(await persistence.countWorkflows({ ...filter, status: [] })).toBe(0);
    }
  });

  it("count by an index alone what people count", async () => {
    for (const filter of [{ status: "complete" }, { definitionId: "sample", completedBefore: instant() }] as const) {
      const [plan = []] = (await statementsOf(() => persistence.countWorkflows(filter))).filter((text) => text.includes("INDEXED BY")).map(planOf);
      expect(plan[0]).toContain("COVERING INDEX");
    }
  });

  it("look for the event of a wait from its bound on, whatever its topic has had before and statistics say of it", async () => {
    const history = Array.from({ length: 3000 }, (_, ms) => sampleEvent(`old ${ms}`, { time: instant(ms) }));
    await Promise.all(history.map((event) => persistence.createEvent(event, instant())));
    database.connection.raw.exec("ANALYZE wfe_events");
    const openSubscriptions = [sampleSubscription("stored after"), sampleSubscription("effective", { bound: { effectiveDate: instant() } })];

    const texts = await statementsOf(() =>
      persistence.persistWorkflow(sampleChange("w-20", "wait", { openSubscriptions }, { revision: 1, controlSeq: 0, inboxSeq: 0 }), instant()),
    );
    const plans = texts.filter((text) => text.includes("FROM wfe_events e")).map(planOf);

    const unused = ["CORRELATED SCALAR SUBQUERY 1", "SEARCH c USING PRIMARY KEY (workflow=? AND event=?)"];
    expect(plans).toEqual([
      ["SEARCH e USING INDEX wfe_events_topic_arrival (name=? AND key=? AND rowid>?)", ...unused, "USE TEMP B-TREE FOR ORDER BY"],
      ["SEARCH e USING INDEX wfe_events_topic (name=? AND key=? AND time>?)", ...unused],
    ]);
  });

  it("read of the subscriptions of an instance those that were given an event, in order of delivery", async () => {
    await persistence.createEvent(sampleEvent("given", { name: "open", key: "w-21" }), instant());
    await persistence.deliverEvents([{ name: "open", key: "w-21" }], instant());

    const texts = await statementsOf(() => persistence.loadForPass("w-21"));
    const plans = texts.filter((text) => text.includes("FROM wfe_subscriptions s")).map(planOf);

    const search = ["SEARCH s USING INDEX wfe_subscriptions_given (workflow=?)", "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)"];
    expect(plans).toEqual([[...search, "USE TEMP B-TREE FOR LAST 3 TERMS OF ORDER BY"]]); // of those given together
  });

  it("read what compensation may have to undo in the order of its index, whatever statistics say", async () => {
    const history = Array.from({ length: 3000 }, (_, index) =>
      samplePointer({ seq: index + 1, status: "complete", attempt: 1, endSeq: index, stepId: index % 9 }),
    );
    await persistence.createNewWorkflow(sampleWorkflow("long", { pointers: history }), instant());
    database.connection.raw.exec("ANALYZE wfe_pointers");
    const compensable = { stepIds: [1, 2] };

    const texts = [
      ...(await statementsOf(() => persistence.getPointers("long", { compensable, limit: 10 }))),
      ...(await statementsOf(() => persistence.getPointers("long", { compensable, limit: 10, scope: "c", after: 99 }))),
    ];
    const plans = texts.map((text) => planOf(text).filter((step) => /\bp\b|ORDER BY/.test(step)));

    const byIndex = ["SEARCH p USING INDEX wfe_pointers_ended (workflow=? AND end_seq<?)"];
    expect(plans).toEqual([byIndex, byIndex]);
  });

  it("find what is offered to outside workers by what is claimed and what is not", async () => {
    database.connection.raw.exec("ANALYZE");

    const [text = ""] = await statementsOf(() => persistence.getFirstOpenSubscription("ask w-30", instant()));

    const found = planOf(text).filter((step) => step.startsWith("SEARCH s "));
    expect(found).toEqual([
      "SEARCH s USING INTEGER PRIMARY KEY (rowid=?)",
      "SEARCH s USING INDEX wfe_subscriptions_offered (activity=?)",
      "SEARCH s USING INDEX wfe_subscriptions_claimed (activity=? AND token_expires_at<?)",
    ]);
    expect(planOf(text).filter((step) => step.startsWith("SCAN ") && !step.startsWith("SCAN (subquery"))).toEqual([]);
  });

  it("ask for closed pointers in a load only where an open one compensates one", async () => {
    const pointers = [samplePointer({ status: "complete" }), samplePointer({ seq: 2, compensates: "1" })];
    await persistence.createNewWorkflow(sampleWorkflow("undoing", { pointers }), instant());
    const asked = async (id: string): Promise<number> =>
      (await statementsOf(() => persistence.loadForPass(id))).filter((text) => text.includes("FROM wfe_pointers")).length;

    expect([await asked("w-31"), await asked("undoing")]).toEqual([1, 2]);
  });
});
