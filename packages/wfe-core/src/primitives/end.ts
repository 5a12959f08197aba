import type { Primitive } from "./primitive.ts";

/** Ends the whole instance as complete, from any depth. */
export const endPrimitive: Primitive = { enter: () => ({ kind: "end" }) };
