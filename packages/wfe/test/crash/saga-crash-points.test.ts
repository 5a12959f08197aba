import { describe, expect, it } from "vitest";
import {
  ErrorBehavior,
  type PersistenceProvider,
  WorkflowBuilder,
  type WorkflowHost,
  WorkflowHostBuilder,
  type WorkflowRecord,
} from "../../src/index.ts";
import { VirtualClock, VirtualEntropy } from "../../src/test-support/index.ts";
import { type ProviderSet, type ProviderStore, providerSets } from "../provider-sets.ts";
import { CrashPoint, crashingProviders } from "./crashing-providers.ts";

interface Trip {
  log: string[];
}

const fails = (): never => {
  throw new Error("no");
};

class Undo {
  static readonly stepType = "Undo";
  what = "";
  run = (): void => undefined;
}

/** Each compensator writes a line when its result is committed, so that the data say in which order that was, and how often. */
const definition = new WorkflowBuilder<Trip>()
  .saga((outer) =>
    outer
      .thenFn("a", () => "a")
      .output((t, d) => void d.log.push(t))
      .compensateWith(Undo, (c) => c.input((step) => void (step.what = "undo a")).output((step, d) => void d.log.push(step.what)))
      .saga((inner) =>
        inner
          .thenFn("b", () => "b")
          .output((t, d) => void d.log.push(t))
          .compensateWith(Undo, (c) => c.output((_, d) => void d.log.push("undo b"))),
      )
      .compensateWith(Undo, (c) => c.output((_, d) => void d.log.push("undo inner")))
      .forEach(
        () => [1, 2],
        (each) =>
          each
            .thenFn("c", (ctx) => ctx.item)
            .output((n, d) => void d.log.push(`c ${n}`))
            .compensateWithSequence((s) =>
              s
                .thenFn("undo c", (ctx) => ctx.compensates?.item)
                .output((n, d) => void d.log.push(`undo c ${JSON.stringify(n)}`))
                .delay("10ms"),
            ),
        { parallel: false },
      )
      .thenFn("d", fails)
      .compensateWith(Undo, (c) => c.output((_, d) => void d.log.push("undo d"))),
  )
  .onError(ErrorBehavior.retry({ interval: "20ms", maxRetries: 1 }))
  .compensateWith(Undo, (c) => c.output((_, d) => void d.log.push("undo outer")))
  .thenFn("pay", fails)
  .compensateWith(Undo, (c) => c.output((_, d) => void d.log.push("undo pay")))
  .thenFn("end", () => "end")
  .output((t, d) => void d.log.push(t))
  .build("saga-crash-points", 1);

const once = ["a", "b", "c 1", "c 2", "undo d", "undo c 2", "undo c 1", "undo inner", "undo a", "undo outer"];
const expected = [...once, ...once, "undo pay", "end"];

/** One trip in one store, and the hosts that work on it, one after the other. */
class Run {
  readonly #clock: VirtualClock;
  readonly #store: ProviderStore;
  readonly #witness: PersistenceProvider;
  #host: WorkflowHost | undefined;
  #hosts = 0;

  private constructor(clock: VirtualClock, store: ProviderStore) {
    this.#clock = clock;
    this.#store = store;
    this.#witness = store.open().persistence;
  }

  static async on(set: ProviderSet): Promise<Run> {
    const clock = new VirtualClock();
    const run = new Run(clock, await set.create(clock));
    await run.#witness.start();
    return run;
  }

  /** Lets a new host work on the trip until it is done, or the host is lost. */
  async work(point: CrashPoint): Promise<void> {
    this.#hosts += 1;
    const host = new WorkflowHostBuilder()
      .useProviders(crashingProviders(this.#store.open(), point))
      .useClock(this.#clock)
      .useEntropy(new VirtualEntropy(this.#hosts))
      .withOptions({ sweepInterval: "1s", lockTtl: "5s" })
      .build();
    this.#host = host;
    host.registerWorkflowDefinition(definition);
    point.armed = true;
    host
      .start()
      .then(() => host.startWorkflow(definition, { log: [] }, { id: "trip" }))
      .catch(() => undefined);
    for (let second = 0; second < 30 && !point.crashed; second += 1) {
      await this.#clock.advance("1s");
      if ((await this.#record())?.status === "complete") break;
    }
    point.armed = false;
  }

  async faults(): Promise<readonly string[]> {
    const record = await this.#record();
    if (record?.status !== "complete")
      return [`${record?.status}: ${JSON.stringify(record?.pointers.filter(({ endedAt }) => endedAt === undefined))}`];
    const { log } = JSON.parse(record.data) as Trip;
    return JSON.stringify(log) === JSON.stringify(expected) ? [] : [JSON.stringify(log)];
  }

  async end(): Promise<void> {
    await this.#host?.stop({ timeout: 0 });
    await this.#witness.stop();
    await this.#store.dispose();
  }

  async #record(): Promise<WorkflowRecord | undefined> {
    return this.#witness.getWorkflowInstance("trip");
  }
}

async function finishAfter(set: ProviderSet, points: readonly CrashPoint[]): Promise<{ readonly calls: number; readonly faults: readonly string[] }> {
  const run = await Run.on(set);
  const whole = new CrashPoint(0, "before");
  for (const point of [...points, whole]) {
    await run.work(point);
    if (!point.crashed) break;
  }
  const lost = points.map((point) => `lost ${point.when} call ${point.at} (${point.log.at(-1)})`).join(", then ");
  const faults = (await run.faults()).map((fault) => `${lost}: ${fault}`);
  await run.end();
  return { calls: whole.calls, faults };
}

for (const set of providerSets) {
  describe(`a host that is lost while it compensates, at any call to its ports, on ${set.name}`, () => {
    it("costs nothing: another host goes on in the same order, and each compensator is committed once", { timeout: 300_000 }, async () => {
      const { calls, faults: undisturbed } = await finishAfter(set, []);
      const faults = [...undisturbed];

      for (let at = 1; at <= calls; at += 1) {
        for (const when of ["before", "after"] as const) faults.push(...(await finishAfter(set, [new CrashPoint(at, when)])).faults);
      }

      expect(faults).toEqual([]);
      expect(calls).toBeGreaterThan(60);
    });
  });
}
