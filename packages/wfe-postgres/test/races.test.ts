import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EventRow, NewSubscription } from "wfe-core";
import { instant, sampleChange, sampleEvent, sampleSubscription, sampleWorkflow } from "wfe-core/test-support";
import { testSchema } from "wfe-test-services/vitest";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { PostgresQueueProvider } from "../src/postgres-queue-provider.ts";
import { schemaNames } from "../src/schema-names.ts";
import { topicOf } from "../src/topic.ts";
import { testSessions, type WatchedPool, watchedPool } from "./test-sessions.ts";

const server = testSchema("races");
const sessions = testSessions(server);
const { table, topicsLock } = schemaNames(server.schema);
/** Locks of topics are those of the database: other files have other keys. */
const KEY = server.schema;
const TOPIC = topicOf("paid", KEY);

const waitFor = (id: string, changes: Partial<NewSubscription> = {}): NewSubscription => sampleSubscription(id, { key: KEY, ...changes });
const eventOf = (id: string, changes: Partial<EventRow> = {}): EventRow => sampleEvent(id, { key: KEY, ...changes });

function deferred(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve: () => resolve() };
}

describe("races on PostgreSQL", () => {
  const pools: WatchedPool[] = [];
  const stores: PostgresPersistenceProvider[] = [];
  let first: PostgresPersistenceProvider;
  let second: PostgresPersistenceProvider;

  async function open(): Promise<PostgresPersistenceProvider> {
    const pool = watchedPool(sessions.url, 4);
    const store = new PostgresPersistenceProvider({ pool, schema: server.schema, notifications: false });
    pools.push(pool);
    stores.push(store);
    await store.start();
    return store;
  }

  beforeEach(async () => {
    first = await open();
    second = await open();
    await server.empty(server.schema);
  });

  afterEach(async () => {
    for (const store of stores.splice(0)) await store.stop();
    for (const pool of pools.splice(0)) await pool.end();
  });

  const create = (...ids: readonly string[]): Promise<unknown> =>
    Promise.all(ids.map((id) => first.createNewWorkflow(sampleWorkflow(id), instant())));
  const subscribe = async (
    store: PostgresPersistenceProvider,
    id: string,
    changes: Partial<NewSubscription> = {},
    now = instant(),
  ): Promise<unknown> => {
    const [counters] = await store.readSignals([id]);
    if (counters === undefined) throw new Error("it does not exist");
    return await store.persistWorkflow(sampleChange(id, `wait ${id}`, { openSubscriptions: [waitFor(`s-${id}`, changes)] }, counters), now);
  };
  const deliver = (store: PostgresPersistenceProvider, now = instant()): Promise<readonly string[]> =>
    store.deliverEvents([{ name: "paid", key: KEY }], now);
  const publish = (store: PostgresPersistenceProvider, id: string): Promise<unknown> => store.createEvent(eventOf(id), instant());
  const inbox = async (id: string): Promise<readonly string[]> => ((await second.loadForPass(id))?.deliveries ?? []).map(({ eventId }) => eventId);
  const holdTopic = (): ReturnType<typeof sessions.begin> => sessions.begin("SELECT pg_advisory_xact_lock($1)", [TOPIC]);
  /** Makes calls that wait for what a session holds, each once the one before waits, then ends the session. @returns What has come of them. */
  async function behind(held: Awaited<ReturnType<typeof holdTopic>>, calls: readonly (() => Promise<unknown>)[]): Promise<readonly unknown[]> {
    const waiting: Promise<unknown>[] = [];
    for (const call of calls) {
      waiting.push(call());
      await sessions.blocked(waiting.length);
    }
    await sessions.end(held);
    return await Promise.all(waiting);
  }
  const runnable = async (): Promise<readonly string[]> =>
    (await second.getRunnableEvents(instant(9), { limit: 99, claimUntil: instant(9) })).map(({ id }) => id);

  it.each([["subscription first"], ["delivery first"]])(
    "a subscription and a delivery on its topic at once: the event comes once, %s",
    async (order) => {
      await create("w");
      await publish(first, "e");
      const held = await holdTopic();

      const calls = [(): Promise<unknown> => subscribe(first, "w"), (): Promise<unknown> => deliver(second)];
      await behind(held, order === "subscription first" ? calls : calls.toReversed());

      expect(await inbox("w")).toEqual(["e"]);
      expect((await second.readSignals(["w"]))[0]).toMatchObject({ inboxSeq: 1 });
      expect(await first.getEvent("e")).toMatchObject({ delivered: true });
    },
  );

  it.each([["subscription first"], ["delivery first"]])(
    "an event that is stored while a subscription waits to be opened is not lost, %s",
    async (order) => {
      await create("w");
      const held = await holdTopic();

      const calls = [
        (): Promise<unknown> => subscribe(first, "w"),
        async (): Promise<unknown> => {
          await publish(second, "e");
          return await deliver(second);
        },
      ];
      await behind(held, order === "subscription first" ? calls : calls.toReversed());

      expect(await inbox("w")).toEqual(["e"]);
    },
  );

  const storedOnly = { reached: [], delivered: false };

  it("a publication waits for no subscription that is opened on its topic at the same moment, and leaves its event to a delivery", async () => {
    await create("w");
    const held = await holdTopic();
    const opening = subscribe(first, "w");
    await sessions.blocked(1);

    expect(await second.publishEvent(eventOf("e"), instant())).toEqual(storedOnly);

    const delivering = deliver(second);
    await sessions.blocked(2);
    await sessions.end(held);
    await Promise.all([opening, delivering]);
    expect(await inbox("w")).toEqual(["e"]);
    expect((await second.readSignals(["w"]))[0]).toMatchObject({ inboxSeq: 1 });
    expect(await first.getEvent("e")).toMatchObject({ delivered: true });
  });

  it("a publication waits for no commit or command of those who wait, and leaves its event to a delivery", async () => {
    await create("w", "x");
    await subscribe(first, "w");
    await subscribe(first, "x");
    const held = await sessions.begin(`SELECT 1 FROM ${table.workflows} WHERE id = 'w' FOR UPDATE`);
    const ended = first.command("w", "terminate", instant());
    await sessions.blocked(1);

    expect(await second.publishEvent(eventOf("e"), instant())).toEqual(storedOnly);

    expect(await inbox("x")).toEqual([]);
    await sessions.end(held);
    await ended;
    expect(await deliver(second)).toEqual(["x"]);
    expect(await runnable()).toEqual([]);
  });

  it("a subscription that is opened while an event is published on its topic finds it", async () => {
    await create("w");
    // Between its statements and its end: a session that has done what a publication does.
    const publishing = await sessions.begin(`SELECT * FROM ${server.schema}.publish_v1($1, $2)`, [
      JSON.stringify(["e", "paid", KEY, TOPIC.toString(), "1", instant().getTime(), null, instant().getTime()]),
      instant().getTime(),
    ]);

    const opening = subscribe(first, "w");
    await sessions.blocked(1);
    await sessions.end(publishing);
    await opening;

    expect(await inbox("w")).toEqual(["e"]);
  });

  it("an event that is purged while a publication gives it is looked for again (keep_events)", async () => {
    await create("w");
    await subscribe(first, "w");
    // As if it had passed w over: nobody who waits is left without an event that is delivered.
    await publish(first, "e");
    await sessions.query(`UPDATE ${table.events} SET delivered = true`);
    const purging = await sessions.begin(`DELETE FROM ${table.events} WHERE id = 'e'`);

    const publishing = second.publishEvent(eventOf("f"), instant());
    await sessions.blocked(1);
    await sessions.end(purging);

    expect(await publishing).toEqual({ reached: ["w"], delivered: true });
    expect(await inbox("w")).toEqual(["f"]);
  });

  it.each([["subscription first"], ["commit first"]])(
    "a subscription and a commit that sends its event at once: the event comes once, and is left to a delivery only if it is awaited, %s",
    async (order) => {
      await create("w");
      await create("sender");
      const held = await holdTopic();

      const sent: (readonly string[])[] = [];
      const send = async (): Promise<unknown> => {
        const { delivered = [] } = await second.persistWorkflow(sampleChange("sender", "c", { events: [eventOf("e")] }), instant());
        sent.push(delivered);
        return delivered.length === 0 ? deliver(second) : undefined;
      };
      const calls = [(): Promise<unknown> => subscribe(first, "w"), send];
      await behind(held, order === "subscription first" ? calls : calls.toReversed());

      expect(sent).toEqual([order === "subscription first" ? [] : ["e"]]);
      expect(await inbox("w")).toEqual(["e"]);
      expect((await second.readSignals(["w"]))[0]).toMatchObject({ inboxSeq: 1 });
      expect(await first.getEvent("e")).toMatchObject({ delivered: true });
    },
  );

  it.each([["subscriptions first"], ["delivery first"]])(
    "subscriptions to very many topics and a delivery on one of them: the event comes once, %s",
    async (order) => {
      await create("w");
      await publish(first, "e");
      const openSubscriptions = Array.from({ length: 300 }, (_, index) => waitFor(`s-${index}`, index === 7 ? {} : { key: `${KEY} ${index}` }));
      const held = await sessions.begin("SELECT pg_advisory_xact_lock($1)", [topicsLock]);

      const calls = [
        (): Promise<unknown> => first.persistWorkflow(sampleChange("w", "c", { openSubscriptions }), instant()),
        (): Promise<unknown> => deliver(second),
      ];
      await behind(held, order === "subscriptions first" ? calls : calls.toReversed());

      expect(await inbox("w")).toEqual(["e"]);
      expect((await second.readSignals(["w"]))[0]).toMatchObject({ inboxSeq: 1 });
    },
  );

  it("an event that becomes visible between the statements of a delivery is not marked as delivered", async () => {
    await create("a", "b");
    await subscribe(first, "a");
    await subscribe(first, "b");
    await publish(first, "seen");
    const storing = await sessions.begin(
      `INSERT INTO ${table.events} (id, name, key, topic, data, time, stored_at, visible_at) VALUES ('late', 'paid', '${KEY}', $1, '1', $2, $2, 0)`,
      [TOPIC, instant(-1).getTime()], // the earlier one, which everybody would have to be given
    );
    // The delivery has looked for its events when it waits for the first of its instances.
    const held = await sessions.begin(`SELECT 1 FROM ${table.workflows} WHERE id = 'a' FOR UPDATE`);

    const delivering = deliver(second);
    await sessions.blocked(1);
    await sessions.end(storing);
    await sessions.end(held);
    await delivering;

    expect(await first.getEvent("late")).toMatchObject({ delivered: false });
    expect(await runnable()).toEqual(["late"]);
    expect(await first.getEvent("seen")).toMatchObject({ delivered: true });
  });

  it("events whose arrival numbers become visible out of order reach everybody once", async () => {
    await create("w");
    const insert = `INSERT INTO ${table.events} (id, name, key, topic, data, time, stored_at, visible_at) VALUES ($1, 'paid', '${KEY}', $2, '1', $3, $3, 0)`;
    const slow = await sessions.begin(insert, ["slow", TOPIC, instant().getTime()]);
    await subscribe(first, "w");
    await publish(second, "fast");
    await deliver(second);
    expect(await inbox("w")).toEqual(["fast"]);
    const counters = (await first.readSignals(["w"]))[0];
    await first.persistWorkflow(
      sampleChange("w", "use", { consume: [{ subscriptionId: "s-w", eventId: "fast" }], openSubscriptions: [waitFor("again")] }, counters),
      instant(),
    );
    expect(await inbox("w")).toEqual([]);

    await sessions.end(slow);
    expect(await runnable()).toEqual(["slow"]);
    await deliver(second);
    await deliver(first);

    expect(await inbox("w")).toEqual(["slow"]);
    const [slowEvent, fastEvent] = [await first.getEvent("slow"), await first.getEvent("fast")];
    expect(slowEvent?.arrival).toBeLessThan(fastEvent?.arrival ?? 0);
    expect(await runnable()).toEqual([]);
  });

  it.each([["purge first"], ["pick-up first"]])("a purge and a pick-up of one event: never a subscription whose event is gone, %s", async (order) => {
    await create("w");
    await publish(first, "e");
    await deliver(first);
    const held = await sessions.begin(`SELECT 1 FROM ${table.workflows} WHERE id = 'w' FOR UPDATE`);

    let outcome: unknown;
    if (order === "purge first") {
      const picking = subscribe(first, "w");
      await sessions.blocked(1);
      outcome = await second.deleteDeliveredEvents(instant(1), 10);
      await sessions.end(held);
      await picking;
    } else {
      await sessions.end(held);
      await subscribe(first, "w");
      outcome = await second.deleteDeliveredEvents(instant(1), 10);
    }

    expect(outcome).toBe(order === "purge first" ? 1 : 0);
    expect(await inbox("w")).toEqual(order === "purge first" ? [] : ["e"]);
    expect(await sessions.query(`SELECT event IS NULL AS waits FROM ${table.subscriptions}`)).toEqual([{ waits: order === "purge first" }]);
  });

  it("an event that is purged between its assignment and its lock is looked for again (keep_events)", async () => {
    await create("w");
    await publish(first, "e");
    await deliver(first);
    // The purge has it locked, and has not yet committed, when the pick-up finds it.
    const purging = await sessions.begin(`DELETE FROM ${table.events} WHERE id = 'e'`);

    const picking = subscribe(first, "w");
    await sessions.blocked(1);
    await sessions.end(purging);
    await picking;

    expect(await inbox("w")).toEqual([]);
    expect(await sessions.query(`SELECT event IS NULL AS waits FROM ${table.subscriptions}`)).toEqual([{ waits: true }]);
  });

  it("a purge passes over an event that a pick-up under way has locked", async () => {
    await create("w", "x");
    await publish(first, "e");
    await deliver(first);
    // The commit waits, with the event locked, for the name of its child.
    const naming = await sessions.begin(`INSERT INTO ${table.workflow_names} (name, workflow) VALUES ('child', 0)`);
    const picking = first.persistWorkflow(
      sampleChange("w", "c", { openSubscriptions: [waitFor("s")], children: [sampleWorkflow("child")] }),
      instant(),
    );
    await sessions.blocked(1);

    expect(await second.deleteDeliveredEvents(instant(1), 10)).toBe(0);
    await sessions.end(naming, "ROLLBACK");
    await picking;

    expect(await inbox("w")).toEqual(["e"]);
  });

  describe("a delivery to more than can be served in one transaction", () => {
    beforeEach(async () => {
      const ids = Array.from({ length: 501 }, (_, index) => `w-${index}`);
      await create(...ids, "late");
      await Promise.all(ids.map((id) => first.persistWorkflow(sampleChange(id, "wait", { openSubscriptions: [waitFor(`s-${id}`)] }), instant())));
      await first.createEvent(eventOf("e", { eligibleAt: instant(50), time: instant(50) }), instant());
    });

    /** A host whose deliveries stop before their second transaction. */
    async function stopping(): Promise<{ readonly store: PostgresPersistenceProvider; readonly reached: Promise<void>; goOn(): void }> {
      const store = await open();
      const pool = pools.at(-1) as WatchedPool;
      const reached = deferred();
      const gate = deferred();
      let deliveries = 0;
      pool.before = async ({ text }) => {
        if (!text.includes("deliver_v1") || ++deliveries !== 2) return;
        reached.resolve();
        await gate.promise;
      };
      return { store, reached: reached.promise, goOn: () => gate.resolve() };
    }

    it("loses no subscription that is opened between two of them", async () => {
      const { store, reached, goOn } = await stopping();

      const delivering = deliver(store, instant(50));
      await reached;
      await subscribe(second, "late", {}, instant(49)); // its host's clock is a little behind
      goOn();
      const woken = await delivering;

      expect(await inbox("late")).toEqual(["e"]);
      expect(woken).toHaveLength(502);
      expect(await runnable()).toEqual([]);
    });

    it("loses no subscription that comes in place of the last that has gone", async () => {
      await first.command("w-500", "terminate", instant());
      const { store, reached, goOn } = await stopping();

      const delivering = deliver(store, instant(50));
      await reached;
      await subscribe(second, "late", {}, instant(49));
      goOn();

      expect(await delivering).toHaveLength(501);
      expect(await inbox("late")).toEqual(["e"]);
    });

    it("loses no event that is stored between two of them", async () => {
      const { store, reached, goOn } = await stopping();

      const delivering = deliver(store, instant(50));
      await reached;
      await second.createEvent(eventOf("between", { time: instant(-1) }), instant(50));
      goOn();
      await delivering;

      expect(await first.getEvent("e")).toMatchObject({ delivered: true });
      expect(await first.getEvent("between")).toMatchObject({ delivered: false });
      expect(await runnable()).toEqual(["between"]);
    });

    it("gives each subscription one event when two hosts deliver at the same moment", async () => {
      const { store, reached, goOn } = await stopping();

      const delivering = deliver(store, instant(50));
      await reached;
      const others = await deliver(second, instant(50));
      goOn();
      const woken = await delivering;

      expect(woken.length + others.length).toBe(501);
      expect(await sessions.query(`SELECT inbox_seq::int, count(*)::int FROM ${table.workflows} GROUP BY 1 ORDER BY 1`)).toEqual([
        { inbox_seq: 0, count: 1 },
        { inbox_seq: 1, count: 501 },
      ]);
    });
  });

  /** Transactions that the server has ended because they waited for each other in a circle; the stores have repeated them. */
  const deadlocks = (): number => pools.flatMap(({ failed }) => failed).filter((code) => code === "40P01").length;

  it("two batches with the same instances, topics, children and events in other orders do not wait for each other in a circle", async () => {
    const ids = Array.from({ length: 50 }, (_, index) => `w-${index}`);
    await create(...ids);

    for (let revision = 0; revision < 10; revision += 1) {
      const commits = (store: PostgresPersistenceProvider, name: string, order: readonly string[]): readonly Promise<unknown>[] =>
        order.map((id) =>
          store.persistWorkflow(
            sampleChange(
              id,
              `${name} ${revision}`,
              {
                openSubscriptions: [waitFor(`${name} ${revision} ${id}`, { key: id })],
                children: [sampleWorkflow(`child ${revision} ${id}`)],
                events: [eventOf(`event ${revision} ${id}`, { name: "other" })],
                commands: [{ name: "c", data: id, executeAt: instant() }],
              },
              { revision, controlSeq: 0, inboxSeq: 0 },
            ),
            instant(),
          ),
        );
      const outcomes = await Promise.allSettled([...commits(first, "first", ids), ...commits(second, "second", ids.toReversed())]);
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(50);
    }

    expect(deadlocks()).toBe(0);
  });

  it("publications of the same events in opposite orders do not wait for each other in a circle", async () => {
    const insert = `INSERT INTO ${table.events} (id, name, key, topic, data, time, stored_at, visible_at) VALUES ($1, 'paid', '${KEY}', $2, '1', $3, $3, 0)`;
    const other = await sessions.begin(insert, ["a", TOPIC, instant().getTime()]);

    // With "b" first it would have "b" and wait for "a".
    const publishing = Promise.all(["b", "a"].map((id) => publish(first, id)));
    await sessions.blocked(1);
    await other.query(insert.concat(" ON CONFLICT DO NOTHING"), ["b", TOPIC, instant().getTime()]);
    await sessions.end(other);
    await publishing;

    expect(deadlocks()).toBe(0);
    expect(await first.getEvents("paid", KEY, instant())).toEqual(["a", "b"]);
  });

  it("events that are stored in one call arrive in the order in which they were wanted", async () => {
    await Promise.all(["z", "a", "m"].map((id) => publish(first, id)));

    expect(await first.getEvents("paid", KEY, instant())).toEqual(["z", "a", "m"]);
  });

  it.each([["commit first"], ["end first"]])(
    "a commit that makes a child and the end of its parent at once leave no child without a command, %s",
    async (order) => {
      await create("w");
      const child = sampleWorkflow("child", { parent: { workflowId: "w", pointerId: "1", depth: 1 }, rootWorkflowId: "w" });
      const held = await sessions.begin(`SELECT 1 FROM ${table.workflows} WHERE id = 'w' FOR UPDATE`);

      const calls = [
        (): Promise<unknown> => first.persistWorkflow(sampleChange("w", "c", { children: [child] }), instant()),
        (): Promise<unknown> => second.command("w", "terminate", instant()),
      ];
      const waiting: Promise<unknown>[] = [];
      for (const call of order === "commit first" ? calls : calls.toReversed()) {
        waiting.push(call());
        await sessions.blocked(waiting.length);
      }
      const ended = Promise.allSettled(waiting);
      await sessions.end(held);
      await ended;

      const commands: unknown[] = [];
      await first.processCommands(instant(), { limit: 9, claimUntil: instant(1) }, async ({ data }) => void commands.push(data));
      const exists = (await first.getWorkflowInstance("child")) !== undefined;
      expect([exists, commands]).toEqual(order === "commit first" ? [true, ["child"]] : [false, []]);
      expect(await first.getWorkflowInstance("w")).toMatchObject({ status: "terminated", revision: exists ? 1 : 0 });
    },
  );

  it("the end of a parent does not wait for its children, which are being written", async () => {
    await create("w");
    await first.persistWorkflow(
      sampleChange("w", "c", { children: [sampleWorkflow("child", { parent: { workflowId: "w", pointerId: "1", depth: 1 } })] }),
      instant(),
    );
    const held = await sessions.begin(`SELECT 1 FROM ${table.workflows} WHERE id = 'child' FOR UPDATE`);

    expect(await second.command("w", "terminate", instant())).toBe(true);

    await sessions.end(held);
  });

  describe("two creations at the same moment", () => {
    const outcome = async (calls: readonly Promise<unknown>[]): Promise<readonly unknown[]> =>
      (await Promise.allSettled(calls)).map((each) => (each.status === "fulfilled" ? each.value : each.reason.code));

    /** Starts the calls one after the other while what they need is held, and lets them go together. */
    async function together(held: readonly string[], calls: readonly (() => Promise<unknown>)[]): Promise<readonly unknown[]> {
      const holder = await sessions.begin(`INSERT INTO ${table.workflow_names} (name, workflow) SELECT n, 0 FROM unnest($1::text[]) n`, [held]);
      const waiting: Promise<unknown>[] = [];
      for (const call of calls) {
        waiting.push(call());
        await sessions.blocked(waiting.length);
      }
      const ended = outcome(waiting);
      await sessions.end(holder, "ROLLBACK");
      return await ended;
    }
    const made =
      (store: PostgresPersistenceProvider, id: string, name: string): (() => Promise<unknown>) =>
      () =>
        store.createNewWorkflow(sampleWorkflow(id, { name }), instant());

    it("of one id: the first makes it, the other hears of it", async () => {
      expect(await together(["x"], [made(first, "x", "n1"), made(second, "x", "n2")])).toEqual(["x", "WFE_WORKFLOW_ALREADY_EXISTS"]);
      expect(await together(["y"], [made(second, "y", "n3"), made(first, "y", "n4")])).toEqual(["y", "WFE_WORKFLOW_ALREADY_EXISTS"]);
      expect((await first.getWorkflowInstances(["x", "y"])).map(({ name }) => name)).toEqual(["n1", "n3"]);
    });

    it("of one name: one of them gets it (fault 30)", async () => {
      const outcomes = await together(["n"], [made(first, "a", "n"), made(second, "b", "n")]);

      expect(outcomes.map(String).toSorted()).toEqual(["WFE_WORKFLOW_NAME_TAKEN", expect.stringMatching(/^[ab]$/)]);
      expect(await first.countWorkflows({})).toBe(1);
      expect(await sessions.query(`SELECT name FROM ${table.workflow_names} ORDER BY name`)).toEqual([
        { name: outcomes.find((each) => /^[ab]$/.test(String(each))) },
        { name: "n" },
      ]);
    });

    it("of which each has the other's id for its name: one of them is made (fault 30)", async () => {
      const outcomes = await together(["a", "b"], [made(first, "a", "b"), made(second, "b", "a")]);

      expect(outcomes.map(String).toSorted()).toEqual(["WFE_WORKFLOW_NAME_TAKEN", expect.stringMatching(/^[ab]$/)]);
      expect(await first.countWorkflows({})).toBe(1);
    });

    it("of many in opposite orders: each is made once, and nobody waits in a circle", async () => {
      for (let round = 0; round < 10; round += 1) {
        const ids = Array.from({ length: 50 }, (_, index) => `${round}-${index}`);
        const outcomes = await outcome([
          ...ids.map((id) => first.createNewWorkflow(sampleWorkflow(id), instant())),
          ...ids.toReversed().map((id) => second.createNewWorkflow(sampleWorkflow(id), instant())),
        ]);
        expect(outcomes.filter((each) => each === "WFE_WORKFLOW_ALREADY_EXISTS")).toHaveLength(50);
      }
      expect(await first.countWorkflows({})).toBe(500);
      expect(deadlocks()).toBe(0);
    });

    it("of many with names of one another in opposite orders: no name is given twice", async () => {
      for (let round = 0; round < 10; round += 1) {
        const names = Array.from({ length: 20 }, (_, index) => `${round}-n${index}`);
        const outcomes = await outcome([
          ...names.map((name, index) => first.createNewWorkflow(sampleWorkflow(`${round}-a${index}`, { name }), instant())),
          ...names.toReversed().map((name, index) => second.createNewWorkflow(sampleWorkflow(`${round}-b${index}`, { name }), instant())),
        ]);
        expect(outcomes.filter((each) => each === "WFE_WORKFLOW_NAME_TAKEN")).toHaveLength(20);
      }
      const [counts] = await sessions.query(`SELECT count(*)::int AS all, count(DISTINCT name)::int AS names FROM ${table.workflows}`);
      expect(counts).toEqual({ all: 200, names: 200 });
      expect(deadlocks()).toBe(0);
    });
  });

  it("creates an instance under an id whose former one is removed at that moment, and those with it", async () => {
    await create("old");
    await first.command("old", "terminate", instant());
    const other = await sessions.begin(`INSERT INTO ${table.workflow_names} (name, workflow) VALUES ('held', 0)`);

    const created = Promise.all([
      first.createNewWorkflow(sampleWorkflow("old"), instant()),
      first.createNewWorkflow(sampleWorkflow("held"), instant()),
    ]);
    await sessions.blocked(1);
    await second.deleteWorkflows(["old"]);
    await sessions.end(other, "ROLLBACK");

    expect(await created).toEqual(["old", "held"]);
    expect(await second.readSignals(["old", "held"])).toMatchObject([{ status: "runnable" }, { status: "runnable" }]);
  });

  it("hands a command over again at once that is scheduled again just as its handling ends", async () => {
    await first.scheduleCommand({ name: "n", data: "d", executeAt: instant() });
    let other: Awaited<ReturnType<typeof sessions.begin>> | undefined;

    const handled = first.processCommands(instant(), { limit: 10, claimUntil: instant(60_000) }, async () => {
      other = await sessions.begin(`UPDATE ${table.commands} SET again_at = 5 WHERE name = 'n'`); // as scheduling it does
    });
    await sessions.blocked(1);
    await sessions.end(other as NonNullable<typeof other>);
    expect(await handled).toBe(1);

    expect(await sessions.query(`SELECT execute_at::int, token, again_at FROM ${table.commands}`)).toEqual([
      { execute_at: 5, token: null, again_at: null },
    ]);
  });

  it("removes instances and queues them at the same moment without a deadlock", async () => {
    await create("b"); // rows in another order than ids
    await create("a");
    for (const id of ["b", "a"]) await first.command(id, "terminate", instant());
    const queue = new PostgresQueueProvider({ pool: pools[1] as WatchedPool, schema: server.schema, notifications: false });
    await queue.start();
    for (const id of ["a", "b"]) await queue.queueWork(id, "workflow", { delay: "1h" });
    const other = await sessions.begin(`SELECT 1 FROM ${table.queue} WHERE key = 'workflow:a' FOR UPDATE`);

    const queued = Promise.all(["a", "b"].map((id) => queue.queueWork(id, "workflow")));
    await sessions.blocked(1);
    const deleted = first.deleteWorkflows(["a", "b"]);
    await sessions.blocked(2);
    await sessions.end(other);
    await Promise.all([queued, deleted]);
    await queue.stop();

    expect(pools.flatMap(({ failed }) => failed)).toEqual([]);
  });
});
