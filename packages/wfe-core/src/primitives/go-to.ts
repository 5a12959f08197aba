import type { Primitive } from "./primitive.ts";
import { selectedString } from "./selected.ts";

/** Goes on at the step with an external id, in its own chain or in one that encloses it. */
export const goToPrimitive: Primitive = {
  enter: (context) => ({ kind: "goTo", target: selectedString(context, "target") }),
};
