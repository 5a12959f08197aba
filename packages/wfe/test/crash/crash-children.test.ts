import { describe, expect, it } from "vitest";
import { defineActivity, ErrorBehavior, type StandaloneClient, WorkflowBuilder, type WorkflowHost, WorkflowHostBuilder } from "../../src/index.ts";
import { VirtualClock, VirtualEntropy } from "../../src/test-support/index.ts";
import { type ProviderSet, type ProviderStore, providerSets } from "../provider-sets.ts";
import { CrashPoint, crashingProviders } from "./crashing-providers.ts";

interface Trip {
  readonly legs: number[];
  booked: number[];
  scanned: string;
  ended: string;
}

const scan = defineActivity<string, string>("scan");

/** Fails, and terminates, the first time that it is started. */
const leg = new WorkflowBuilder<{ readonly n: number; readonly isFirst: boolean; price: number }>()
  .thenFn("book", (ctx) => {
    if (ctx.data.isFirst) throw new Error("no seats");
    return 10 * ctx.data.n;
  })
  .saveAs("price")
  .onError(ErrorBehavior.terminate())
  .build("leg", 1);
const slow = new WorkflowBuilder<{ n: number }>().delay("1h").build("slow", 1);
const beneath = new WorkflowBuilder<{ n: number }>().subWorkflow(slow, (data) => data).build("beneath", 1);

const trip = new WorkflowBuilder<Trip>()
  .forEach(
    (data) => data.legs,
    (b) =>
      b
        .subWorkflow(leg, (_, ctx) => ({ n: ctx.item, isFirst: ctx.pointer.retryCount === 0 && ctx.item === 1, price: 0 }))
        .output((result, data) => void data.booked.push(result.price))
        .onError(ErrorBehavior.retry({ interval: "10ms", maxRetries: 5 })),
  )
  .activity(scan, () => "passport")
  .onError(ErrorBehavior.retry({ interval: "10ms", maxRetries: 50 }))
  .saveAs("scanned")
  .subWorkflow(beneath, () => ({ n: 1 }))
  .timeout("500ms")
  .onError(ErrorBehavior.compensate())
  .compensateWithFn("undo", () => {})
  .thenFn("give up once", (ctx) => {
    if (ctx.workflow.error?.code !== "WFE_TIMEOUT") return "mended"; // cleared by the retry
    throw new Error("not yet");
  })
  .saveAs("ended")
  .onError(ErrorBehavior.terminate())
  .build("trip", 1);

const input: Trip = { legs: [1, 2], booked: [], scanned: "", ended: "" };

/** One trip in one store, and the hosts that work on it, one after the other; each is the worker of its activity, too. */
async function faultsAfter(set: ProviderSet, points: readonly CrashPoint[]): Promise<{ readonly calls: number; readonly faults: readonly string[] }> {
  const clock = new VirtualClock();
  const store = await set.create(clock);
  const witness = new WorkflowHostBuilder().useProviders(store.open()).useClock(clock).useEntropy(new VirtualEntropy(99)).buildClient();
  await witness.start();
  const whole = new CrashPoint(0, "before");
  let last: WorkflowHost | undefined;
  for (const [index, point] of [...points, whole].entries()) {
    last = await work(store, clock, witness, point, index + 1);
    if (!point.crashed) break;
  }
  const lost = points.map((point) => `lost ${point.when} call ${point.at} (${point.log.at(-1)})`).join(", then ");
  const faults = (await faultsOf(witness, clock)).map((fault) => `${lost}: ${fault}`);
  await last?.stop({ timeout: 0 });
  await witness.stop();
  await store.dispose();
  return { calls: whole.calls, faults };
}

async function work(store: ProviderStore, clock: VirtualClock, witness: StandaloneClient, point: CrashPoint, seed: number): Promise<WorkflowHost> {
  const host = new WorkflowHostBuilder()
    .useProviders(crashingProviders(store.open(), point))
    .useClock(clock)
    .useEntropy(new VirtualEntropy(seed))
    .withOptions({ sweepInterval: "1s", lockTtl: "5s" })
    .build();
  for (const definition of [leg, slow, beneath, trip]) host.registerWorkflowDefinition(definition as never);
  point.armed = true;
  void host
    .start()
    .then(() => host.startWorkflow(trip, input, { id: "trip" }))
    .catch(() => undefined);
  for (let second = 0; second < 60 && !point.crashed; second += 1) {
    await clock.advance("1s");
    const status = (await witness.countWorkflows()) === 0 ? undefined : (await witness.getWorkflow("trip")).status;
    if (status === "complete") break;
    if (status === "terminated") void host.retryWorkflow("trip").catch(() => undefined);
    else if (status === "runnable") void scanOnce(host).catch(() => undefined);
  }
  point.armed = false;
  return host;
}

async function scanOnce(host: WorkflowHost): Promise<void> {
  const pending = await host.getPendingActivity(scan, "worker", { lease: "2s" });
  if (pending === undefined) return;
  // The first offer is a failure, whoever takes it.
  const isFirst = (await host.getErrors("trip")).every(({ code }) => code !== "WFE_ACTIVITY_FAILED");
  await (isFirst
    ? host.submitActivityFailure(pending.token, { message: "blurred" })
    : host.submitActivitySuccess(pending.token, "scan of a passport"));
}

async function faultsOf(witness: StandaloneClient, clock: VirtualClock): Promise<readonly string[]> {
  const { status, data } = await witness.getWorkflow<Trip>("trip" as never);
  if (status !== "complete")
    return [`${status}: ${JSON.stringify((await witness.getHistory("trip")).filter(({ endedAt }) => endedAt === undefined))}`];
  await clock.advance("3s");
  const faults: string[] = [];
  const expected = { legs: [1, 2], booked: [10, 20], scanned: "scan of a passport", ended: "mended" };
  if (JSON.stringify({ ...data, booked: data.booked.toSorted((a, b) => a - b) }) !== JSON.stringify(expected)) faults.push(JSON.stringify(data));
  const ends = [
    await witness.countWorkflows({ status: "runnable" }),
    await witness.countWorkflows({ definitionId: "leg", status: "terminated" }),
    await witness.countWorkflows({ definitionId: "leg", status: "complete" }),
    await witness.countWorkflows({ definitionId: "beneath", status: "terminated" }),
  ];
  // One start of a child for each attempt, and none that is left alone.
  if (ends.join() !== "0,1,2,1") faults.push(`children: ${ends.join()}`);
  const codes = (await witness.getErrors("trip")).map(({ code }) => code);
  const expectedCodes = ["WFE_CHILD_TERMINATED", "WFE_ACTIVITY_FAILED", "WFE_TIMEOUT", "WFE_STEP_FAILED"];
  if (codes.join() !== expectedCodes.join()) faults.push(codes.join());
  return faults;
}

for (const set of providerSets) {
  describe(`a host that is lost among sub-workflows, activities and a retry, on ${set.name}`, () => {
    it("costs nothing: no child is started twice or left alone, and no outcome is lost (fault 14)", { timeout: 300_000 }, async () => {
      const { calls, faults: undisturbed } = await faultsAfter(set, []);
      const faults = [...undisturbed];
      const stride = set.name === "memory" ? 1 : 5; // a point takes 30 times as long on files

      for (let at = 1; at <= calls; at += stride) {
        for (const when of ["before", "after"] as const) faults.push(...(await faultsAfter(set, [new CrashPoint(at, when)])).faults);
      }

      expect(faults).toEqual([]);
      expect(calls).toBeGreaterThan(50);
      console.log(`${set.name}: ${2 * Math.ceil(calls / stride)} crash points`);
    });
  });
}
