import { StepExecutionError } from "../errors/step-errors.ts";
import type { Primitive } from "./primitive.ts";
import { selectedDate, selectedDuration, selectedString, timedOut } from "./selected.ts";

/**
 * Waits for an event. Without an effective date, those stored after the instance was created count; with one, those whose event time is at
 * or after it. A limit that ends first leads into the `timeout` block behind the step, or fails it with `TimeoutError`.
 */
export const waitForPrimitive: Primitive = {
  enter(context) {
    // An event that came already is kept over a failing output mapping: it is not waited for again.
    if (context.hasEvent) return { kind: "complete", value: context.eventData() };
    const name = context.step.settings?.["eventName"];
    if (typeof name !== "string") throw new StepExecutionError(`the step ${JSON.stringify(context.step.name)} names no event`);
    const effectiveDate = selectedDate(context, "effectiveDate");
    const timeout = selectedDuration(context, "timeout");
    return {
      kind: "wait",
      topics: [
        {
          name,
          key: selectedString(context, "key"),
          bound: effectiveDate === undefined ? { storedAfter: "creation" } : { effectiveDate },
        },
      ],
      ...(timeout === undefined ? {} : { untilMs: context.nowMs + timeout }),
    };
  },
  due: timedOut,
};
