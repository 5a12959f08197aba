import { Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import { type RedisServer, type RedisServerOptions, startRedisServer } from "../src/redis-server.ts";

const servers: RedisServer[] = [];
const clients: Redis[] = [];

async function start(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await startRedisServer(options);
  servers.push(server);
  return server;
}

function clientOf(url: string): Redis {
  const client = new Redis(url, { retryStrategy: () => 10, commandTimeout: 500 });
  client.on("error", () => {});
  clients.push(client);
  return client;
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  for (const server of servers.splice(0)) await server.dispose();
});

describe("a Redis server", () => {
  it("loses its data with a restart, unless it is durable", async () => {
    const [passing, durable] = [await start(), await start({ durable: true })];
    await clientOf(passing.url).set("key", "value");
    await clientOf(durable.url).set("key", "value");

    await passing.restart();
    await durable.restart();

    expect(await clientOf(passing.url).get("key")).toBe(null);
    expect(await clientOf(durable.url).get("key")).toBe("value");
    await durable.restart({ keepData: false });
    expect(await clientOf(durable.url).get("key")).toBe(null);
  });

  it("asks for its password, on the port that is wanted", async () => {
    const { port } = await start();
    await servers.pop()?.dispose();
    const server = await start({ port, password: "se:cret" });

    expect(server.port).toBe(port);
    expect(await clientOf(server.url).ping()).toBe("PONG");
    await expect(clientOf(`redis://127.0.0.1:${server.port}`).ping()).rejects.toThrow("NOAUTH");
  });

  it("answers nothing while it is frozen, and can be ended all the same", async () => {
    const server = await start();
    const client = clientOf(server.url);
    await client.ping();

    server.freeze();
    await expect(client.ping()).rejects.toThrow("timed out");
    server.thaw();
    expect(await client.ping()).toBe("PONG");

    server.freeze();
    await server.kill();
    expect(server.pid).toBe(undefined);
  });

  it("says why it does not start", async () => {
    await expect(startRedisServer({ settings: { maxmemory: "much" } })).rejects.toThrow("maxmemory");
  });
});
