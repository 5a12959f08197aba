import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Lease } from "wfe-core";
import { freePort, openTcpProxy, type RedisServer, type RedisServerOptions, startRedisServer } from "wfe-test-services";
import { testKeyPrefix } from "wfe-test-services/vitest";
import { openRedis } from "../src/connection.ts";
import { RedisLockProvider } from "../src/redis-lock-provider.ts";
import { openSlowNetwork } from "./slow-network.ts";

const { url, another } = testKeyPrefix("lock-provider");
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function ownServer(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await startRedisServer(options);
  ends.push(() => server.dispose());
  return server;
}

async function started(...place: ConstructorParameters<typeof RedisLockProvider>): Promise<RedisLockProvider> {
  const locks = new RedisLockProvider(...place);
  ends.push(() => locks.stop());
  await locks.start();
  return locks;
}

function clientOf(to: string): Redis {
  const client = new Redis(to);
  client.on("error", () => {});
  ends.push(() => client.disconnect());
  return client;
}

async function held(locks: RedisLockProvider, resource: string, ttl: number): Promise<Lease> {
  const lease = await locks.acquireLock(resource, { ttl });
  if (lease === undefined) throw new Error(`${resource} is not free`);
  return lease;
}

describe("a lock on Redis", () => {
  it("has the capability presence not", () => {
    expect("orphans" in new RedisLockProvider({ url })).toBe(false);
  });

  it("refuses numbers of nodes that make no sense", () => {
    const connection = openRedis({ url });

    expect(() => new RedisLockProvider({ nodes: [] })).toThrow(RangeError);
    expect(() => new RedisLockProvider({ nodes: [{ url }, { url }] })).toThrow("nodes must be an odd number of servers: got 2");
    expect(() => new RedisLockProvider({ nodes: [connection, connection, { url }] })).toThrow("given twice");
  });

  it("can be held for longer than its ttl, and tells the holder of its loss (fault 20)", async () => {
    const keyPrefix = another();
    const [first, second] = [await started({ url, keyPrefix }), await started({ url, keyPrefix })];
    const lease = await held(first, "step", 2_000);

    for (let round = 0; round < 6; round += 1) {
      await sleep(400);
      expect(await lease.extend()).toBe(true);
      expect(await second.acquireLock("step", { ttl: 2_000 })).toBe(undefined);
    }
    const aborted = vi.fn<() => void>();
    lease.signal.addEventListener("abort", aborted);
    await clientOf(url).set(`{${keyPrefix}}:lock:step`, "another");

    expect(await lease.extend()).toBe(false);
    expect(aborted).toHaveBeenCalledOnce();
  });

  it("belongs to one acquisition, not to its process (fault 21)", async () => {
    const locks = await started({ url, keyPrefix: another() });
    const former = await held(locks, "r", 20);
    await sleep(30);
    const current = await held(locks, "r", 10_000);

    expect(current.token).not.toBe(former.token);
    expect(await former.extend()).toBe(false);
    expect(await former.release()).toBe(false);
    expect(await current.extend()).toBe(true);
  });

  it("is released and extended by the server only for its token, whatever the holder's clock says (faults 22 and 24)", async () => {
    const keyPrefix = another();
    const locks = await started({ url, keyPrefix });
    const [extended, released] = [await held(locks, "e", 10_000), await held(locks, "r", 10_000)];
    const client = clientOf(url);
    for (const resource of ["e", "r"]) await client.set(`{${keyPrefix}}:lock:${resource}`, "another", "PX", 10_000);

    expect(await extended.extend()).toBe(false);
    expect(await released.release()).toBe(false);

    for (const resource of ["e", "r"]) expect(await client.get(`{${keyPrefix}}:lock:${resource}`)).toBe("another");
  });

  it("lasts 1 ms when its ttl is 1 ms, and whole milliseconds at least (fault 23)", async () => {
    const keyPrefix = another();
    const locks = await started({ url, keyPrefix });
    const client = clientOf(url);

    for (const ttl of [1, 1.5, 250]) {
      await locks.acquireLock(`r${ttl}`, { ttl });
      const remaining = await client.pttl(`{${keyPrefix}}:lock:r${ttl}`);
      expect(remaining).toBeLessThanOrEqual(Math.ceil(ttl));
      await sleep(Math.max(0, remaining) + 2);
      expect(await client.exists(`{${keyPrefix}}:lock:r${ttl}`)).toBe(0);
    }
    expect(await locks.acquireLock("r250", { ttl: 1 })).toBeDefined();
  });

  it("takes any characters, byte by byte, and keeps prefixes apart", async () => {
    const [first, second] = [await started({ url, keyPrefix: another() }), await started({ url, keyPrefix: another() })];

    for (const resource of ["", "}{", "\u0000\r\n*3", "😀".repeat(63)]) {
      await held(first, resource, 10_000);
      await held(second, resource, 10_000);
      expect(await first.acquireLock(resource, { ttl: 10_000 })).toBe(undefined);
    }
  });

  it("is lost when the server has lost its data, and the holder is told", async () => {
    const server = await ownServer();
    const locks = await started({ url: server.url });
    const lease = await held(locks, "r", 10_000);
    const { signal } = lease;

    await clientOf(server.url).flushall();

    expect(await lease.extend()).toBe(false);
    expect(signal.aborted).toBe(true);
    expect(await clientOf(server.url).exists("{wfe}:lock:r")).toBe(0);
  });

  it("works on by itself after its connection was killed, and after a restart of the server (fault 59)", async () => {
    const server = await ownServer({ durable: true });
    const locks = await started({ url: server.url });
    const lease = await held(locks, "r", 60_000);
    const admin = clientOf(server.url);

    await admin.client("KILL", "TYPE", "normal", "SKIPME", "yes");
    expect(await lease.extend()).toBe(true);
    expect(await locks.acquireLock("r", { ttl: 1_000 })).toBe(undefined);

    await server.restart();
    expect(await lease.extend()).toBe(true);
    expect(await lease.release()).toBe(true);
    await held(locks, "r", 1_000);
  });

  it("is acquired once when the answer is lost, and tells its release", async () => {
    const server = await ownServer();
    const proxy = await openTcpProxy(server.url);
    ends.push(() => proxy.close());
    const locks = await started({ url: proxy.url });
    await (await held(locks, "loads the scripts", 1_000)).release();
    const client = clientOf(server.url);

    const lost = proxy.loseNextAnswer("evalsha");
    const lease = await held(locks, "r", 60_000);
    await lost;
    expect(await client.get("{wfe}:lock:r")).toBe(lease.token);

    const lostAgain = proxy.loseNextAnswer("evalsha");
    expect(await lease.release()).toBe(true);
    await lostAgain;
    expect(await client.exists("{wfe}:lock:r")).toBe(0);
  });

  it("leaves nothing behind that nobody holds for longer than its ttl, when the server does not answer", async () => {
    const server = await ownServer();
    const locks = await started({ url: server.url, retryTimeout: 1_500 });

    server.freeze();
    await expect(locks.acquireLock("r", { ttl: 500 })).rejects.toMatchObject({ code: "WFE_LOCK_BACKEND", retryable: true });
    server.thaw();

    await expect.poll(() => locks.acquireLock("r", { ttl: 500 }), { timeout: 5_000 }).toBeDefined();
  });

  it("rejects its start and its calls as retryable while there is no server", async () => {
    const port = await freePort();
    const locks = new RedisLockProvider({ url: `redis://127.0.0.1:${port}`, retryTimeout: 1_500 });
    ends.push(() => locks.stop());

    await expect(locks.start()).rejects.toMatchObject({ name: "LockError", code: "WFE_LOCK_BACKEND", retryable: true });
    const server = await ownServer({ port });
    await locks.start();
    const lease = await held(locks, "r", 60_000);
    await server.kill();

    const from = performance.now();
    await expect(locks.acquireLock("s", { ttl: 1_000 })).rejects.toMatchObject({ code: "WFE_LOCK_BACKEND", retryable: true });
    await expect(lease.extend()).rejects.toMatchObject({ code: "WFE_LOCK_BACKEND", retryable: true });
    expect(performance.now() - from).toBeLessThan(9_000); // both together, where one would be tried for 10 s by default
    expect(lease.signal.aborted).toBe(false);
  });

  it("rejects at once when the server is full", async () => {
    const server = await ownServer({ settings: { maxmemory: "100kb", "maxmemory-policy": "noeviction" } });
    const locks = await started({ url: server.url });
    const from = performance.now();

    await expect(locks.acquireLock("r", { ttl: 1_000 })).rejects.toMatchObject({ code: "WFE_LOCK_BACKEND", retryable: true });

    expect(performance.now() - from).toBeLessThan(9_000); // and not only after the 10 s for which it would be tried again
  });

  it("loads a script once, and after the server has forgotten it", async () => {
    const server = await ownServer();
    const locks = await started({ url: server.url });
    const client = clientOf(server.url);
    const counts = async (): Promise<Record<string, number>> => {
      const stats = await client.info("commandstats");
      return Object.fromEntries([...stats.matchAll(/cmdstat_(eval|evalsha):calls=(\d+)/g)].map(([, name, count]) => [name, Number(count)]));
    };

    for (let round = 0; round < 20; round += 1) await (await held(locks, "r", 1_000)).release();
    expect(await counts()).toEqual({ eval: 2, evalsha: 40 });

    await client.script("FLUSH");
    await (await held(locks, "r", 1_000)).release();
    expect(await counts()).toEqual({ eval: 4, evalsha: 42 });
  });

  it("extends many leases in about as long as one", async () => {
    const network = await openSlowNetwork(url, 20);
    ends.push(() => network.close());
    const locks = await started({ url: network.url, keyPrefix: another() });
    const leases = await Promise.all(Array.from({ length: 200 }, (_, index) => held(locks, `r${index}`, 60_000)));
    await leases[0]?.extend();

    const from = performance.now();
    const extended = await Promise.all(leases.map((lease) => lease.extend()));

    expect(performance.now() - from).toBeLessThan(7_000); // one after the other they would take 8 s
    expect(new Set(extended)).toEqual(new Set([true]));
  });

  it("leaves a caller's client open and without listeners of its own", async () => {
    const client = clientOf(url);
    const listeners = (): unknown => client.eventNames().map((name) => [name, client.listenerCount(name)]);
    const before = listeners();
    const locks = await started({ client, keyPrefix: another() });
    await held(locks, "r", 60_000);

    await locks.stop();

    expect(listeners()).toEqual(before);
    expect(await client.ping()).toBe("PONG");
  });
});
