import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WorkItem } from "wfe-core";
import { eventually, VirtualClock } from "wfe-core/test-support";
import { testSchema } from "wfe-test-services/vitest";
import { openPostgres, type PostgresDatabase } from "../src/postgres-database.ts";
import type { PostgresOptions } from "../src/postgres-options.ts";
import { PostgresQueueProvider } from "../src/postgres-queue-provider.ts";
import { testSessions, type WatchedPool, watchedPool } from "./test-sessions.ts";

const server = testSchema("queue");
const { query } = testSessions(server);

const LONG = "10m";
const TURN = "queue_turn_v1";
const ids = (items: readonly WorkItem[]): readonly string[] => items.map(({ id }) => id);

describe("PostgresQueueProvider", () => {
  let schema: string;
  let pool: WatchedPool;
  let database: PostgresDatabase;
  let queue: PostgresQueueProvider;
  const others: PostgresQueueProvider[] = [];

  beforeEach(async () => {
    schema = server.another();
    pool = watchedPool(server.url, 5);
    database = openPostgres({ pool, schema, pollInterval: "1h" });
    queue = new PostgresQueueProvider(database);
    await queue.start();
    pool.sent.length = 0;
  });

  afterEach(async () => {
    for (const each of [queue, ...others.splice(0)]) await each.stop();
    await pool.end();
  });

  /** As another process has it. */
  async function startOther(options: Partial<PostgresOptions> = {}): Promise<PostgresQueueProvider> {
    const other = new PostgresQueueProvider({ connectionString: server.url, schema, pollInterval: "1h", ...options });
    others.push(other);
    await other.start();
    return other;
  }

  const turns = (): number => pool.sent.filter(({ text }) => text.includes(TURN)).length;

  /** Resolves when those who wait have looked. */
  const hasLooked = (): Promise<unknown> => eventually(() => turns() > 0 && pool.taken === 1, { what: "a look" });

  it("refuses a visibility time that makes no sense", () => {
    expect(() => new PostgresQueueProvider(database, { visibility: 0 })).toThrow(RangeError);
    expect(() => new PostgresQueueProvider(database, { visibility: -1 })).toThrow(RangeError);
  });

  it("is woken by another process within a moment, however seldom it polls", async () => {
    const other = await startOther();
    const waiting = queue.dequeueWork("workflow", { limit: 1, wait: LONG });
    await hasLooked();
    const before = performance.now();

    await other.queueWork("x", "workflow");

    expect(ids(await waiting)).toEqual(["x"]);
    expect(performance.now() - before).toBeLessThan(5_000); // some milliseconds of it are the server's; a poll would come after an hour
  });

  it("takes a delayed entry of another process when it comes due, and tells of one that is due earlier", async () => {
    const other = await startOther();
    const waiting = queue.dequeueWork("workflow", { limit: 2, wait: LONG });
    await hasLooked();
    const before = performance.now();

    await other.queueWork("late", "workflow", { delay: LONG });
    await other.queueWork("soon", "workflow", { delay: 100 });

    expect(ids(await waiting)).toEqual(["soon"]);
    expect(performance.now() - before).toBeGreaterThanOrEqual(99);
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  it("gives what is queued to who waits in the turn of the queueing, and acks in another", async () => {
    const waiting = queue.dequeueWork("workflow", { limit: 1, wait: LONG });
    await hasLooked();
    pool.sent.length = 0;

    await queue.queueWork("x", "workflow");
    const [item] = await waiting;
    expect(item?.id).toBe("x");
    expect(turns()).toBe(1);
    await item?.ack();

    expect(turns()).toBe(2);
  });

  it("sends what a thousand callers want at the same moment in two or three turns", async () => {
    await Promise.all(Array.from({ length: 1_000 }, (_, index) => queue.queueWork(`w-${index}`, "workflow")));
    expect(turns()).toBeLessThanOrEqual(3);
    pool.sent.length = 0;

    const items = await queue.dequeueWork("workflow", { limit: 1_000, wait: 0 });
    expect(ids(items)).toEqual(Array.from({ length: 1_000 }, (_, index) => `w-${index}`));
    await Promise.all(items.map((item, index) => (index % 2 === 0 ? item.ack() : item.retry(LONG))));

    expect(turns()).toBeLessThanOrEqual(4);
  });

  it("serves a hundred who wait with a few turns, in the order in which they wait", async () => {
    const waiting = Array.from({ length: 100 }, () => queue.dequeueWork("workflow", { limit: 1, wait: LONG }));
    await hasLooked();
    pool.sent.length = 0;

    await Promise.all(Array.from({ length: 100 }, (_, index) => queue.queueWork(`w-${index}`, "workflow")));
    const given = (await Promise.all(waiting)).flatMap(ids);

    expect(given).toEqual(Array.from({ length: 100 }, (_, index) => `w-${index}`));
    expect(turns()).toBeLessThanOrEqual(2);
  });

  it("does not spin when one item comes to a hundred who wait", async () => {
    const stop = new AbortController();
    setMaxListeners(101, stop.signal);
    const waiting = Array.from({ length: 100 }, () => queue.dequeueWork("workflow", { limit: 1, wait: LONG, signal: stop.signal }));
    await hasLooked();
    pool.sent.length = 0;

    await queue.queueWork("x", "workflow");
    await sleep(200);

    expect(turns()).toBeLessThan(5);
    stop.abort();
    expect((await Promise.all(waiting)).flatMap(ids)).toEqual(["x"]);
  });

  it("asks nothing of the database while nobody waits, nor while somebody does and nothing comes", async () => {
    const other = await startOther();
    await queue.dequeueWork("workflow", { limit: 1, wait: 1 });
    pool.sent.length = 0;
    await other.queueWork("x", "workflow");
    await other.queueWork("y", "workflow", { delay: 20 });
    await sleep(200);
    expect(pool.sent).toEqual([]);

    const waiting = queue.dequeueWork("event", { limit: 1, wait: 2_000 });
    await eventually(() => turns() === 2, { what: "that it makes sure once" });
    await waiting;
    expect(turns()).toBe(2);
  });

  it("loses nothing to a wait that ends while it is given something", async () => {
    const other = await startOther();
    for (let round = 0; round < 40; round += 1) {
      const stop = new AbortController();
      const waiting = queue.dequeueWork("workflow", { limit: 1, wait: LONG, signal: stop.signal });
      if (round % 4 < 2) await hasLooked();
      const queued = (round % 2 === 0 ? queue : other).queueWork("x", "workflow");
      // Before, in, and after the turn.
      for (let turn = 0; turn < round % 7; turn += 1) await new Promise((resolve) => void setImmediate(resolve));
      stop.abort();
      await queued;
      const items = [...(await waiting), ...(await queue.dequeueWork("workflow", { limit: 1, wait: 0 }))];

      expect(ids(items)).toEqual(["x"]);
      for (const item of items) await item.ack();
    }
  });

  it("gives each of many items to one of many who wait in four processes", async () => {
    const queues = [queue, ...(await Promise.all([startOther(), startOther({ notifications: false }), startOther()]))];
    const count = 2_000;
    const stop = new AbortController();
    setMaxListeners(100, stop.signal);
    const given: string[] = [];
    const consumers = queues.flatMap((each) =>
      Array.from({ length: 4 }, async () => {
        while (given.length < count) {
          const items = await each.dequeueWork("workflow", { limit: 7, wait: LONG, signal: stop.signal });
          given.push(...ids(items));
          if (given.length >= count) stop.abort();
          await Promise.all(items.map((item) => item.ack()));
        }
      }),
    );

    await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        await sleep(index % 50);
        await queues[index % queues.length]?.queueWork(`w-${index}`, "workflow");
      }),
    );
    await Promise.all(consumers);

    expect(given.sort()).toEqual(Array.from({ length: count }, (_, index) => `w-${index}`).sort());
    expect(await query(`SELECT 1 FROM ${schema}.queue`)).toEqual([]);
  });

  it("lets turns of several processes on the same ids pass without a deadlock", async () => {
    const others = watchedPool(server.url, 5);
    const other = new PostgresQueueProvider({ pool: others, schema, pollInterval: "1h" });
    await other.start();
    const names = Array.from({ length: 50 }, (_, index) => `w-${index}`);
    for (let round = 0; round < 20; round += 1) {
      const held = [
        ...(await queue.dequeueWork("workflow", { limit: 25, wait: 0 })),
        ...(await other.dequeueWork("workflow", { limit: 25, wait: 0 })),
      ];

      await Promise.all([
        ...held.map((item, index) => (index % 2 === 0 ? item.ack() : item.retry(0))),
        ...names.map((id) => queue.queueWork(id, "workflow")),
        ...names.toReversed().map((id) => other.queueWork(id, "workflow")),
      ]);
    }

    expect([...pool.failed, ...others.failed]).toEqual([]);
    await other.stop();
    await others.end();
  });

  it("keeps ids that text of PostgreSQL cannot hold", async () => {
    const odd = ["a\0b", "\ud800", "\u0001", ""];
    for (const id of odd) await queue.queueWork(id, "event");

    const items = await queue.dequeueWork("event", { limit: 10, wait: 0 });
    for (const item of items) await item.ack();

    expect(ids(items)).toEqual(odd);
    expect(await query(`SELECT 1 FROM ${schema}.queue`)).toEqual([]);
  });

  it("fails the caller of what the store refuses, and nobody else of the same turn", async () => {
    const tooLong = Array.from({ length: 3_000 }, (_, index) => String.fromCodePoint(0x4e00 + ((index * 7_919) % 20_000))).join("");

    const outcomes = await Promise.allSettled(["a", tooLong, "b"].map((id) => queue.queueWork(id, "workflow")));

    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(outcomes[1]).toMatchObject({ reason: { name: "QueueError", code: "WFE_QUEUE_BACKEND", cause: { code: "WFE_PERSISTENCE_FAILED" } } });
    expect(ids(await queue.dequeueWork("workflow", { limit: 5, wait: 0 }))).toEqual(["a", "b"]);
  });

  it("tells who waits that the database fails, and serves them again afterwards", async () => {
    const own = watchedPool(server.url, 5);
    const failing = new PostgresQueueProvider({ pool: own, schema, notifications: false, pollInterval: 50, retryTimeout: 200 });
    await failing.start();
    const waiting = failing.dequeueWork("workflow", { limit: 1, wait: LONG });
    const { connect } = own;
    own.connect = ((callback: (error: Error) => void) =>
      callback(Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }))) as typeof connect;

    const [outcome] = await Promise.allSettled([waiting]);
    own.connect = connect;
    await failing.queueWork("x", "workflow");

    expect(outcome).toMatchObject({ reason: { name: "QueueError", code: "WFE_QUEUE_BACKEND", cause: { code: "WFE_STORE_UNREACHABLE" } } });
    expect(ids(await failing.dequeueWork("workflow", { limit: 1, wait: LONG }))).toEqual(["x"]);
    await failing.stop();
    await own.end();
  });

  it("ends its waits when it is stopped, and those of other providers on the database go on", async () => {
    const other = new PostgresQueueProvider(database);
    await other.start();
    const [ended, going] = [queue, other].map((each) => each.dequeueWork("workflow", { limit: 1, wait: LONG }));
    await hasLooked();

    await queue.stop();
    expect(await ended).toEqual([]);
    await other.queueWork("x", "workflow");

    expect(ids((await going) ?? [])).toEqual(["x"]);
    await other.stop();
  });

  it("carries out what was wanted before its stop", async () => {
    const queued = queue.queueWork("x", "workflow");
    await queue.stop();
    await queued;

    expect(await query(`SELECT key FROM ${schema}.queue`)).toEqual([{ key: "workflow:x" }]);
  });

  it("goes by the clock it is given", async () => {
    const clock = new VirtualClock();
    const virtual = await startOther({ clock });
    await virtual.queueWork("x", "workflow", { delay: "1h" });
    expect(await virtual.dequeueWork("workflow", { limit: 1, wait: 0 })).toEqual([]);
    const waiting = virtual.dequeueWork("workflow", { limit: 1, wait: "2h" });
    await virtual.dequeueWork("workflow", { limit: 1, wait: 0 }); // so it has looked

    await clock.advance("1h");

    expect(ids(await waiting)).toEqual(["x"]);
  });
});
