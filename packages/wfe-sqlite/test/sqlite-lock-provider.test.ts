import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, symlinkSync } from "node:fs";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually, lockSuite, VirtualClock, VirtualEntropy } from "wfe-core/test-support";
import { openSqlite } from "../src/sqlite-database.ts";
import { SqliteLockProvider } from "../src/sqlite-lock-provider.ts";
import { SqlitePersistenceProvider } from "../src/sqlite-persistence-provider.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { Child } from "./process/child.ts";
import { lockTargetInMemory, lockTargetOnFile, newFolder } from "./sqlite-targets.ts";

lockSuite("lock suite on a SQLite file", lockTargetOnFile, { describe, it });
lockSuite("lock suite on SQLite in memory", lockTargetInMemory, { describe, it });

describe("SqliteLockProvider", () => {
  let folder: ReturnType<typeof newFolder>;
  let path: string;
  const children: Child[] = [];
  const running: SqliteLockProvider[] = [];

  beforeEach(() => {
    folder = newFolder();
    path = folder.path("wfe.db");
  });

  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.kill()));
    await Promise.all(running.splice(0).map((locks) => locks.stop()));
    folder.remove();
  });

  async function start(): Promise<SqliteLockProvider> {
    const locks = new SqliteLockProvider({ path });
    running.push(locks);
    await locks.start();
    return locks;
  }

  /** A process that holds a lock. */
  async function holder(resource: string, ttlMs: number): Promise<Child> {
    const child = new Child("lock-holder.ts", path, resource, String(ttlMs));
    children.push(child);
    expect(await child.line()).toBe("held");
    return child;
  }

  /** Names of the presence files. */
  function hostFiles(): readonly string[] {
    return readdirSync(folder.path(".")).filter((name) => name.includes("-host-"));
  }

  it("names the locks of a process that was killed, at once, and removes what it has left", async () => {
    const locks = await start();
    const child = await holder("r", 600_000);
    expect(await locks.acquireLock("r", { ttl: "1m" })).toBeUndefined();
    expect(await locks.orphans(10)).toEqual([]);
    expect(hostFiles()).toHaveLength(2);

    await child.kill();
    const orphans = await locks.orphans(10);

    expect(orphans).toEqual(["r"]);
    expect(await locks.acquireLock("r", { ttl: "1m" })).toBeDefined();
    expect(hostFiles()).toEqual([`wfe.db-host-${locks.hostId}`]);
  });

  it("takes a process that is frozen for present, and still ends its lease in time", async () => {
    const locks = await start();
    const child = await holder("short", 1500);
    child.process.kill("SIGSTOP");

    const looks: string[] = [];
    const lease = await eventually(async () => {
      looks.push(...(await locks.orphans(10)));
      return await locks.acquireLock("short", { ttl: "1m" });
    });

    expect(lease).toBeDefined();
    expect(looks).toEqual([]);
    expect(hostFiles()).toHaveLength(2);
  });

  it("names the locks of a process that has exited without a farewell", async () => {
    const locks = await start();
    const child = await holder("r", 600_000);

    child.tell("exit");

    expect(await eventually(async () => (await locks.orphans(10))[0])).toBe("r");
  });

  it("removes the traces of a dead process that held nothing", async () => {
    const locks = await start();
    const dead = openSqlite({ path });
    const other = new SqliteLockProvider(dead);
    await other.start();
    const { hostId = "" } = other;

    dead.presences.release(hostId); // what the operating system does at the end of a process
    expect(await locks.orphans(10)).toEqual([]);

    expect(hostFiles()).toEqual([`wfe.db-host-${locks.hostId}`]);
    await other.stop();
  });

  it("removes the file of a process that died before it was registered", async () => {
    const dead = openSqlite({ path });
    await dead.start();
    const id = dead.presences.take(() => "stray");
    dead.presences.release(id);
    expect(existsSync(`${path}-host-stray`)).toBe(true);

    const locks = await start();

    expect(hostFiles()).toEqual([`wfe.db-host-${locks.hostId}`]);
    await dead.stop();
  });

  it("leaves a file of somebody else alone whose name begins as those of its presence do", async () => {
    const backup = `${path}-host-backup`;
    const foreign = new Database(backup);
    foreign.exec("CREATE TABLE kept (what TEXT); INSERT INTO kept VALUES ('mine')");
    foreign.close();
    const before = readFileSync(backup);

    for (let round = 0; round < 2; round += 1) {
      const locks = await start();
      await locks.orphans(10);
      await locks.stop();
    }

    expect(readdirSync(folder.path(".")).toSorted()).toEqual(["wfe.db", "wfe.db-host-backup"]);
    expect(readFileSync(backup).equals(before)).toBe(true);
  });

  it("leaves nothing behind when it is stopped", async () => {
    const locks = await start();
    const other = await start();

    await locks.stop();

    expect(hostFiles()).toEqual([`wfe.db-host-${other.hostId}`]);
    await other.stop();
    expect(readdirSync(folder.path("."))).toEqual(["wfe.db"]);
  });

  it("names what a stopped provider still held, and tells that one so when it has started again", async () => {
    const [first, second] = [await start(), await start()];
    const lease = await first.acquireLock("r", { ttl: "1h" });

    await first.stop();
    expect(await second.orphans(10)).toEqual(["r"]);
    await first.start();

    expect(await lease?.extend()).toBe(false);
  });

  it("takes a lease over into its new presence when it extends it after a restart", async () => {
    const [first, second] = [await start(), await start()];
    const lease = await first.acquireLock("r", { ttl: "1h" });

    await first.stop();
    await first.start();
    expect(await lease?.extend()).toBe(true);

    expect(await second.orphans(10)).toEqual([]);
  });

  it("keeps its presence when nothing but the operating system knows of it and garbage is collected", async () => {
    const locks = await start();
    // Started, and then forgotten by everyone.
    await (async () => {
      const forgotten = new SqliteLockProvider({ path });
      await forgotten.start();
    })();

    await collectGarbage();

    expect(await locks.orphans(10)).toEqual([]);
    expect(hostFiles()).toHaveLength(2);
  });

  it("comes to one presence file by two links to one database", async () => {
    const locks = await start();
    await locks.acquireLock("r", { ttl: "1h" });
    mkdirSync(folder.path("elsewhere"));
    symlinkSync(path, folder.path("elsewhere/link.db"));
    const other = new SqliteLockProvider({ path: folder.path("elsewhere/link.db") });
    running.push(other);
    await other.start();

    expect(await other.orphans(10)).toEqual([]);
    expect(await other.acquireLock("r", { ttl: "1m" })).toBeUndefined();
  });

  it("takes another id when somebody has the one it wanted", async () => {
    // Both draw the same ids, as no two machines do.
    const [first, second] = [1, 2].map(() => new SqliteLockProvider({ path, entropy: new VirtualEntropy(7) })) as [
      SqliteLockProvider,
      SqliteLockProvider,
    ];
    running.push(first, second);

    await first.start();
    await second.start();

    expect(second.hostId).not.toBe(first.hostId);
    expect(hostFiles()).toHaveLength(2);
  });

  it("does not start without its presence, and others on the database are not disturbed", async () => {
    const database = openSqlite({ path, entropy: { id: () => "fixed", random: () => 0.5 } });
    const locks = new SqliteLockProvider(database);
    running.push(locks);
    await database.start();
    mkdirSync(`${path}-host-fixed`);

    const [starting, other] = await Promise.allSettled([locks.start(), database.write((connection) => connection.sql("SELECT 1 AS one").get())]);

    expect(starting).toMatchObject({ status: "rejected", reason: { name: "LockError", code: "WFE_LOCK_BACKEND" } });
    expect(other).toEqual({ status: "fulfilled", value: { one: 1 } });
    expect(locks.hostId).toBeUndefined();
    rmdirSync(`${path}-host-fixed`);
    await locks.start();
    expect(locks.hostId).toBe("fixed");
    await database.stop();
  });

  it("leaves a database open for its other users when it has failed to start with a stop on its heels", async () => {
    const database = openSqlite({ path, entropy: { id: () => "fixed", random: () => 0.5 } });
    const persistence = new SqlitePersistenceProvider(database);
    const locks = new SqliteLockProvider(database);
    await persistence.start();
    mkdirSync(`${path}-host-fixed`);

    const outcomes = await Promise.allSettled([locks.start(), locks.stop()]);

    expect(outcomes).toMatchObject([{ status: "rejected", reason: { name: "LockError" } }, { status: "fulfilled" }]);
    expect(await persistence.countWorkflows({})).toBe(0);
    await persistence.stop();
  });

  it("ends its presence with a stop though the database was moved, and others take its locks when it is back", async () => {
    const database = openSqlite({ path });
    const locks = new SqliteLockProvider(database);
    await locks.start();
    const other = await start();
    await locks.acquireLock("r", { ttl: "1h" });
    const { connection } = database;
    renameSync(path, folder.path("moved.db"));

    const orphans = await locks.orphans(10);
    await locks.stop();

    expect(orphans).toEqual([]);
    expect(connection.raw.open).toBe(false);
    expect(hostFiles()).toEqual([`wfe.db-host-${other.hostId}`]);
    renameSync(folder.path("moved.db"), path);
    expect(await other.orphans(10)).toEqual(["r"]);
  });

  it("tells that the database was moved when it is asked for the locks of a process that is gone", async () => {
    const locks = await start();
    const dead = openSqlite({ path });
    const other = new SqliteLockProvider(dead);
    running.push(other);
    await other.start();
    await other.acquireLock("r", { ttl: "1h" });
    dead.presences.release(other.hostId ?? ""); // what the operating system does at the end of a process
    renameSync(path, folder.path("moved.db"));

    const orphans = locks.orphans(10);

    await expect(orphans).rejects.toMatchObject({
      name: "LockError",
      code: "WFE_LOCK_BACKEND",
      retryable: false,
      cause: { code: "WFE_STORE_UNREACHABLE" },
    });
  });

  it("closes the database at a stop, though the file of its presence cannot be removed", async () => {
    const database = openSqlite({ path });
    const locks = new SqliteLockProvider(database);
    await locks.start();
    const { connection } = database;
    const file = `${path}-host-${locks.hostId}`;
    rmSync(file);
    mkdirSync(file);

    await locks.stop().catch(() => {});

    expect(connection.raw.open).toBe(false);
  });

  it("forgets leases that are over and were never released", async () => {
    const clock = new VirtualClock();
    const database = openSqlite({ path: ":memory:", clock });
    const locks = new SqliteLockProvider(database);
    await locks.start();
    await locks.acquireLock("long", { ttl: "1h" });

    for (let round = 0; round < 3; round += 1) {
      await Promise.all(Array.from({ length: 1000 }, (_, index) => locks.acquireLock(`${round}:${index}`, { ttl: 1 })));
      await clock.advance(1);
    }

    const { count } = database.connection.sql<{ count: number }>("SELECT count(*) AS count FROM wfe_leases").get() as { count: number };
    expect(count).toBeLessThan(2500);
    expect(await locks.acquireLock("long", { ttl: 1 })).toBeUndefined();
  });
});
