import { WorkflowBuilder } from "../../../src/index.ts";
import type { ProgramFactory } from "../../../src/test-support/index.ts";
import { data, ended, sorted, type Log } from "./log.ts";

/** Parallel branches and many iterations with few slots. */
export const branches: ProgramFactory = (bodies) => {
  const definition = new WorkflowBuilder<Log>()
    .parallel((p) =>
      p
        .branch((b) =>
          b.forEach(
            () => [0, 1, 2, 3, 4, 5],
            (each) => each.thenFn("x", (ctx) => bodies.pause(ctx)).output((_, d, ctx) => void d.log.push(`x${ctx.item}`)),
          ),
        )
        .branch((b) =>
          b
            .delay(500)
            .thenFn("y", (ctx) => bodies.sleep(ctx, 250))
            .output((_, d) => void d.log.push("y")),
        )
        .branch((b) =>
          b.whileDo(
            (d) => d.log.filter((line) => line === "w").length < 3,
            (w) => w.thenFn("w", (ctx) => bodies.pause(ctx)).output((_, d) => void d.log.push("w")),
          ),
        ),
    )
    .ifDo(
      (d) => d.log.length === 10,
      (b) => b.thenFn("z", (ctx) => bodies.pause(ctx)).output((_, d) => void d.log.push("z")),
    )
    .build("branches", 1);
  const ids = ["b1", "b2"];
  return {
    name: "branches",
    definitions: [definition],
    stimuli: ids.map((id) => ({ name: `start ${id}`, atMs: 0, act: (client) => client.startWorkflow(definition, data(id), { id }) })),
    workflowIds: ids,
    verdict: (final) => ids.flatMap((id) => ended(final, id, "complete", sorted, ["w", "w", "w", "x0", "x1", "x2", "x3", "x4", "x5", "y", "z"])),
  };
};
