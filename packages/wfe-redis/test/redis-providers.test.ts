import { Redis } from "ioredis";
import { afterEach, expect, it } from "vitest";
import { startRedisServer } from "wfe-test-services";
import { openRedis, RedisLifecyclePublisher, RedisLockProvider, redisProviders } from "../src/index.ts";
import { startedEvent } from "./lifecycle-events.ts";

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

it("shares one connection among the providers of a Redis, as long as one of them runs", async () => {
  const server = await startRedisServer();
  ends.push(() => server.dispose());
  const admin = new Redis(server.url);
  ends.push(() => admin.disconnect());
  const connections = async (): Promise<number> =>
    String(await admin.client("LIST"))
      .trim()
      .split("\n").length - 1;
  const errors: unknown[] = [];
  const { locks, queue, lifecycle } = redisProviders({ url: server.url, onError: (error) => errors.push(error) });

  await locks.start();
  await queue.start();
  await lifecycle.start();
  expect(await connections()).toBe(1);
  await lifecycle.subscribe(({ workflowId }) => {
    throw new Error(`heard of ${workflowId}`);
  });
  expect(await connections()).toBe(2);
  const waiting = queue.dequeueWork("event", { limit: 1, wait: "30s" });
  await expect.poll(connections).toBe(3);
  await queue.stop();
  expect(await waiting).toEqual([]);
  expect(await connections()).toBe(2);
  await locks.stop();
  await lifecycle.publish(startedEvent("w"));
  await expect.poll(() => errors).toEqual([new Error("heard of w")]);
  await lifecycle.stop();

  await expect.poll(connections).toBe(0);
});

it("shares a connection that was opened for them", async () => {
  const server = await startRedisServer();
  ends.push(() => server.dispose());
  const connection = openRedis({ url: server.url });
  const [locks, lifecycle] = [new RedisLockProvider(connection), new RedisLifecyclePublisher(connection)];

  await Promise.all([locks.start(), lifecycle.start()]);
  await lifecycle.stop();

  expect(await (await locks.acquireLock("r", { ttl: 1_000 }))?.release()).toBe(true);
  await locks.stop();
  await expect(connection.command((client) => client.ping())).rejects.toMatchObject({ code: "WFE_PROVIDER_NOT_RUNNING" });
});

it("tells the queue its visibility time", async () => {
  const server = await startRedisServer();
  ends.push(() => server.dispose());
  const { queue } = redisProviders({ url: server.url, visibility: 20 });
  ends.push(() => queue.stop());
  await queue.start();
  await queue.queueWork("x", "workflow");

  const first = await queue.dequeueWork("workflow", { limit: 1, wait: 0 });
  const again = await queue.dequeueWork("workflow", { limit: 1, wait: "5s" });

  expect([first, again].map((items) => items.map(({ id }) => id))).toEqual([["x"], ["x"]]);
});
