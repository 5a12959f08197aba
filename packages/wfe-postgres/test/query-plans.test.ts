import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
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
import { testSchema } from "wfe-test-services/vitest";
import { openPostgres } from "../src/postgres-database.ts";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { PostgresQueueProvider } from "../src/postgres-queue-provider.ts";
import { schemaNames } from "../src/schema-names.ts";
import { Explained } from "./explained.ts";
import { filling } from "./filled-store.ts";
import { testSessions, type WatchedPool, watchedPool } from "./test-sessions.ts";

const server = testSchema("query plans");
const sessions = testSessions(server);

/** A host on a schema, and the plans of what it does. */
class Host {
  readonly names: ReturnType<typeof schemaNames>;
  readonly persistence: PostgresPersistenceProvider;
  readonly queue: PostgresQueueProvider;
  readonly #explained = new Explained();
  readonly #pool: WatchedPool;

  constructor(schema: string) {
    this.names = schemaNames(schema);
    // One connection: all of its statements are planned once.
    this.#pool = watchedPool(server.url, 1, (client) => this.#explained.watch(client));
    const database = openPostgres({ pool: this.#pool, schema, notifications: false, indexedData: INDEXED });
    this.persistence = new PostgresPersistenceProvider(database);
    this.queue = new PostgresQueueProvider(database);
  }

  async start(): Promise<void> {
    await this.persistence.start();
    await this.queue.start();
  }

  async stop(): Promise<void> {
    await this.queue.stop();
    await this.persistence.stop();
    await this.#pool.end();
  }

  async tables(): Promise<readonly string[]> {
    const tables = await sessions.query("SELECT tablename FROM pg_tables WHERE schemaname = $1", [this.names.schemaName]);
    return tables.map(({ tablename }) => `${this.names.schema}."${tablename}"`);
  }

  /** How the tables are read by what is done meanwhile. But for definitions, of which there are few, and the sequence, which is one row. */
  async reads(use: () => Promise<unknown>): Promise<readonly string[]> {
    return (await this.#explained.accessesOf(this.names, use)).filter((access) => !/^(definitions|event_arrivals): /.test(access));
  }
}

/** Of which data there is an index. */
const INDEXED = ["customer.id"];

const DUE = { definitions: [SAMPLE_DEFINITION], limit: 10, claimUntil: instant(99_000) };

/** Filters, and by which indexes their instances are found; pages then read the rows of what they show by their keys. */
const LISTINGS: Readonly<Record<string, readonly [filter: WorkflowFilter, index: string]>> = {
  "what runs": [{ status: "runnable" }, "workflows_listed"],
  "two statuses": [{ status: ["suspended", "terminated"] }, "workflows_listed"],
  "a definition": [{ definitionId: SAMPLE_DEFINITION.id }, "workflows_listed"],
  "a version": [{ version: 1 }, "workflows_listed"],
  "a definition and a status": [{ definitionId: SAMPLE_DEFINITION.id, status: "terminated", createdBefore: instant() }, "workflows_listed"],
  "what ended before": [{ completedBefore: instant(-30_000_000_000) }, "workflows_listed"],
  "what has failed": [{ hasError: true }, "workflows_failed"],
  "what has failed of a definition": [{ hasError: true, definitionId: "other 1", status: "suspended" }, "workflows_failed"],
  "a reference": [{ reference: "r-77" }, "workflows_reference"],
  "a value of the data": [{ data: { "customer.id": 77 } }, "workflows_data_6eb60c7b3a6accfa"],
};

/** What is done to the store, and how it is read: by nothing but these. */
const USES: Readonly<Record<string, (host: Host) => Promise<unknown>>> = {
  "creating an instance": ({ persistence }) => persistence.createNewWorkflow(sampleWorkflow("w"), instant()),
  "creating an instance whose name is taken": async ({ persistence }) => {
    await expect(persistence.createNewWorkflow(sampleWorkflow("v", { name: sampleWorkflow("w").name }), instant())).rejects.toThrow("name");
  },
  "a commit with everything in it": async ({ persistence }) => {
    await persistence.persistWorkflow(
      sampleChange("w", "c1", {
        dueAt: instant(),
        pointers: [samplePointer({ status: "waitingForEvent" }), samplePointer({ seq: 2, status: "complete", attempt: 1, endSeq: 1 })],
        openSubscriptions: [sampleSubscription("s", { activity: "ask" }), sampleSubscription("t", { key: "2", bound: { effectiveDate: instant() } })],
        closeSubscriptions: ["none"],
        children: [sampleWorkflow("child", { parent: { workflowId: "w", pointerId: "1", depth: 1 } })],
        events: [sampleEvent("told", { name: "told" })],
        commands: [{ name: "c", data: "w", executeAt: instant() }],
        errors: [sampleExecutionError("w")],
      }),
      instant(),
    );
  },
  "commits of several instances": ({ persistence }) =>
    Promise.all(
      ["f-9", "f-19"].map((id) => persistence.persistWorkflow(sampleChange(id, "c1", {}, { revision: 4, controlSeq: 0, inboxSeq: 0 }), instant())),
    ),
  "a delivery": async ({ persistence }) => {
    await persistence.createEvent(sampleEvent("e"), instant());
    await persistence.deliverEvents([{ name: "paid", key: "1" }], instant());
  },
  "the publication of an event": async ({ persistence }) => {
    for (const key of ["2", "nobody waits"]) await persistence.publishEvent(sampleEvent(`p-${key}`, { key }), instant());
    await persistence.publishEvent(sampleEvent("p-2", { key: "2" }), instant());
  },
  "a load": async ({ persistence }) => {
    await persistence.loadForPass("w");
    await Promise.all(["f-9", "f-19"].map((id) => persistence.loadForPass(id)));
  },
  "the commit that uses an event": ({ persistence }) =>
    persistence.persistWorkflow(
      sampleChange("w", "c2", { consume: [{ subscriptionId: "s", eventId: "e" }] }, { revision: 1, controlSeq: 0, inboxSeq: 1 }),
      instant(),
    ),
  "waits of an instance that was given many events": async ({ persistence }) => {
    await persistence.createNewWorkflow(sampleWorkflow("many"), instant());
    for (let turn = 0; turn < 20; turn += 1) {
      const used = turn === 0 ? {} : { consume: [{ subscriptionId: String(turn - 1), eventId: `m${turn - 1}` }] };
      const change = { ...used, openSubscriptions: [sampleSubscription(String(turn), { key: "many" })], seenInboxSeq: turn };
      await persistence.persistWorkflow(sampleChange("many", `c${turn}`, change, { revision: turn, controlSeq: 0, inboxSeq: turn }), instant());
      await persistence.createEvent(sampleEvent(`m${turn}`, { key: "many" }), instant());
      await persistence.deliverEvents([{ name: "paid", key: "many" }], instant());
    }
  },
  "a claim of due instances": ({ persistence }) => persistence.claimDueInstances(instant(), DUE),
  "a look for undelivered events": ({ persistence }) => persistence.getRunnableEvents(instant(), { limit: 10, claimUntil: instant(1) }),
  "handling commands": ({ persistence }) => persistence.processCommands(instant(), { limit: 10, claimUntil: instant(1) }, async () => {}),
  "scheduling a command": ({ persistence }) => persistence.scheduleCommand({ name: "c", data: "x", executeAt: instant() }),
  "a look at signals": ({ persistence }) => persistence.readSignals(["w", "f-9", "f-19"]),
  "looking at instances": async ({ persistence }) => {
    await persistence.getWorkflowInstance("f-9");
    await persistence.getWorkflowInstances(["f-9", "f-19"]);
    await persistence.getWorkflowInstanceByName("name of f-9");
  },
  "looking at events": async ({ persistence }) => {
    await persistence.getEvent("e");
    await persistence.isEventConsumed("e");
    await persistence.getEvents("paid", "1", instant());
  },
  "looking at errors": ({ persistence }) => persistence.getErrors("f-9"),
  "explaining an instance": ({ persistence }) => persistence.inspectWorkflow("f-9", { pointerIds: ["1", "2"], workflowIds: ["f-19"] }),
  "looking through the pointers of an instance": async ({ persistence }) => {
    for (const query of [{}, { scope: "c" }]) await persistence.getPointers("f-9", { ...query, limit: 10 });
  },
  "looking for what compensation has to undo": async ({ persistence }) => {
    await persistence.getPointers("f-9", { scope: "c", compensable: { stepIds: [0, 1] }, limit: 10 });
  },
  "listing the newest": ({ persistence }) => persistence.listWorkflows({}, { limit: 10 }),
  "listing a page after the first": async ({ persistence }) => {
    const { cursor = "" } = await persistence.listWorkflows({}, { limit: 10 });
    await persistence.listWorkflows({}, { limit: 10, cursor });
  },
  "listing those of a rare status": ({ persistence }) => persistence.listWorkflows({ status: "suspended" }, { limit: 10 }),
  "listing those of an age": ({ persistence }) => persistence.listWorkflows({ createdAfter: instant(-1), createdBefore: instant(1) }, { limit: 10 }),
  ...Object.fromEntries(
    Object.entries(LISTINGS).flatMap(([what, [filter]]) => [
      [`listing ${what}`, ({ persistence }: Host) => persistence.listWorkflows(filter, { limit: 10 })],
      [`counting ${what}`, ({ persistence }: Host) => persistence.countWorkflows(filter)],
    ]),
  ),
  "looking at subscriptions": async ({ persistence }) => {
    await persistence.getSubscription("f-1");
    await persistence.getSubscriptions("open", "1", instant());
  },
  "an outside worker": async ({ persistence }) => {
    await persistence.getFirstOpenSubscription("ask", instant());
    await persistence.setSubscriptionToken("f-2", "t", "w", instant(1), instant());
    await persistence.extendSubscriptionToken("f-2", "t", instant(2), instant());
    await persistence.clearSubscriptionToken("f-2", "t");
  },
  "suspending, resuming and retrying": async ({ persistence }) => {
    await persistence.command("f-29", "suspend", instant());
    await persistence.command("f-29", "resume", instant());
    await persistence.command("f-29", "suspend", instant());
    await persistence.command("f-29", "retry", instant(), { revision: 4, pointers: [samplePointer()] });
  },
  "ending an instance with children": ({ persistence }) =>
    persistence.command("w", "terminate", instant(), { completedEvent: { id: "over", name: "over", key: "w" } }),
  "removing instances": ({ persistence }) => persistence.deleteWorkflows(["w", "f-1"]),
  "removing delivered events": ({ persistence }) => persistence.deleteDeliveredEvents(instant(-30_000_000_000), 10),
  "reserving numbers": ({ persistence }) => persistence.nextDefinitionSequence("f-1", 3),
  "turns of the queue": async ({ queue }) => {
    await queue.queueWork("x", "workflow");
    const [item] = await queue.dequeueWork("workflow", { limit: 1, wait: 0 });
    await queue.queueWork("x", "workflow");
    await item?.retry(0);
    const [again] = await queue.dequeueWork("workflow", { limit: 1, wait: 0 });
    await again?.ack();
  },
};

/** By which indexes; also on a store whose statements were planned while it was empty. */
const READS: Readonly<Record<string, readonly string[]>> = {
  "creating an instance": ["workflows: workflows_id"],
  "creating an instance whose name is taken": ["workflow_names: workflow_names_pkey", "workflows: workflows_pkey"],
  "a commit with everything in it": [
    "consumed_events: consumed_events_pkey",
    "events: events_topic",
    "subscriptions: subscriptions_id",
    "subscriptions: subscriptions_open",
    "watermarks: watermarks_topic",
    "workflows: workflows_id",
    "workflows: workflows_pkey",
  ],
  "commits of several instances": ["workflows: workflows_id", "workflows: workflows_pkey"],
  "a delivery": [
    "consumed_events: consumed_events_pkey",
    "events: events_pkey",
    "events: events_topic",
    "events: events_undelivered_topic",
    "subscriptions: subscriptions_open",
    "subscriptions: subscriptions_pkey",
    "watermarks: watermarks_topic",
    "workflows: workflows_pkey",
  ],
  "the publication of an event": [
    "consumed_events: consumed_events_pkey",
    "events: events_id",
    "events: events_topic",
    "subscriptions: subscriptions_event",
    "subscriptions: subscriptions_open",
    "subscriptions: subscriptions_pkey",
    "watermarks: watermarks_topic",
    "workflows: workflows_pkey",
  ],
  "a load": [
    "events: events_pkey",
    "pointers: pointers_open",
    "pointers: pointers_pkey",
    "subscriptions: subscriptions_given",
    "workflows: workflows_id",
  ],
  "the commit that uses an event": [
    "events: events_id",
    "events: events_pkey",
    "subscriptions: subscriptions_given",
    "subscriptions: subscriptions_id",
    "workflows: workflows_id",
    "workflows: workflows_pkey",
  ],
  // Many by its watermark, wherever it is in the topic.
  "waits of an instance that was given many events": [
    "consumed_events: consumed_events_pkey",
    "events: events_id",
    "events: events_pkey",
    "events: events_topic",
    "events: events_undelivered_topic",
    "subscriptions: subscriptions_given",
    "subscriptions: subscriptions_id",
    "subscriptions: subscriptions_open",
    "subscriptions: subscriptions_pkey",
    "watermarks: watermarks_pkey",
    "watermarks: watermarks_topic",
    "workflows: workflows_id",
    "workflows: workflows_pkey",
  ],
  "a claim of due instances": ["workflows: workflows_due", "workflows: workflows_pkey"],
  "a look for undelivered events": ["events: events_pkey", "events: events_undelivered"],
  "handling commands": ["commands: commands_due", "commands: commands_pkey"],
  "scheduling a command": [],
  "a look at signals": ["workflows: workflows_id"],
  "looking at instances": ["pointers: pointers_pkey", "workflow_names: workflow_names_pkey", "workflows: workflows_id", "workflows: workflows_pkey"],
  "looking at events": ["consumed_events: consumed_events_event", "events: events_id", "events: events_topic"],
  "looking at errors": ["errors: errors_workflow", "workflows: workflows_id"],
  "explaining an instance": [
    "commands: commands_name_data_key",
    "consumed_events: consumed_events_pkey",
    "errors: errors_workflow",
    "events: events_pkey",
    "events: events_undelivered_topic",
    "subscriptions: subscriptions_workflow",
    "workflows: workflows_id",
  ],
  "looking through the pointers of an instance": ["pointers: pointers_pkey", "workflows: workflows_id"],
  "looking for what compensation has to undo": ["pointers: pointers_ended", "workflows: workflows_id"],
  "listing the newest": ["workflows: walk of workflows_created", "workflows: workflows_id"],
  "listing a page after the first": ["workflows: walk of workflows_created", "workflows: workflows_created", "workflows: workflows_id"],
  "listing those of a rare status": ["workflows: workflows_id", "workflows: workflows_listed"],
  "listing those of an age": ["workflows: workflows_created", "workflows: workflows_id"],
  ...Object.fromEntries(
    Object.entries(LISTINGS).flatMap(([what, [filter, index]]) => [
      [`listing ${what}`, [`workflows: ${index}`, "workflows: workflows_id"].toSorted()],
      // Its data is looked at, and so its rows are read.
      [
        `counting ${what}`,
        filter.completedBefore !== undefined
          ? ["workflows: workflows_ended"]
          : filter.data === undefined
            ? [`workflows: ${index}`]
            : [`workflows: ${index}`, "workflows: workflows_id"],
      ],
    ]),
  ),
  "looking at subscriptions": [
    "events: events_pkey",
    "subscriptions: subscriptions_id",
    "subscriptions: subscriptions_open",
    "workflows: workflows_pkey",
  ],
  "an outside worker": [
    "events: events_pkey",
    "subscriptions: subscriptions_claimed",
    "subscriptions: subscriptions_id",
    "subscriptions: subscriptions_offered",
    "subscriptions: subscriptions_pkey",
    "workflows: workflows_pkey",
  ],
  "suspending, resuming and retrying": ["workflows: workflows_id", "workflows: workflows_pkey"],
  "ending an instance with children": [
    "pointers: pointers_open",
    "subscriptions: subscriptions_workflow",
    "workflows: workflows_id",
    "workflows: workflows_parent",
    "workflows: workflows_pkey",
  ],
  "removing instances": [
    "consumed_events: consumed_events_pkey",
    "errors: errors_workflow",
    "pointers: pointers_pkey",
    "queue: queue_pkey",
    "subscriptions: subscriptions_workflow",
    "watermarks: watermarks_pkey",
    "workflow_names: workflow_names_pkey",
    "workflows: workflows_id",
    "workflows: workflows_pkey",
  ],
  "removing delivered events": [
    "consumed_events: consumed_events_event",
    "events: events_delivered",
    "events: events_pkey",
    "subscriptions: subscriptions_event",
  ],
  "reserving numbers": [],
  "turns of the queue": ["queue: queue_due", "queue: queue_pkey"],
};

/** Until the server knows that everybody sees all rows, by which it plans: a transaction of another test may be older than they are. */
async function vacuumed(table: string): Promise<void> {
  await vi.waitFor(
    async () => {
      await sessions.query(`VACUUM (ANALYZE) ${table}`);
      const pages = await sessions.query("SELECT relpages - relallvisible AS unseen FROM pg_class WHERE oid = $1::regclass", [table]);
      expect(pages).toEqual([{ unseen: 0 }]);
    },
    { timeout: 20_000 },
  );
}

/**
 * Until plans may use indexes that were just made: where rows were changed before, as by a claim without them, they are not for transactions
 * that were under way, those of other tests included.
 */
async function usable(indexes: readonly string[]): Promise<void> {
  const waiting = `SELECT indexrelid::regclass::text AS waiting FROM pg_index
    WHERE indexrelid = ANY ($1::regclass[]) AND indcheckxmin AND xmin::text::bigint >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint`;
  await vi.waitFor(async () => expect(await sessions.query(waiting, [indexes])).toEqual([]), { timeout: 20_000 });
}

describe("statements on a filled store", () => {
  const host = new Host(server.schema);

  beforeAll(async () => {
    await host.start();
    await sessions.query(filling(host.names));
    for (const table of await host.tables()) await vacuumed(table);
  });
  afterAll(() => host.stop());

  it.each(Object.keys(USES))("read by index for %s", async (name) => {
    expect(await host.reads(() => (USES[name] as (typeof USES)[string])(host))).toEqual(READS[name]);
  });

  it("would be seen to read without an index that is missing", async () => {
    const host = new Host(server.schema); // plans are made anew
    await host.start();
    const indexes = ["workflows_due", "workflows_listed"].map((name) => `${host.names.schema}.${name}`);
    const found = await sessions.query("SELECT pg_get_indexdef(x::regclass) AS definition FROM unnest($1::text[]) x", [indexes]);
    const claim = (): Promise<unknown> => host.persistence.claimDueInstances(new Date(2e12), DUE); // there are enough

    await sessions.query(`DROP INDEX ${indexes.join(", ")}`);
    const without = await host.reads(claim);
    for (const { definition } of found) await sessions.query(definition);
    await usable(indexes);
    const again = await host.reads(claim);

    expect(without).not.toEqual(READS["a claim of due instances"]);
    expect(without).toContain("workflows: Seq Scan");
    expect(again).toEqual(READS["a claim of due instances"]);
    await host.stop();
  });
});

describe("statements on a store that was empty", () => {
  const host = new Host(server.another());

  beforeAll(async () => {
    await host.start();
    for (const table of await host.tables()) await sessions.query(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`);
    for (const use of Object.values(USES)) await use(host).catch(() => {});
    await server.empty(host.names.schemaName);
    await sessions.query(filling(host.names));
  });
  afterAll(() => host.stop());

  // Both begin with the topic; without statistics one is as good as the other.
  const either = (reads: readonly string[] | undefined): readonly string[] =>
    [...new Set(reads?.map((read) => (read === "events: events_topic_arrival" ? "events: events_topic" : read)))].toSorted();

  it.each(Object.keys(USES))("read by index for %s", async (name) => {
    expect(either(await host.reads(() => (USES[name] as (typeof USES)[string])(host)))).toEqual(either(READS[name]));
  });
});

describe("statements on a store that has few instances", () => {
  const host = new Host(server.another());
  const COUNT = 20;

  beforeAll(async () => {
    await host.start();
    for (const table of await host.tables()) await sessions.query(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`);
    for (let n = 0; n < COUNT; n += 1) {
      await host.persistence.createNewWorkflow(sampleWorkflow(`few-${n}`), instant());
      await host.persistence.persistWorkflow(sampleChange(`few-${n}`, "c1"), instant());
    }
    // From here on the planner knows how few they are; what it makes of that is kept while they become many.
    for (const table of await host.tables()) await sessions.query(`ANALYZE ${table}`);
  });
  afterAll(() => host.stop());

  it("look up what is created, and do not walk through the rest", async () => {
    expect(await host.reads(() => host.persistence.createNewWorkflow(sampleWorkflow("one more"), instant()))).toEqual(READS["creating an instance"]);
  });

  it("look up what is committed, and do not walk through the rest", async () => {
    const commit = (): Promise<unknown> =>
      host.persistence.persistWorkflow(sampleChange("few-1", "c2", {}, { revision: 1, controlSeq: 0, inboxSeq: 0 }), instant());

    expect(await host.reads(commit)).toEqual(READS["commits of several instances"]);
  });
});
