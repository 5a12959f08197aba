import { setTimeout as sleep } from "node:timers/promises";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testKeyPrefix } from "wfe-test-services/vitest";
import { type RedisQueueOptions, RedisQueueProvider } from "../src/redis-queue-provider.ts";
import { idsOf, take, wait } from "./queue-steps.ts";

const place = testKeyPrefix("queue-tools");
const ends: (() => unknown)[] = [];
let keyPrefix: string;

beforeEach(() => {
  keyPrefix = place.another();
});

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function start(options: RedisQueueOptions = {}): Promise<RedisQueueProvider> {
  const queue = new RedisQueueProvider({ url: place.url, keyPrefix }, options);
  ends.push(() => queue.stop());
  await queue.start();
  return queue;
}

function admin(): Redis {
  const client = new Redis(place.url, { maxRetriesPerRequest: null });
  ends.push(() => client.disconnect());
  return client;
}

describe("tools of BullMQ, on the queue on Redis,", () => {
  it("see the entries as jobs", async () => {
    const queue = await start();
    const tool = new Queue("workflow", { connection: admin(), prefix: `{${keyPrefix}}`, skipMetasUpdate: true });
    ends.push(() => tool.close());
    for (const id of ["out", "waiting"]) await queue.queueWork(id, "workflow");
    await queue.queueWork("later", "workflow", { delay: "1h" });
    await take(queue, 1);

    const [counts, waiting, active, delayed] = await Promise.all([
      tool.getJobCounts("wait", "active", "delayed", "completed", "failed"),
      tool.getWaiting(),
      tool.getActive(),
      tool.getDelayed(),
    ]);

    expect(counts).toEqual({ wait: 1, active: 1, delayed: 1, completed: 0, failed: 0 });
    expect([waiting, active, delayed].map((jobs) => jobs.map((job) => job.data as unknown))).toEqual([
      [{ id: "waiting" }],
      [{ id: "out" }],
      [{ id: "later" }],
    ]);
    expect(delayed[0]?.delay).toBe(3_600_000);
    expect(await tool.getDeduplicationJobId("later")).toBe(delayed[0]?.id);
  });

  it("pause a type of work, and resume it", async () => {
    const [queue, other] = [await start(), await start()];
    await queue.bullQueue("workflow").pause();
    await queue.queueWork("x", "workflow");
    await queue.queueWork("e", "event");
    const paused = [...(await take(queue)), ...(await other.dequeueWork("workflow", { limit: 1, wait: 50 }))];
    const events = await queue.dequeueWork("event", { limit: 1, wait: 0 });
    const waiting = wait(other);
    await sleep(50); // it blocks
    await queue.bullQueue("workflow").resume();

    expect(paused).toEqual([]);
    expect(idsOf(events)).toEqual(["e"]);
    expect(idsOf(await waiting)).toEqual(["x"]);
  });

  it("promote, remove and drain entries, which can be queued anew", async () => {
    const queue = await start();
    const tool = queue.bullQueue("workflow");
    for (const id of ["promoted", "removed"]) await queue.queueWork(id, "workflow", { delay: "1h" });
    const delayed = await tool.getDelayed();
    const jobOf = (id: string): (typeof delayed)[number] | undefined => delayed.find((job) => (job.data as { id: string }).id === id);

    await jobOf("promoted")?.promote();
    await jobOf("removed")?.remove();
    const promoted = await take(queue);
    await queue.queueWork("removed", "workflow");
    await tool.drain();
    await queue.queueWork("removed", "workflow");
    const anew = await take(queue);
    await Promise.all([...promoted, ...anew].map((item) => item.ack()));

    expect([promoted, anew].map(idsOf)).toEqual([["promoted"], ["removed"]]);
    expect((await admin().keys(`{${keyPrefix}}:*`)).filter((key) => /:de:|:\d+$/.test(key))).toEqual([]);
  });

  it("do not remove an item that is being worked on, and may obliterate all", async () => {
    const queue = await start({ visibility: 100 });
    const tool = queue.bullQueue("workflow");
    await queue.queueWork("x", "workflow");
    const [item] = await take(queue);
    const [job] = await tool.getActive();

    await expect(job?.remove()).rejects.toThrow("locked");
    await tool.obliterate({ force: true });
    await item?.ack();
    await sleep(110);

    expect(await take(queue)).toEqual([]);
    await queue.queueWork("x", "workflow");
    expect(idsOf(await take(queue))).toEqual(["x"]);
  });

  it("take and finish a job, as its worker does", async () => {
    const queue = await start();
    const worker = new Worker("workflow", undefined, { connection: admin(), prefix: `{${keyPrefix}}`, autorun: false });
    ends.push(() => worker.close());
    await queue.queueWork("x", "workflow");

    const job = await worker.getNextJob("token", { block: false });
    await job?.moveToCompleted("", "token", false);

    expect(job?.data).toEqual({ id: "x" });
    await queue.queueWork("x", "workflow");
    expect(idsOf(await take(queue))).toEqual(["x"]);
    expect(await queue.bullQueue("workflow").getCompletedCount()).toBe(0);
  });
});
