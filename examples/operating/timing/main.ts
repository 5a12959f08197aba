import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import { type Middleware, WorkflowBuilder, WorkflowHostBuilder } from "wfe";
import { sqliteProviders } from "wfe-sqlite";

// How long steps and passes take. What a step waits for, its time in the store included, is not in it: a pass has that.

class Timing implements Middleware {
  readonly steps = new Map<string, RecordableHistogram>();
  readonly passes: RecordableHistogram = createHistogram();

  readonly aroundStep: NonNullable<Middleware["aroundStep"]> = async ({ definition, step }, next) => {
    const name = `${definition.id}/${step.name}`;
    const histogram = this.steps.get(name) ?? createHistogram();
    this.steps.set(name, histogram);
    return this.#timed(histogram, next);
  };

  readonly aroundWorkflow: NonNullable<Middleware["aroundWorkflow"]> = (_ctx, next) => this.#timed(this.passes, next);

  async #timed<T>(histogram: RecordableHistogram, work: () => Promise<T>): Promise<T> {
    const begin = process.hrtime.bigint();
    try {
      return await work();
    } finally {
      histogram.record(process.hrtime.bigint() - begin);
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const report = new WorkflowBuilder<{ pages: number }>()
  .thenFn("count", () => 3)
  .saveAs("pages")
  .thenFn("print", () => pause(50))
  .build("report", 1);

const timing = new Timing();
const host = new WorkflowHostBuilder()
  .useProviders(sqliteProviders({ path: ":memory:" }))
  .useMiddleware(timing)
  .build();
host.registerWorkflowDefinition(report);
await host.start();
for (let n = 0; n < 3; n += 1) await host.runWorkflow(report, { pages: 0 });
await host.stop(); // whatever is around the passes has ended, too

const milliseconds = (nanoseconds: number): number => nanoseconds / 1e6;
for (const [name, histogram] of timing.steps) console.log(`${name} ran ${histogram.count} times`);
console.log(`a pass or more for each workflow: ${timing.passes.count >= 3}`);
const slowest = [...timing.steps].toSorted(([, a], [, b]) => b.mean - a.mean)[0];
console.log(`${slowest?.[0]} is the slowest, with 40 ms or more: ${milliseconds(slowest?.[1].min ?? 0) >= 40}`);
