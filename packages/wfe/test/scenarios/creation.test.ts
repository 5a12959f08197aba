import { expect, it } from "vitest";
import {
  CancelledError,
  type DistributedLockProvider,
  LockError,
  type Providers,
  WorkflowBuilder,
  type WorkflowDefinition,
} from "../../src/index.ts";
import { replacing } from "../replacing.ts";
import { scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

/** Providers whose locks answer late: with a lease not before `handOver`, that they have none not before `refuse`. */
function slowLocks(providers: Providers): { readonly providers: Providers; handOver(): void; refuse(): void } {
  const [had, refused] = [gate(), gate()];
  const acquireLock: DistributedLockProvider["acquireLock"] = async (id, options) => {
    const lease = await providers.locks.acquireLock(id, options);
    await (lease === undefined ? refused : had).opened;
    return lease;
  };
  return {
    providers: { ...providers, locks: replacing(providers.locks, { acquireLock }) },
    handOver: () => had.open(),
    refuse: () => refused.open(),
  };
}

/** A body that never ends; `reasons` gets why it was called off. */
function deaf(reasons: unknown[]): WorkflowDefinition<Count> {
  return new WorkflowBuilder<Count>()
    .thenFn("deaf", async (ctx) => {
      ctx.signal.addEventListener("abort", () => reasons.push(ctx.signal.reason instanceof CancelledError && ctx.signal.reason.reason));
      await new Promise(() => {}); // does not listen
    })
    .build("w", 1);
}

scenarios("an instance that is being created", (open) => {
  it("has its pass told of a command that was given meanwhile, at once", async () => {
    const { build, store, clock } = await open();
    const { providers, handOver } = slowLocks(store.open());
    const reasons: unknown[] = [];
    const definition = deaf(reasons);
    const host = build((h) => h.registerWorkflowDefinition(definition), {}, providers);
    await host.start();
    const starting = host.startWorkflow(definition, { n: 0 }, { id: "w-1" });
    await clock.settle();

    await host.terminateWorkflow("w-1"); // the caller knows the id
    handOver();
    await starting;
    await clock.settle();

    expect(reasons).toEqual(["terminated"]);
  });

  it("has one pass, which a stop ends in time, also when it was suspended and resumed meanwhile", async () => {
    const { build, store, clock } = await open();
    const { providers, handOver, refuse } = slowLocks(store.open());
    const reasons: unknown[] = [];
    const definition = deaf(reasons);
    const host = build((h) => h.registerWorkflowDefinition(definition), {}, providers);
    await host.start();
    const starting = host.startWorkflow(definition, { n: 0 }, { id: "w-1" });
    await clock.settle();
    await host.suspendWorkflow("w-1");
    await host.resumeWorkflow("w-1");
    await clock.settle();
    handOver();
    await starting;
    await clock.settle();
    refuse();
    await clock.settle();
    let stopped = false;

    void host.stop({ timeout: "1s" }).then(() => (stopped = true));
    await clock.advance("1s");

    expect([stopped, reasons]).toEqual([true, ["shutdown"]]);
  });

  it("is started once when its start is repeated meanwhile", async () => {
    const { build, store, clock } = await open();
    const { providers, handOver, refuse } = slowLocks(store.open());
    const ran: string[] = [];
    const definition = new WorkflowBuilder<Count>().thenFn("a", (ctx) => void ran.push(ctx.workflow.id)).build("w", 1);
    const host = build((h) => h.registerWorkflowDefinition(definition), { maxConcurrentWorkflows: 2 }, providers);
    await host.start();
    const first = host.startWorkflow(definition, { n: 0 }, { id: "w-1" });
    await clock.settle();

    const second = host.startWorkflow(definition, { n: 0 }, { id: "w-1" });
    await clock.settle();
    handOver();
    refuse();

    expect(await Promise.all([first, second])).toEqual(["w-1", "w-1"]);
    await clock.advance("1s");
    expect([ran, (await host.getWorkflow("w-1")).status]).toEqual([["w-1"], "complete"]);
    // No place was lost: there is room for two.
    await Promise.all([host.startWorkflow(definition, { n: 0 }), host.startWorkflow(definition, { n: 0 })]);
    await clock.settle();
    expect(ran).toHaveLength(3);
  });

  it("counts no crash and no attempt when its lease was not to be had", async () => {
    const { build, store, clock } = await open();
    const providers = store.open();
    let asked = 0;
    const locks = replacing(providers.locks, {
      acquireLock: (id, options) => {
        asked += 1;
        return asked === 1 ? Promise.reject(new LockError("the locks are away", { retryable: true })) : providers.locks.acquireLock(id, options);
      },
    });
    const attempts: number[] = [];
    const definition = new WorkflowBuilder<Count>().thenFn("a", (ctx) => void attempts.push(ctx.attempt)).build("w", 1);
    const host = build((h) => h.registerWorkflowDefinition(definition), { maxCrashes: 1 }, { ...providers, locks });
    await host.start();

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("1s");

    expect([(await host.getWorkflow(id)).status, attempts, await host.getErrors(id)]).toEqual(["complete", [1], []]);
  });
});

scenarios("an instance that is to start later", (open) => {
  it("starts then, whatever looks at it before: a suspend and resume, or a stray hint", async () => {
    const { host: newHost, store, clock } = await open();
    const ran: Record<string, readonly number[]> = {};
    const began = clock.now();
    const definition = new WorkflowBuilder<Count>()
      .thenFn("a", ({ workflow: { id } }) => {
        ran[id] = [...(ran[id] ?? []), clock.now() - began];
      })
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const startAt = new Date(began + 600_000);
    await host.startWorkflow(definition, { n: 0 }, { id: "resumed", startAt });
    await host.startWorkflow(definition, { n: 0 }, { id: "hinted", startAt });
    const { queue } = store.open();
    await queue.start();

    await host.suspendWorkflow("resumed");
    await host.resumeWorkflow("resumed");
    await queue.queueWork("hinted", "workflow");
    await clock.advance(599_999);
    expect(ran).toEqual({});
    await clock.advance("1s");

    expect(ran).toEqual({ hinted: [600_000], resumed: [600_000] });
    await queue.stop();
  });
});
