import { describe, expect, it } from "vitest";
import {
  type AnyDefinition,
  DefinitionNotFoundError,
  type DistributedLockProvider,
  type Lease,
  LockError,
  type LifecycleEvent,
  type PersistenceProvider,
  WorkflowBuilder,
} from "../../src/index.ts";
import { Slots } from "wfe-core";
import type { InstanceToRun } from "../../src/host/looked-at.ts";
import type { WorkflowConsumer } from "../../src/host/workflow-consumer.ts";
import { WorkflowStarter } from "../../src/host/workflow-starter.ts";
import { instant } from "../../src/test-support/index.ts";
import { hostSetting, messages } from "./host-setting.ts";

interface Data {
  n: number;
}
const noop = (): void => {};
const definition = new WorkflowBuilder<Data>().description("counts").thenFn("a", noop).build("w", 1);

/** A starter of a host with room for one instance: what it runs, dispatches and tells. `atWork`: what the host looks at, perhaps. */
async function setting(
  parts: {
    readonly locks?: Partial<DistributedLockProvider>;
    readonly persistence?: Partial<PersistenceProvider>;
    readonly atWork?: readonly string[];
  } = {},
) {
  const of = await hostSetting(parts);
  const { services, locks } = of;
  const created: (InstanceToRun | undefined)[] = [];
  const scheduled: unknown[] = [];
  const events: LifecycleEvent[] = [];
  const slots = new Slots(1);
  const poked: string[] = [];
  const consumer: Pick<WorkflowConsumer, "tryReserve" | "create" | "schedule" | "poke"> = {
    poke: (id) => poked.push(id) > 0 && parts.atWork?.includes(id) === true,
    tryReserve: () => slots.tryTake(),
    create: async (_, creation) => void created.push(await creation()),
    schedule: (id, at) => void scheduled.push([id, at]),
  };
  services.registry.register(definition);
  const starter = new WorkflowStarter(services, (event) => void events.push(event), { consumer: consumer as WorkflowConsumer, locks }); // no more of it is used
  const told = (): readonly string[] => events.map(({ type }) => type);
  return { ...of, starter, created, scheduled, slots, told, poked };
}

describe("a start where there is room", () => {
  it("stores the first step as running, takes the lease, and runs it here", async () => {
    const { services, starter, created, slots, told } = await setting();

    const id = await starter.start(definition, { n: 1 }, { id: "a", reference: "r" });

    const stored = await services.persistence.getWorkflowInstance(id);
    expect(stored).toMatchObject({
      id: "a",
      name: "w-1",
      description: "counts",
      reference: "r",
      data: '{"n":1}',
      dueAt: instant(30_000),
      pointers: [{ status: "running", attempt: 1, startedAt: instant() }],
    });
    expect(created).toMatchObject([{ row: { id: "a", status: "runnable", sequence: 1 }, pointers: stored?.pointers, lease: { resource: "a" } }]);
    expect([told(), slots.free]).toEqual([["started", "stepStarted"], 0]);
  });

  it.each<[string, AnyDefinition]>([
    [
      "has a condition",
      new WorkflowBuilder<Data>()
        .thenFn("a", noop)
        .when(() => true)
        .build("w", 1),
    ],
    ["runs no body", new WorkflowBuilder<Data>().delay(0).build("w", 1)],
  ])("leaves the first step pending when it %s", async (_, other) => {
    const { services, starter, created, told } = await setting();

    const id = await starter.start(other, { n: 1 }, {});

    expect((await services.persistence.getWorkflowInstance(id))?.pointers).toMatchObject([{ status: "pending", attempt: 0 }]);
    expect([created.length, told()]).toEqual([1, ["started"]]);
  });

  it("that repeats an earlier one gives its id, starts nothing, and gives the lease back", async () => {
    const { starter, locks, created, slots, told } = await setting();
    await starter.start(definition, { n: 1 }, { id: "a" });
    await created[0]?.lease?.release();
    slots.give();

    expect(await starter.start(definition, { n: 1 }, { id: "a" })).toBe("a");

    expect([created.slice(1), told()]).toEqual([[undefined], ["started", "stepStarted"]]);
    expect(await locks.acquireLock("a", { ttl: 1_000 })).toBeDefined();
  });

  it.each<[string, Partial<DistributedLockProvider>, readonly string[]]>([
    ["is held elsewhere", { acquireLock: () => Promise.resolve(undefined) }, []],
    [
      "cannot be taken",
      { acquireLock: () => Promise.reject(new LockError("away", { retryable: true })) },
      ["the lease on the new workflow a could not be taken; it is tried again"],
    ],
  ])("is done when the lease %s: the instance is run with one that comes later", async (_, locks, warned) => {
    const { services, starter, created, warnings, told } = await setting({ locks });

    const id = await starter.start(definition, { n: 1 }, { id: "a" });

    expect(await services.persistence.getWorkflowInstance(id)).toMatchObject({ status: "runnable" });
    expect(created).toMatchObject([{ row: { id: "a" }, pointers: [{ status: "running" }], lease: undefined }]);
    expect([told(), messages(warnings)]).toEqual([["started"], warned]);
  });

  it("that cannot be stored gives the lease back, and says so even if that cannot be", async () => {
    const gone = new Error("away");
    const release = (): Promise<boolean> => Promise.reject(new Error("away too"));
    const { starter, created, warnings, told } = await setting({
      persistence: { createNewWorkflow: () => Promise.reject(gone) },
      locks: { acquireLock: (resource) => Promise.resolve({ resource, release } as Partial<Lease> as Lease) }, // nothing else of it is used
    });

    await expect(starter.start(definition, { n: 1 }, { id: "a" })).rejects.toBe(gone);

    expect([created, told()]).toEqual([[], []]);
    expect(messages(warnings)).toEqual(["the lease on a workflow that was not started could not be released; it ends by itself"]);
  });
});

describe("a start where there is no room", () => {
  it("leaves the instance to any host through the queue, once", async () => {
    const { services, clock, starter, created, slots, told } = await setting();
    slots.tryTake();

    const ids = [await starter.start(definition, { n: 1 }, { id: "a" }), await starter.start(definition, { n: 1 }, { id: "a" })];
    await clock.settle();

    expect([ids, created, told()]).toEqual([["a", "a"], [], ["started"]]);
    expect(await services.persistence.getWorkflowInstance("a")).toMatchObject({ dueAt: new Date(0), pointers: [{ status: "pending" }] });
    expect((await services.queue.dequeueWork("workflow", { limit: 10, wait: 0 })).map(({ id }) => id)).toEqual(["a"]);
  });

  it("leaves it to this host where something has pointed at it already, and its pass is under way: no hint is of use then", async () => {
    const { services, clock, starter, slots, poked } = await setting({ atWork: ["a"] });
    slots.tryTake();

    await starter.start(definition, { n: 1 }, { id: "a" });
    await starter.start(definition, { n: 1 }, { id: "b" });
    await clock.settle();

    expect(poked).toEqual(["a", "b"]);
    expect((await services.queue.dequeueWork("workflow", { limit: 10, wait: 0 })).map(({ id }) => id)).toEqual(["b"]);
  });
});

describe("a start in the future", () => {
  it("takes no room, and is looked at then", async () => {
    const { services, starter, scheduled, slots } = await setting();

    await starter.start(definition, { n: 1 }, { id: "a", startAt: instant(5_000) });

    expect(await services.persistence.getWorkflowInstance("a")).toMatchObject({
      dueAt: instant(5_000),
      pointers: [{ status: "sleeping", attempt: 0, dueAt: instant(5_000) }],
    });
    expect([scheduled, slots.free]).toEqual([[["a", instant(5_000)]], 1]);
    expect(await services.queue.dequeueWork("workflow", { limit: 1, wait: 0 })).toEqual([]);
  });

  it("that is not in the future is a start at once", async () => {
    const { starter, created } = await setting();

    await starter.start(definition, { n: 1 }, { startAt: instant() });

    expect(created).toHaveLength(1);
  });
});

describe("a generated name", () => {
  it("that somebody has given to another instance is passed over", async () => {
    const { services, starter, slots } = await setting();
    const other = new WorkflowBuilder<Data>().thenFn("a", noop).build("other", 1);
    await starter.start(other, { n: 1 }, { name: "w-1", id: "taken" });
    slots.give();

    const id = await starter.start(definition, { n: 1 }, {});

    expect([(await services.persistence.getWorkflowInstance(id))?.name, (await services.persistence.getWorkflowInstanceByName("w-1"))?.id]).toEqual([
      "w-2",
      "taken",
    ]);
  });
});

describe("a definition without a step", () => {
  it("is none: nothing is written", async () => {
    const { services, starter } = await setting();
    const empty = { ...definition, graph: { steps: [] } };

    await expect(starter.start(empty, { n: 1 }, { id: "a" })).rejects.toEqual(new DefinitionNotFoundError("w", 1));

    expect(await services.persistence.getWorkflowInstance("a")).toBeUndefined();
  });
});
