import { describe, expect, it } from "vitest";
import {
  defineEvent,
  ErrorBehavior,
  ExecutionResult,
  type PersistenceProvider,
  type StepBody,
  type StepExecutionContext,
  WorkflowBuilder,
  type WorkflowHost,
  WorkflowHostBuilder,
  type WorkflowRecord,
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

const expected: Order = {
  total: 20,
  tries: 2,
  lines: ["a", "b"],
  packed: ["a", "b"],
  approved: true,
  stages: 2,
  log: ["big", "end", "left", "paid", "right"],
};
const POINTERS = 17;

/** One order in one store, and the hosts that work on it, one after the other. */
class Run {
  readonly clock: VirtualClock;
  readonly #store: ProviderStore;
  readonly #witness: PersistenceProvider;
  #host: WorkflowHost | undefined;
  #hosts = 0;

  private constructor(clock: VirtualClock, store: ProviderStore) {
    this.clock = clock;
    this.#store = store;
    this.#witness = store.open().persistence;
  }

  static async on(set: ProviderSet): Promise<Run> {
    const clock = new VirtualClock();
    const run = new Run(clock, await set.create(clock));
    await run.#witness.start();
    failedOnce.clear();
    return run;
  }

  /** Lets a new host work on the order until it is done, or the host is lost. */
  async work(point: CrashPoint = new CrashPoint(0, "before")): Promise<void> {
    this.#hosts += 1;
    const host = new WorkflowHostBuilder()
      .useProviders(crashingProviders(this.#store.open(), point))
      .useClock(this.clock)
      .useEntropy(new VirtualEntropy(this.#hosts))
      .withOptions({ sweepInterval: "1s", lockTtl: "5s" })
      .build();
    this.#host = host;
    host.registerWorkflowDefinition(definition);
    point.armed = true;
    // The caller, who gets no answer of a host that is lost, says it again to the next one: both are idempotent.
    host
      .start()
      .then(() => host.startWorkflow(definition, input, { id: "order" }))
      .then(() => host.publishEvent(approved, "order", true, { id: "approval" }))
      .catch(() => undefined);
    for (let second = 0; second < 30 && !point.crashed; second += 1) {
      await this.clock.advance("1s");
      if ((await this.record())?.status === "complete") break;
    }
    point.armed = false;
  }

  async record(): Promise<WorkflowRecord | undefined> {
    return this.#witness.getWorkflowInstance("order");
  }

  /** What is wrong with the order in the end; nothing, it is hoped. */
  async faults(): Promise<readonly string[]> {
    const record = await this.record();
    if (record === undefined) return ["there is none"];
    if (record.status !== "complete") return [`${record.status}: ${JSON.stringify(record.pointers.filter(({ endedAt }) => endedAt === undefined))}`];
    const order = JSON.parse(record.data) as Order;
    const faults: string[] = [];
    if (JSON.stringify({ ...order, log: [...order.log].sort() }) !== JSON.stringify(expected)) faults.push(record.data);
    // Every finished step was committed once: its pointer has one end, and no step has two finished pointers but for its iterations.
    if (record.pointers.length !== POINTERS) faults.push(`${record.pointers.length} pointers`);
    if (new Set(record.pointers.map(({ endSeq }) => endSeq)).size !== record.pointers.length) faults.push("a pointer has no end, or shares it");
    return faults;
  }

  /** The last host stops, if it is there; the others cannot any more. */
  async end(): Promise<void> {
    await this.#host?.stop({ timeout: 0 });
    await this.#witness.stop();
    await this.#store.dispose();
  }
}

/**
 * Runs the order through hosts that are lost at these points, and one that is not.
 *
 * @returns Calls that the last host made, and what is wrong in the end.
 */
async function finishAfter(set: ProviderSet, points: readonly CrashPoint[]): Promise<{ readonly calls: number; readonly faults: readonly string[] }> {
  const run = await Run.on(set);
  const whole = new CrashPoint(0, "before");
  for (const point of [...points, whole]) {
    await run.work(point);
    // A call that is still waiting for its answer, as a blocking dequeue is, loses no host.
    if (!point.crashed) break;
  }
  const lost = points.map((point) => `lost ${point.when} call ${point.at} (${point.log.at(-1)})`).join(", then ");
  const faults = (await run.faults()).map((fault) => `${lost}: ${fault}`);
  await run.end();
  return { calls: whole.calls, faults };
}

for (const set of providerSets) {
  describe(`a host that is lost at any call to its ports, on ${set.name}`, () => {
    it("costs nothing: another host finishes with the same result, at every point before and after a call (fault 12)", {
      timeout: 300_000,
    }, async () => {
      const { calls, faults: undisturbed } = await finishAfter(set, []);
      const faults = [...undisturbed];

      for (let at = 1; at <= calls; at += 1) {
        for (const when of ["before", "after"] as const) faults.push(...(await finishAfter(set, [new CrashPoint(at, when)])).faults);
      }

      expect(faults).toEqual([]);
      expect(calls).toBeGreaterThan(30);
      console.log(`${set.name}: ${2 * calls} crash points`);
    });
  });
}

describe("a host that is lost while it takes over from one that was lost, at any call of either, on memory", () => {
  it("costs nothing: a third host finishes with the same result", { timeout: 300_000 }, async () => {
    const [memory] = providerSets as [ProviderSet];
    const { calls: first } = await finishAfter(memory, []);
    const faults: string[] = [];
    let pairs = 0;

    for (let at = 1; at <= first; at += 1) {
      const { calls: second } = await finishAfter(memory, [new CrashPoint(at, "after")]);
      for (let next = 1; next <= second; next += 1) {
        pairs += 1;
        faults.push(...(await finishAfter(memory, [new CrashPoint(at, "after"), new CrashPoint(next, "after")])).faults);
      }
    }

    expect(faults).toEqual([]);
    expect(pairs).toBeGreaterThan(1_000);
    console.log(`memory: ${pairs} pairs of crash points`);
  });
});
