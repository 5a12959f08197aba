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
