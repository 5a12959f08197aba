import { describe, expect, it } from "vitest";
import { isWfeError, type LogEntry, type PersistenceProvider, type QueueProvider, WorkflowBuilder, WorkflowHostBuilder } from "../../src/index.ts";
import {
  InMemoryPersistenceProvider,
  InMemoryQueueProvider,
  InMemoryQueueStore,
  InMemoryStore,
  VirtualClock,
  VirtualEntropy,
  sampleChange,
  sampleSubscription,
  sampleWorkflow,
} from "../../src/test-support/index.ts";
import { replacing } from "../replacing.ts";
import { messages } from "./host-setting.ts";

const definition = new WorkflowBuilder<{ n: number }>().thenFn("a", () => {}).build("w", 1);

/** A client on a store of its own, and the starts and stops of its providers. */
function setting(methods: { readonly queue?: Partial<QueueProvider>; readonly persistence?: Partial<PersistenceProvider> } = {}) {
  const clock = new VirtualClock();
  const warnings: LogEntry[] = [];
  const calls: string[] = [];
  const persistence = new InMemoryPersistenceProvider({ store: new InMemoryStore() });
  const queue = new InMemoryQueueProvider({ store: new InMemoryQueueStore(clock), clock });
  const noting = (name: string, provider: { start(): Promise<void>; stop(): Promise<void> }) => ({
    start: async () => {
      calls.push(`${name} starts`);
      await provider.start();
    },
    stop: async () => {
      calls.push(`${name} stops`);
      await provider.stop();
    },
  });
  const client = new WorkflowHostBuilder()
    .usePersistence(replacing<PersistenceProvider>(persistence, { ...noting("persistence", persistence), ...methods.persistence }))
    .useQueueProvider(replacing<QueueProvider>(queue, { ...noting("queue", queue), ...methods.queue }))
    .useClock(clock)
    .useEntropy(new VirtualEntropy(1))
    .useLogSink({ write: (entry) => void warnings.push(entry) })
    .buildClient();
  return { client, clock, warnings, calls, persistence, queue };
}

const taken = async (queue: QueueProvider, type: "workflow" | "event"): Promise<readonly string[]> =>
  (await queue.dequeueWork(type, { limit: 10, wait: 0 })).map(({ id }) => id);

describe("a client", () => {
  it("starts its providers once, stops them once, and can be started again", async () => {
    const { client, calls } = setting();

    await Promise.all([client.start(), client.start()]);
    await client.stop();
    await client.stop();
    expect(calls).toEqual(["persistence starts", "queue starts", "persistence stops", "queue stops"]);
    await client.start();

    expect(await client.countWorkflows()).toBe(0);
    await client.stop();
  });

  it("refuses every verb while it is not running", async () => {
    const { client } = setting();
    const refused = (error: unknown): boolean => isWfeError(error, "WFE_HOST_NOT_RUNNING");

    for (const verb of [
      () => client.startWorkflow(definition, { n: 1 }),
      () => client.publishEvent("paid", "1", 1),
      () => client.getWorkflow("w" as never),
      () => client.waitForWorkflow("w" as never),
      () => client.terminateWorkflow("w"),
    ])
      await expect(verb()).rejects.toSatisfy(refused);
  });

  it("stops at the end of its scope, and those who wait are told", async () => {
    const { client, calls } = setting();
    let waiting: Promise<unknown> = Promise.resolve();
    {
      await using scoped = client;
      await scoped.start();
      const id = await scoped.startWorkflow(definition, { n: 1 });
      waiting = expect(scoped.waitForWorkflow(id)).rejects.toSatisfy((error) => isWfeError(error, "WFE_HOST_NOT_RUNNING"));
    }

    await waiting;
    expect(calls.slice(2)).toEqual(["persistence stops", "queue stops"]);
  });

  it("waits for what the hosts bring to its end", async () => {
    const { client, clock, persistence } = setting();
    await client.start();
    const id = await client.startWorkflow(definition, { n: 1 });

    const end = client.waitForWorkflow(id);
    await persistence.command(id, "terminate", new Date(clock.now()));
    await clock.advance(20);

    expect(await end).toMatchObject({ id, status: "terminated" });
    await client.stop();
  });

  it("that cannot start stops what it has started, and one that cannot stop a provider stops the others", async () => {
    const failing = setting({ queue: { start: () => Promise.reject(new Error("away")) } });
    const worse = setting({
      queue: { start: () => Promise.reject(new Error("away")) },
      persistence: { stop: () => Promise.reject(new Error("stuck")) },
    });
    const stuck = setting({ persistence: { stop: () => Promise.reject(new Error("stuck")) } });

    await expect(failing.client.start()).rejects.toThrow("away");
    await expect(worse.client.start()).rejects.toThrow("away");
    await stuck.client.start();
    await expect(stuck.client.stop()).rejects.toThrow("stuck");

    expect(failing.calls).toEqual(["persistence starts", "persistence stops"]);
    expect(messages(worse.warnings)).toEqual(["a provider could not be stopped after the failed start"]);
    expect(stuck.calls).toEqual(["persistence starts", "queue starts", "queue stops"]);
  });

  it("starts any definition it is given, and leaves it to the hosts through the queue", async () => {
    const { client, clock, persistence, queue } = setting();
    await client.start();

    const id = await client.startWorkflow(definition, { n: 1 }, { id: "a" });
    await clock.settle();

    expect(await persistence.getWorkflowInstance(id)).toMatchObject({
      status: "runnable",
      dueAt: new Date(0),
      pointers: [{ status: "pending", attempt: 0 }],
    });
    expect(await taken(queue, "workflow")).toEqual(["a"]);
    await client.stop();
  });

  it("leaves one that is to start later to the sweep", async () => {
    const { client, clock, persistence, queue } = setting();
    const startAt = new Date("2026-01-01T00:00:05Z");
    await client.start();

    const id = await client.startWorkflow(definition, { n: 1 }, { startAt });
    await clock.settle();

    expect(await persistence.getWorkflowInstance(id)).toMatchObject({ dueAt: startAt });
    expect([await taken(queue, "workflow"), clock.pendingTimers]).toEqual([[], 0]);
    await client.stop();
  });

  it("tells the hosts through the queue of what it publishes and commands", async () => {
    const { client, clock, persistence, queue } = setting();
    await client.start();
    await client.startWorkflow(definition, { n: 1 }, { id: "a" });
    await taken(queue, "workflow");

    const time = new Date(clock.now() + 1);
    const event = await client.publishEvent("paid", "1", { total: 1 }, { time });
    await persistence.createNewWorkflow(sampleWorkflow("b"), new Date(clock.now()));
    await persistence.persistWorkflow(sampleChange("b", "c1", { openSubscriptions: [sampleSubscription("s", { key: "2" })] }), new Date(clock.now()));
    await client.publishEvent("paid", "2", { total: 1 });
    expect(await taken(queue, "workflow")).toEqual(["b"]);
    expect(await client.terminateWorkflow("a")).toBe(true);

    expect(await taken(queue, "event")).toEqual([event, `wfe.completed/a/${clock.now()}/0`]);
    await client.stop();
  });

  it("does its work all the same when the queue fails, and says who finds it", async () => {
    const { client, clock, warnings } = setting({ queue: { queueWork: () => Promise.reject(new Error("away")) } });
    await client.start();

    await client.startWorkflow(definition, { n: 1 }, { id: "a" });
    const event = await client.publishEvent("paid", "1", 1, { time: new Date(clock.now() + 1) });
    await client.suspendWorkflow("a");
    await clock.settle();

    expect((await client.getWorkflow("a" as never)).status).toBe("suspended");
    expect((await client.getEvent(event)).data).toBe(1);
    expect(messages(warnings)).toEqual([
      "a hint for the workflow a could not be queued; the sweep finds it",
      `a hint for the event ${event} could not be queued; the sweep finds it`,
      "a hint for the workflow a could not be queued; the sweep finds it",
    ]);
    await client.stop();
  });

  it("does not let a log sink that throws reach anybody", async () => {
    const { clock, persistence, queue } = setting();
    const failing = new WorkflowHostBuilder()
      .usePersistence(persistence)
      .useQueueProvider(replacing<QueueProvider>(queue, { queueWork: () => Promise.reject(new Error("away")) }))
      .useClock(clock)
      .useLogSink({
        write: () => {
          throw new Error("the disk is full");
        },
      })
      .buildClient();
    await failing.start();

    const id = await failing.startWorkflow(definition, { n: 1 });
    await clock.settle();

    expect((await failing.getWorkflow(id)).status).toBe("runnable");
    await failing.stop();
  });
});
