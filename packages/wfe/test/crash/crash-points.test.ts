import { afterEach, describe, expect, it } from "vitest";
import {
  defineEvent,
  ErrorBehavior,
  ExecutionResult,
  type StepBody,
  type StepExecutionContext,
  WorkflowBuilder,
  type WorkflowHost,
  WorkflowHostBuilder,
} from "../../src/index.ts";
import { VirtualClock, VirtualEntropy } from "../../src/test-support/index.ts";
import { type ProviderSet, type ProviderStore, providerSets } from "../provider-sets.ts";
import { CrashPoint, crashingProviders } from "./crashing-providers.ts";

interface Order {
  total: number;
  tries: number;
  lines: string[];
  packed: string[];
  approved: boolean;
  stages: number;
  log: string[];
}

const approved = defineEvent<boolean>("approved");

class Staged implements StepBody<Order> {
  stages = 0;
  run = (ctx: StepExecutionContext<Order>): ExecutionResult => {
    const stage = (ctx.persistenceData ?? 0) as number;
    if (stage < 2) return ExecutionResult.persist(stage + 1);
    this.stages = stage;
    return ExecutionResult.next();
  };
}

const failedOnce = new Set<string>();

const definition = new WorkflowBuilder<Order>()
  .defaultErrorBehavior(ErrorBehavior.retry({ interval: "10ms", maxRetries: "unlimited" }))
  .thenFn("price", async (ctx) => {
    await Promise.resolve();
    return ctx.data.lines.length * 10;
  })
  .saveAs("total")
  .thenFn("pay", (ctx) => {
    if (!failedOnce.has(ctx.idempotencyKey)) {
      failedOnce.add(ctx.idempotencyKey);
      throw new Error("the bank is closed");
    }
    return "paid";
  })
  .output((text, data) => void data.log.push(text))
  .then(Staged)
  .output((step, data) => void (data.stages = step.stages))
  .parallel((p) =>
    p
      .branch((b) => b.thenFn("left", () => "left").output((t, d) => void d.log.push(t)))
      .branch((b) =>
        b
          .delay("20ms")
          .thenFn("right", () => "right")
          .output((t, d) => void d.log.push(t)),
      ),
  )
  .forEach(
    (data) => data.lines,
    (b) => b.thenFn("pack", (ctx) => ctx.item).output((line, data) => void data.packed.push(line)),
    { parallel: false },
  )
  .ifDo(
    (data) => data.total > 10,
    (b) => b.thenFn("big", () => "big").output((t, d) => void d.log.push(t)),
  )
  .whileDo(
    (data) => data.tries < 2,
    (b) => b.thenFn("try", (ctx) => ctx.data.tries + 1).saveAs("tries"),
  )
  .waitFor(approved, () => "order")
  .saveAs("approved")
  .thenFn("end", () => "end")
  .output((text, data) => void data.log.push(text))
  .build("crash-points", 1);

const input: Order = { total: 0, tries: 0, lines: ["a", "b"], packed: [], approved: false, stages: 0, log: [] };

function sorted(data: unknown): unknown {
  const order = data as Order;
  return { ...order, log: [...order.log].sort() };
}

const expected = {
  total: 20,
  tries: 2,
  lines: ["a", "b"],
  packed: ["a", "b"],
  approved: true,
  stages: 2,
  log: ["big", "end", "left", "paid", "right"],
};

interface Run {
  readonly clock: VirtualClock;
  readonly store: ProviderStore;
  readonly hosts: WorkflowHost[];
}

async function newHost(run: Run, point: CrashPoint | undefined): Promise<WorkflowHost> {
  const providers = run.store.open();
  const host = new WorkflowHostBuilder()
    .useProviders(point === undefined ? providers : crashingProviders(providers, point))
    .useClock(run.clock)
    .useEntropy(new VirtualEntropy(run.hosts.length + 1))
    .withOptions({ sweepInterval: "1s", lockTtl: "5s" })
    .build();
  host.registerWorkflowDefinition(definition);
  await host.start();
  if (point !== undefined) point.armed = true;
  run.hosts.push(host);
  return host;
}

/** Starts the order, loses the host at the point, and lets another host go on. */
async function runWithCrash(set: ProviderSet, point: CrashPoint, runs: Run[]): Promise<Run> {
  failedOnce.clear();
  const clock = new VirtualClock();
  const run: Run = { clock, store: await set.create(clock), hosts: [] };
  runs.push(run);
  const host = await newHost(run, point);
  const start = host.startWorkflow(definition, input, { id: "order" }).then(() => host.publishEvent(approved, "order", true, { id: "approval" }));
  start.catch(() => undefined);
  await clock.advance("1s");
  point.armed = false;
  if (!point.crashed) return run; // the call was still waiting for its answer, as a blocking dequeue does
  const next = await newHost(run, undefined);
  // The caller, who got no answer, says it again: both are idempotent.
  await next.startWorkflow(definition, input, { id: "order" });
  await next.publishEvent(approved, "order", true, { id: "approval" });
  await clock.advance("30s");
  return run;
}

for (const set of providerSets) {
  describe(`a host that is lost at any call to its ports, on ${set.name}`, () => {
    const runs: Run[] = [];
    afterEach(async () => {
      for (const run of runs.splice(0)) {
        await run.hosts.at(-1)?.stop({ timeout: 0 });
        await run.store.dispose();
      }
    });

    it("costs nothing: another host finishes with the same result, at every point before and after a call (fault 12)", {
      timeout: 300_000,
    }, async () => {
      const whole = new CrashPoint(0, "before");
      const undisturbed = await runWithCrash(set, whole, runs);
      const instance = await undisturbed.hosts[0]?.getWorkflow("order");
      expect(instance).toMatchObject({ status: "complete" });
      expect(sorted(instance?.data)).toEqual(expected);
      const points = whole.calls;
      const outcomes: string[] = [];

      for (let at = 1; at <= points; at += 1) {
        for (const when of ["before", "after"] as const) {
          const point = new CrashPoint(at, when);
          const run = await runWithCrash(set, point, runs);
          const host = run.hosts.at(-1) as WorkflowHost;
          const found = await host.getWorkflow("order");
          const history = await host.getHistory("order");
          const ended = history.filter(({ endSeq }) => endSeq !== undefined);
          const what = `lost ${when} call ${at} (${point.log.at(-1)})`;
          if (found.status !== "complete")
            outcomes.push(`${what}: ${found.status} ${JSON.stringify(history.filter(({ endedAt }) => endedAt === undefined))}`);
          else if (JSON.stringify(sorted(found.data)) !== JSON.stringify(sorted(expected))) outcomes.push(`${what}: ${JSON.stringify(found.data)}`);
          // Every finished step was committed once: its pointer has one end, and no step has two finished pointers but for its iterations.
          if (new Set(ended.map(({ endSeq }) => endSeq)).size !== history.length) outcomes.push(`${what}: a pointer has no end, or shares it`);
          if (history.length !== 17) outcomes.push(`${what}: ${history.length} pointers`);
          await host.stop({ timeout: 0 });
          await run.store.dispose();
          runs.length = 0;
        }
      }

      expect(outcomes).toEqual([]);
      console.log(`${set.name}: ${points * 2} crash points`);
      expect(points).toBeGreaterThan(30);
    });
  });
}
