import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import type { CancelledError } from "../../src/errors/step-errors.ts";
import { PersistenceError } from "../../src/errors/store-errors.ts";
import type { ExecutorServices } from "../../src/executor/executor-services.ts";
import { pendingPointer, started } from "../../src/executor/pointer-factory.ts";
import { StepRegistry } from "../../src/executor/step-registry.ts";
import { WorkflowPass } from "../../src/executor/workflow-pass.ts";
import { ErrorBehavior } from "../../src/models/error-behavior.ts";
import type { NewWorkflow } from "../../src/models/workflow-row.ts";
import { Payloads } from "../../src/runtime/payloads.ts";
import { sampleChange, sampleWorkflow } from "../../src/test-support/fixtures.ts";
import { InMemoryLockProvider, InMemoryLockStore } from "../../src/test-support/in-memory/in-memory-lock-provider.ts";
import { VirtualEntropy } from "../../src/test-support/virtual-entropy.ts";
import type { Lease } from "../../src/traits/lock-provider.ts";
import type { AnyDefinition } from "../../src/traits/workflow-registry.ts";
import { Gate, PassHarness } from "./pass-harness.ts";
import { stepOf } from "./scope-of.ts";

interface Data {
  n: number;
}
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const noop = (): void => {};

/** A body that waits for a gate, and why it was called off. */
function held() {
  const [began, gate] = [new Gate(), new Gate()];
  const reasons: string[] = [];
  const run = async ({ signal }: { readonly signal: AbortSignal }): Promise<void> => {
    signal.addEventListener("abort", () => void reasons.push((signal.reason as CancelledError).reason));
    began.open();
    await gate.opened;
  };
  return { began, gate, reasons, run };
}

/** Counts the loads of a harness. */
function countingLoads(harness: PassHarness): { loads: number } {
  const count = { loads: 0 };
  harness.intercept("loadForPass", (next, id, options) => {
    count.loads += 1;
    return next(id, options);
  });
  return count;
}

describe("an instance that was just created here", () => {
  /** A pass over an instance as its creation has stored it, on a store that cannot be read. */
  async function created(definition: AnyDefinition, starts: boolean, changes: Partial<ExecutorServices> = {}, isLeased = true) {
    const harness = await PassHarness.start();
    const pending = pendingPointer(stepOf(definition), { seq: 1, scope: [] });
    const now = new Date(harness.clock.now());
    const workflow: NewWorkflow = sampleWorkflow("w", {
      definitionId: definition.id,
      fingerprint: definition.fingerprint,
      data: '{"n":0}',
      pointers: [starts ? started(pending, now) : pending],
    });
    await harness.store.createNewWorkflow(workflow, now);
    const locks = new InMemoryLockProvider({ store: new InMemoryLockStore(harness.clock), clock: harness.clock });
    await locks.start();
    const lease = (await locks.acquireLock("w", { ttl: "30s" })) as Lease; // nobody else asks
    const payloads = new Payloads();
    const { pointers, ...row } = workflow;
    const services: ExecutorServices = {
      persistence: Object.assign(Object.create(harness.store) as typeof harness.store, {
        loadForPass: (id: string) => (isLeased ? Promise.reject(new Error("there is no need to load it")) : harness.store.loadForPass(id)),
        persistWorkflow: harness.store.persistWorkflow.bind(harness.store),
      }),
      registry: { getDefinition: () => definition },
      steps: new StepRegistry(),
      clock: harness.clock,
      entropy: new VirtualEntropy(1),
      payloads,
      context: {
        payloads,
        clock: harness.clock,
        log: { write: noop },
        client: {} as never,
        newChild: () => Promise.reject(new Error("no children here")),
        polls: {} as never,
      },
      options: { maxCrashes: 5, maxOpenPointers: 100, maxConcurrentSteps: 16, maxDepth: 32, shutdownTimeoutMs: 30_000, lockTtlMs: 30_000 },
      contended: () => false,
      committed: (change) => void harness.commits.push(change),
      publish: (event) => void harness.events.push(event),
      warn: noop,
      ...changes,
    };
    const stored = { row: { ...row, status: "runnable", revision: 0, controlSeq: 0, inboxSeq: 0, sequence: 1 } as const, pointers };
    return { harness, lease, pass: new WorkflowPass(services, "w", lease, { ...stored, isLeased }) };
  }

  it("runs the body that its creation has stored as running, with no commit before", async () => {
    const attempts: number[] = [];
    const definition = w()
      .thenFn("a", (ctx) => void attempts.push(ctx.attempt))
      .build("w", 1);
    const { harness, pass } = await created(definition, true);

    expect(await pass.run()).toEqual({ kind: "idle" });

    expect(attempts).toEqual([1]);
    expect(harness.commits.map(({ pointers }) => pointers.map(({ status, crashCount }) => [status, crashCount]))).toEqual([[["complete", 0]]]);
  });

  it("starts what is pending as any pass does", async () => {
    const definition = w().delay(0).thenFn("a", noop).build("w", 1);
    const { harness, pass } = await created(definition, false);

    await pass.run();

    expect(await harness.state()).toEqual({ status: "complete", data: { n: 0 }, pointers: ["delay: complete", "a: complete"] });
  });

  it("is loaded when its lease was not held from its creation on; its body was not started by anybody, which is no crash", async () => {
    const attempts: number[] = [];
    const definition = w()
      .thenFn("a", (ctx) => void attempts.push(ctx.attempt))
      .build("w", 1);
    const { harness, pass } = await created(
      definition,
      true,
      { options: { maxCrashes: 1, maxOpenPointers: 100, maxConcurrentSteps: 16, maxDepth: 32, shutdownTimeoutMs: 30_000, lockTtlMs: 30_000 } },
      false,
    );

    expect(await pass.run()).toEqual({ kind: "idle" });

    expect(attempts).toEqual([1]);
    expect((await harness.stored()).pointers).toMatchObject([{ status: "complete", attempt: 1, crashCount: 0 }]);
  });

  it("is taken over as any other when another host has moved it since", async () => {
    const definition = w().thenFn("a", noop).build("w", 1);
    const { harness, pass } = await created(definition, true, {}, false);
    const row = await harness.stored();
    await harness.store.persistWorkflow(
      sampleChange("w", "other", { pointers: row.pointers, dueAt: row.dueAt ?? new Date(0) }),
      new Date(harness.clock.now()),
    );

    await pass.run();

    expect((await harness.stored()).pointers).toMatchObject([{ status: "complete", attempt: 2, crashCount: 1 }]);
  });

  it("starts nothing on a host that has begun to stop: the body is left for the next, as if it had not been started", async () => {
    const ran: string[] = [];
    const definition = w()
      .thenFn("a", () => void ran.push("a"))
      .build("w", 1);
    const { harness, pass } = await created(definition, true);

    pass.drain();

    expect(await pass.run()).toEqual({ kind: "yielded" });
    expect(ran).toEqual([]);
    expect(await harness.stored()).toMatchObject({ dueAt: new Date(0), pointers: [{ status: "pending", attempt: 0, crashCount: 0 }] });
  });

  it("is left alone when the lease has ended by then", async () => {
    const ran: string[] = [];
    const definition = w()
      .thenFn("a", () => void ran.push("a"))
      .build("w", 1);
    const { harness, lease, pass } = await created(definition, true);
    await lease.release();

    expect(await pass.run()).toEqual({ kind: "lost" });
    expect([ran, harness.commits]).toEqual([[], []]);
  });

  it("stays as it was when the engine itself fails, and its bodies are called off", async () => {
    const body = held();
    const broken = new Error("a fault of the host");
    const definition = w()
      .parallel((p) => p.branch((b) => b.thenFn("a", body.run)).branch((b) => b.thenFn("b", () => body.began.opened)))
      .build("w", 1);
    const contended = (): boolean => {
      throw broken; // asked once the first commit has started its bodies
    };
    const { harness, pass } = await created(definition, false, { contended });

    expect(await pass.run()).toEqual({ kind: "failed", error: broken });

    expect(body.reasons).toEqual(["failed"]);
    expect((await harness.state()).pointers).toEqual(["parallel: running", "a: running", "b: running"]);
  });

  it("starts nothing any more when its lease ends while a commit is told of", async () => {
    const ran: string[] = [];
    const definition = w()
      .delay(0)
      .thenFn("a", () => void ran.push("a"))
      .build("w", 1);
    const leases: Lease[] = [];
    const { harness, lease, pass } = await created(definition, false, { committed: () => leases.forEach((held) => void held.release()) });
    leases.push(lease);

    expect(await pass.run()).toEqual({ kind: "lost" });

    expect([ran, (await harness.state()).pointers]).toEqual([[], ["delay: complete", "a: running"]]);
  });
});

describe("a poke", () => {
  it("that comes after the end is not lost: the pass says so", async () => {
    const harness = await PassHarness.start();
    await harness.create(w().thenFn("a", noop).build("w", 1), { n: 0 });
    const { pass, end } = await harness.begin();
    await end;
    expect(pass.isPoked).toBe(false);

    pass.poke();

    expect(pass.isPoked).toBe(true);
  });

  it("while the store is away is followed until the lease ends", async () => {
    const harness = await PassHarness.start();
    const body = held();
    await harness.create(w().thenFn("a", body.run).build("w", 1), { n: 0 });
    const { pass, end } = await harness.begin("w", 5_000);
    await body.began.opened;
    harness.intercept("loadForPass", () => Promise.reject(new PersistenceError("WFE_STORE_UNREACHABLE", "away", { retryable: true })));

    pass.poke();
    await harness.clock.advance(5_000);

    expect(await end).toEqual({ kind: "lost" });
    expect(body.reasons).toEqual(["leaseLost"]);
    expect(harness.warnings).not.toEqual([]);
  });
});

describe("a lease that ends at the very moment a commit is acknowledged", () => {
  it("leaves the pass without an answer: it starts nothing that the commit has said to run", async () => {
    const harness = await PassHarness.start();
    const ran: string[] = [];
    await harness.create(
      w()
        .thenFn("a", () => void ran.push("a"))
        .build("w", 1),
      { n: 0 },
    );
    let give = (): void => {};
    harness.intercept("persistWorkflow", async (next, change, now) => {
      const result = await next(change, now);
      give();
      return result;
    });

    const { end, lease } = await harness.begin();
    give = () => void lease.release();

    expect(await end).toEqual({ kind: "lost" });
    expect([ran, (await harness.state()).pointers]).toEqual([[], ["a: running"]]);
  });
});

describe("what a renewal round has read", () => {
  it("makes the pass look at the store only if something has come", async () => {
    const harness = await PassHarness.start();
    const body = held();
    const definition = w()
      .parallel((p) => p.branch((b) => b.thenFn("a", body.run)).branch((b) => b.waitFor<number>("paid", "1").saveAs("n")))
      .build("w", 1);
    await harness.create(definition, { n: 0 });
    const count = countingLoads(harness);
    const { pass, end } = await harness.begin();
    const read = async (): Promise<void> => {
      for (const signals of await harness.store.readSignals(["w"])) pass.signals(signals);
      await harness.clock.settle();
    };
    await body.began.opened;

    await read();
    expect(count.loads).toBe(1);
    const now = new Date(harness.clock.now());
    await harness.store.createEvent({ id: "e", name: "paid", key: "1", data: "7", time: now }, now);
    await harness.store.deliverEvents([{ name: "paid", key: "1" }], now);
    await read();
    expect(count.loads).toBe(2);
    expect((await harness.state()).data).toEqual({ n: 7 });
    body.gate.open();

    expect(await end).toEqual({ kind: "idle" });
  });

  it("is of no use to a pass that has not loaded yet", async () => {
    const harness = await PassHarness.start();
    const loading = new Gate();
    let loads = 0;
    await harness.create(w().thenFn("a", noop).build("w", 1), { n: 0 });
    harness.intercept("loadForPass", async (next, id, options) => {
      loads += 1;
      await loading.opened;
      return next(id, options);
    });
    const { pass, end } = await harness.begin();

    pass.signals({ id: "w", revision: 7, status: "suspended", controlSeq: 7, inboxSeq: 7 });
    loading.open();

    expect(await end).toEqual({ kind: "idle" });
    expect([loads, pass.isPoked]).toEqual([1, false]);
  });
});

describe("a resume while bodies of the suspended instance still run", () => {
  it("runs the failed step again in the same pass", async () => {
    const harness = await PassHarness.start();
    const body = held();
    const definition = w()
      .parallel((p) =>
        p
          .branch((b) => b.thenFn("held", body.run))
          .branch((b) =>
            b
              .thenFn("fails once", ({ attempt }) => (attempt === 1 ? Promise.reject(new Error("once")) : Promise.resolve(attempt)))
              .saveAs("n")
              .onError(ErrorBehavior.suspend()),
          ),
      )
      .build("w", 1);
    await harness.create(definition, { n: 0 });
    const { pass, end } = await harness.begin();
    await body.began.opened;
    await harness.clock.settle();
    pass.poke();
    await harness.clock.settle();
    expect(await harness.state()).toEqual({
      status: "suspended",
      data: { n: 0 },
      pointers: ["parallel: running", "held: running", "fails once: failed"],
    });

    await harness.store.command("w", "resume", new Date(harness.clock.now()));
    pass.poke();
    await harness.clock.settle();
    expect((await harness.state()).data).toEqual({ n: 2 });
    body.gate.open();

    expect(await end).toEqual({ kind: "idle" });
    expect(await harness.state()).toMatchObject({ status: "complete", pointers: ["parallel: complete", "held: complete", "fails once: complete"] });
    expect((await harness.stored()).error).toBeUndefined();
  });
});
