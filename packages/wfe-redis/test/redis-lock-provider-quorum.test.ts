import { Redis } from "ioredis";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Lease } from "wfe-core";
import { openTcpProxy, type RedisServer, startRedisServer } from "wfe-test-services";
import { openRedis } from "../src/connection.ts";
import { RedisLockProvider } from "../src/redis-lock-provider.ts";

const ends: (() => unknown)[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const end of ends.splice(0).toReversed()) await end();
});

async function threeServers(): Promise<readonly [RedisServer, RedisServer, RedisServer]> {
  const servers = await Promise.all([startRedisServer(), startRedisServer(), startRedisServer()]);
  for (const server of servers) ends.push(() => server.dispose());
  return servers;
}

function providerOn(servers: readonly RedisServer[], retryTimeout = 2_000): RedisLockProvider {
  const locks = new RedisLockProvider({ nodes: servers.map(({ url }) => ({ url, retryTimeout })) });
  ends.push(() => locks.stop());
  return locks;
}

async function startedOn(servers: readonly RedisServer[]): Promise<RedisLockProvider> {
  const locks = providerOn(servers);
  await locks.start();
  return locks;
}

async function held(locks: RedisLockProvider, resource: string): Promise<Lease> {
  const lease = await locks.acquireLock(resource, { ttl: 60_000 });
  if (lease === undefined) throw new Error(`${resource} is not free`);
  return lease;
}

function clientOf(server: RedisServer): Redis {
  const client = new Redis(server.url);
  client.on("error", () => {});
  ends.push(() => client.disconnect());
  return client;
}

async function tookMs(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

describe("locks on three nodes", () => {
  it.each(["killed", "frozen"])("work on at once when one is %s", async (how) => {
    const servers = await threeServers();
    const [first, second] = [await startedOn(servers), await startedOn(servers)];
    const lease = await held(first, "r");

    if (how === "killed") await servers[0].kill();
    else servers[0].freeze();

    const lastsMs = await tookMs(async () => {
      expect(await lease.extend()).toBe(true);
      expect(await second.acquireLock("r", { ttl: 60_000 })).toBe(undefined);
      expect(await lease.release()).toBe(true);
      expect(await (await held(second, "r")).release()).toBe(true);
    });
    expect(lastsMs).toBeLessThan(3_500); // if each waited for it, the two releases alone would take 4 s
  });

  it("reject as retryable when two are gone, and work again with them", async () => {
    const servers = await threeServers();
    const locks = await startedOn(servers);
    const lease = await held(locks, "r");

    await Promise.all([servers[0].kill(), servers[1].kill()]);
    await expect(locks.acquireLock("s", { ttl: 60_000 })).rejects.toMatchObject({ code: "WFE_LOCK_BACKEND", retryable: true });
    await expect(lease.extend()).rejects.toMatchObject({ code: "WFE_LOCK_BACKEND", retryable: true });
    expect(lease.signal.aborted).toBe(false);

    await Promise.all([servers[0].start(), servers[1].start()]);
    await expect.poll(() => locks.acquireLock("s", { ttl: 60_000 }).catch(() => undefined)).toBeDefined();
    await expect.poll(() => lease.extend().catch(() => undefined)).toBe(false); // two of three have lost it
    expect(lease.signal.aborted).toBe(true);
  });

  it("say that it is not certain when one node has lost a lease and another is gone", async () => {
    const servers = await threeServers();
    const locks = await startedOn(servers);
    const lease = await held(locks, "r");

    const client = clientOf(servers[1]);
    await expect.poll(() => client.exists("{wfe}:lock:r")).toBe(1); // two are enough for it to be held

    await servers[0].kill();
    await client.flushall();

    await expect(lease.extend()).rejects.toMatchObject({ code: "WFE_LOCK_BACKEND", retryable: true });
    await servers[0].start();
    await expect.poll(() => lease.extend().catch(() => undefined)).toBe(false);
  });

  it("give back what was taken on some nodes only", async () => {
    const servers = await threeServers();
    const locks = await startedOn(servers);
    for (const server of servers.slice(0, 2)) await clientOf(server).set("{wfe}:lock:r", "another");

    expect(await locks.acquireLock("r", { ttl: 60_000 })).toBe(undefined);

    await expect.poll(() => clientOf(servers[2]).exists("{wfe}:lock:r")).toBe(0);
    for (const server of servers.slice(0, 2)) expect(await clientOf(server).get("{wfe}:lock:r")).toBe("another");
  });

  it("give back what was granted by answers that are lost on all nodes, and ask again", async () => {
    const servers = await threeServers();
    const proxies = await Promise.all(servers.map(({ url }) => openTcpProxy(url)));
    ends.push(() => Promise.all(proxies.map((proxy) => proxy.close())));
    const locks = new RedisLockProvider({ nodes: proxies.map(({ url }) => ({ url })) });
    ends.push(() => locks.stop());
    await locks.start();
    await (await held(locks, "loads the scripts")).release();

    const lost = Promise.all(proxies.map((proxy) => proxy.loseNextAnswer("evalsha")));
    const lease = await held(locks, "r");
    await lost;

    expect(await lease.extend()).toBe(true);
    const tokens = await Promise.all(servers.map((server) => clientOf(server).get("{wfe}:lock:r")));
    expect(tokens.filter((token) => token === lease.token).length).toBeGreaterThanOrEqual(2);
  });

  it("ask again when votes are split, and give it to one", async () => {
    const servers = await threeServers();
    const locks = await startedOn(servers);
    await servers[0].kill();
    const client = clientOf(servers[1]);
    // Of another that asks at the same moment, and gives it back.
    await client.set("{wfe}:lock:r", "another", "PX", 15);
    await client.set("{wfe}:lock:s", "another");

    await held(locks, "r");
    expect(
      await tookMs(async () => {
        expect(await locks.acquireLock("s", { ttl: 60_000 })).toBe(undefined);
      }),
    ).toBeLessThan(9_000); // it would ask for ever
  });

  it("start with two of three, and use the third when it comes", async () => {
    const warnings = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const servers = await threeServers();
    await servers[2].kill();
    const locks = await startedOn(servers);
    await held(locks, "r");
    await expect.poll(() => warnings.mock.calls.length).toBe(1);
    expect(warnings.mock.calls[0]?.[0]).toContain("cannot be reached");

    await servers[2].start();
    await servers[0].kill();

    await expect.poll(() => locks.acquireLock("s", { ttl: 60_000 }).catch(() => undefined)).toBeDefined();
  });

  it("do not start with one of three, and leave nothing open", async () => {
    const warnings = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const servers = await threeServers();
    await Promise.all([servers[1].kill(), servers[2].kill()]);
    const locks = providerOn(servers);

    await expect(locks.start()).rejects.toMatchObject({ name: "LockError", retryable: true });
    expect(warnings).toHaveBeenCalledOnce();
    const client = clientOf(servers[0]);
    await expect
      .poll(
        async () =>
          String(await client.client("LIST"))
            .trim()
            .split("\n").length,
      )
      .toBe(1);
    await servers[1].start();
    await locks.start();
    await held(locks, "r");
  });

  it("leave a node's connection to its other users", async () => {
    const servers = await threeServers();
    const connection = openRedis({ url: servers[0].url });
    ends.push(() => connection.stop());
    await connection.start();
    const locks = new RedisLockProvider({ nodes: [connection, { url: servers[1].url }, { url: servers[2].url, retryTimeout: 200 }] });

    await locks.start();
    await locks.stop();
    await locks.stop();
    await Promise.all([servers[1].kill(), servers[2].kill()]);
    const dead = providerOn(servers, 200);
    await expect(dead.start()).rejects.toMatchObject({ retryable: true });

    expect(await connection.command((client) => client.ping())).toBe("PONG");
  });
});
