import { expect, it } from "vitest";
import {
  defineEvent,
  ErrorBehavior,
  EventNotFoundError,
  type PersistenceProvider,
  purgeWorkflows,
  WorkflowBuilder,
  type WorkflowHost,
  WorkflowNotFoundError,
} from "../../src/index.ts";
import { type Scenario, scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

const go = defineEvent<number>("go");

/** Is over at once. */
const short = new WorkflowBuilder<Count>()
  .thenFn("add", (ctx) => ctx.data.n + 1)
  .saveAs("n")
  .build("short", 1);

/** Fails once, then waits for the event `go` with the key of its own id. */
const waits = new WorkflowBuilder<Count>()
  .thenFn("flaky", (ctx) => {
    if (ctx.attempt === 1) throw new Error("not yet");
  })
  .onError(ErrorBehavior.retry({ interval: "1s" }))
  .waitFor(go, (_, ctx) => ctx.workflow.id)
  .saveAs("n")
  .build("waits", 1);

/** Is terminated by the failure of its step, once; run again it waits for the event `go` with the key of its own id. */
const fails = new WorkflowBuilder<Count>()
  .thenFn("broken", (ctx) => {
    if (ctx.attempt === 1) throw new Error("broken");
  })
  .onError(ErrorBehavior.terminate())
  .waitFor(go, (_, ctx) => ctx.workflow.id)
  .saveAs("n")
  .build("fails", 1);

function both(host: WorkflowHost): void {
  host.registerWorkflowDefinition(fails);
  host.registerWorkflowDefinition(short);
  host.registerWorkflowDefinition(waits);
}

/** What a purge has asked the store for. */
interface Asked {
  /** What it was told has ended. */
  readonly found: (readonly string[])[];
  /** Sizes of the deletions. */
  readonly deleted: number[];
}

/** The store itself, with what it is asked for written down; the caller stops it. @param meanwhile - Comes before every deletion. */
async function storeOf({ store }: Scenario, meanwhile?: () => Promise<void>): Promise<PersistenceProvider & { readonly asked: Asked }> {
  const { persistence } = store.open();
  await persistence.start();
  const asked: Asked = { found: [], deleted: [] };
  const watched: Partial<PersistenceProvider> & { readonly asked: Asked } = {
    asked,
    async getEndedWorkflows(ended, limit) {
      const ids = await persistence.getEndedWorkflows(ended, limit);
      asked.found.push(ids);
      return ids;
    },
    async deleteWorkflows(ids, only) {
      asked.deleted.push(ids.length);
      await meanwhile?.();
      return await persistence.deleteWorkflows(ids, only);
    },
  };
  return new Proxy(persistence, {
    get: (target, key) => {
      if (Object.hasOwn(watched, key)) return watched[key as keyof typeof watched];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  }) as PersistenceProvider & { readonly asked: Asked }; // one of the members that the proxy adds
}

scenarios("purging workflows", (open) => {
  it("removes those of the status that ended strictly before the instant", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(both);
    for (const id of ["first", "second", "third"]) {
      await host.startWorkflow(short, { n: 0 }, { id });
      await clock.settle();
      await clock.advance("1m");
    }
    await host.startWorkflow(waits, { n: 0 }, { id: "ended" });
    await host.terminateWorkflow("ended");
    await clock.advance("1h");
    const ended = (await host.getWorkflow("second")).completedAt as Date;
    const left = async (): Promise<readonly string[]> => (await host.listWorkflows()).items.map(({ id }) => id).sort();

    expect(await host.purgeWorkflows({ status: "complete", olderThan: ended })).toBe(1);
    expect(await left()).toEqual(["ended", "second", "third"]);
    expect(await host.purgeWorkflows({ status: "complete", olderThan: new Date(ended.getTime() + 1) })).toBe(1);
    expect(await left()).toEqual(["ended", "third"]);
    expect(await host.purgeWorkflows({ status: "terminated", olderThan: "2h" })).toBe(0);
    expect(await host.purgeWorkflows({ status: "terminated", olderThan: "1h" })).toBe(0); // it ended just an hour ago
    await clock.advance(1);
    expect(await host.purgeWorkflows({ status: "terminated", olderThan: "1h" })).toBe(1);
    expect(await left()).toEqual(["third"]);
  });

  it("removes in batches of batchSize, and counts all", async () => {
    const scenario = await open();
    const { host: newHost, clock } = scenario;
    const host = await newHost(both);
    await Promise.all(Array.from({ length: 7 }, () => host.startWorkflow(short, { n: 0 })));
    await clock.advance("1m");
    const store = await storeOf(scenario);

    expect(await purgeWorkflows(store, { status: "complete", olderThan: "1s", batchSize: 3 }, { clock })).toBe(7);
    expect(store.asked.deleted).toEqual([3, 3, 1]);
    expect(await host.countWorkflows()).toBe(0);
    await store.stop();
  });

  it("removes the earliest end first, each once, while other instances end", async () => {
    const scenario = await open();
    const { host: newHost, clock } = scenario;
    const host = await newHost(both);
    for (let turn = 0; turn < 6; turn += 1) {
      await host.startWorkflow(waits, { n: 0 }, { id: `waits ${turn}` });
      await host.startWorkflow(short, { n: 0 }, { id: `short ${turn}` });
      await clock.advance("2s");
    }
    const ending = ["waits 0", "waits 5"];
    const store = await storeOf(scenario, async () => {
      const id = ending.pop();
      if (id !== undefined) await host.publishEvent(go, id, 1);
      await clock.settle();
    });

    const removed = await purgeWorkflows(store, { status: "complete", olderThan: new Date(clock.now()), batchSize: 2 }, { clock });

    expect(store.asked.found).toEqual([["short 0", "short 1"], ["short 2", "short 3"], ["short 4", "short 5"], []]);
    expect(removed).toBe(6);
    expect((await host.listWorkflows({ status: "complete" })).items.map(({ id }) => id)).toEqual(["waits 5", "waits 0"]);
    await store.stop();
  });

  it("leaves what is retried between the look and the removal, whatever has become of it", async () => {
    const scenario = await open();
    const { host: newHost, clock } = scenario;
    const host = await newHost(both);
    const ids = ["ended", "retried", "retried and ended"];
    for (const id of ids) await host.startWorkflow(fails, { n: 0 }, { id });
    await clock.advance("10s");
    const store = await storeOf(scenario, async () => {
      for (const id of ids.slice(1)) await host.retryWorkflow(id);
      await clock.settle();
      await host.publishEvent(go, "retried and ended", 1);
      await clock.settle();
    });

    expect(await purgeWorkflows(store, { status: "terminated", olderThan: "5s" }, { clock })).toBe(1);

    expect(store.asked.found).toEqual([ids]);
    const left = (await host.listWorkflows()).items.map(({ id, status }) => `${id}: ${status}`).toSorted();
    expect(left).toEqual(["retried and ended: complete", "retried: runnable"]);
    await store.stop();
  });

  it("counts what would go, and removes nothing, in a dry run", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(both);
    for (let turn = 0; turn < 3; turn += 1) {
      await host.startWorkflow(short, { n: 0 });
      await clock.settle();
      await clock.advance("1m");
    }

    expect(await host.purgeWorkflows({ status: "complete", olderThan: "90s", dryRun: true })).toBe(2);
    expect(await host.purgeWorkflows({ status: "terminated", olderThan: 0, dryRun: true })).toBe(0);
    expect(await host.countWorkflows()).toBe(3);
    expect(await host.purgeWorkflows({ status: "complete", olderThan: "90s", dryRun: false })).toBe(2);
  });

  it("refuses an option that it does not know: a dry run that is misspelled would be none", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(both);
    await host.startWorkflow(short, { n: 0 });
    await clock.advance("1m");

    await expect(host.purgeWorkflows({ status: "complete", olderThan: 0, dryrun: true } as never)).rejects.toBeInstanceOf(TypeError);
    await expect(host.purgeWorkflows({ status: "complete", olderThan: 0, dryRun: "yes" } as never)).rejects.toBeInstanceOf(TypeError);

    expect(await host.countWorkflows()).toBe(1);
  });

  it.each([
    ["a running status", { status: "runnable", olderThan: "1d" }],
    ["suspended", { status: "suspended", olderThan: "1d" }],
    ["no status", { olderThan: "1d" }],
    ["an invalid Date", { status: "complete", olderThan: new Date(Number.NaN) }],
    ["a bad duration", { status: "complete", olderThan: "long ago" }],
    ["a negative duration", { status: "complete", olderThan: -1 }],
    ["no batch", { status: "complete", olderThan: 0, batchSize: 0 }],
    ["half a batch", { status: "complete", olderThan: 0, batchSize: 1.5 }],
    ["a batch too large", { status: "complete", olderThan: 0, batchSize: 1_001 }],
  ])("refuses %s with a RangeError, and removes nothing", async (_, options) => {
    const { host: newHost, clock } = await open();
    const host = await newHost(both);
    await host.startWorkflow(short, { n: 0 });
    await clock.advance("1m");

    await expect(host.purgeWorkflows(options as never)).rejects.toBeInstanceOf(RangeError);

    expect(await host.countWorkflows({ status: "complete" })).toBe(1);
  });

  it("leaves no pointer, subscription or error behind, and the id and name may be used again", async () => {
    const scenario = await open();
    const { host: newHost, clock } = scenario;
    const host = await newHost(both);
    const store = await storeOf(scenario);
    await host.startWorkflow(waits, { n: 0 }, { id: "x", name: "the one", reference: "r" });
    await clock.advance("2s");
    const [subscription] = await store.getSubscriptions("go", "x", new Date(clock.now()));
    expect(subscription).toMatchObject({ workflowId: "x" });
    expect(await host.getErrors("x")).toHaveLength(1);
    await host.publishEvent(go, "x", 5);
    await clock.advance("1m");

    expect(await host.purgeWorkflows({ status: "complete", olderThan: "1s" })).toBe(1);
    expect(await store.getSubscription(subscription?.id ?? "")).toBeUndefined();
    expect(await store.getErrors("x")).toEqual([]);
    expect(await store.loadForPass("x")).toBeUndefined();
    for (const verb of [host.getWorkflow("x"), host.getHistory("x"), host.getErrors("x"), host.getWorkflow("the one"), host.suspendWorkflow("x")])
      await expect(verb).rejects.toBeInstanceOf(WorkflowNotFoundError);

    expect(await host.startWorkflow(short, { n: 41 }, { id: "x", name: "the one" })).toBe("x"); // another definition, and other input
    await clock.settle();
    expect(await host.getWorkflow("the one")).toMatchObject({ id: "x", status: "complete", data: { n: 42 } });
    expect(await host.getErrors("x")).toEqual([]);
    expect((await host.getHistory("x")).map(({ stepName }) => stepName)).toEqual(["add"]);
    await store.stop();
  });

  it("runs an instance that has the id of a purged one as if there had been none, its wait and its end too", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(both);
    for (const n of [1, 2, 3]) {
      await host.startWorkflow(waits, { n: 0 }, { id: "x" });
      await clock.advance("2s");
      expect((await host.getWorkflow("x")).status).toBe("runnable"); // the events of those before it are not its own
      await host.publishEvent(go, "x", n);
      await clock.advance("2s");
      expect(await host.getWorkflow("x")).toMatchObject({ status: "complete", data: { n } });
      expect(await host.purgeWorkflows({ status: "complete", olderThan: "1s" })).toBe(1);
    }
  });

  it("passes over hints that are left of a purged instance, without a warning", async () => {
    const { host: newHost, client: newClient, clock, store, warnings } = await open();
    const client = await newClient();
    const id = await client.startWorkflow(short, { n: 0 });
    await client.terminateWorkflow(id);
    await clock.advance("1m");
    expect(await client.purgeWorkflows({ status: "terminated", olderThan: "1s" })).toBe(1);
    const { queue } = store.open();
    await queue.start();
    await queue.queueWork(id, "workflow");

    const host = await newHost(both);
    await clock.advance("5m");

    expect(warnings).toEqual([]);
    expect(await queue.dequeueWork("workflow", { limit: 10, wait: 0 })).toEqual([]);
    expect(await host.countWorkflows()).toBe(0);
    await queue.stop();
  });

  it("leaves runnable and suspended instances as they are, however old", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(both, { sweepInterval: "1d", lockTtl: "1d" });
    await host.startWorkflow(waits, { n: 0 }, { id: "running" });
    await host.startWorkflow(waits, { n: 0 }, { id: "suspended" });
    await clock.advance("2s");
    await host.suspendWorkflow("suspended");
    await clock.advance("40d");

    for (const status of ["complete", "terminated"] as const) expect(await host.purgeWorkflows({ status, olderThan: 0 })).toBe(0);
    await host.resumeWorkflow("suspended");
    for (const id of ["running", "suspended"]) await host.publishEvent(go, id, 7);
    await clock.settle();

    for (const id of ["running", "suspended"]) {
      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 7 } });
      expect(await host.getErrors(id)).toHaveLength(1);
    }
  });
});

scenarios("event retention", (open) => {
  it("removes delivered events after their time, and no others", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(both, { eventRetention: "1d", sweepInterval: "5m" });
    await host.publishEvent(go, "nobody waits", 1, { id: "delivered" });
    await host.publishEvent(go, "later", 2, { id: "future", time: new Date(clock.now() + 10 * 86_400_000) });
    await clock.advance("12h");
    await host.publishEvent(go, "nobody waits", 3, { id: "younger" });
    await clock.advance("11h");
    expect(await host.getEvent("delivered")).toMatchObject({ delivered: true });

    await clock.advance("75m");
    await expect(host.getEvent("delivered")).rejects.toBeInstanceOf(EventNotFoundError);
    expect(await host.getEvent("younger")).toMatchObject({ delivered: true });
    expect(await host.getEvent("future")).toMatchObject({ delivered: false });
    await clock.advance("12h");
    await expect(host.getEvent("younger")).rejects.toBeInstanceOf(EventNotFoundError);

    await clock.advance("3d");
    expect(await host.getEvent("future")).toMatchObject({ delivered: false, data: 2 });
  });
});
