import { defineEvent, type WorkflowDefinition, WorkflowBuilder } from "wfe";

/** W1's workflow. Steps that do nothing are called `step` and a number: that is how they are counted in the store. */
export const CHAIN: WorkflowDefinition<Record<string, never>> = new WorkflowBuilder<Record<string, never>>()
  .thenFn("step 1", () => {})
  .thenFn("step 2", () => {})
  .thenFn("step 3", () => {})
  .thenFn("step 4", () => {})
  .thenFn("step 5", () => {})
  .thenFn("step 6", () => {})
  .thenFn("step 7", () => {})
  .thenFn("step 8", () => {})
  .thenFn("step 9", () => {})
  .thenFn("step 10", () => {})
  .build("chain", 1);

export const SINGLE: WorkflowDefinition<Record<string, never>> = new WorkflowBuilder<Record<string, never>>()
  .thenFn("step 1", () => {})
  .build("single", 1);

export const BRANCHES: WorkflowDefinition<{ readonly count: number }> = new WorkflowBuilder<{ readonly count: number }>()
  .forEach(
    (data) => Array.from({ length: data.count }, (_, index) => index),
    (b) => b.thenFn("step 1", () => {}),
  )
  .build("branches", 1);

export const SLEEPER: WorkflowDefinition<Record<string, never>> = new WorkflowBuilder<Record<string, never>>().delay("1d").build("sleeper", 1);

export const APPROVED = defineEvent<boolean>("approved");

/** @param resumed - Told when the step behind the event runs. */
export function waiting(resumed: (key: string) => void): WorkflowDefinition<{ readonly key: string }> {
  return new WorkflowBuilder<{ readonly key: string }>()
    .waitFor(APPROVED, (data) => data.key)
    .thenFn("step 1", (ctx) => resumed(ctx.data.key))
    .build("waiting", 1);
}

/** @param ran - Told at each iteration. */
export function loop(ran: () => void): WorkflowDefinition<{ readonly count: number; n: number }> {
  return new WorkflowBuilder<{ readonly count: number; n: number }>()
    .whileDo(
      (data) => data.n < data.count,
      (b) =>
        b
          .thenFn("step 1", (ctx) => {
            ran();
            return ctx.data.n + 1;
          })
          .saveAs("n"),
    )
    .build("loop", 1);
}
