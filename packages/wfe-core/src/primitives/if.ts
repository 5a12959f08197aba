import type { Primitive } from "./primitive.ts";
import { selectedBoolean } from "./selected.ts";

/** Runs its `then` block when the condition holds, else its `otherwise` block if there is one; then joins. The condition is evaluated once. */
export const ifPrimitive: Primitive = {
  enter(context) {
    const role = selectedBoolean(context, "condition") ? "then" : "otherwise";
    const block = context.step.blocks?.find((candidate) => candidate.role === role);
    return block === undefined ? { kind: "complete" } : { kind: "open", entries: [{ block }] };
  },
};
