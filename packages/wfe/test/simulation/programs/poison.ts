import { ErrorBehavior, WorkflowBuilder, type WorkflowClient } from "../../../src/index.ts";
import type { ProgramFactory } from "../../../src/test-support/index.ts";
import { asIs, data, ended, type Log } from "./log.ts";

const MOST_CRASHES = 4;

/** A step that takes its host with it each time is given up in the end, and undone; others go on meanwhile. */
export const poison: ProgramFactory = (bodies) => {
  const unlimited = ErrorBehavior.retry({ interval: 100, maxRetries: "unlimited" });
  const definition = new WorkflowBuilder<Log>()
    .defaultErrorBehavior(unlimited)
    .thenFn("before", (ctx) => bodies.pause(ctx))
    .output((_, d) => void d.log.push("before"))
    .thenFn("poison", (ctx) => bodies.crash(ctx))
    .onError(ErrorBehavior.compensate())
    .compensateWithSequence((u) =>
      u
        .thenFn("bury", (ctx) => bodies.pause(ctx))
        .onError(unlimited)
        .output((_, d) => void d.log.push("bury")),
    )
    .thenFn("behind", (ctx) => bodies.pause(ctx))
    .output((_, d) => void d.log.push("behind"))
    .build("poison", 1);
  const healthy = new WorkflowBuilder<Log>()
    .defaultErrorBehavior(unlimited)
    .forEach(
      () => [1, 2, 3, 4],
      (each) => each.thenFn("step", (ctx) => bodies.sleep(ctx, 400)).output((_, d, ctx) => void d.log.push(`step ${ctx.item}`)),
      { parallel: false },
    )
    .build("healthy", 1);
  return {
    name: "poison",
    definitions: [definition, healthy],
    hostOptions: { maxCrashes: MOST_CRASHES },
    stimuli: [
      { name: "start x", atMs: 0, act: (client) => client.startWorkflow(definition, data("x"), { id: "x" }) },
      { name: "start y", atMs: 0, act: (client) => client.startWorkflow(healthy, data("y"), { id: "y" }) },
      // A step that was on the same host each time may have been given up with it.
      ...["x", "y"].map((id) => ({
        name: `resume ${id}`,
        atMs: 1_000,
        after: [`start ${id}`],
        everyMs: 2_000,
        act: (client: WorkflowClient) => client.resumeWorkflow(id),
      })),
    ],
    workflowIds: ["x", "y"],
    verdict: (final) => {
      const starts = final.runs.filter(({ step }) => step === "poison").length;
      const crashes = (final.errors?.get("x") ?? []).filter(({ step, code }) => step === "poison" && code === "WFE_STEP_CRASHED");
      // Given up at a moment at which a command has suspended the instance it waits there, and a resume runs it again, with as many starts as before.
      const givenUpAgain = Math.floor((final.records.get("x")?.controlSeq ?? 0) / 2);
      const attempts = crashes.map(({ attempt }) => attempt);
      return [
        ...ended(final, "x", "complete", asIs, ["before", "bury", "behind"]),
        ...ended(final, "y", "complete", asIs, ["step 1", "step 2", "step 3", "step 4"]),
        ...(starts <= MOST_CRASHES * crashes.length ? [] : [`the poison was taken ${starts} times`]),
        ...(attempts.length >= 1 && attempts.length <= 1 + givenUpAgain && attempts.every((attempt, n) => attempt === MOST_CRASHES * (n + 1))
          ? []
          : [`it was given up at the attempts ${attempts.join(", ")}`]),
      ];
    },
  };
};
