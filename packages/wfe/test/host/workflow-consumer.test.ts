import { describe, expect, it } from "vitest";
import {
  type AnyDefinition,
  type DistributedLockProvider,
  ErrorBehavior,
  type ExecutorServices,
  type Lease,
  LockError,
  pendingPointer,
  PersistenceError,
  type QueueProvider,
  StepRegistry,
  WorkflowBuilder,
  type WorkflowRecord,
  type WorkItem,
} from "../../src/index.ts";
import type { HostOptions } from "../../src/host/host-options.ts";
import { WorkflowConsumer } from "../../src/host/workflow-consumer.ts";
import { instant, sampleWorkflow } from "../../src/test-support/index.ts";
import { hostSetting, messages } from "./host-setting.ts";

interface Data {
  n: number;
}
const noop = (): void => {};
const quick = new WorkflowBuilder<Data>().thenFn("a", noop).build("quick", 1);

/** A body that runs until it is let go or called off. */
function held() {
  const releases: (() => void)[] = [];
  const reasons: unknown[] = [];
  const definition = new WorkflowBuilder<Data>()
    .thenFn("held", async ({ signal }) => {
      await new Promise<void>((resolve) => {
        releases.push(resolve);
        signal.addEventListener("abort", () => {
          reasons.push((signal.reason as { readonly reason?: unknown }).reason);
          resolve();
        });
      });
    })
    .onError(ErrorBehavior.suspend())
    .build("held", 1);
  return { definition, releases, reasons };
}

/** A consumer, its store, what it has queued again, as "id after ms", and when it has asked for a look at what is due. */
async function setting(
  parts: { readonly locks?: Partial<DistributedLockProvider>; readonly queueWork?: QueueProvider["queueWork"]; readonly options?: HostOptions } = {},
) {
  const hints: string[] = [];
  const of = await hostSetting(
    {
      ...(parts.locks === undefined ? {} : { locks: parts.locks }),
      queue: {
        queueWork: async (id, type, options) => {
          hints.push(`${id} after ${options?.delay}`);
          await parts.queueWork?.(id, type, options);
        },
      },
    },
    parts.options,
  );
  const { services, clock } = of;
  const steps = new StepRegistry();
  const executor: ExecutorServices = {
    ...services,
    steps,
    context: {
      payloads: services.payloads,
      clock,
      log: services.log,
      client: {} as never,
      newChild: () => Promise.reject(new Error("no children here")),
      polls: {} as never,
    },
    contended: () => false,
    committed: noop,
    publish: noop,
    warn: noop,
  };
  const looks: number[] = [];
  const lookForDue = (): void => void looks.push(clock.now() - instant().getTime());
  const consumer = new WorkflowConsumer(services, executor, of.locks, lookForDue);
  /** Stores an instance that is pending. */
  const create = async (definition: AnyDefinition, id: string): Promise<void> => {
    services.registry.register(definition);
    const [entry] = definition.graph.steps;
    if (entry === undefined) throw new Error("the definition has no step");
    const pointers = [pendingPointer(entry, { seq: 1, scope: [] })];
    const { fingerprint } = definition;
    const at = new Date(clock.now());
    await services.persistence.createNewWorkflow(
      sampleWorkflow(id, { definitionId: definition.id, fingerprint, data: '{"n":0}', pointers, createdAt: at }),
      at,
    );
  };
  const stored = async (id: string): Promise<WorkflowRecord | undefined> => services.persistence.getWorkflowInstance(id);
  const status = async (id: string): Promise<string | undefined> => (await stored(id))?.status;
  return { ...of, consumer, executor, hints, looks, create, stored, status };
}

/** A queue item that notes what becomes of it. */
function item(id: string, ends: string[]): WorkItem {
  return {
    id,
    ack: () => Promise.resolve(void ends.push(`${id} acked`)),
    retry: (delay) => Promise.resolve(void ends.push(`${id} retried after ${delay}`)),
  };
}

describe("an instance that something points at", () => {
  it("is run here when there is room", async () => {
    const { clock, consumer, create, status, hints } = await setting();
    await create(quick, "a");

    consumer.dispatch("a");
    await clock.settle();

    expect([await status("a"), hints, consumer.slots.free]).toEqual(["complete", [], 256]);
  });

  it("is left to the queue when there is none", async () => {
    const { definition } = held();
    const { clock, consumer, create, status, hints } = await setting({ options: { maxConcurrentWorkflows: 1 } });
    await create(definition, "a");
    await create(quick, "b");
    consumer.dispatch("a");
    await clock.settle();

    consumer.dispatch("b");
    await clock.settle();

    expect([await status("b"), hints]).toEqual(["runnable", ["b after 0"]]);
    await consumer.stop(0);
  });

  it("is left to the sweep when there is none and the queue fails", async () => {
    const { definition } = held();
    const { clock, consumer, create, warnings } = await setting({
      options: { maxConcurrentWorkflows: 1 },
      queueWork: () => Promise.reject(new Error("away")),
    });
    await create(definition, "a");
    consumer.dispatch("a");

    consumer.dispatch("b");
    await clock.settle();

    expect(messages(warnings)).toEqual(["a hint for the workflow b could not be queued; the sweep finds it"]);
    await consumer.stop(0);
  });

  it("is not run twice at the same time: its pass looks at the store instead", async () => {
    const { definition, releases, reasons } = held();
    const { services, clock, consumer, create, status } = await setting();
    await create(definition, "a");
    consumer.dispatch("a");
    await clock.settle();
    await services.persistence.command("a", "terminate", new Date(clock.now()));

    consumer.dispatch("a");
    expect([consumer.has("a"), consumer.has("b")]).toEqual([true, false]);
    await clock.settle();

    expect([releases.length, reasons, await status("a")]).toEqual([1, ["terminated"], "terminated"]);
    expect([consumer.has("a"), consumer.slots.free]).toEqual([false, 256]);
  });

  it("is looked at once more when something came while its lease was given back", async () => {
    const released: (() => void)[] = [];
    let acquired = 0;
    const { services, clock, consumer, create, status } = await setting({
      locks: {
        acquireLock: async (resource, { ttl }) => {
          acquired += 1;
          return fakeLease(resource, Number(ttl), () => new Promise((resolve) => released.push(() => resolve(true))));
        },
      },
    });
    await create(new WorkflowBuilder<Data>().waitFor("paid", "1").build("waits", 1), "a");
    consumer.dispatch("a");
    await clock.settle();
    expect(released).toHaveLength(1);
    await services.persistence.createEvent({ id: "e", name: "paid", key: "1", data: "1", time: instant() }, instant());
    await services.persistence.deliverEvents([{ name: "paid", key: "1" }], instant());

    consumer.dispatch("a");
    released[0]?.();
    await clock.settle();
    released[1]?.();
    await clock.settle();

    expect([acquired, await status("a")]).toEqual([2, "complete"]);
  });
});

describe("a queue item", () => {
  it("is acked once the lease is held, before the instance is done", async () => {
    const { definition, releases } = held();
    const { clock, consumer, create, status } = await setting();
    const ends: string[] = [];
    await create(definition, "a");

    await consumer.consume(item("a", ends));
    await clock.settle();
    expect([ends, await status("a")]).toEqual([["a acked"], "runnable"]);
    releases[0]?.();
    await clock.settle();

    expect([ends, await status("a")]).toEqual([["a acked"], "complete"]);
  });

  it("goes back to the queue when there is no room any more", async () => {
    const { definition, releases } = held();
    const { clock, consumer, create, status } = await setting({ options: { maxConcurrentWorkflows: 1 } });
    const ends: string[] = [];
    await create(definition, "a");
    await create(quick, "b");
    await consumer.consume(item("a", ends));
    await clock.settle();

    await consumer.consume(item("b", ends));
    releases[0]?.();
    await clock.settle();
    await consumer.consume(item("b", ends));
    await clock.settle();

    expect([ends, await status("b")]).toEqual([["a acked", "b retried after 0", "b acked"], "complete"]);
  });

  it("of an instance that runs here is acked, and its pass looks at the store", async () => {
    const { definition, reasons } = held();
    const { services, clock, consumer, create } = await setting();
    const ends: string[] = [];
    await create(definition, "a");
    consumer.dispatch("a");
    await clock.settle();
    await services.persistence.command("a", "terminate", new Date(clock.now()));

    await consumer.consume(item("a", ends));
    await clock.settle();

    expect([ends, reasons, consumer.slots.free]).toEqual([["a acked"], ["terminated"], 256]);
  });

  it("that cannot be acked does no harm", async () => {
    const { clock, consumer, create, status, warnings } = await setting();
    await create(quick, "a");

    await consumer.consume({ ...item("a", []), ack: () => Promise.reject(new Error("away")) });
    await clock.settle();

    expect([await status("a"), messages(warnings)]).toEqual(["complete", ["the hint for the workflow a could not be acked"]]);
  });
});

describe("a queue item that is acked for what is under way here", () => {
  it("is followed behind a pass that has found no such instance: it was created meanwhile", async () => {
    const { services, clock, consumer, create, status } = await setting();
    const ends: string[] = [];
    const answers: ((loaded: undefined) => void)[] = [];
    const load = services.persistence.loadForPass.bind(services.persistence);
    Object.assign(services.persistence, { loadForPass: () => new Promise((resolve) => answers.push(resolve)) });
    consumer.dispatch("a");
    await clock.settle();
    await create(quick, "a");

    await consumer.consume(item("a", ends));
    Object.assign(services.persistence, { loadForPass: load });
    answers[0]?.(undefined);
    await clock.settle();

    expect([ends, await status("a"), consumer.slots.free]).toEqual([["a acked"], "complete", 256]);
  });

  it("is followed behind a creation that was refused: somebody else has created another instance of this id", async () => {
    const { clock, consumer, create, status } = await setting();
    const ends: string[] = [];
    let refuse = (_: Error): void => {};
    await create(quick, "a");
    consumer.tryReserve();
    const creation = expect(consumer.create("a", () => new Promise((_, reject) => (refuse = reject)))).rejects.toThrow("another input");

    await consumer.consume(item("a", ends));
    refuse(new Error("another input"));
    await creation;
    await clock.settle();

    expect([ends, await status("a"), consumer.slots.free]).toEqual([["a acked"], "complete", 256]);
  });
});

describe("an instance whose lease is held elsewhere", () => {
  it("goes back to the queue with a delay that grows, and starts anew once the lease was had", async () => {
    let busy = true;
    const { clock, consumer, create, hints } = await setting({
      locks: { acquireLock: async (id, { ttl }) => (busy ? undefined : fakeLease(id, Number(ttl))) },
    });
    const ends: string[] = [];
    await create(quick, "a");
    const consume = async (): Promise<void> => {
      await consumer.consume(item("a", ends));
      await clock.settle();
    };

    await consume();
    consumer.dispatch("a");
    await clock.settle();
    await consume();
    busy = false;
    await consume();
    busy = true;
    await consume();

    expect(ends).toEqual(["a retried after 10", "a retried after 40", "a acked", "a retried after 10"]);
    expect(hints).toEqual(["a after 20"]);
    expect(consumer.slots.free).toBe(256);
  });

  it("does so too when the locks cannot be asked", async () => {
    const { clock, consumer, create, hints, warnings } = await setting({
      locks: { acquireLock: () => Promise.reject(new LockError("away", { retryable: true })) },
    });
    await create(quick, "a");

    consumer.dispatch("a");
    await clock.settle();

    expect(hints).toEqual(["a after 10"]);
    expect(messages(warnings)).toEqual(["the lease on the workflow a could not be taken; it is tried again"]);
  });

  it("gives its place back even if its item cannot be put back", async () => {
    const { clock, consumer, warnings } = await setting({ locks: { acquireLock: () => Promise.resolve(undefined) } });

    await consumer.consume({ ...item("a", []), retry: () => Promise.reject(new Error("away")) });
    await clock.settle();

    expect([consumer.slots.free, messages(warnings)]).toEqual([256, ["the hint for the workflow a could not be put back; it comes by itself"]]);
  });
});

describe("a hint that comes", () => {
  it("while another one is put back is not taken for one of an instance that runs here", async () => {
    let busy = true;
    const { clock, consumer, create, status } = await setting({
      locks: { acquireLock: async (id, { ttl }) => (busy ? undefined : fakeLease(id, Number(ttl))) },
    });
    const ends: string[] = [];
    await create(quick, "a");
    await consumer.consume({ ...item("a", ends), retry: () => new Promise(noop) });
    await clock.settle();

    busy = false;
    await consumer.consume(item("a", ends));
    await clock.settle();

    expect([await status("a"), ends, consumer.slots.free]).toEqual(["complete", ["a acked"], 256]);
  });

  it("while a lost lease is asked for again in vain is put again", async () => {
    const { definition } = held();
    const answers: ((lease: Lease | undefined) => void)[] = [];
    const { clock, consumer, create, hints } = await setting({
      locks: { acquireLock: () => new Promise((resolve) => answers.push(resolve)) },
    });
    const ends: string[] = [];
    await create(definition, "a");
    consumer.dispatch("a");
    const loss = new AbortController();
    answers[0]?.({ ...fakeLease("a", 5_000), signal: loss.signal });
    await clock.settle();
    loss.abort(new LockError("lost"));
    await clock.settle();

    await consumer.consume(item("a", ends));
    answers[1]?.(undefined);
    await clock.settle();

    expect([ends, hints]).toEqual([["a acked"], ["a after 10"]]);
  });
});

describe("the end of a pass", () => {
  it("gives its place back before its lease: others need not wait for that", async () => {
    const { clock, consumer, create, status } = await setting({
      locks: { acquireLock: async (id, { ttl }) => fakeLease(id, Number(ttl), () => new Promise(() => {})) },
    });
    const places = consumer.slots.free;
    await create(quick, "a");

    consumer.dispatch("a");
    await clock.settle();

    expect([await status("a"), consumer.slots.free, consumer.has("a")]).toEqual(["complete", places, true]);
  });

  it("is as good as there with the commit of the end of its instance: who hears of that may start the next one here", async () => {
    const free: number[] = [];
    const { clock, consumer, create, executor } = await setting({ options: { maxConcurrentWorkflows: 1 } });
    executor.committed = (_change, row) => {
      free.push(consumer.slots.free);
      consumer.written(row);
      free.push(consumer.slots.free);
    };
    await create(quick, "a");

    consumer.dispatch("a");
    expect(consumer.tryReserve()).toBe(false);
    await clock.settle();

    expect([free, consumer.slots.free]).toEqual([[0, 0, 0, 1], 1]);
  });

  it("whose lease cannot be given back is noted", async () => {
    const { clock, consumer, create, status, warnings } = await setting({
      locks: { acquireLock: async (id, { ttl }) => fakeLease(id, Number(ttl), () => Promise.reject(new Error("away"))) },
    });
    await create(quick, "a");

    consumer.dispatch("a");
    await clock.settle();

    expect([await status("a"), messages(warnings)]).toEqual([
      "complete",
      ["the lease on a could not be released; it ends at 2026-01-01T00:00:30.000Z"],
    ]);
  });

  it("that waits for a near time is followed by another one then; far ones are left to the sweep", async () => {
    const { clock, consumer, create, status } = await setting();
    await create(new WorkflowBuilder<Data>().delay("1h").build("near", 1), "near");
    await create(new WorkflowBuilder<Data>().delay(3_600_001).build("far", 1), "far");

    consumer.dispatch("near");
    consumer.dispatch("far");
    await clock.settle();
    expect(clock.pendingTimers).toBe(1);
    await clock.advance("2h");

    expect([await status("near"), await status("far")]).toEqual(["complete", "runnable"]);
  });

  it("are followed in the order of their times, however many; those whose ids are not kept by a look at what is due", async () => {
    const { clock, consumer, looks } = await setting();
    for (let n = 1; n <= 10_001; n += 1) consumer.schedule(`w${n}`, instant(n));

    await clock.advance(6_000);
    await consumer.stop(0);
    await clock.advance(6_000);

    expect(looks).toEqual(Array.from({ length: 1_000 }, (_, n) => 5_001 + n));
  });

  it("of a definition that is unknown here is followed by a hint with growing delay: another host may know it", async () => {
    const { services, clock, consumer, create, hints } = await setting();
    await create(quick, "a");
    services.registry.deregister("quick", 1);

    for (let n = 0; n < 3; n += 1) {
      consumer.dispatch("a");
      await clock.settle();
    }
    services.registry.register(quick);
    consumer.dispatch("a");
    await clock.settle();

    expect(hints).toEqual(["a after 100", "a after 200", "a after 400"]);
  });

  it("that failed is followed by a hint with growing delay, and said", async () => {
    const { services, clock, consumer, create, hints, warnings, status } = await setting();
    await create(quick, "a");
    const load = services.persistence.loadForPass.bind(services.persistence);
    let away = true;
    const gone = new PersistenceError("WFE_STORE_CORRUPT", "the file is no database");
    Object.assign(services.persistence, { loadForPass: (id: string) => (away ? Promise.reject(gone) : load(id)) });

    for (let n = 0; n < 2; n += 1) {
      consumer.dispatch("a");
      await clock.settle();
    }
    away = false;
    consumer.dispatch("a");
    await clock.settle();

    expect([hints, await status("a")]).toEqual([["a after 100", "a after 200"], "complete"]);
    expect(messages(warnings)).toEqual([
      "the pass of the workflow a has failed; it is tried again in 100 ms",
      "the pass of the workflow a has failed; it is tried again in 200 ms",
    ]);
  });

  it("of an instance that is not there is followed by nothing", async () => {
    const { clock, consumer, hints, warnings } = await setting();

    consumer.dispatch("nobody");
    await clock.settle();

    expect([hints, warnings, consumer.slots.free, clock.pendingTimers]).toEqual([[], [], 256, 0]);
  });
});

describe("an instance that is created here", () => {
  /** Stores an instance as a start does, and what there is to run of it. */
  async function starting(definition: AnyDefinition, id: string, of: Awaited<ReturnType<typeof setting>>) {
    await of.create(definition, id);
    const stored = await of.stored(id);
    if (stored === undefined) throw new Error("it was just stored");
    const { pointers, ...row } = stored;
    return { row, pointers };
  }

  it("is run with the lease that came with it, without being loaded", async () => {
    const of = await setting();
    const { consumer, services, clock, status } = of;
    const instance = await starting(quick, "a", of);
    const lease = await of.locks.acquireLock("a", { ttl: 30_000 });
    Object.assign(services.persistence, { loadForPass: () => Promise.reject(new Error("there is no need to")) });

    consumer.tryReserve();
    await consumer.create("a", () => Promise.resolve({ ...instance, lease, isLeased: true }));
    await clock.settle();

    expect([await status("a"), consumer.slots.free, of.warnings]).toEqual(["complete", 256, []]);
  });

  it("is run with a lease of its own when none came with it", async () => {
    const of = await setting();
    const { consumer, clock, status } = of;
    const instance = await starting(quick, "a", of);

    consumer.tryReserve();
    await consumer.create("a", () => Promise.resolve({ ...instance, isLeased: false }));
    await clock.settle();

    expect([await status("a"), consumer.slots.free]).toEqual(["complete", 256]);
  });

  it("is looked at once more when something pointed at it while it was created", async () => {
    const of = await setting();
    const { consumer, services, clock } = of;
    const instance = await starting(new WorkflowBuilder<Data>().waitFor("paid", "1").build("waits", 1), "a", of);
    const lease = await of.locks.acquireLock("a", { ttl: 30_000 });
    let loads = 0;
    const load = services.persistence.loadForPass.bind(services.persistence);
    Object.assign(services.persistence, { loadForPass: (id: string) => ((loads += 1), load(id)) });
    let done = (): void => {};
    consumer.tryReserve();

    const creation = consumer.create("a", () => new Promise((resolve) => (done = () => resolve({ ...instance, lease, isLeased: true }))));
    consumer.dispatch("a");
    done();
    await creation;
    await clock.settle();

    expect(loads).toBe(1);
  });

  it("was there before when there is nothing to run: its place is given back, and whatever pointed at it is followed", async () => {
    const of = await setting();
    const { consumer, clock, status } = of;
    await of.create(quick, "a");
    let done = (): void => {};
    consumer.tryReserve();

    const creation = consumer.create("a", () => new Promise((resolve) => (done = () => resolve(undefined))));
    consumer.dispatch("a");
    expect(consumer.has("a")).toBe(true);
    done();
    await creation;
    await clock.settle();

    expect([await status("a"), consumer.slots.free, consumer.has("a")]).toEqual(["complete", 256, false]);
  });

  it("does not disturb a pass that has its id and has not noticed yet that the former instance is gone", async () => {
    const { definition, reasons } = held();
    const of = await setting();
    const { consumer, services, clock, status } = of;
    await of.create(definition, "a");
    consumer.dispatch("a");
    await clock.settle();
    await services.persistence.command("a", "terminate", new Date(clock.now()));
    await services.persistence.deleteWorkflows(["a"]);
    const instance = await starting(quick, "a", of);

    consumer.tryReserve();
    const released: string[] = [];
    const lease = fakeLease("a", 30_000, () => Promise.resolve(released.push("a") > 0));
    await consumer.create("a", () => Promise.resolve({ ...instance, lease, isLeased: true }));
    await clock.advance("1s");

    expect([reasons.length, released, await status("a"), consumer.slots.free]).toEqual([1, ["a"], "runnable", 256]);
  });
});

describe("the stop of a consumer", () => {
  it("lets bodies finish and commits them, and starts no successor", async () => {
    const { definition, releases, reasons } = held();
    const { clock, consumer, create, stored, hints } = await setting();
    await create(definition, "a");
    consumer.dispatch("a");
    await clock.settle();
    let stopped = false;

    const stop = consumer.stop(5_000).then(() => {
      stopped = true;
    });
    await clock.advance(4_999);
    expect(stopped).toBe(false);
    releases[0]?.();
    await stop;

    expect([reasons, await stored("a"), hints]).toMatchObject([[], { status: "complete" }, []]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("calls off what is not done in time: it is pending, due at once, and free for others", async () => {
    const { definition, reasons } = held();
    const { clock, consumer, locks, create, stored, hints } = await setting();
    await create(definition, "a");
    consumer.dispatch("a");
    await clock.settle();

    const stop = consumer.stop(5_000);
    await clock.advance(5_000);
    await stop;

    expect([reasons, hints]).toEqual([["shutdown"], ["a after 0"]]);
    expect(await stored("a")).toMatchObject({ status: "runnable", dueAt: new Date(0), pointers: [{ status: "pending", crashCount: 0 }] });
    expect(await locks.acquireLock("a", { ttl: 1_000 })).toBeDefined();
  });

  it("calls off a pass at once whose lease came late", async () => {
    const { definition, releases } = held();
    let give = (_: Lease): void => {};
    const { clock, consumer, create, stored } = await setting({ locks: { acquireLock: () => new Promise((resolve) => (give = resolve)) } });
    await create(definition, "a");
    consumer.dispatch("a");

    const stop = consumer.stop(0);
    await clock.advance(1);
    give(fakeLease("a", 30_000));
    await stop;

    expect(releases).toEqual([]);
    expect(await stored("a")).toMatchObject({ status: "runnable", pointers: [{ status: "pending", attempt: 0 }] });
  });

  it("is kept for the rest of a lease at most by a store that gives no answer", async () => {
    const { definition, releases } = held();
    const { services, clock, consumer, create } = await setting({ options: { lockTtl: "9s" } });
    await create(definition, "a");
    consumer.dispatch("a");
    await clock.settle();
    Object.assign(services.persistence, { persistWorkflow: () => new Promise(() => {}) });
    releases[0]?.();
    await clock.advance("1m");
    let stopped = false;

    void consumer.stop(1_000).then(() => {
      stopped = true;
    });
    await clock.advance(1_000);
    expect(stopped).toBe(false);
    await clock.advance(9_000);

    expect([stopped, consumer.slots.free, clock.pendingTimers]).toEqual([true, 256, 0]);
  });

  it("is not kept by a store that is away: what cannot be stored is left for the next owner", async () => {
    const { definition, releases } = held();
    const { services, clock, consumer, create, stored } = await setting();
    await create(definition, "a");
    consumer.dispatch("a");
    await clock.settle();
    const gone = new PersistenceError("WFE_STORE_UNREACHABLE", "away", { retryable: true });
    Object.assign(services.persistence, { persistWorkflow: () => Promise.reject(gone) });
    releases[0]?.();
    await clock.advance("1m");

    const stop = consumer.stop(1_000);
    await clock.advance("3s");
    await stop;

    expect(await stored("a")).toMatchObject({ status: "runnable", pointers: [{ status: "running", attempt: 1 }] });
  });

  it("leaves to others, through the queue, what has come for an instance whose lease was just given back", async () => {
    let released = (): void => {};
    const release = (): Promise<boolean> => new Promise((resolve) => (released = () => resolve(true)));
    const { clock, consumer, create, hints } = await setting({
      locks: { acquireLock: async (id, { ttl }) => fakeLease(id, Number(ttl), release) },
    });
    const ends: string[] = [];
    await create(new WorkflowBuilder<Data>().waitFor("paid", "1").build("waits", 1), "a");
    consumer.dispatch("a");
    await clock.settle();

    const stop = consumer.stop(0);
    await consumer.consume(item("a", ends));
    released();
    await clock.advance(1);
    await stop;

    expect([ends, hints]).toEqual([["a acked"], ["a after 0"]]);
  });

  it("takes nothing more until the next start", async () => {
    const { clock, consumer, create, status, hints } = await setting();
    const ends: string[] = [];
    await create(quick, "a");
    await consumer.stop(0);

    consumer.dispatch("a");
    consumer.schedule("a", instant(1));
    await consumer.consume(item("a", ends));
    expect(consumer.tryReserve()).toBe(false);
    await clock.advance(10);
    // What was dispatched is for other hosts.
    expect([await status("a"), ends, hints, consumer.slots.free]).toEqual(["runnable", ["a retried after 0"], ["a after 0"], 256]);
    consumer.start();
    consumer.dispatch("a");
    await clock.settle();

    expect(await status("a")).toBe("complete");
  });

  it("waits for instances that are being created, also for those that fail", async () => {
    const { clock, consumer } = await setting();
    let created = (): void => {};
    let stopped = false;
    consumer.tryReserve();
    consumer.tryReserve();
    const good = consumer.create("a", () => new Promise((resolve) => (created = () => resolve(undefined))));
    const bad = expect(consumer.create("b", () => Promise.reject(new Error("taken")))).rejects.toThrow("taken");

    const stop = consumer.stop(0).then(() => {
      stopped = true;
    });
    await clock.advance(1);
    expect(stopped).toBe(false);
    created();
    await stop;

    await Promise.all([good, bad]);
    expect(consumer.slots.free).toBe(256);
  });
});

/** A lease that nobody else asks for. */
function fakeLease(resource: string, ttlMs: number, release: () => Promise<boolean> = () => Promise.resolve(true)): Lease {
  return {
    resource,
    token: "t",
    expiresAt: instant(ttlMs),
    signal: new AbortController().signal,
    extend: () => Promise.resolve(true),
    release,
  };
}

describe("an instance whose definition is not known", () => {
  it("is counted as long as it is not, and once", async () => {
    const { consumer, services, clock, create, status } = await setting();
    await create(quick, "a");
    await create(quick, "b");
    services.registry.deregister("quick", 1);

    for (const id of ["a", "b", "a"]) {
      consumer.dispatch(id);
      await clock.settle();
    }

    expect(consumer.unknownDefinitions).toEqual([{ id: "quick", version: 1, fingerprint: quick.fingerprint, instances: 2 }]);
    services.registry.register(quick);
    consumer.dispatch("a");
    await clock.settle();
    expect(await status("a")).toBe("complete");
    services.registry.deregister("quick", 1);
    expect(consumer.unknownDefinitions).toEqual([{ id: "quick", version: 1, fingerprint: quick.fingerprint, instances: 1 }]);
    await consumer.stop(0);
  });
});
