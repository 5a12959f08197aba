import { chmodSync, closeSync, mkdirSync, openSync, renameSync, rmSync, symlinkSync, writeFileSync, writeSync } from "node:fs";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PersistenceError } from "wfe-core";
import { instant, sampleChange, samplePointer, sampleWorkflow } from "wfe-core/test-support";
import { openSqlite, type SqliteDatabase } from "../src/sqlite-database.ts";
import { SqlitePersistenceProvider } from "../src/sqlite-persistence-provider.ts";
import { type SqliteProviders, sqliteProviders } from "../src/sqlite-providers.ts";
import { newFolder } from "./sqlite-targets.ts";

const root = process.geteuid?.() === 0;

/** Runs as somebody whom permissions bind: they do not bind root. */
async function asNobody<T>(action: () => Promise<T>): Promise<T> {
  if (!root) return action();
  process.seteuid?.(65_534);
  try {
    return await action();
  } finally {
    process.seteuid?.(0);
  }
}

describe("errors of SQLite", () => {
  let folder: ReturnType<typeof newFolder>;
  let path: string;

  beforeEach(() => {
    folder = newFolder();
    path = folder.path("wfe.db");
  });

  afterEach(() => {
    chmodSync(folder.path("."), 0o755);
    folder.remove();
  });

  async function startError(at: string): Promise<PersistenceError> {
    const { persistence } = sqliteProviders({ path: at, busyTimeout: 50 });
    return persistence.start().then(
      async () => {
        await persistence.stop();
        throw new Error("the start succeeds");
      },
      (error: unknown) => error as PersistenceError,
    );
  }

  it("says that a file is no SQLite database", async () => {
    writeFileSync(path, "this is a shopping list ".repeat(100));

    expect(await startError(path)).toMatchObject({ code: "WFE_STORE_CORRUPT", retryable: false, message: expect.stringContaining("wfe.db") });
  });

  it("says that a database is damaged", async () => {
    const { persistence } = sqliteProviders({ path });
    await persistence.start();
    for (let index = 0; index < 200; index += 1) await persistence.createNewWorkflow(sampleWorkflow(`w-${index}`), instant());
    await persistence.stop();
    const raw = new Database(path);
    const { rootpage } = raw.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'wfe_workflows'").get() as { rootpage: number };
    raw.close();
    const file = openSync(path, "r+");
    writeSync(file, Buffer.alloc(4096, 0xff), 0, 4096, (rootpage - 1) * 4096);
    closeSync(file);

    const damaged = sqliteProviders({ path });
    await damaged.persistence.start();
    const listing = damaged.persistence.listWorkflows({}, {});

    await expect(listing).rejects.toMatchObject({ code: "WFE_STORE_CORRUPT", retryable: false });
    await damaged.persistence.stop();
  });

  it("says that a file cannot be written", async () => {
    await new SqlitePersistenceProvider({ path }).ensureStoreExists();
    chmodSync(path, 0o444);
    chmodSync(folder.path("."), 0o555);

    const error = await asNobody(() => startError(path));

    expect(error).toMatchObject({ code: "WFE_STORE_READ_ONLY", retryable: false });
  });

  it("says that a folder cannot be written", async () => {
    await new SqlitePersistenceProvider({ path }).ensureStoreExists();
    chmodSync(path, 0o666);
    chmodSync(folder.path("."), 0o555);

    const existing = await asNobody(() => startError(path));
    const absent = await asNobody(() => startError(folder.path("new.db")));

    expect(existing).toMatchObject({ code: "WFE_STORE_READ_ONLY", retryable: false });
    expect(absent).toMatchObject({ code: "WFE_STORE_READ_ONLY", retryable: false });
  });

  it("says that the file is to be reached on no path", async () => {
    mkdirSync(folder.path("folder"));

    expect(await startError(folder.path("none/wfe.db"))).toMatchObject({
      code: "WFE_STORE_UNREACHABLE",
      message: expect.stringContaining("folder does not exist"),
    });
    expect(await startError(folder.path("folder"))).toMatchObject({ code: "WFE_STORE_UNREACHABLE", message: expect.stringContaining("is a folder") });
  });

  it.each([
    ["a file in place of a folder", "file/folder/wfe.db"],
    ["a loop of links", "loop"],
    ["a folder that is a loop of links", "loop/wfe.db"],
    ["a name that is too long", `${"long".repeat(100)}.db`],
    ["a zero character", "zero\u0000.db"],
  ])("says that a path cannot be followed for %s", async (_, name) => {
    writeFileSync(folder.path("file"), "");
    symlinkSync(folder.path("loop"), folder.path("loop"));

    const error = await startError(folder.path(name));

    expect(error).toMatchObject({
      code: "WFE_STORE_UNREACHABLE",
      retryable: false,
      message: expect.stringContaining(JSON.stringify(folder.path(name))),
    });
  });

  it("starts after a failed start when the cause is gone", async () => {
    const { persistence, locks, queue } = sqliteProviders({ path: folder.path("later/wfe.db") });
    for (const provider of [persistence, locks, queue]) await expect(provider.start()).rejects.toThrow("folder does not exist");

    mkdirSync(folder.path("later"));
    for (const provider of [persistence, locks, queue]) await provider.start();

    expect(await persistence.countWorkflows({})).toBe(0);
    for (const provider of [persistence, locks, queue]) await provider.stop();
  });

  it("refuses options that make no sense", () => {
    expect(() => openSqlite({ path: "" })).toThrow(RangeError);
    for (const blank of [" ", "\t", "\n"]) {
      expect(() => openSqlite({ path: path + blank })).toThrow(RangeError);
      expect(() => openSqlite({ path: `${blank}wfe.db` })).toThrow(RangeError);
    }
    expect(() => openSqlite({ path, synchronous: "OFF" as "FULL" })).toThrow(RangeError);
    expect(() => openSqlite({ path, busyTimeout: -1 })).toThrow(RangeError);
    expect(() => openSqlite({ path, pollInterval: 9 })).toThrow(RangeError);
    expect(() => sqliteProviders({ path, visibility: 0 })).toThrow(RangeError);
  });

  describe("a store that is full", () => {
    let database: SqliteDatabase;
    let persistence: SqlitePersistenceProvider;

    beforeEach(async () => {
      database = openSqlite({ path });
      persistence = new SqlitePersistenceProvider(database);
      await persistence.start();
      for (const id of ["a", "b"]) await persistence.createNewWorkflow(sampleWorkflow(id), instant());
    });

    afterEach(() => persistence.stop());

    function limitPages(spare: number): void {
      const used = Number(database.connection.raw.pragma("page_count", { simple: true }));
      database.connection.raw.pragma(`max_page_count = ${used + spare}`);
    }

    const big = (id: string) =>
      sampleChange(id, "big", { data: JSON.stringify("x".repeat(500_000)), pointers: [samplePointer({ seq: 2 })], sequence: 2 });

    it("refuses a commit with WFE_STORE_FULL and writes nothing of it", async () => {
      limitPages(0);
      const before = await persistence.getWorkflowInstance("a");

      await expect(persistence.persistWorkflow(big("a"), instant())).rejects.toMatchObject({ code: "WFE_STORE_FULL", retryable: true });

      expect(await persistence.getWorkflowInstance("a")).toEqual(before);
      expect(database.connection.raw.inTransaction).toBe(false);
    });

    it("goes on when there is space again, with the same commit and with other instances", async () => {
      limitPages(0);
      await expect(persistence.persistWorkflow(big("a"), instant())).rejects.toMatchObject({ code: "WFE_STORE_FULL" });
      await persistence.persistWorkflow(sampleChange("b", "small", { data: "2" }), instant());

      database.connection.raw.pragma("max_page_count = 1000000");
      await persistence.persistWorkflow(big("a"), instant());

      expect(await persistence.getWorkflowInstance("a")).toMatchObject({ revision: 1, data: JSON.stringify("x".repeat(500_000)) });
      expect(await persistence.getWorkflowInstance("b")).toMatchObject({ revision: 1, data: "2" });
    });
  });

  describe("a file that is not where it was", () => {
    let providers: SqliteProviders;

    beforeEach(async () => {
      providers = sqliteProviders({ path });
      for (const provider of Object.values(providers)) await provider.start();
      await providers.persistence.createNewWorkflow(sampleWorkflow("a"), instant());
    });

    afterEach(async () => {
      for (const provider of Object.values(providers)) await provider.stop();
    });

    const refused = { code: "WFE_STORE_UNREACHABLE", retryable: false };
    const ways: Readonly<Record<string, () => void>> = {
      moved: () => renameSync(path, folder.path("moved.db")),
      deleted: () => rmSync(path),
      "replaced by another": () => {
        renameSync(path, folder.path("moved.db"));
        writeFileSync(path, "");
      },
    };

    it.each(Object.entries(ways))("takes no write any more that has been %s", async (_, happen) => {
      const { persistence, locks, queue } = providers;
      happen();

      const outcomes = await Promise.allSettled([
        persistence.createNewWorkflow(sampleWorkflow("b"), instant()),
        persistence.persistWorkflow(sampleChange("a", "c", { data: "2" }), instant()),
        locks.acquireLock("r", { ttl: "1m" }),
        queue.queueWork("a", "workflow"),
      ]);

      expect(outcomes).toMatchObject([
        { status: "rejected", reason: { name: "PersistenceError", ...refused, message: expect.stringContaining(JSON.stringify(path)) } },
        { status: "rejected", reason: { name: "PersistenceError", ...refused } },
        { status: "rejected", reason: { name: "LockError", code: "WFE_LOCK_BACKEND", retryable: false, cause: refused } },
        { status: "rejected", reason: { name: "QueueError", code: "WFE_QUEUE_BACKEND", retryable: false, cause: refused } },
      ]);
      expect(await persistence.getWorkflowInstances(["a", "b"])).toMatchObject([{ id: "a", revision: 0, data: '{"total":1}' }]);
    });

    it("has all that was acknowledged, and nothing else, when it is back and opened again", async () => {
      renameSync(path, folder.path("moved.db"));
      await expect(providers.persistence.createNewWorkflow(sampleWorkflow("b"), instant())).rejects.toMatchObject(refused);
      for (const provider of Object.values(providers)) await provider.stop();

      renameSync(folder.path("moved.db"), path);
      for (const provider of Object.values(providers)) await provider.start();
      await providers.persistence.createNewWorkflow(sampleWorkflow("c"), instant());

      const { items } = await providers.persistence.listWorkflows({}, {});
      expect(items.map(({ id }) => id)).toEqual(["c", "a"]);
    });
  });

  describe("a store that another process writes to", () => {
    let other: Database.Database;
    let providers: SqliteProviders;

    beforeEach(async () => {
      providers = sqliteProviders({ path, busyTimeout: 100 });
      for (const provider of Object.values(providers)) await provider.start();
      other = new Database(path);
    });

    afterEach(async () => {
      if (other.inTransaction) other.exec("ROLLBACK");
      other.close();
      for (const provider of Object.values(providers)) await provider.stop();
    });

    /** Opens them anew, to wait for so long. */
    async function reopen(busyTimeout: number): Promise<void> {
      for (const provider of Object.values(providers)) await provider.stop();
      providers = sqliteProviders({ path, busyTimeout });
      for (const provider of Object.values(providers)) await provider.start();
    }

    it("is waited for until the deadline, then WFE_STORE_BUSY", async () => {
      other.exec("BEGIN IMMEDIATE");
      const before = performance.now();

      const failure = await providers.persistence.createNewWorkflow(sampleWorkflow("a"), instant()).catch((error: unknown) => error);

      expect(failure).toMatchObject({ code: "WFE_STORE_BUSY", retryable: true });
      expect(performance.now() - before).toBeGreaterThanOrEqual(99);
    });

    it("does not stop the event loop meanwhile, and is read", async () => {
      await reopen(2_000);
      await providers.persistence.createNewWorkflow(sampleWorkflow("a"), instant());
      other.exec("BEGIN IMMEDIATE");

      const writing = providers.persistence.createNewWorkflow(sampleWorkflow("b"), instant());
      let over = false;
      let longestMs = 0;
      writing.catch(() => {}).finally(() => (over = true));
      for (let last = performance.now(); !over; last = performance.now()) {
        expect(await providers.persistence.getWorkflowInstance("a")).toBeDefined();
        await new Promise((resolve) => setImmediate(resolve));
        longestMs = Math.max(longestMs, performance.now() - last);
      }

      await expect(writing).rejects.toMatchObject({ code: "WFE_STORE_BUSY" });
      expect(longestMs).toBeLessThan(1_000); // 5 ms within SQLite, and what a loaded machine adds
    });

    it("is written to as soon as it is free", async () => {
      await reopen(5_000);
      other.exec("BEGIN IMMEDIATE");
      const writing = Promise.all(["a", "b", "c"].map((id) => providers.persistence.createNewWorkflow(sampleWorkflow(id), instant())));
      await new Promise((resolve) => setTimeout(resolve, 30));

      other.exec("COMMIT");

      expect(await writing).toEqual(["a", "b", "c"]);
    });

    it("makes locks and the queue answer with errors of their own", async () => {
      other.exec("BEGIN IMMEDIATE");

      const [lock, queue] = await Promise.allSettled([providers.locks.acquireLock("r", { ttl: "1m" }), providers.queue.queueWork("x", "workflow")]);

      expect(lock).toMatchObject({ reason: { name: "LockError", code: "WFE_LOCK_BACKEND", retryable: true, cause: { code: "WFE_STORE_BUSY" } } });
      expect(queue).toMatchObject({ reason: { name: "QueueError", code: "WFE_QUEUE_BACKEND", retryable: true, cause: { code: "WFE_STORE_BUSY" } } });
    });

    it("is tried again by a waiting dequeue only as long as the deadline allows", async () => {
      await providers.queue.queueWork("x", "workflow");
      other.exec("BEGIN IMMEDIATE");

      const waiting = providers.queue.dequeueWork("workflow", { limit: 1, wait: "1m" });

      await expect(waiting).rejects.toMatchObject({ code: "WFE_QUEUE_BACKEND", cause: { code: "WFE_STORE_BUSY" } });
      other.exec("ROLLBACK");
      expect(await providers.queue.dequeueWork("workflow", { limit: 1, wait: "1m" })).toHaveLength(1);
    });
  });
});
