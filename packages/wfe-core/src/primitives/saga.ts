import type { Primitive } from "./primitive.ts";

/** Runs its block. What it does when a step in it fails for good is compensation, which the executor has. */
export const sagaPrimitive: Primitive = {
  enter: (context) => ({ kind: "open", entries: (context.step.blocks ?? []).map((block) => ({ block })) }),
};
