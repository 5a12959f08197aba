import type { Primitive } from "./primitive.ts";

/** Opens all its branches at once and joins when all have ended. */
export const parallelPrimitive: Primitive = {
  enter: (context) => ({
    kind: "open",
    entries: (context.step.blocks ?? []).map((block) => ({ block })),
  }),
};
