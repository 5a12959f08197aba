import { Cluster, Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import { LockError, PersistenceError, QueueError } from "wfe-core";
import { type RedisServer, type RedisServerOptions, startRedisServer } from "wfe-test-services";
import { openRedis, type RedisConnection } from "../src/connection.ts";
import { isConnectionLoss, isPassing, lockError, queueError, storeError } from "../src/error-mapping.ts";
import type { RedisClient } from "../src/redis-options.ts";
import { refuseServer } from "../src/server-info.ts";

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function ownServer(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await startRedisServer(options);
  ends.push(() => server.dispose());
  return server;
}

async function openTo(server: RedisServer, retryTimeout = 1_500): Promise<RedisConnection> {
  const connection = openRedis({ url: server.url, retryTimeout });
  ends.push(() => connection.stop());
  await connection.start();
  return connection;
}

async function administer(server: RedisServer): Promise<Redis> {
  const client = new Redis(server.url);
  client.on("error", () => {});
  ends.push(() => client.disconnect());
  await client.ping();
  return client;
}

const set = (client: RedisClient): Promise<unknown> => client.set("{wfe}:key", "value");
const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("what a server answers", () => {
  it("is a store that is full when it has no memory", async () => {
    const server = await ownServer({ settings: { maxmemory: "100kb", "maxmemory-policy": "noeviction" } });
    const connection = await openTo(server);

    expect(await failureOf(connection.command(set))).toMatchObject({ code: "WFE_STORE_FULL", retryable: true, cause: { name: "ReplyError" } });
  });

  it("is a store that is full when it cannot save to its disk", async () => {
    const server = await ownServer({ settings: { "enable-protected-configs": "yes" } });
    const connection = await openTo(server);
    const admin = await administer(server);
    await admin.config("SET", "save", "3600 1");
    await admin.config("SET", "dir", "/proc");
    await admin.set("key", "value");
    await admin.bgsave().catch(() => {});
    await expect.poll(async () => (await admin.info("persistence")).includes("rdb_last_bgsave_status:err")).toBe(true);

    expect(await failureOf(connection.command(set))).toMatchObject({ code: "WFE_STORE_FULL", retryable: true });
  });

  it("is a store that is read-only when it has become a replica, until it is a primary again", async () => {
    const [server, primary] = [await ownServer(), await ownServer()];
    const connection = await openTo(server, 2_000);
    const admin = await administer(server);
    await admin.replicaof("127.0.0.1", primary.port);

    // Connections to it are given up again and again, which is not what is told.
    for (const timeoutMs of [1_000, 1_001, 1_002, 1_003]) {
      expect(await failureOf(connection.command(set, { timeoutMs }))).toMatchObject({ code: "WFE_STORE_READ_ONLY", retryable: true });
    }
    await admin.replicaof("NO", "ONE");
    expect(await connection.command(set)).toBe("OK");
  });

  it("is a refusal when a right is missing or the password has changed", async () => {
    const server = await ownServer();
    const admin = await administer(server);
    await admin.acl("SETUSER", "app", "on", ">secret", "~{other}*", "+@all");
    const url = server.url.replace("redis://", "redis://app:secret@");
    const connection = openRedis({ url });
    ends.push(() => connection.stop());
    await connection.start();

    expect(await failureOf(connection.command(set))).toMatchObject({ code: "WFE_STORE_UNREACHABLE", retryable: false });
    await admin.acl("SETUSER", "app", "resetpass", ">changed");
    await admin.client("KILL", "USER", "app");
    expect(await failureOf(connection.command(set))).toMatchObject({ code: "WFE_STORE_UNREACHABLE", retryable: false });
  });

  it("is a store that is busy while a script runs too long", async () => {
    const server = await ownServer({ settings: { "busy-reply-threshold": 50 } });
    const connection = await openTo(server);
    const admin = await administer(server);
    admin.eval("while true do end", 0).catch(() => {});
    const killer = await new Promise<Redis>((resolve) => {
      const client = new Redis(server.url, { enableReadyCheck: false });
      client.on("error", () => {});
      ends.push(() => client.disconnect());
      client.once("ready", () => resolve(client));
    });

    expect(await failureOf(connection.command(set))).toMatchObject({ code: "WFE_STORE_BUSY", retryable: true });
    await killer.script("KILL");
    expect(await connection.command(set)).toBe("OK");
  });

  it("is a failure for good when a request makes no sense", async () => {
    const server = await ownServer();
    const connection = await openTo(server);
    await (await administer(server)).lpush("{wfe}:list", "value");

    expect(await failureOf(connection.command((client) => client.get("{wfe}:list")))).toMatchObject({
      code: "WFE_PERSISTENCE_FAILED",
      retryable: false,
    });
  });
});

/** As `redis-errors` makes them. */
function answer(text: string): Error {
  return Object.assign(new Error(text), { name: "ReplyError" });
}

describe("the mapping of errors", () => {
  it.each([
    ["CROSSSLOT Keys in request don't hash to the same slot", "WFE_PERSISTENCE_FAILED", false],
    ["CLUSTERDOWN Hash slot not served", "WFE_STORE_BUSY", true],
    ["TRYAGAIN Multiple keys request during rehashing of slot", "WFE_STORE_BUSY", true],
    ["MASTERDOWN Link with MASTER is down", "WFE_STORE_BUSY", true],
    ["NOREPLICAS Not enough good replicas to write.", "WFE_STORE_BUSY", true],
    ["LOADING Redis is loading the dataset in memory", "WFE_STORE_BUSY", true],
    ["ERR invalid password", "WFE_STORE_UNREACHABLE", false],
    ["ERR unknown command 'x'", "WFE_PERSISTENCE_FAILED", false],
  ])("knows %j", (text, code, retryable) => {
    const error = answer(text);

    expect(storeError(error, "the Redis")).toMatchObject({ code, retryable, cause: error });
    expect(isConnectionLoss(error)).toBe(false);
  });

  it("takes every error of the driver that is no misuse for the loss of a connection", () => {
    for (const text of ["Connection is closed.", "Command timed out", "Reached the max retries per request limit (which is 0).", "read ECONNRESET"]) {
      expect(storeError(new Error(text), "the Redis")).toMatchObject({ code: "WFE_STORE_UNREACHABLE", retryable: true });
    }
    for (const error of [new TypeError("x"), new RangeError("x"), new Error("Connection in subscriber mode, only …"), "x"]) {
      expect(isPassing(error)).toBe(false);
      expect(storeError(error, "the Redis")).toMatchObject({ code: "WFE_PERSISTENCE_FAILED", retryable: false });
    }
  });

  it("says what is wrong with the connection, at every address", () => {
    const last = new AggregateError([new Error("connect ECONNREFUSED ::1:1"), new Error("connect ECONNREFUSED 127.0.0.1:1")], "");

    const error = storeError(new Error("Connection is closed."), "the Redis", last);

    expect(error.message).toBe("the Redis cannot be reached: connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1");
    expect(error.cause).toBe(last);
  });

  it("gives each provider errors of its own, and leaves those that are", () => {
    const below = new PersistenceError("WFE_STORE_UNREACHABLE", "gone", { retryable: true });
    const [lock, queue] = [new LockError("x"), new QueueError("x")];

    expect(lockError(below)).toMatchObject({ name: "LockError", message: "gone", code: "WFE_LOCK_BACKEND", retryable: true, cause: below });
    expect(queueError(below)).toMatchObject({ name: "QueueError", message: "gone", code: "WFE_QUEUE_BACKEND", retryable: true, cause: below });
    expect([lockError(lock), queueError(queue), storeError(lock, "the Redis")]).toEqual([lock, queue, lock]);
    expect(lockError(lock)).toBe(lock);
  });

  it("says which node of a Cluster cannot be reached", async () => {
    const client = new Cluster([{ host: "127.0.0.1", port: 1 }], { clusterRetryStrategy: () => 50 });
    client.on("error", () => {});
    ends.push(() => client.disconnect());
    const connection = openRedis({ client, retryTimeout: 500 });

    expect(await failureOf(connection.start())).toMatchObject({
      code: "WFE_STORE_UNREACHABLE",
      retryable: true,
      message: expect.stringContaining("the Redis of the client") as string,
    });
  });
});

describe("the look at a server", () => {
  it("refuses one that is older than 7, and takes one that does not tell", () => {
    expect(() => refuseServer("redis_version:6.2.14\r\nrole:master\r\n", "the Redis")).toThrow(
      expect.objectContaining({ code: "WFE_PERSISTENCE_FAILED", message: "the Redis is version 6.2.14: wfe needs Redis 7 or later" }),
    );
    for (const info of ["redis_version:7.0.15\r\nrole:master", "redis_version:8.0.0", "", "role:slave\r\nslave_read_only:0"]) {
      expect(() => refuseServer(info, "the Redis")).not.toThrow();
    }
  });
});
