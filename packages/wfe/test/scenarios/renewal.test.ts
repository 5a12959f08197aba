import { expect, it } from "vitest";
import { type Clock, type Lease, type PersistenceProvider, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { replacing } from "../replacing.ts";
import { scenarios } from "./scenario.ts";

interface Count {
  n: number;
}
const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));

/** A body of two minutes; `lost` gets the ids of those that were called off. */
function twoMinutes(clock: Clock, lost: string[]): WorkflowDefinition<Count> {
  return new WorkflowBuilder<Count>()
    .thenFn("long", async (ctx) => {
      ctx.signal.addEventListener("abort", () => lost.push(ctx.workflow.id));
      await pause(clock, 120_000);
    })
    .build("w", 1);
}

scenarios("the leases of a host", (open) => {
  it("are renewed though one renewal gets no answer", async () => {
    const { build, store, clock } = await open();
    const providers = store.open();
    const hanging = (lease: Lease): Lease => replacing(lease, { extend: () => new Promise(() => {}) });
    const locks = replacing(providers.locks, {
      acquireLock: async (id, options) => {
        const lease = await providers.locks.acquireLock(id, options);
        return lease !== undefined && id === "hangs" ? hanging(lease) : lease;
      },
    });
    const lost: string[] = [];
    const definition = twoMinutes(clock, lost);
    const host = build((h) => h.registerWorkflowDefinition(definition), {}, { ...providers, locks });
    await host.start();

    await host.startWorkflow(definition, { n: 0 }, { id: "hangs" });
    await host.startWorkflow(definition, { n: 0 }, { id: "good" });
    await clock.advance("45s");

    expect(lost).toEqual(["hangs"]);
  });

  it("are renewed though the store gives no answer about commands and events", async () => {
    const { build, store, clock } = await open();
    const providers = store.open();
    const persistence = replacing(providers.persistence, { readSignals: () => new Promise(() => {}) });
    const lost: string[] = [];
    const definition = twoMinutes(clock, lost);
    const host = build((h) => h.registerWorkflowDefinition(definition), {}, { ...providers, persistence });
    await host.start();

    await host.startWorkflow(definition, { n: 0 }, { id: "good" });
    await clock.advance("1m");

    expect(lost).toEqual([]);
  });

  it("leave no timer behind when one begins while the store is asked for another", async () => {
    const { build, store, clock } = await open();
    const providers = store.open();
    let answer: (() => void) | undefined;
    let holds = true;
    const readSignals: PersistenceProvider["readSignals"] = async (ids) => {
      if (holds) await new Promise<void>((resolve) => (answer = resolve));
      return providers.persistence.readSignals(ids);
    };
    const finish: (() => void)[] = [];
    const definition = new WorkflowBuilder<Count>().thenFn("a", () => new Promise<void>((resolve) => finish.push(resolve))).build("w", 1);
    const before = clock.pendingTimers;
    const persistence = replacing(providers.persistence, { readSignals });
    const host = build((h) => h.registerWorkflowDefinition(definition), {}, { ...providers, persistence });
    await host.start();
    await host.startWorkflow(definition, { n: 0 });
    await clock.advance("10s"); // the first round asks
    finish[0]?.();
    await clock.settle();
    await host.startWorkflow(definition, { n: 0 });
    await clock.settle();

    holds = false;
    answer?.();
    await clock.settle();
    finish[1]?.();
    await clock.settle();
    await host.stop();

    expect(clock.pendingTimers).toBe(before);
  });
});
