import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { instant, sampleChange, sampleEvent, sampleExecutionError, samplePointer, sampleSubscription, sampleWorkflow } from "wfe-core/test-support";
import { testSchema } from "wfe-test-services/vitest";
import { openPostgres } from "../src/postgres-database.ts";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { type RowCounts, rowCounts } from "./row-counts.ts";
import { testSessions, type WatchedPool, watchedPool } from "./test-sessions.ts";

const server = testSchema("commit batches");
const sessions = testSessions(server);

const create = (store: PostgresPersistenceProvider, ids: readonly string[]): Promise<unknown> =>
  Promise.all(ids.map((id) => store.createNewWorkflow(sampleWorkflow(id), instant())));

describe("commits that are wanted at the same moment", () => {
  let pool: WatchedPool;
  let store: PostgresPersistenceProvider;

  beforeEach(async () => {
    await server.empty(server.schema);
    pool = watchedPool(sessions.url, 4);
    store = new PostgresPersistenceProvider({ pool, schema: server.schema, notifications: false });
    await store.start();
  });

  afterEach(async () => {
    await store.stop();
    await pool.end();
  });

  const commits = (): number => pool.sent.filter(({ text }) => text.includes("commit_v1")).length;

  it("carry no more than 16 million characters of payloads together, whatever the request", async () => {
    const data = JSON.stringify("x".repeat(3 * 2 ** 20));
    const ids = Array.from({ length: 12 }, (_, index) => `w${index}`);
    const calls = async (work: (id: string) => Promise<unknown>): Promise<number> => {
      pool.sent.length = 0;
      await Promise.all(ids.map(work));
      return pool.sent.length;
    };

    expect(await calls((id) => store.createNewWorkflow(sampleWorkflow(id, { data }), instant()))).toBe(3);
    expect(await calls((id) => store.createEvent(sampleEvent(id, { data }), instant()))).toBe(3);
    expect(await calls((id) => store.persistWorkflow(sampleChange(id, "c1", { data }), instant()))).toBe(3);
    const pointers = [samplePointer({ outcome: data })];
    const next = { revision: 1, controlSeq: 0, inboxSeq: 0 };
    expect(await calls((id) => store.persistWorkflow(sampleChange(id, "c2", { pointers }, next), instant()))).toBe(3);
  });

  it("travel in few calls, 500 of them", async () => {
    const ids = Array.from({ length: 500 }, (_, index) => `w-${index}`);
    await create(store, ids);
    pool.sent.length = 0;

    const results = await Promise.all(
      ids.map((id) => store.persistWorkflow(sampleChange(id, "c1", { pointers: [samplePointer({ seq: 2 })] }), instant())),
    );

    expect(results).toEqual(ids.map(() => ({ revision: 1, inboxSeq: 0, pendingDeliveries: [] })));
    expect(pool.sent).toHaveLength(3); // 200 each
  });

  it("travel one after the other when they are of one instance", async () => {
    await create(store, ["w"]);

    const results = await Promise.all(
      [0, 1, 2].map((revision) => store.persistWorkflow(sampleChange("w", `c${revision}`, {}, { revision, controlSeq: 0, inboxSeq: 0 }), instant())),
    );

    expect(results.map(({ revision }) => revision)).toEqual([1, 2, 3]);
    expect(commits()).toBe(3);
  });

  it("cost one round trip each, with whatever they hold", async () => {
    await create(store, ["w"]);
    pool.sent.length = 0;

    await store.persistWorkflow(
      sampleChange("w", "c1", {
        pointers: [samplePointer({ seq: 2 })],
        openSubscriptions: [sampleSubscription("s")],
        children: [sampleWorkflow("child")],
        events: [sampleEvent("e", { name: "other" })],
        commands: [{ name: "c", data: "w", executeAt: instant() }],
        errors: [sampleExecutionError("w")],
      }),
      instant(),
    );

    expect(pool.sent).toHaveLength(1);
  });

  it("fail alone that are refused, in one call", async () => {
    await create(store, ["a", "b", "c", "d"]);
    await store.persistWorkflow(sampleChange("b", "earlier"), instant());
    await store.command("c", "suspend", instant());
    pool.sent.length = 0;

    const outcomes = await Promise.allSettled(
      ["a", "b", "none", "c", "d"].map((id) =>
        store.persistWorkflow(
          sampleChange(id, "now", {
            data: '"now"',
            openSubscriptions: [sampleSubscription(`s-${id}`)],
            events: [sampleEvent(`e-${id}`, { name: id })],
          }),
          instant(),
        ),
      ),
    );

    expect(outcomes).toMatchObject([
      { value: { revision: 1 } },
      { reason: { code: "WFE_COMMIT_CONFLICT", reason: "revision" } },
      { reason: { code: "WFE_COMMIT_CONFLICT", reason: "missing" } },
      { reason: { code: "WFE_COMMIT_CONFLICT", reason: "control" } },
      { value: { revision: 1 } },
    ]);
    expect(commits()).toBe(1);
    expect(
      await Promise.all(["a", "b", "none", "c", "d"].map(async (id) => [await store.getSubscription(`s-${id}`), await store.getEvent(`e-${id}`)])),
    ).toMatchObject([
      [{ workflowId: "a" }, { id: "e-a" }],
      [undefined, undefined],
      [undefined, undefined],
      [undefined, undefined],
      [{ workflowId: "d" }, { id: "e-d" }],
    ]);
  });

  it("fail alone whose child has a name that is taken, and whose subscription exists", async () => {
    await create(store, ["a", "b", "c", "d", "taken"]);
    await store.persistWorkflow(sampleChange("d", "earlier", { openSubscriptions: [sampleSubscription("s")] }), instant());
    const of = (id: string, changes: Parameters<typeof sampleChange>[2]): Promise<unknown> =>
      store.persistWorkflow(sampleChange(id, "now", { pointers: [samplePointer({ seq: 2 })], ...changes }), instant());

    const outcomes = await Promise.allSettled([
      of("a", {}),
      of("b", { children: [sampleWorkflow("child", { name: "name of taken" })] }),
      of("c", { openSubscriptions: [sampleSubscription("s")] }),
      of("taken", {}),
    ]);

    expect(outcomes).toMatchObject([
      { value: { revision: 1 } },
      { reason: { code: "WFE_WORKFLOW_NAME_TAKEN", message: expect.stringContaining("name of taken") } },
      { reason: { code: "WFE_PERSISTENCE_FAILED", retryable: false } },
      { value: { revision: 1 } },
    ]);
    const records = await store.getWorkflowInstances(["a", "b", "c", "taken", "child"]);
    expect(records.map(({ id, revision, pointers }) => [id, revision, pointers.length])).toEqual([
      ["a", 1, 2],
      ["b", 0, 1],
      ["c", 0, 1],
      ["taken", 1, 2],
    ]);
  });

  it("may start one and the same child", async () => {
    await create(store, ["a", "b"]);
    const child = sampleWorkflow("child", { pointers: [samplePointer(), samplePointer({ seq: 2 })] });

    const results = await Promise.all(["a", "b"].map((id) => store.persistWorkflow(sampleChange(id, "now", { children: [child] }), instant())));

    expect(results.map(({ revision }) => revision)).toEqual([1, 1]);
    expect((await store.getWorkflowInstance("child"))?.pointers).toHaveLength(2);
  });

  it("may hold one and the same event, command and pointer twice", async () => {
    await create(store, ["a", "b"]);
    const changes = {
      events: [sampleEvent("e", { data: "1" }), sampleEvent("e", { data: "2" })],
      commands: [
        { name: "c", data: "x", executeAt: instant(9) },
        { name: "c", data: "x", executeAt: instant(3) },
      ],
      pointers: [samplePointer({ seq: 2, status: "pending" }), samplePointer({ seq: 2, status: "complete" })],
    };

    await Promise.all(["a", "b"].map((id) => store.persistWorkflow(sampleChange(id, "now", changes), instant())));

    expect(commits()).toBe(1);
    expect(await store.getEvent("e")).toMatchObject({ data: "1" });
    expect((await store.getWorkflowInstance("a"))?.pointers).toMatchObject([{ seq: 1 }, { seq: 2, status: "complete" }]);
    const commands: unknown[] = [];
    await store.processCommands(instant(3), { limit: 9, claimUntil: instant(4) }, async (command) => void commands.push(command));
    expect(commands).toEqual([{ name: "c", data: "x", executeAt: instant(3) }]);
  });

  it("hold no more topics in one call than a transaction may lock", async () => {
    const ids = Array.from({ length: 100 }, (_, index) => `w-${index}`);
    await create(store, ids);

    await Promise.all(
      ids.map((id) => store.persistWorkflow(sampleChange(id, "c1", { openSubscriptions: [sampleSubscription(id, { key: id })] }), instant())),
    );

    const topics = pool.sent
      .filter(({ text }) => text.includes("commit_v1"))
      .map(({ values }) => JSON.parse(values.at(-1) as string).topics.length as number);
    expect(topics.reduce((sum, count) => sum + count)).toBe(100);
    expect(Math.max(...topics)).toBeLessThanOrEqual(64);
  });

  it.each([["before"], ["behind"]])("leave an event of one undelivered for which another opens a wait, %s it in the same call", async (place) => {
    await create(store, ["sends", "waits"]);
    const sends = sampleChange("sends", "c", { events: [sampleEvent("e")] });
    const waits = sampleChange("waits", "c", { openSubscriptions: [sampleSubscription("s")] });

    const answers = await Promise.all(
      (place === "before" ? [waits, sends] : [sends, waits]).map((change) => store.persistWorkflow(change, instant())),
    );

    expect(commits()).toBe(1);
    expect(answers.flatMap(({ delivered = [] }) => delivered)).toEqual([]);
    expect(await store.deliverEvents([{ name: "paid", key: "1" }], instant())).toEqual(["waits"]);
    expect((await store.loadForPass("waits"))?.deliveries).toMatchObject([{ subscriptionId: "s", eventId: "e" }]);
  });

  it("store no more events of one call as delivered than it may lock topics, and leave the others to deliveries", async () => {
    const ids = Array.from({ length: 70 }, (_, index) => `w-${index}`);
    await create(store, ids);

    const answers = await Promise.all(
      ids.map((id) => store.persistWorkflow(sampleChange(id, "c1", { events: [sampleEvent(id, { key: id })] }), instant())),
    );

    expect(commits()).toBe(1);
    const delivered = answers.flatMap((answer) => answer.delivered ?? []);
    expect(delivered).toHaveLength(64);
    const events = await Promise.all(ids.map((id) => store.getEvent(id)));
    expect(events.filter((event) => event?.delivered === true).map((event) => event?.id)).toEqual(delivered);
    const runnable = await store.getRunnableEvents(instant(), { limit: 100, claimUntil: instant(1) });
    expect(runnable.map(({ id }) => id).toSorted()).toEqual(ids.filter((id) => !delivered.includes(id)).toSorted());
  });

  it("open subscriptions to very many topics in one commit", async () => {
    await create(store, ["w"]);
    const openSubscriptions = Array.from({ length: 40_000 }, (_, index) => sampleSubscription(`s-${index}`, { key: `${index}` }));

    await store.persistWorkflow(sampleChange("w", "c1", { openSubscriptions }), instant());

    expect(await sessions.query(`SELECT count(*)::int AS count FROM ${server.schema}.subscriptions`)).toEqual([{ count: 40_000 }]);
  });
});

/** Without what is read, to which dead versions of rows add. */
const written = (counts: Readonly<Record<string, RowCounts>>): unknown =>
  Object.fromEntries(Object.entries(counts).map(([table, { read: _, ...rest }]) => [table, rest]));

describe("the cost of an instance", () => {
  const schema = server.another();
  let pool: WatchedPool;
  let store: PostgresPersistenceProvider;

  beforeAll(async () => {
    pool = watchedPool(server.url, 1);
    const database = openPostgres({ pool, schema, notifications: false });
    store = new PostgresPersistenceProvider(database);
    await store.start();
    const long = Array.from({ length: 3000 }, (_, index) =>
      samplePointer({ seq: index + 10, status: "complete", attempt: 1, endSeq: index, stepId: index % 9, outcome: '"done"' }),
    );
    const open = [samplePointer(), samplePointer({ seq: 2, status: "sleeping" })];
    await store.createNewWorkflow(sampleWorkflow("short", { pointers: [...open, ...long.slice(0, 1)] }), instant());
    await store.createNewWorkflow(sampleWorkflow("long", { pointers: [...open, ...long] }), instant());
    await store.persistWorkflow(
      sampleChange("long", "c0", {
        openSubscriptions: Array.from({ length: 2000 }, (_, index) => sampleSubscription(`s-long-${index}`, { key: `${index}` })),
        errors: Array.from({ length: 500 }, () => sampleExecutionError("long")),
      }),
      instant(),
    );
    await store.persistWorkflow(sampleChange("short", "c0", { openSubscriptions: [sampleSubscription("s-short-1", { key: "short" })] }), instant());
    await sessions.query(`ANALYZE ${schema}.workflows; ANALYZE ${schema}.pointers; ANALYZE ${schema}.subscriptions; ANALYZE ${schema}.events`);
  });

  afterAll(async () => {
    await store.stop();
    await pool.end();
  });

  it("is the same for a commit, whatever its history (fault 52)", async () => {
    const change = (id: string): Promise<unknown> =>
      store.persistWorkflow(
        sampleChange(
          id,
          "c1",
          { pointers: [samplePointer({ status: "complete" }), samplePointer({ seq: 5000 })], sequence: 5000, closeSubscriptions: [`s-${id}-1`] },
          { revision: 1, controlSeq: 0, inboxSeq: 0 },
        ),
        instant(),
      );

    const short = await rowCounts(pool, schema, () => change("short"));
    const long = await rowCounts(pool, schema, () => change("long"));

    expect(written(long)).toEqual(written(short));
    expect(short).toMatchObject({
      pointers: { inserted: 1, updated: 1, deleted: 0 },
      subscriptions: { read: expect.any(Number), deleted: 1 },
      workflows: { updated: 1 },
    });
    for (const { read } of [...Object.values(short), ...Object.values(long)]) expect(read).toBeLessThanOrEqual(6);
  });

  it("is the same for a load, whatever its history", async () => {
    for (const id of ["short", "long"]) {
      await store.persistWorkflow(
        sampleChange(id, "c2", { pointers: [samplePointer({ seq: 3, compensates: "10" })] }, { revision: 2, controlSeq: 0, inboxSeq: 0 }),
        instant(),
      );
    }

    const short = await rowCounts(pool, schema, () => store.loadForPass("short"));
    const long = await rowCounts(pool, schema, () => store.loadForPass("long"));

    expect((await store.loadForPass("long"))?.pointers?.map(({ seq }) => seq)).toEqual([2, 3, 10, 5000]);
    expect(long["pointers"]).toEqual(short["pointers"]);
    for (const { read } of [...Object.values(short), ...Object.values(long)]) expect(read).toBeLessThanOrEqual(12);
  });

  it("is the same for a delivery, however many wait for others", async () => {
    const deliver = async (id: string, key: string): Promise<unknown> => {
      await store.createEvent(sampleEvent(`e-${id}`, { key }), instant());
      return await store.deliverEvents([{ name: "paid", key }], instant());
    };
    await store.createNewWorkflow(sampleWorkflow("other"), instant());
    await store.persistWorkflow(sampleChange("other", "c", { openSubscriptions: [sampleSubscription("s-other", { key: "other" })] }), instant());

    const short = await rowCounts(pool, schema, () => deliver("short", "other"));
    const long = await rowCounts(pool, schema, () => deliver("long", "5"));

    expect(written(long)).toEqual(written(short));
    for (const { read } of [...Object.values(short), ...Object.values(long)]) expect(read).toBeLessThanOrEqual(12);
    expect(short).toMatchObject({ events: { inserted: 1, updated: 1 }, subscriptions: { updated: 1 }, workflows: { updated: 1 } });
  });
});
