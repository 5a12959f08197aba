import type { Primitive, PrimitiveContext, PrimitiveAction } from "./primitive.ts";
import { selectedBoolean } from "./selected.ts";

function iterate(context: PrimitiveContext): PrimitiveAction {
  const entries = (context.step.blocks ?? []).map((block) => ({ block }));
  return selectedBoolean(context, "condition") ? { kind: "open", entries } : { kind: "complete" };
}

/** Runs its block as long as the condition holds; the condition is evaluated once per iteration. */
export const whilePrimitive: Primitive = { enter: iterate, ended: iterate };
