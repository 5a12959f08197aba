import { type WorkflowDefinition, type WorkflowHost, WorkflowHostBuilder, type WorkflowRecord } from "../../src/index.ts";
import { VirtualClock, VirtualEntropy } from "../../src/test-support/index.ts";
import type { ProviderSet } from "../provider-sets.ts";
import { CrashPoint, crashingProviders } from "./crashing-providers.ts";

/** A workflow that hosts are lost on. */
export interface Endangered<TData> {
  readonly definition: WorkflowDefinition<TData>;
  readonly data: TData;
  /** What is wrong with it once it is complete; nothing, it is hoped. */
  faultsOf(record: WorkflowRecord): readonly string[];
}

/** How a workflow has come through. */
export interface Outcome {
  /** Calls that the last host made. */
  readonly calls: number;
  readonly faults: readonly string[];
}

/** Runs a workflow through hosts that are lost at these points, one after the other, and one that is not. */
export async function finishedAfter<TData>(
  set: ProviderSet,
  { definition, data, faultsOf }: Endangered<TData>,
  points: readonly CrashPoint[],
): Promise<Outcome> {
  const clock = new VirtualClock();
  const store = await set.create(clock);
  const witness = store.open().persistence;
  await witness.start();
  const whole = new CrashPoint(0, "before");
  let host: WorkflowHost | undefined;
  for (const [index, point] of [...points, whole].entries()) {
    host = new WorkflowHostBuilder()
      .useProviders(crashingProviders(store.open(), point))
      .useClock(clock)
      .useEntropy(new VirtualEntropy(index + 1))
      .withOptions({ sweepInterval: "1s", lockTtl: "5s" })
      .build();
    const current = host;
    current.registerWorkflowDefinition(definition);
    point.armed = true;
    // The caller, who gets no answer of a host that is lost, says it again to the next one.
    current
      .start()
      .then(() => current.startWorkflow(definition as WorkflowDefinition<unknown>, data, { id: "w" }))
      .catch(() => undefined);
    for (let second = 0; second < 30 && !point.crashed; second += 1) {
      await clock.advance("1s");
      if ((await witness.getWorkflowInstance("w"))?.status === "complete") break;
    }
    point.armed = false;
    if (!point.crashed) break;
  }
  const record = await witness.getWorkflowInstance("w");
  const lost = points.map((point) => `lost ${point.when} call ${point.at} (${point.log.at(-1)})`).join(", then ");
  const open = `${record?.status}: ${JSON.stringify(record?.pointers.filter(({ endedAt }) => endedAt === undefined))}`;
  const faults = (record?.status === "complete" ? faultsOf(record) : [open]).map((fault) => `${lost}: ${fault}`);
  await host?.stop({ timeout: 0 });
  await witness.stop();
  await store.dispose();
  return { calls: whole.calls, faults };
}
