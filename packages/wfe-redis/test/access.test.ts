import { Redis } from "ioredis";
import { afterEach, expect, it } from "vitest";
import { startRedisServer } from "wfe-test-services";
import { redisProviders } from "../src/index.ts";
import { startedEvent } from "./lifecycle-events.ts";

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

it("needs no more rights than it says", async () => {
  const server = await startRedisServer();
  ends.push(() => server.dispose());
  const admin = new Redis(server.url);
  ends.push(() => admin.disconnect());
  const commands = ["evalsha", "eval", "get", "set", "del", "info", "spublish", "ssubscribe"].map((name) => `+${name}`);
  await admin.acl("SETUSER", "app", "on", ">secret", "~{orders}:*", "resetchannels", "&{orders}:*", "-@all", ...commands);
  const { locks, lifecycle } = redisProviders({ url: server.url.replace("redis://", "redis://app:secret@"), keyPrefix: "orders" });
  ends.push(() => Promise.all([locks.stop(), lifecycle.stop()]));

  await Promise.all([locks.start(), lifecycle.start()]);
  const lease = await locks.acquireLock("r", { ttl: "1m" });
  const heard: string[] = [];
  await lifecycle.subscribe(({ workflowId }) => void heard.push(workflowId));
  await lifecycle.publish(startedEvent("w"));

  expect(await lease?.extend()).toBe(true);
  expect(await lease?.release()).toBe(true);
  await expect.poll(() => heard).toEqual(["w"]);
});

it("needs no more rights for its queue than it says", async () => {
  const server = await startRedisServer();
  ends.push(() => server.dispose());
  const admin = new Redis(server.url);
  ends.push(() => admin.disconnect());
  const ofScripts = ["evalsha", "eval", "info", "time", "exists", "get", "set", "del", "incr", "hset", "hsetnx", "hget", "hmget", "hdel", "hexists"];
  const ofLists = ["lpush", "rpop", "lindex", "lrange", "lrem", "zadd", "zrem", "zscore", "zrange", "zrangebyscore", "zrevrangebyscore", "bzpopmin"];
  const commands = [...ofScripts, ...ofLists, "client|id", "client|unblock"].map((name) => `+${name}`);
  await admin.acl("SETUSER", "app", "on", ">secret", "~{orders}:*", "resetchannels", "-@all", ...commands);
  const { queue } = redisProviders({ url: server.url.replace("redis://", "redis://app:secret@"), keyPrefix: "orders" });
  ends.push(() => queue.stop());
  await queue.start();

  await queue.queueWork("later", "workflow", { delay: 50 });
  for (const id of ["x", "y"]) await queue.queueWork(id, "workflow");
  const [x, y] = await queue.dequeueWork("workflow", { limit: 2, wait: 0 });
  await queue.queueWork("x", "workflow");
  await x?.ack();
  await y?.retry(0);
  const again = await queue.dequeueWork("workflow", { limit: 2, wait: 0 });
  const later = await queue.dequeueWork("workflow", { limit: 1, wait: "5s" });
  await queue.stop();

  expect([...again, ...later].map(({ id }) => id).sort()).toEqual(["later", "x", "y"]);
  const denied = (await admin.acl("LOG")) as unknown[];
  expect(denied).toEqual([]);
});
