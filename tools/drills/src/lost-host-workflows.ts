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

/** Its host is frozen when it commits the first result. */
export const FROZEN_STEP = "frozen";

/** One body, which says how often it was started. */
export function frozenStep(ran: (run: Run) => void): WorkflowDefinition<TakenRun> {
  return new WorkflowBuilder<TakenRun>()
    .thenFn(FROZEN_STEP, (ctx) => {
      ran({ step: FROZEN_STEP, attempt: ctx.attempt, key: ctx.idempotencyKey });
      return ctx.attempt;
    })
    .saveAs("attempt")
    .build("frozen", 1);
}
