import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { eventually, VirtualClock } from "wfe-core/test-support";
import { Child } from "../../wfe-sqlite/test/process/child.ts";
import { leaseTurn } from "../src/lease-store.ts";
import { openPostgres } from "../src/postgres-database.ts";
import { PostgresLockProvider } from "../src/postgres-lock-provider.ts";
import type { PostgresOptions } from "../src/postgres-options.ts";
import { blockedPool, killablePool } from "./killable-pool.ts";
import { schemaNames } from "../src/schema-names.ts";
import { listeningPool, type StartedServer, startedServer } from "./started-server.ts";

let server: StartedServer;
beforeAll(async () => {
  server = await startedServer();
});
afterAll(() => server.stop());

describe("PostgresLockProvider", () => {
  let schema: string;
  const running: PostgresLockProvider[] = [];
  const children: Child[] = [];
  const pools: pg.Pool[] = [];

  beforeEach(() => {
    schema = server.newSchema();
  });

  afterEach(async () => {
    vi.useRealTimers();
    await Promise.all(children.splice(0).map((child) => child.kill()));
    await Promise.all(running.splice(0).map((locks) => locks.stop()));
    await Promise.all(pools.splice(0).map((pool) => pool.end()));
  });

  /** As a process of its own has it; `name` is that of its connections. */
  async function start(name: string, options: Partial<PostgresOptions> = {}): Promise<PostgresLockProvider> {
    const where = options.pool === undefined ? { connectionString: server.url(name) } : {};
    const locks = new PostgresLockProvider({ ...where, schema, ...options });
    running.push(locks);
    await locks.start();
    return locks;
  }

  /** A process that holds a lock. */
  async function holder(resource: string, ttlMs: number): Promise<Child> {
    const child = new Child("../../../wfe-postgres/test/process/lock-holder.ts", server.url("child"), schema, resource, String(ttlMs));
    children.push(child);
    expect(await child.line()).toBe("held");
    return child;
  }

  /** The presences that are there, and who has them. */
  async function presences(): Promise<readonly { readonly id: number; readonly pid: number; readonly name: string }[]> {
    return await server.query(
      `SELECT (k.objid::bigint - CASE WHEN k.objid::bigint < 2147483648 THEN 0 ELSE 4294967296 END)::integer AS id, k.pid, a.application_name AS name
       FROM pg_locks k JOIN pg_stat_activity a USING (pid) WHERE k.locktype = 'advisory' AND k.classid::bigint = $1`,
      [schemaNames(schema).presenceSpace >>> 0],
    );
  }

  async function presenceOf(name: string): Promise<number | undefined> {
    return (await presences()).find((each) => each.name === name)?.id;
  }

  const owners = (): Promise<readonly { readonly resource: string; readonly owner: number | null }[]> =>
    server.query(`SELECT resource, owner FROM ${schema}.leases ORDER BY resource`);

  /** Looks for so long as an owner that is taken for gone would be found in. */
  async function looks(locks: PostgresLockProvider): Promise<readonly string[]> {
    const named: string[] = [];
    const endsAt = performance.now() + 800;
    do named.push(...((await locks.orphans?.(10)) ?? []));
    while (performance.now() < endsAt);
    return named;
  }

  it("names the locks of a process that was killed within two seconds", async () => {
    const locks = await start("looker");
    const child = await holder("r", 600_000);
    expect(await locks.acquireLock("r", { ttl: "1m" })).toBeUndefined();
    expect(await locks.orphans?.(10)).toEqual([]);

    await child.kill();
    const killedAt = performance.now();
    const named = await eventually(async () => (await locks.orphans?.(10))?.[0]);

    expect(named).toBe("r");
    expect(performance.now() - killedAt).toBeLessThan(2_000);
    expect(await locks.acquireLock("r", { ttl: "1m" })).toBeDefined();
  });

  it("takes a process that is frozen for present, and ends its lease by the clock of the server, whatever that of the caller says", async () => {
    const locks = await start("looker");
    const child = await holder("r", 4_000);
    const heldAt = performance.now();
    child.process.kill("SIGSTOP");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2199, 0, 1) });

    expect(await locks.acquireLock("r", { ttl: "1m" })).toBeUndefined();
    const named: string[] = [];
    const lease = await eventually(async () => {
      named.push(...((await locks.orphans?.(10)) ?? []));
      return await locks.acquireLock("r", { ttl: "1m" });
    });

    expect(lease).toBeDefined();
    expect(named).toEqual([]);
    expect(performance.now() - heldAt).toBeGreaterThan(1_000);
    vi.setSystemTime(Date.UTC(1999, 0, 1));
    expect(await lease.extend()).toBe(true);
  });

  it("keeps its leases when its connection is lost, under another presence", async () => {
    const { pool, block } = blockedPool(server.url("holder"));
    pools.push(pool);
    const clock = new VirtualClock({ start: Date.now() }); // on which the looker lets time pass before it looks again
    const pauses = vi.spyOn(clock, "setTimer");
    const [locks, looker] = [await start("holder", { pool }), await start("looker", { clock })];
    const lease = await locks.acquireLock("r", { ttl: "10m" });
    const before = await presenceOf("holder");
    const { pid } = (await presences()).find(({ name }) => name === "holder") as { readonly pid: number };

    const unblock = block((text) => text.startsWith("LISTEN"));
    await server.query("SELECT pg_terminate_backend($1)", [pid]);
    await eventually(async () => (await presenceOf("holder")) === undefined);
    const looking = looker.orphans?.(10);
    await eventually(() => pauses.mock.calls.some(([ms]) => ms === 300), { what: "that the first look finds it away" });
    unblock();
    const after = await eventually(async () => {
      const now = await presenceOf("holder");
      return now !== before && now;
    });
    await eventually(async () => (await owners())[0]?.owner === after);
    await clock.advance(300);

    expect(await looking).toEqual([]);
    expect(await owners()).toEqual([{ resource: "r", owner: after }]);
    expect(await lease?.extend()).toBe(true);
    expect(await looker.orphans?.(10)).toEqual([]);
  });

  it("holds leases without a presence while the connection is lost, and gives them the next one", async () => {
    const { pool, block } = blockedPool(server.url("holder"));
    pools.push(pool);
    const locks = await start("holder", { pool });
    const looker = await start("looker");
    const early = await locks.acquireLock("early", { ttl: "10m" });
    const unblock = block((text) => text.startsWith("LISTEN"));
    await server.query("SELECT pg_terminate_backend($1)", [(await presences()).find(({ name }) => name === "holder")?.pid]);
    await eventually(async () => (await presenceOf("holder")) === undefined && pool.idleCount === pool.totalCount);

    await Promise.all(["late", "left"].map((resource) => locks.acquireLock(resource, { ttl: "10m" })));
    expect(await early?.extend()).toBe(true);
    expect(await locks.orphans?.(10)).toEqual([]);
    expect(await looks(looker)).toEqual([]);
    expect((await owners()).map(({ owner }) => owner)).toEqual([null, null, null]);
    unblock();

    const presence = await eventually(() => presenceOf("holder"));
    await eventually(async () => (await owners()).every(({ owner }) => owner === presence));
    expect(await looks(looker)).toEqual([]);
  });

  it("gives its leases the next presence with the next answer, when that has failed before", async () => {
    const { pool, block } = blockedPool(server.url("holder"));
    pools.push(pool);
    const locks = await start("holder", { pool, retryTimeout: 0 });
    const lease = await locks.acquireLock("r", { ttl: "10m" });
    const before = await presenceOf("holder");
    let failures = 0;
    const unblock = block((text) => text.includes("own_leases") && (failures += 1) > 0);
    await server.query("SELECT pg_terminate_backend($1)", [(await presences()).find(({ name }) => name === "holder")?.pid]);
    await eventually(() => failures > 0);
    unblock();
    expect(await owners()).toEqual([{ resource: "r", owner: before }]);

    await (await locks.acquireLock("other", { ttl: "10m" }))?.release();

    await eventually(async () => (await owners())[0]?.owner !== before);
    expect(await owners()).toEqual([{ resource: "r", owner: await presenceOf("holder") }]);
    expect(await lease?.extend()).toBe(true);
  });

  it("says that the server is away when that lasts", async () => {
    const { pool, block } = blockedPool(server.url("holder"));
    pools.push(pool);
    const locks = await start("holder", { pool, retryTimeout: 0 });
    const unblock = block((text) => text.includes("lease_turn"));

    const acquiring = locks.acquireLock("r", { ttl: "10m" });

    await expect(acquiring).rejects.toMatchObject({ name: "LockError", code: "WFE_LOCK_BACKEND", retryable: true });
    unblock();
    expect(await locks.acquireLock("r", { ttl: "10m" })).toBeDefined();
  });

  it("gives the presence of now to a lease whose acquisition was tried again over the loss of the connection", async () => {
    const { pool, block } = blockedPool(server.url("holder"));
    pools.push(pool);
    const locks = await start("holder", { pool });
    const looker = await start("looker");
    const before = await presenceOf("holder");
    let attempts = 0;
    const unblock = block((text) => text.includes("lease_turn") && (attempts += 1) > 0);
    const acquiring = locks.acquireLock("r", { ttl: "10m" });
    await eventually(() => attempts >= 2);
    await server.query("SELECT pg_terminate_backend($1)", [(await presences()).find(({ name }) => name === "holder")?.pid]);
    await eventually(async () => {
      const now = await presenceOf("holder");
      return now !== undefined && now !== before;
    });

    unblock();
    expect(await acquiring).toBeDefined();

    expect(await looks(looker)).toEqual([]);
    expect((await owners()).map(({ owner }) => owner)).toEqual([await presenceOf("holder")]);
  });

  it("takes nobody for gone by a presence that has ended with the run of the server", async () => {
    const [locks, looker] = [await start("holder"), await start("looker")];
    const { pool, kill } = killablePool(server.url("dead"));
    const dead = await start("dead", { pool });
    running.splice(running.indexOf(dead), 1);
    const leases = await Promise.all(["a", "b"].map((resource) => locks.acquireLock(resource, { ttl: "10m" })));
    await dead.acquireLock("dead", { ttl: "10m" });
    kill();

    await server.restart();
    const newcomer = await start("newcomer");
    const named = Promise.all([looks(looker), looks(newcomer)]);
    const presence = await eventually(() => presenceOf("holder"));

    expect(await named).toEqual([[], []]);
    await eventually(async () => (await owners()).filter(({ owner }) => owner === presence).length === 2);
    for (const lease of leases) expect(await lease?.extend()).toBe(true);
    // Nobody can tell it from one that is about to come back: its time runs out.
    expect(await newcomer.acquireLock("dead", { ttl: 1 })).toBeUndefined();
  });

  it("takes a presence of a run of the server that is over for none", async () => {
    const database = openPostgres({ connectionString: server.url(), schema });
    await database.start();
    const requests = [{ kind: "acquire", resource: "r", token: "t", ttlMs: 60_000 }] as const;

    await leaseTurn(database, { requests, owner: { id: 7, server: 1 }, sweep: false });

    expect(await owners()).toEqual([{ resource: "r", owner: null }]);
    await database.stop();
  });

  it("grants an acquisition again whose answer was lost", async () => {
    const database = openPostgres({ connectionString: server.url(), schema, notifications: false });
    await database.start();
    const ask = (token: string): Promise<readonly boolean[]> =>
      leaseTurn(database, { requests: [{ kind: "acquire", resource: "r", token, ttlMs: 60_000 }], owner: undefined, sweep: false });

    expect([await ask("a"), await ask("a"), await ask("b")]).toEqual([[true], [true], [false]]);
    await database.stop();
  });

  it("knows presences above and below zero, and takes another when somebody has the one it has drawn", async () => {
    const entropyOf = (random: number) => ({ id: () => crypto.randomUUID(), random: () => random });
    const looker = await start("looker", { entropy: entropyOf(0.75) });
    const names = ["a", "b", "c"];
    for (const [index, name] of names.entries()) {
      const { pool, kill } = killablePool(server.url(name));
      const locks = await start(name, { pool, entropy: entropyOf([0.75, 0.25, 0][index] ?? 0) });
      running.splice(running.indexOf(locks), 1);
      await locks.acquireLock(name, { ttl: "10m" });
      expect(await looker.orphans?.(10)).toEqual([]);
      if (name === "c") expect((await presences()).map(({ id }) => id).sort((a, b) => a - b)).toEqual([-(2 ** 30), 1 - 2 ** 30, 0, 2 ** 30]);
      children.push({ kill: async () => kill() } as Child);
    }

    for (const child of children.splice(0)) await child.kill();
    const named = new Set<string>();
    await eventually(async () => {
      for (const resource of (await looker.orphans?.(10)) ?? []) named.add(resource);
      return named.size === 3;
    });

    expect([...named].sort()).toEqual(names);
  });

  it("makes a thousand requests of one moment in a few statements", async () => {
    const { pool, statements } = listeningPool(server.url());
    pools.push(pool);
    const locks = await start("many", { pool });
    statements.length = 0;

    const leases = await Promise.all(Array.from({ length: 1_000 }, (_, index) => locks.acquireLock(`r-${index}`, { ttl: "1m" })));
    const released = await Promise.all(leases.map(async (lease, index) => await (index % 2 === 0 ? lease?.extend() : lease?.release())));

    expect(released.every((answer) => answer === true)).toBe(true);
    expect(statements.length).toBeLessThan(10);
  });

  it("lets two that want the same in opposite orders pass each other", async () => {
    const [first, second] = [await start("first"), await start("second")];
    const names = Array.from({ length: 300 }, (_, index) => `r-${index}`);

    for (let round = 0; round < 5; round += 1) {
      const wants = [
        names.map((name) => first.acquireLock(name, { ttl: "1m" })),
        names.toReversed().map((name) => second.acquireLock(name, { ttl: "1m" })),
      ];
      const leases = (await Promise.all(wants.flat())).filter((lease) => lease !== undefined);
      expect(leases).toHaveLength(300);
      await Promise.all(leases.toReversed().map((lease) => lease.release()));
    }

    expect(await owners()).toEqual([]);
  });

  it("leaves a pool as it was", async () => {
    const { pool } = listeningPool(server.url());
    pools.push(pool);
    const client = await pool.connect();
    client.release();
    const listeners = (): unknown =>
      ["error", "connect", "acquire", "remove", "release"].map((event) => [pool.listenerCount(event), client.listenerCount(event)]);
    const before = listeners();

    const locks = await start("guest", { pool });
    await locks.acquireLock("r", { ttl: "1m" });
    expect(pool.totalCount - pool.idleCount).toBe(1);
    await locks.stop();

    expect(pool.totalCount - pool.idleCount).toBe(0);
    expect(listeners()).toEqual(before);
    expect(await presences()).toEqual([]);
    const { rows } = await pool.query(
      "SELECT pg_listening_channels() UNION ALL SELECT objid::text FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'",
    );
    expect(rows).toEqual([]);
  });

  it("refuses a pool of one connection, which it would keep, unless it is without notifications", async () => {
    const { pool } = listeningPool(server.url(), 1);
    pools.push(pool);

    expect(() => new PostgresLockProvider({ pool, schema })).toThrow(RangeError);
    const locks = await start("small", { pool, notifications: false });

    expect(locks.orphans).toBeUndefined();
    expect(await locks.acquireLock("r", { ttl: "1m" })).toBeDefined();
  });

  it("refuses a pool of which others keep all connections but one, and takes it when they have let go of theirs", async () => {
    const { pool } = listeningPool(server.url(), 3);
    pools.push(pool);
    const [first] = [await start("first", { pool }), await start("second", { pool })];
    const third = new PostgresLockProvider({ pool, schema });

    await expect(third.start()).rejects.toThrow("a pool of 3 is too small: 3 databases");
    await first.stop();
    running.push(third);
    await third.start();

    expect(await third.acquireLock("r", { ttl: "1m" })).toBeDefined();
  });

  it("forgets leases that are over and were never released", async () => {
    const clock = new VirtualClock();
    const locks = await start("virtual", { clock });
    await locks.acquireLock("long", { ttl: "1h" });

    for (let round = 0; round < 3; round += 1) {
      await Promise.all(Array.from({ length: 1_000 }, (_, index) => locks.acquireLock(`${round}:${index}`, { ttl: 1 })));
      await clock.advance(1);
    }

    expect((await owners()).length).toBeLessThan(2_500);
    expect(await locks.acquireLock("long", { ttl: 1 })).toBeUndefined();
  });
});
