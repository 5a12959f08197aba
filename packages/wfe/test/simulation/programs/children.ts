import { ErrorBehavior, WorkflowBuilder } from "../../../src/index.ts";
import type { ProgramFactory } from "../../../src/test-support/index.ts";
import { data, ended, sorted, type Log } from "./log.ts";

/** Children in parallel with timers, and one that fails. */
export const children: ProgramFactory = (bodies) => {
  const child = new WorkflowBuilder<{ n: number }>()
    .delay((d) => 200 * d.n)
    .thenFn("double", async (ctx) => {
      await bodies.pause(ctx);
      if (ctx.data.n === 3) throw new Error("three is refused");
      return 2 * ctx.data.n;
    })
    .onError(ErrorBehavior.terminate())
    .output((n, d) => void (d.n = n))
    .build("child", 1);
  const definition = new WorkflowBuilder<Log>()
    .forEach(
      () => [0, 1, 2],
      (each) => each.subWorkflow(child, (_, ctx) => ({ n: Number(ctx.item) })).output((result, d) => void d.log.push(`child ${result.n}`)),
    )
    .subWorkflow(child, () => ({ n: 3 }))
    .onError(ErrorBehavior.terminate())
    .build("parent", 1);
  return {
    name: "children",
    definitions: [definition, child],
    stimuli: ["p1", "p2"].map((id) => ({ name: `start ${id}`, atMs: 0, act: (client) => client.startWorkflow(definition, data(id), { id }) })),
    workflowIds: ["p1", "p2"],
    verdict: (final) => [
      ...["p1", "p2"].flatMap((id) => ended(final, id, "terminated", sorted, ["child 0", "child 2", "child 4"])),
      ...(final.records.size === 10 ? [] : [`there are ${final.records.size} instances`]),
    ],
  };
};
