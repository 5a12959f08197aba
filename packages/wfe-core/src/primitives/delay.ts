import type { Primitive } from "./primitive.ts";
import { selectedDuration } from "./selected.ts";

/** Goes on after a while; the duration is evaluated once and counts from then. */
export const delayPrimitive: Primitive = {
  enter: (context) => ({
    kind: "sleep",
    untilMs: context.nowMs + (selectedDuration(context, "duration") ?? 0),
    state: {},
  }),
  due: () => ({ kind: "complete" }),
};
