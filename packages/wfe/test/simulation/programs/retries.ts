import { ErrorBehavior, ExecutionResult, WorkflowBuilder } from "../../../src/index.ts";
import type { ProgramFactory } from "../../../src/test-support/index.ts";
import { asIs, data, ended, type Log } from "./log.ts";

/** Steps that fail at first, by the state they have stored: persist, sleep and retry. */
export const retries: ProgramFactory = (bodies) => {
  const definition = new WorkflowBuilder<Log>()
    .defaultErrorBehavior(ErrorBehavior.retry({ interval: 200, maxRetries: "unlimited" }))
    .thenFn("first", (ctx) => bodies.pause(ctx))
    .output((_, d) => void d.log.push("first"))
    .thenFn("failing", async (ctx) => {
      await bodies.sleep(ctx, 100);
      if (ctx.attempt < 3) throw new Error("not yet");
    })
    .output((_, d) => void d.log.push("failing"))
    .thenFn("persisting", async (ctx) => {
      const turn = (ctx.persistenceData as number | undefined) ?? 0;
      await bodies.pause(ctx);
      if (turn === 2) return ExecutionResult.next();
      return turn === 0 ? ExecutionResult.persist(1) : ExecutionResult.sleep(700, 2);
    })
    .output((_, d) => void d.log.push("persisting"))
    .build("retries", 1);
  const ids = ["r1", "r2", "r3"];
  return {
    name: "retries",
    definitions: [definition],
    stimuli: ids.map((id, n) => ({ name: `start ${id}`, atMs: 300 * n, act: (client) => client.startWorkflow(definition, data(id), { id }) })),
    workflowIds: ids,
    verdict: (final) => ids.flatMap((id) => ended(final, id, "complete", asIs, ["first", "failing", "persisting"])),
  };
};
