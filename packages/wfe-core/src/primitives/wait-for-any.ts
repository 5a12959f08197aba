import { StepExecutionError } from "../errors/step-errors.ts";
import type { Primitive, PrimitiveContext } from "./primitive.ts";
import { selectedDate, selectedDuration, selectedKey, timedOut } from "./selected.ts";

/** Waits for the first of several events; `{ first: label, data }` is its value, and the others stay for later waits. */
export const waitForAnyPrimitive: Primitive = {
  enter(context) {
    if (context.hasEvent) return { kind: "complete", value: context.eventData() };
    const effectiveDate = selectedDate(context, "effectiveDate");
    const timeout = selectedDuration(context, "timeout");
    return {
      kind: "wait",
      topics: Object.entries(eventsOf(context)).map(([label, name]) => ({
        label,
        name,
        key: selectedKey(context, label),
        bound: effectiveDate === undefined ? { storedAfter: "creation" } : { effectiveDate },
      })),
      ...(timeout === undefined ? {} : { untilMs: context.nowMs + timeout }),
    };
  },
  due: timedOut,
};

function eventsOf({ step }: PrimitiveContext): Readonly<Record<string, string>> {
  const events = step.settings?.["events"];
  if (typeof events !== "object" || events === null) throw new StepExecutionError(`the step ${JSON.stringify(step.name)} names no events`);
  return events as Readonly<Record<string, string>>; // the definition check refuses others
}
