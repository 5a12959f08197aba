import { setMaxListeners } from "node:events";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WorkItem } from "wfe-core";
import { queueSuite, VirtualClock } from "wfe-core/test-support";
import { openSqlite, type SqliteDatabase } from "../src/sqlite-database.ts";
import { SqliteQueueProvider } from "../src/sqlite-queue-provider.ts";
import { Child } from "./process/child.ts";
import { newFolder, queueTargetInMemory, queueTargetOnFile } from "./sqlite-targets.ts";

queueSuite("queue suite on a SQLite file", queueTargetOnFile, { describe, it });
queueSuite("queue suite on SQLite in memory", queueTargetInMemory, { describe, it });

const LONG = "10m";

describe("SqliteQueueProvider", () => {
  let folder: ReturnType<typeof newFolder>;
  let path: string;
  let clock: VirtualClock;
  let database: SqliteDatabase;
  let queue: SqliteQueueProvider;

  beforeEach(async () => {
    folder = newFolder();
    path = folder.path("wfe.db");
    clock = new VirtualClock();
    database = openSqlite({ path, clock });
    queue = new SqliteQueueProvider(database);
    await queue.start();
  });

  afterEach(async () => {
    await queue.stop();
    folder.remove();
  });

  const ids = (items: readonly WorkItem[]): readonly string[] => items.map(({ id }) => id);

  /** Counts how often a statement is asked for. */
  function counted(text: string): { count: number } {
    const uses = { count: 0 };
    const { connection } = database;
    const sql = connection.sql.bind(connection);
    connection.sql = (asked) => {
      if (asked.includes(text)) uses.count += 1;
      return sql(asked);
    };
    return uses;
  }

  it("is woken by another process within a moment", async () => {
    const own = new SqliteQueueProvider({ path });
    await own.start();
    const child = new Child("queuer.ts", path);
    try {
      expect(await child.line()).toBe("ready");
      const waiting = own.dequeueWork("workflow", { limit: 1, wait: LONG });
      // Idle for long enough that the poll has slowed down.
      await new Promise((resolve) => setTimeout(resolve, 500));

      child.tell("x");
      expect(await child.line()).toBe("queued x");
      const before = performance.now();
      const items = await waiting;

      expect(ids(items)).toEqual(["x"]);
      expect(performance.now() - before).toBeLessThan(5_000); // at most 100 ms of it are the poll's, and the wait would take ten minutes
    } finally {
      await child.kill();
      await own.stop();
    }
  });

  it("is woken by a queueing of its own process without any time passing", async () => {
    const waiting = queue.dequeueWork("workflow", { limit: 1, wait: LONG });
    await clock.advance(0);

    await queue.queueWork("x", "workflow");

    expect(ids(await waiting)).toEqual(["x"]);
  });

  it("gives what is queued to who waits in the transaction of the queueing", async () => {
    const waiting = queue.dequeueWork("workflow", { limit: 1, wait: LONG });
    await clock.advance(0);
    const commits = counted("COMMIT");

    await queue.queueWork("x", "workflow");
    await waiting;

    expect(commits.count).toBe(1);
  });

  it("takes the next delayed entry at its millisecond", async () => {
    await queue.queueWork("x", "workflow", { delay: "1h" });
    const waiting = queue.dequeueWork("workflow", { limit: 1, wait: "2h" });
    let at: number | undefined;
    void waiting.then(() => {
      at = clock.monotonic();
    });
    const before = clock.monotonic();

    await clock.advance("2h");

    expect(ids(await waiting)).toEqual(["x"]);
    expect(at).toBe(before + 3_600_000);
  });

  it("looks at other processes' writes 10 times a second when idle, and not at all when nobody waits", async () => {
    const looks = counted("data_version");
    await clock.advance("1m");
    expect(looks.count).toBe(0);

    const stop = new AbortController();
    const waiting = [1, 2, 3].map(() => queue.dequeueWork("workflow", { limit: 1, wait: LONG, signal: stop.signal }));
    await clock.advance("10s");
    expect(looks.count).toBeGreaterThan(90);
    expect(looks.count).toBeLessThan(115);

    stop.abort();
    await Promise.all(waiting);
    const last = looks.count;
    await clock.advance("1m");
    expect(looks.count).toBe(last);
  });

  it("looks as seldom as it is told to", async () => {
    const own = new SqliteQueueProvider({ path, clock, pollInterval: "1m" });
    await own.start();
    const waiting = own.dequeueWork("workflow", { limit: 1, wait: LONG });
    await clock.advance("5m");

    await queue.queueWork("x", "workflow");
    await clock.advance("1m");

    expect(ids(await waiting)).toEqual(["x"]);
    await own.stop();
  });

  it("asks nothing of the database in memory while it waits", async () => {
    const memory = openSqlite({ path: ":memory:", clock });
    const idle = new SqliteQueueProvider(memory);
    await idle.start();
    const waiting = idle.dequeueWork("workflow", { limit: 1, wait: "1m" });
    await clock.advance(0);
    let asked = 0;
    const sql = memory.connection.sql.bind(memory.connection);
    memory.connection.sql = (text) => {
      asked += 1;
      return sql(text);
    };

    await clock.advance("1m");

    expect(await waiting).toEqual([]);
    expect(asked).toBe(0);
    await idle.stop();
  });

  it("serves a hundred who wait with one look and one transaction", async () => {
    const waiting = Array.from({ length: 100 }, () => queue.dequeueWork("workflow", { limit: 1, wait: LONG }));
    await clock.advance(0);
    const commits = counted("COMMIT");
    const looks = counted("ORDER BY due_at LIMIT 1");

    await Promise.all(Array.from({ length: 100 }, (_, index) => queue.queueWork(`w-${index}`, "workflow")));
    const given = (await Promise.all(waiting)).flatMap(ids);

    expect(given).toEqual(Array.from({ length: 100 }, (_, index) => `w-${index}`));
    expect(commits.count).toBeLessThanOrEqual(2);
    expect(looks.count).toBeLessThanOrEqual(3);
  });

  it("does not spin when one item comes to a hundred who wait", async () => {
    const stop = new AbortController();
    setMaxListeners(100, stop.signal);
    const waiting = Array.from({ length: 100 }, () => queue.dequeueWork("workflow", { limit: 1, wait: LONG, signal: stop.signal }));
    await clock.advance(0);
    const takes = counted("SELECT row, id FROM wfe_queue");

    await queue.queueWork("x", "workflow");
    await clock.advance("1s");

    expect(takes.count).toBeLessThan(10);
    stop.abort();
    expect((await Promise.all(waiting)).flatMap(ids)).toEqual(["x"]);
  });

  it("gives an item to who waits longest", async () => {
    const [first, second] = [1, 2].map(() => queue.dequeueWork("workflow", { limit: 1, wait: LONG }));
    await clock.advance(0);

    await queue.queueWork("a", "workflow");
    await queue.queueWork("b", "workflow");

    expect(ids((await first) ?? [])).toEqual(["a"]);
    expect(ids((await second) ?? [])).toEqual(["b"]);
  });

  it("loses nothing to a wait that ends while it is given something", async () => {
    for (let round = 0; round < 20; round += 1) {
      const stop = new AbortController();
      const waiting = queue.dequeueWork("workflow", { limit: 1, wait: LONG, signal: stop.signal });
      await clock.advance(0);
      const queued = queue.queueWork("x", "workflow");
      // At different turns: before, in, and after the transaction.
      for (let turn = 0; turn < round % 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      stop.abort();
      await queued;
      const items = [...(await waiting), ...(await queue.dequeueWork("workflow", { limit: 1, wait: 0 }))];

      expect(ids(items)).toEqual(["x"]);
      for (const item of items) await item.ack();
    }
  });

  it("tells who waits that the database fails, and serves them again afterwards", async () => {
    const waiting = queue.dequeueWork("workflow", { limit: 1, wait: LONG });
    await clock.advance(0);
    const { connection } = database;
    const { sql } = connection;
    connection.sql = () => {
      throw new Database.SqliteError("disk I/O error", "SQLITE_IOERR_READ");
    };

    const [outcome] = await Promise.allSettled([waiting, clock.advance("1s")]);
    connection.sql = sql;
    await queue.queueWork("x", "workflow");

    expect(outcome).toMatchObject({ reason: { name: "QueueError", code: "WFE_QUEUE_BACKEND", cause: { code: "WFE_STORE_UNREACHABLE" } } });
    expect(ids(await queue.dequeueWork("workflow", { limit: 1, wait: LONG }))).toEqual(["x"]);
  });

  it("ends its waits when it is stopped, and those of other providers on the database go on", async () => {
    const other = new SqliteQueueProvider(database);
    await other.start();
    const [ended, going] = [queue, other].map((each) => each.dequeueWork("workflow", { limit: 1, wait: LONG }));
    await clock.advance(0);

    await queue.stop();
    expect(await ended).toEqual([]);
    await other.queueWork("x", "workflow");

    expect(ids((await going) ?? [])).toEqual(["x"]);
    await other.stop();
  });
});
