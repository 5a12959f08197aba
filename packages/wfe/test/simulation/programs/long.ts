import { defineStep, ErrorBehavior, WorkflowBuilder, type StepExecutionContext } from "../../../src/index.ts";
import type { ProgramFactory } from "../../../src/test-support/index.ts";
import { data, ended, sorted, type Log } from "./log.ts";

const double = defineStep("double", async (input: { readonly n: number }) => 2 * input.n);

/** Bodies that take longer than a lease, as classes and functions, and some with a limit. */
export const long: ProgramFactory = (bodies) => {
  class Dig {
    static readonly stepType = "Dig";
    hours = 0;
    depth = 0;

    async run(ctx: StepExecutionContext): Promise<void> {
      await bodies.sleep(ctx, 1_000 * this.hours);
      this.depth = this.hours;
    }
  }
  const definition = new WorkflowBuilder<Log>()
    .defaultErrorBehavior(ErrorBehavior.retry({ interval: 100, maxRetries: "unlimited" }))
    .parallel((p) =>
      p
        .branch((b) =>
          b
            .then(Dig)
            .input((step) => void (step.hours = 8))
            .output((step, d) => void d.log.push(`dug ${step.depth}`)),
        )
        .branch((b) =>
          b
            .thenFn("hasty", (ctx) => bodies.sleep(ctx, ctx.attempt === 1 ? 60_000 : 100))
            .timeout(2_000)
            .output((_, d) => void d.log.push("hasty")),
        ),
    )
    .then(double, () => ({ n: 3 }))
    .output((n, d) => void d.log.push(`double ${n}`))
    .build("long", 1);
  const ids = ["l1", "l2", "l3"];
  return {
    name: "long",
    definitions: [definition],
    stimuli: ids.map((id) => ({ name: `start ${id}`, atMs: 0, act: (client) => client.startWorkflow(definition, data(id), { id }) })),
    workflowIds: ids,
    verdict: (final) =>
      ids.flatMap((id) => ended(final, id, "complete", (log) => [sorted(log.slice(0, 2)), log[2]], [["dug 8", "hasty"], "double 6"])),
  };
};
