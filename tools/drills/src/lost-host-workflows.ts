import { type WorkflowDefinition, WorkflowBuilder } from "wfe";
import type { Run } from "./trip-workflow.ts";

/** Which run of a step has given the result that was taken. */
export interface TakenRun {
  attempt: number;
}

/** One body that ends on its second attempt, and never on its first. */
export function longStep(ran: (run: Run) => void): WorkflowDefinition<TakenRun> {
  return new WorkflowBuilder<TakenRun>()
    .thenFn("long", (ctx) => {
      ran({ step: "long", attempt: ctx.attempt, key: ctx.idempotencyKey });
      return ctx.attempt > 1 ? ctx.attempt : new Promise<number>(() => {});
    })
    .saveAs("attempt")
    .build("long", 1);
}

/** One body that stops its own process where it stands on its first attempt, and ends when that goes on. */
export function frozenStep(ran: (run: Run) => void): WorkflowDefinition<TakenRun> {
  return new WorkflowBuilder<TakenRun>()
    .thenFn("frozen", (ctx) => {
      ran({ step: "frozen", attempt: ctx.attempt, key: ctx.idempotencyKey });
      if (ctx.attempt === 1) process.kill(process.pid, "SIGSTOP");
      return ctx.attempt;
    })
    .saveAs("attempt")
    .build("frozen", 1);
}
