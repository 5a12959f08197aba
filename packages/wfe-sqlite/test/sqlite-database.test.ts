import { existsSync, statSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { instant, sampleChange, sampleEvent, samplePointer, sampleSubscription, sampleWorkflow } from "wfe-core/test-support";
import { openSqlite } from "../src/sqlite-database.ts";
import { SqliteLockProvider } from "../src/sqlite-lock-provider.ts";
import { SqlitePersistenceProvider } from "../src/sqlite-persistence-provider.ts";
import { sqliteProviders } from "../src/sqlite-providers.ts";
import { SqliteQueueProvider } from "../src/sqlite-queue-provider.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { newFolder } from "./sqlite-targets.ts";

describe("SqliteDatabase", () => {
  let folder: ReturnType<typeof newFolder>;
  let path: string;

  beforeEach(() => {
    folder = newFolder();
    path = folder.path("wfe.db");
  });

  afterEach(() => folder.remove());

  it("is opened by the first provider that starts and closed by the last that stops", async () => {
    const database = openSqlite({ path });
    const persistence = new SqlitePersistenceProvider(database);
    const queue = new SqliteQueueProvider(database);

    expect(existsSync(path)).toBe(false);
    await persistence.start();
    await queue.start();
    const { connection } = database;
    await persistence.stop();

    await queue.queueWork("x", "workflow");
    await queue.stop();
    expect(connection.raw.open).toBe(false);
    expect(existsSync(`${path}-wal`)).toBe(false);
  });

  it("opens again after it was closed", async () => {
    const { persistence, locks, queue } = sqliteProviders({ path });
    for (let round = 0; round < 3; round += 1) {
      for (const provider of [persistence, locks, queue]) await provider.start();
      await persistence.createNewWorkflow(sampleWorkflow(`w-${round}`), instant());
      for (const provider of [queue, locks, persistence]) await provider.stop();
    }

    await persistence.start();
    expect(await persistence.countWorkflows({})).toBe(3);
    await persistence.stop();
  });

  it("is not opened by what is never started", async () => {
    sqliteProviders({ path });

    expect(existsSync(path)).toBe(false);
  });

  it("waits for the disk with every commit unless told otherwise", async () => {
    const modes: unknown[] = [];
    for (const synchronous of [undefined, "FULL", "NORMAL"] as const) {
      const database = openSqlite({ path, ...(synchronous === undefined ? {} : { synchronous }) });
      await database.start();
      modes.push(database.connection.raw.pragma("synchronous", { simple: true }));
      await database.stop();
    }

    expect(modes).toEqual([2, 2, 1]);
  });

  it("gives back the space that its write-ahead log has taken in a burst", async () => {
    const mebibyte = 1024 * 1024;
    const { persistence } = sqliteProviders({ path });
    await persistence.start();
    await persistence.createNewWorkflow(sampleWorkflow("big", { data: JSON.stringify("x".repeat(40 * mebibyte)) }), instant());
    const burst = statSync(`${path}-wal`).size;

    for (const id of ["a", "b"]) await persistence.createNewWorkflow(sampleWorkflow(id), instant());

    expect(burst).toBeGreaterThan(40 * mebibyte);
    expect(statSync(`${path}-wal`).size).toBeLessThanOrEqual(16 * mebibyte);
    await persistence.stop();
  });

  it("keeps a database in memory when one of two users stops and garbage is collected (fault 61)", async () => {
    const { persistence, locks, queue } = sqliteProviders({ path: ":memory:" });
    for (const provider of [persistence, locks, queue]) await provider.start();
    await persistence.createNewWorkflow(sampleWorkflow("a"), instant());
    await queue.queueWork("a", "workflow");

    await queue.stop();
    await locks.stop();
    await collectGarbage();
    expect(await persistence.getWorkflowInstance("a")).toMatchObject({ id: "a" });
    await persistence.stop();
    await collectGarbage();
    await persistence.start();
    await queue.start();

    expect(await persistence.getWorkflowInstance("a")).toMatchObject({ id: "a" });
    expect(await queue.dequeueWork("workflow", { limit: 1, wait: 0 })).toHaveLength(1);
  });

  it("gives two databases in memory nothing in common", async () => {
    const [first, second] = [sqliteProviders({ path: ":memory:" }), sqliteProviders({ path: ":memory:" })];
    await first.persistence.start();
    await second.persistence.start();

    await first.persistence.createNewWorkflow(sampleWorkflow("a"), instant());

    expect(await second.persistence.countWorkflows({})).toBe(0);
  });

  it("reads an instance and its pointers at one instant, though another connection commits in between (fault 25)", async () => {
    const [reader, writer] = [openSqlite({ path }), openSqlite({ path })];
    const [reading, writing] = [new SqlitePersistenceProvider(reader), new SqlitePersistenceProvider(writer)];
    await reading.start();
    await writing.start();
    await writing.createNewWorkflow(sampleWorkflow("a"), instant());
    const sql = reader.connection.sql.bind(reader.connection);
    let commits = 0;
    reader.connection.sql = (text) => {
      if (text.includes("FROM wfe_pointers")) {
        // After the instance was read, and before its pointers are.
        commits += 1;
        writer.connection.raw.exec("UPDATE wfe_workflows SET revision = revision + 1; UPDATE wfe_pointers SET attempt = attempt + 1");
      }
      return sql(text);
    };

    const loaded = await reading.loadForPass("a");
    const record = await reading.getWorkflowInstance("a");

    expect(commits).toBe(2);
    expect(loaded).toMatchObject({ row: { revision: 0 }, pointers: [{ attempt: 0 }] });
    expect(record).toMatchObject({ revision: 1, pointers: [{ attempt: 1 }] });
    await reading.stop();
    await writing.stop();
  });

  it("refuses a commit for an instance that does not exist, and writes nothing (fault 62)", async () => {
    const database = openSqlite({ path });
    const persistence = new SqlitePersistenceProvider(database);
    await persistence.start();

    const commit = persistence.persistWorkflow(
      sampleChange("nobody", "c", {
        pointers: [samplePointer()],
        openSubscriptions: [sampleSubscription("s")],
        children: [sampleWorkflow("child")],
        events: [sampleEvent("e")],
        commands: [{ name: "purge", data: "{}", executeAt: instant() }],
      }),
      instant(),
    );

    await expect(commit).rejects.toMatchObject({ code: "WFE_COMMIT_CONFLICT", reason: "missing" });
    for (const table of ["wfe_workflows", "wfe_pointers", "wfe_subscriptions", "wfe_events", "wfe_commands"]) {
      expect(database.connection.raw.prepare(`SELECT count(*) AS count FROM ${table}`).get(), table).toEqual({ count: 0 });
    }
    await persistence.stop();
  });

  it("gives pointers in order of creation, whatever the order of their ids and of their changes (fault 63)", async () => {
    const { persistence } = sqliteProviders({ path });
    await persistence.start();
    const ids = ["z", "10", "9", "a", "ä", "B"];
    await persistence.createNewWorkflow(sampleWorkflow("a", { pointers: ids.map((id, index) => samplePointer({ id, seq: index + 1 })) }), instant());

    await persistence.persistWorkflow(
      sampleChange("a", "c", { sequence: 6, pointers: ["a", "z", "B"].map((id) => samplePointer({ id, seq: ids.indexOf(id) + 1, attempt: 1 })) }),
      instant(),
    );

    expect((await persistence.loadForPass("a"))?.pointers?.map(({ id }) => id)).toEqual(ids);
    expect((await persistence.getWorkflowInstance("a"))?.pointers.map(({ id }) => id)).toEqual(ids);
    await persistence.stop();
  });

  it("does what every provider does where those of the ancestor differ (fault 64)", async () => {
    const { persistence } = sqliteProviders({ path });
    await persistence.start();
    await persistence.createNewWorkflow(sampleWorkflow("a"), instant());
    await persistence.persistWorkflow(sampleChange("a", "c", { openSubscriptions: [sampleSubscription("s")] }), instant());

    // A claimed subscription is seen, a wrong token clears nothing and says so.
    expect(await persistence.setSubscriptionToken("s", "t", "worker", instant(60_000), instant())).toBe(true);
    expect(await persistence.clearSubscriptionToken("s", "wrong")).toBe(false);
    expect(await persistence.clearSubscriptionToken("none", "t")).toBe(false);
    expect(await persistence.getSubscriptions("paid", "1", instant())).toMatchObject([{ id: "s", token: "t" }]);
    // An event whose id exists keeps what it has.
    await persistence.createEvent(sampleEvent("e", { name: "other", data: "1" }), instant());
    await persistence.createEvent(sampleEvent("e", { name: "other", data: "2" }), instant(1));
    expect(await persistence.getEvent("e")).toMatchObject({ data: "1" });
    // A command that waits already keeps the earlier of the two times.
    const scheduled: Date[] = [];
    for (const at of [2, 1, 3]) await persistence.scheduleCommand({ name: "purge", data: "{}", executeAt: instant(at) });
    await persistence.processCommands(instant(3), { limit: 10, claimUntil: instant(9) }, async ({ executeAt }) => void scheduled.push(executeAt));
    expect(scheduled).toEqual([instant(1)]);
    // A terminated instance stays, with its pointers.
    expect(await persistence.command("a", "terminate", instant(5))).toBe(true);
    expect(await persistence.getWorkflowInstance("a")).toMatchObject({
      status: "terminated",
      createdAt: instant(),
      pointers: [{ status: "cancelled" }],
    });
    await persistence.stop();
  });

  it("removes with an instance what is queued for it, and with nothing else", async () => {
    const { persistence, queue } = sqliteProviders({ path });
    for (const provider of [persistence, queue]) await provider.start();
    for (const id of ["over", "running", "other"]) await persistence.createNewWorkflow(sampleWorkflow(id), instant());
    for (const id of ["over", "other"]) await persistence.command(id, "terminate", instant());
    for (const id of ["over", "running", "other", "missing"]) for (const type of ["workflow", "event"] as const) await queue.queueWork(id, type);

    expect(await persistence.deleteWorkflows(["over", "running", "missing"])).toBe(1);

    const left = async (type: "workflow" | "event"): Promise<readonly string[]> =>
      (await queue.dequeueWork(type, { limit: 10, wait: 0 })).map(({ id }) => id);
    expect(await left("workflow")).toEqual(["running", "other", "missing"]);
    expect(await left("event")).toEqual(["over", "running", "other", "missing"]);
    for (const provider of [queue, persistence]) await provider.stop();
  });

  it("delivers an event to more subscriptions than one transaction takes", async () => {
    const { persistence } = sqliteProviders({ path: ":memory:" });
    await persistence.start();
    const ids = Array.from({ length: 1201 }, (_, index) => `w-${index}`);
    await Promise.all(ids.map((id) => persistence.createNewWorkflow(sampleWorkflow(id), instant())));
    await Promise.all(
      ids.map((id) => persistence.persistWorkflow(sampleChange(id, "c", { openSubscriptions: [sampleSubscription(`s-${id}`)] }), instant())),
    );
    await persistence.createEvent(sampleEvent("e"), instant());

    const reached = await persistence.deliverEvents([{ name: "paid", key: "1" }], instant());

    expect(reached).toHaveLength(1201);
    expect((await persistence.readSignals(ids)).every(({ inboxSeq }) => inboxSeq === 1)).toBe(true);
    expect(await persistence.getRunnableEvents(instant(), { limit: 1, claimUntil: instant(1) })).toEqual([]);
    await persistence.stop();
  });

  it("keeps queue and locks beside the workflows, through a restart and for every process (fault 68)", async () => {
    const first = sqliteProviders({ path });
    for (const provider of Object.values(first)) await provider.start();
    await first.queue.queueWork("now", "workflow");
    await first.queue.queueWork("later", "workflow", { delay: "1h" });
    await first.queue.queueWork("e", "event");
    for (const provider of Object.values(first)) await provider.stop();

    const [second, third] = [sqliteProviders({ path }), sqliteProviders({ path })];
    for (const provider of [...Object.values(second), ...Object.values(third)]) await provider.start();
    const ids = async (type: "workflow" | "event") => (await second.queue.dequeueWork(type, { limit: 10, wait: 0 })).map(({ id }) => id);

    expect(await ids("workflow")).toEqual(["now"]);
    expect(await ids("event")).toEqual(["e"]);
    expect(await second.locks.acquireLock("now", { ttl: "1m" })).toBeDefined();
    expect(await third.locks.acquireLock("now", { ttl: "1m" })).toBeUndefined();
    for (const provider of [...Object.values(second), ...Object.values(third)]) await provider.stop();
  });

  it("gives each provider a database of its own when asked to", async () => {
    const persistence = new SqlitePersistenceProvider({ path });
    const locks = new SqliteLockProvider({ path: folder.path("locks.db") });
    const queue = new SqliteQueueProvider({ path: folder.path("queue.db") }, { visibility: "5s" });

    for (const provider of [persistence, locks, queue]) await provider.start();
    await queue.queueWork("x", "workflow");

    expect(await locks.acquireLock("x", { ttl: "1m" })).toBeDefined();
    expect(await queue.dequeueWork("workflow", { limit: 1, wait: 0 })).toHaveLength(1);
    for (const provider of [persistence, locks, queue]) await provider.stop();
  });
});
