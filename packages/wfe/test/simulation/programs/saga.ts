import { ErrorBehavior, WorkflowBuilder } from "../../../src/index.ts";
import type { ProgramFactory } from "../../../src/test-support/index.ts";
import { asIs, data, ended, type Log } from "./log.ts";

/** A saga that fails at its end, and is undone backwards. */
export const saga: ProgramFactory = (bodies) => {
  const definition = new WorkflowBuilder<Log>()
    .saga((s) =>
      s
        .thenFn("a", (ctx) => bodies.pause(ctx))
        .output((_, d) => void d.log.push("a"))
        .compensateWithSequence((u) => u.thenFn("undo a", (ctx) => bodies.pause(ctx)).output((_, d) => void d.log.push("undo a")))
        .forEach(
          () => [1, 2],
          (each) =>
            each
              .thenFn("b", async (ctx) => {
                await bodies.sleep(ctx, 50 * Number(ctx.item));
                return ctx.item as number;
              })
              .output((n, d) => void d.log.push(`b${n}`))
              .compensateWithSequence((u) =>
                u
                  .thenFn("undo b", (ctx) => bodies.pause(ctx))
                  .output((_, d, ctx) => void d.log.push(`undo b${JSON.stringify(ctx.compensates?.item)}`)),
              ),
          { parallel: false },
        )
        .delay(300)
        .thenFn("c", async (ctx) => {
          await bodies.pause(ctx);
          throw new Error("c never works");
        })
        .onError(ErrorBehavior.compensate()),
    )
    .thenFn("end", (ctx) => bodies.pause(ctx))
    .output((_, d) => void d.log.push("end"))
    .build("saga", 1);
  const ids = ["s1", "s2"];
  return {
    name: "saga",
    definitions: [definition],
    stimuli: ids.map((id) => ({ name: `start ${id}`, atMs: 0, act: (client) => client.startWorkflow(definition, data(id), { id }) })),
    workflowIds: ids,
    verdict: (final) => ids.flatMap((id) => ended(final, id, "complete", asIs, ["a", "b1", "b2", "undo b2", "undo b1", "undo a", "end"])),
  };
};
