import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterEach, describe, expect, it, vi } from "vitest";
import { QueueError } from "wfe-core";
import { openTcpProxy, type RedisServer, type RedisServerOptions, startRedisServer } from "wfe-test-services";
import type { RedisOptions } from "../src/redis-options.ts";
import { type RedisQueueOptions, RedisQueueProvider } from "../src/redis-queue-provider.ts";
import { idsOf, take, wait } from "./queue-steps.ts";

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function ownServer(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await startRedisServer(options);
  ends.push(() => server.dispose());
  return server;
}

async function start(redis: RedisOptions, options: RedisQueueOptions = {}): Promise<RedisQueueProvider> {
  const queue = new RedisQueueProvider(redis, options);
  ends.push(() => queue.stop());
  await queue.start();
  return queue;
}

function admin(server: RedisServer): Redis {
  const client = new Redis(server.url);
  client.on("error", () => {}); // of a server that is killed
  ends.push(() => client.disconnect());
  return client;
}

describe("the queue on a Redis that fails", () => {
  it("goes on after FLUSHALL, which has lost hints only", async () => {
    const server = await ownServer();
    const [first, second] = [await start({ url: server.url }), await start({ url: server.url })];
    await first.queueWork("out", "workflow");
    const [late] = await take(first);
    await first.queueWork("out", "workflow");
    await first.queueWork("lost", "workflow", { delay: 300 });
    const waiting = wait(second);
    await sleep(5);

    await admin(server).flushall();
    await late?.ack();
    await sleep(350); // it would be due
    await first.queueWork("out", "workflow"); // its job has the number of the lost one
    const [item] = await waiting;
    await late?.ack();
    await late?.retry(0);
    await second.queueWork("out", "workflow");
    await item?.ack();

    expect(item?.id).toBe("out");
    expect(idsOf(await take(first))).toEqual(["out"]);
  });

  it("keeps its connection when this process was held up for longer than an answer may be late, and the answer is there", async () => {
    const server = await ownServer();
    const queue = await start({ url: server.url }, { visibility: 20 }); // it blocks for 10 ms at a time
    const waiting = wait(queue);
    const client = admin(server);
    await vi.waitFor(async () => expect(await client.client("LIST")).toMatch(/ flags=\w*b/), { timeout: 10_000 });
    const disconnect = vi.spyOn(Redis.prototype, "disconnect");
    ends.push(() => disconnect.mockRestore());

    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_300);
    await client.ping();
    await queue.queueWork("a", "workflow");

    expect(idsOf(await waiting)).toEqual(["a"]);
    expect(disconnect).not.toHaveBeenCalled();
  });

  it("goes on after a restart that has lost everything, while calls wait", async () => {
    const server = await ownServer();
    const [first, second] = [await start({ url: server.url }), await start({ url: server.url })];
    await first.queueWork("lost", "workflow", { delay: "1h" });
    const [item] = await Promise.all([wait(second), first.queueWork("out", "workflow")]).then(([items]) => items);
    const waiting = wait(second);
    await sleep(20);

    await server.restart({ keepData: false });
    await item?.ack();
    await first.queueWork("x", "workflow");

    expect(idsOf(await waiting)).toEqual(["x"]);
    expect(await first.bullQueue("workflow").getJobCountByTypes("wait", "delayed", "active")).toBe(1);
  });

  it("has what it had after a restart that has lost nothing", async () => {
    const server = await ownServer({ durable: true });
    const queue = await start({ url: server.url });
    for (const id of ["out", "x", "y"]) await queue.queueWork(id, "workflow");
    const [item] = await take(queue, 1);
    await queue.queueWork("out", "workflow");
    await queue.queueWork("later", "workflow", { delay: 1 });

    await server.restart();
    await item?.ack();
    await sleep(2);

    expect([...idsOf(await take(queue))].sort()).toEqual(["later", "out", "x", "y"]);
  });

  it("wakes who waits when the server comes back with what was queued", async () => {
    const server = await ownServer({ durable: true });
    const [first, second] = [await start({ url: server.url }), await start({ url: server.url })];
    const waiting = wait(second);
    await sleep(20);

    await server.kill();
    const queued = first.queueWork("x", "workflow"); // is tried again until it is there
    await sleep(100);
    await server.start();
    await queued;

    expect(idsOf(await waiting)).toEqual(["x"]);
  });

  it("goes on when all its connections are ended", async () => {
    const server = await ownServer();
    const tool = admin(server);
    const [first, second] = [await start({ url: server.url }), await start({ url: server.url })];
    const waiting = wait(second);
    await sleep(20);

    for (let round = 0; round < 20; round += 1) {
      const queued = first.queueWork(`id ${round}`, "event");
      if (round % 5 === 0) await tool.client("KILL", "TYPE", "NORMAL", "SKIPME", "YES");
      await queued;
    }
    await first.queueWork("x", "workflow");

    expect(idsOf(await waiting)).toEqual(["x"]);
    expect(await first.dequeueWork("event", { limit: 100, wait: 0 })).toHaveLength(20);
  });

  it("sends its script again when the server has forgotten it", async () => {
    const server = await ownServer();
    const queue = await start({ url: server.url });
    await queue.queueWork("x", "workflow");

    await admin(server).script("FLUSH");
    const [item] = await take(queue);
    await admin(server).script("FLUSH");
    await item?.ack();

    expect(item?.id).toBe("x");
    expect(await take(queue)).toEqual([]);
  });

  it("goes on through a client of the caller whose server restarts", async () => {
    const server = await ownServer();
    const client = admin(server);
    const queue = await start({ client });
    const waiting = wait(queue);
    await sleep(20);

    await server.restart({ keepData: false });
    await queue.queueWork("x", "workflow");

    expect(idsOf(await waiting)).toEqual(["x"]);
    await queue.stop();
    expect(client.status).toBe("ready");
  });

  it("rejects with a typed error what takes longer than the time for it, and waits again after", async () => {
    const server = await ownServer();
    const queue = await start({ url: server.url, retryTimeout: 1_500 });
    const [item] = await Promise.all([wait(queue), queue.queueWork("x", "workflow")]).then(([items]) => items);
    const waiting = wait(queue);
    waiting.catch(() => {}); // looked at below
    await sleep(20);

    await server.kill();

    const backend = { code: "WFE_QUEUE_BACKEND", retryable: true };
    await expect(queue.queueWork("y", "workflow")).rejects.toMatchObject(backend);
    await expect(item?.ack()).rejects.toBeInstanceOf(QueueError);
    await expect(item?.retry(0)).rejects.toMatchObject(backend);
    await expect(take(queue)).rejects.toMatchObject(backend);
    await expect(waiting).rejects.toMatchObject(backend);
    await server.start();
    await vi.waitFor(() => queue.queueWork("z", "workflow"), { timeout: 10_000 }); // it connects again within a second
    expect(idsOf(await wait(queue))).toEqual(["z"]);
  });

  it("stops at once while the server is gone", async () => {
    const server = await ownServer();
    const queue = await start({ url: server.url });
    const waiting = wait(queue);
    await sleep(20);
    await server.kill();
    const since = performance.now();

    await queue.stop();

    expect(performance.now() - since).toBeLessThan(3_500);
    expect(await waiting).toEqual([]);
  });

  it("gives at once what was taken when the answer is lost, and once", async () => {
    const server = await ownServer();
    const proxy = await openTcpProxy(server.url);
    ends.push(() => proxy.close());
    const [queue, other] = [await start({ url: proxy.url }), await start({ url: server.url })];
    for (const id of ["a", "b", "c"]) await other.queueWork(id, "workflow");
    await queue.queueWork("e", "event"); // the script is known

    const lost = proxy.loseNextAnswer("evalsha");
    const items = await take(queue, 2);
    await lost;
    for (const item of items) await item.ack();
    const others = await take(other);
    for (const item of others) await item.ack();
    const waiting = wait(queue);
    await queue.queueWork("e", "event"); // answered after the wait's look, on the same connection
    const lostAgain = proxy.loseNextAnswer("evalsha");
    await queue.queueWork("queued while somebody waits", "workflow"); // one turn with a take
    await lostAgain;
    const waited = await waiting;
    for (const item of waited) await item.ack();

    expect([items, [...others, ...waited]].map(idsOf)).toEqual([
      ["a", "b"],
      ["c", "queued while somebody waits"],
    ]);
    expect(await take(other)).toEqual([]);
  });

  it("puts back what comes for a wait that could not stay for it", async () => {
    const server = await ownServer();
    const proxy = await openTcpProxy(server.url);
    ends.push(() => proxy.close());
    const [queue, other] = [await start({ url: proxy.url }), await start({ url: server.url })];
    const stop = new AbortController();

    proxy.stall();
    const ended = wait(queue, stop.signal);
    await sleep(50); // it is asked for, and the answer is late
    stop.abort();
    expect(await ended).toEqual([]);
    await other.queueWork("x", "workflow");
    proxy.resume();
    const since = performance.now();

    await sleep(100);
    expect(idsOf(await wait(other))).toEqual(["x"]);
    expect(performance.now() - since).toBeLessThan(3_000); // and not only after the visibility time
  });

  it("connects anew when the connection that it blocks on is lost without a word", async () => {
    const server = await ownServer();
    const proxy = await openTcpProxy(server.url);
    ends.push(() => proxy.close());
    const [first, second] = [await start({ url: proxy.url }, { visibility: 40 }), await start({ url: server.url })];
    const waiting = wait(first);
    await vi.waitFor(() => expect(proxy.connections).toBe(2), { timeout: 10_000 });

    proxy.stall("present");
    await second.queueWork("x", "workflow"); // its marker goes to the connection that is lost

    await expect(waiting.then(idsOf)).resolves.toEqual(["x"]);
  });
});
