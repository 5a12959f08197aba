import { Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import { freePort, openTcpProxy, type RedisServer, type RedisServerOptions, startRedisServer } from "wfe-test-services";
import { testKeyPrefix } from "wfe-test-services/vitest";
import { openRedis, type RedisConnection } from "../src/connection.ts";
import type { RedisClient, RedisOptions } from "../src/redis-options.ts";

const place = testKeyPrefix("connection");
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function ownServer(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await startRedisServer(options);
  ends.push(() => server.dispose());
  return server;
}

function connectionTo(options: RedisOptions): RedisConnection {
  const connection = openRedis({ keyPrefix: place.keyPrefix, ...options });
  ends.push(() => connection.stop());
  return connection;
}

function callersClient(url: string): Redis {
  const client = new Redis(url);
  client.on("error", () => {});
  ends.push(() => client.disconnect());
  return client;
}

const set = (client: RedisClient): Promise<string> => client.set(`{${place.keyPrefix}}:key`, "value");

describe("a Redis connection", () => {
  it("refuses options that make no sense", () => {
    const client = new Redis({ lazyConnect: true });
    const prefixed = new Redis({ lazyConnect: true, keyPrefix: "app:" });

    expect(() => openRedis({})).toThrow(new RangeError("give either url or client"));
    expect(() => openRedis({ url: place.url, client })).toThrow(RangeError);
    expect(() => openRedis({ url: "127.0.0.1:6379" })).toThrow(RangeError);
    expect(() => openRedis({ url: place.url, retryTimeout: 0 })).toThrow(RangeError);
    for (const keyPrefix of ["", "a b", "{a}", "ä", "a".repeat(65)])
      expect(() => openRedis({ url: place.url, keyPrefix }), keyPrefix).toThrow(RangeError);
    expect(() => openRedis({ client: prefixed })).toThrow('the client has the option keyPrefix "app:"');
  });

  it("closes its clients with the last stop, and opens again", async () => {
    const connection = connectionTo({ url: place.url });
    await Promise.all([connection.start(), connection.start()]);
    const { client } = connection;
    const copy = connection.duplicate();
    await copy.ping();

    await connection.stop();
    expect(client.status).toBe("ready");
    await connection.stop();

    expect([client.status, copy.status]).toEqual(["end", "end"]);
    expect(() => connection.client).toThrow(expect.objectContaining({ code: "WFE_PROVIDER_NOT_RUNNING" }));
    await connection.start();
    expect(await connection.command(set)).toBe("OK");
  });

  it("leaves a caller's client open and as it was", async () => {
    const client = callersClient(place.url);
    const listeners = (): number[] => client.eventNames().map((name) => client.listenerCount(name));
    const before = listeners();
    const connection = connectionTo({ client });
    await connection.start();
    const copy = connection.duplicate();
    await copy.ping();

    await connection.stop();

    expect(listeners()).toEqual(before);
    expect(copy.status).toBe("end");
    expect(await client.ping()).toBe("PONG");
  });

  it("closes a copy before its stop, once", async () => {
    const connection = connectionTo({ url: place.url });
    await connection.start();
    const copy = connection.duplicate();
    await copy.ping();

    await connection.release(copy);
    await connection.release(copy);

    expect(copy.status).toBe("end");
  });

  it("rejects its start after retryTimeout when there is no server, and can be tried again", async () => {
    const port = await freePort();
    const connection = connectionTo({ url: `redis://:secret@127.0.0.1:${port}`, retryTimeout: 1_500 });
    const from = performance.now();

    const failure: unknown = await connection.start().catch((error: unknown) => error);

    const tookMs = performance.now() - from;
    expect(failure).toMatchObject({ code: "WFE_STORE_UNREACHABLE", retryable: true, message: expect.stringContaining("ECONNREFUSED") as string });
    expect((failure as Error).message).not.toContain("secret");
    expect(tookMs).toBeGreaterThanOrEqual(1_490);
    expect(tookMs).toBeLessThan(9_000); // by default it would take 10 s
    await ownServer({ port, password: "secret" });
    await connection.start();
    expect(await connection.command(set)).toBe("OK");
  });

  it("waits at its start for a server that comes within retryTimeout", async () => {
    const port = await freePort();
    const connection = connectionTo({ url: `redis://127.0.0.1:${port}` });

    const started = connection.start();
    await ownServer({ port });

    await started;
  });

  it.each(["", ":wrong@"])("rejects its start at once when access is refused (%j)", async (credentials) => {
    const server = await ownServer({ password: "right" });
    const connection = connectionTo({ url: `redis://${credentials}127.0.0.1:${server.port}` });
    const from = performance.now();

    await expect(connection.start()).rejects.toMatchObject({ code: "WFE_STORE_UNREACHABLE", retryable: false });

    expect(performance.now() - from).toBeLessThan(9_000); // and not only after the 10 s for which it would be tried again
  });

  it("refuses a replica that takes no writes", async () => {
    const primary = await ownServer();
    const replica = await ownServer({ settings: { replicaof: `127.0.0.1 ${primary.port}` } });

    const connection = connectionTo({ url: replica.url });

    await expect(connection.start()).rejects.toMatchObject({ code: "WFE_STORE_READ_ONLY", retryable: true });
  });

  it("rejects within retryTimeout while its server is gone, and works again by itself", async () => {
    const server = await ownServer();
    const connection = connectionTo({ url: server.url, retryTimeout: 1_500 });
    await connection.start();

    await server.kill();
    const from = performance.now();
    await expect(connection.command(set)).rejects.toMatchObject({ code: "WFE_STORE_UNREACHABLE", retryable: true });
    expect(performance.now() - from).toBeLessThan(9_000); // by default it would take 10 s

    const waiting = connection.command(set, { timeoutMs: 10_000 });
    await server.start();
    expect(await waiting).toBe("OK");
  });

  it.each(["its own client", "a caller's"])(
    "rejects within retryTimeout while its server does not answer, and works again by itself (%s)",
    async (whose) => {
      const server = await ownServer();
      const connection = connectionTo({
        ...(whose === "a caller's" ? { client: callersClient(server.url) } : { url: server.url }),
        retryTimeout: 1_500,
      });
      await connection.start();

      server.freeze();
      const from = performance.now();
      await expect(connection.command(set)).rejects.toMatchObject({ code: "WFE_STORE_UNREACHABLE", retryable: true });
      expect(performance.now() - from).toBeLessThan(9_000); // by default it would take 10 s
      server.thaw();

      expect(await connection.command(set, { timeoutMs: 10_000 })).toBe("OK");
    },
  );

  it("gives up connections that no answer comes from", async () => {
    const proxy = await openTcpProxy(place.url);
    ends.push(() => proxy.close());
    const connection = connectionTo({ url: proxy.url, retryTimeout: 1_500 });
    await connection.start();

    proxy.stall("present");

    expect(await connection.command(set, { timeoutMs: 10_000 })).toBe("OK");
  });

  it("works on by itself when its connection is killed", async () => {
    const connection = connectionTo({ url: place.url });
    await connection.start();
    const { client } = connection;
    const id = await client.client("ID");

    await callersClient(place.url).client("KILL", "ID", id);

    expect(await connection.command(set)).toBe("OK");
    expect(await connection.command((each) => each.client("ID"))).not.toBe(id);
  });

  it("says that a caller's client is closed, and does not try again", async () => {
    const client = callersClient(place.url);
    const connection = connectionTo({ client });
    await connection.start();
    await client.quit();

    await expect(connection.command(set)).rejects.toMatchObject({ code: "WFE_STORE_UNREACHABLE", retryable: false });
  });

  it("ends what waits for the server with its stop", async () => {
    const server = await ownServer();
    const connection = connectionTo({ url: server.url });
    await connection.start();
    server.freeze();
    const waiting = connection.command(set);
    waiting.catch(() => {});

    await connection.stop();

    await expect(waiting).rejects.toMatchObject({ code: "WFE_PROVIDER_NOT_RUNNING" });
  });
});
