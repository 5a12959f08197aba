import { ErrorBehavior, WorkflowBuilder } from "../../../src/index.ts";
import type { ProgramFactory, SimulatedProgram, Stimulus } from "../../../src/test-support/index.ts";
import { asIs, data, ended, type Log } from "./log.ts";

/** Commands in the middle of everything: one instance is terminated with its child, one is suspended and resumed, one retried. */
export const commands: ProgramFactory = (bodies) => {
  const inner = new WorkflowBuilder<Log>().waitFor("nothing", (d) => d.key).build("inner", 1);
  let isMended = false;
  const definition = new WorkflowBuilder<Log>()
    .thenFn("a", (ctx) => bodies.sleep(ctx, 400))
    .output((_, d) => void d.log.push("a"))
    .ifDo(
      (d) => d.key === "c1",
      (b) => b.subWorkflow(inner, (d) => data(d.key)),
    )
    .thenFn("b", async (ctx) => {
      await bodies.pause(ctx);
      if (ctx.data.key === "c3" && !isMended) throw new Error("broken");
    })
    .onError(ErrorBehavior.suspend())
    .output((_, d) => void d.log.push("b"))
    .build("commands", 1);
  const start = (id: string): Stimulus => ({
    name: `start ${id}`,
    atMs: 0,
    act: (client) => client.startWorkflow(definition, data(id), { id }),
  });
  const program: SimulatedProgram = {
    name: "commands",
    definitions: [definition, inner],
    withoutFaults: ["suspendAndResume"],
    stimuli: [
      start("c1"),
      start("c2"),
      start("c3"),
      { name: "suspend c2", atMs: 300, after: ["start c2"], isRepeatable: false, act: (client) => client.suspendWorkflow("c2") },
      { name: "resume c2", atMs: 2_000, after: ["suspend c2"], everyMs: 3_000, act: (client) => client.resumeWorkflow("c2") },
      { name: "terminate c1", atMs: 2_500, after: ["start c1"], act: (client) => client.terminateWorkflow("c1") },
      {
        name: "retry c3",
        atMs: 3_000,
        after: ["start c3"],
        everyMs: 1_000,
        act: (client) => {
          isMended = true;
          return client.retryWorkflow("c3");
        },
      },
    ],
    workflowIds: ["c1", "c2", "c3"],
    verdict: (final) => [
      ...ended(final, "c2", "complete", asIs, ["a", "b"]),
      ...ended(final, "c3", "complete", asIs, ["a", "b"]),
      ...[...final.records.values()]
        .filter(({ id, parent, status }) => (id === "c1" || parent !== undefined) && status !== "terminated")
        .map(({ id, status }) => `${id} is ${status}, and was terminated`),
    ],
  };
  return program;
};
