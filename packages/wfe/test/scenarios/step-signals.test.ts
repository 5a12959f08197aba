import { expect, it } from "vitest";
import {
  CancelledError,
  type Clock,
  ErrorBehavior,
  type Lease,
  type Providers,
  type StepExecutionContext,
  WorkflowBuilder,
} from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  n: number;
}

const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));
const start: Data = { n: 0 };
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();

/** Providers whose leases cannot be renewed. */
function withoutRenewal(providers: Providers): Providers {
  const bound = <T extends object>(target: T, key: string | symbol): unknown => {
    const value: unknown = Reflect.get(target, key, target);
    return typeof value === "function" ? (value.bind(target) as unknown) : value;
  };
  const unrenewable = (lease: Lease): Lease =>
    new Proxy(lease, {
      get: (target, key) => (key === "extend" ? () => Promise.reject(new Error("the store is away")) : bound(target, key)),
    });
  const locks = new Proxy(providers.locks, {
    get: (target, key) => {
      if (key !== "acquireLock") return bound(target, key);
      return async (...args: Parameters<typeof target.acquireLock>) => {
        const lease = await target.acquireLock(...args);
        return lease === undefined ? undefined : unrenewable(lease);
      };
    },
  });
  return { ...providers, locks };
}

scenarios("ctx.signal", (open) => {
  it("aborts when the lease is lost, and the run that takes over has the same idempotency key and the next attempt", async () => {
    const { build, host: newHost, store, clock } = await open();
    const runs: unknown[] = [];
    const reasons: unknown[] = [];
    const definition = w()
      .thenFn("long", async (ctx) => {
        runs.push([ctx.attempt, ctx.idempotencyKey]);
        ctx.signal.addEventListener("abort", () => reasons.push(ctx.signal.reason));
        if (ctx.attempt === 1) await pause(clock, 60_000);
        return ctx.attempt;
      })
      .saveAs("n")
      .build("w", 1);
    const lonely = build((h) => h.registerWorkflowDefinition(definition), { sweepInterval: "1h" }, withoutRenewal(store.open()));
    await lonely.start();
    await lonely.startWorkflow(definition, start, { id: "x" });
    const other = await newHost((h) => h.registerWorkflowDefinition(definition));
    await clock.advance(29_999);
    expect(reasons).toEqual([]);

    await clock.advance("1m");

    expect(reasons).toMatchObject([{ code: "WFE_CANCELLED", reason: "leaseLost" }]);
    expect(reasons[0]).toBeInstanceOf(CancelledError);
    expect(runs).toEqual([
      [1, "x/1/0"],
      [2, "x/1/0"],
    ]);
    expect(await other.getWorkflow("x")).toMatchObject({ status: "complete", data: { n: 2 } });
    expect(await other.getErrors("x")).toEqual([]);
  });

  it("aborts, with a reason of its own, for a timeout, a termination, the end of the workflow and a stop; else never", async () => {
    const { host: newHost, clock } = await open();
    const reasons: string[] = [];
    const runs = async (ctx: StepExecutionContext): Promise<void> => {
      const name = ctx.step.name;
      ctx.signal.addEventListener("abort", () => {
        const reason = ctx.signal.reason as Error;
        reasons.push(`${name}: ${reason instanceof CancelledError ? reason.reason : reason.name}`);
      });
      await pause(clock, name === "finishes" ? 1_000 : 1e9);
    };
    const ends = w()
      .parallel((p) => p.branch((b) => b.thenFn("left", runs)).branch((b) => b.delay("2s").endWorkflow()))
      .build("ends", 1);
    const others = ["finishes", "times out", "terminated", "stopped"].map((name) => {
      const chain = w().thenFn(name, runs).onError(ErrorBehavior.suspend());
      return (name === "times out" ? chain.timeout("1s") : chain).build(name, 1);
    });
    const host = await newHost((h) => [ends, ...others].forEach((definition) => h.registerWorkflowDefinition(definition)));
    await Promise.all([ends, ...others].map((definition) => host.startWorkflow(definition, start, { id: definition.id })));

    await clock.advance("2s");
    await host.terminateWorkflow("terminated");
    await clock.settle();
    await host.stop({ timeout: 0 });

    expect(reasons).toEqual(["times out: TimeoutError", "left: cancelled", "terminated: terminated", "stopped: shutdown"]);
  });
});
