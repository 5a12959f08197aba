import { NonRetryableError, StepExecutionError } from "../errors/step-errors.ts";
import { durationMs, type Duration } from "../models/duration.ts";
import type { PrimitiveContext } from "./primitive.ts";

/** The boolean that a condition gives. Anything else is an error: truthiness hides mistakes. */
export function selectedBoolean(context: PrimitiveContext, role: string): boolean {
  return asBoolean(context.call(role), `the ${role} of the step ${name(context)}`);
}

/** @param what - Names the condition in the message. @throws StepExecutionError when it is no boolean */
export function asBoolean(value: unknown, what: string): boolean {
  if (typeof value !== "boolean") throw new StepExecutionError(`${what} gave ${show(value)} in place of true or false`);
  return value;
}

/** The string that a selector or a fixed setting gives. */
export function selectedString(context: PrimitiveContext, role: string): string {
  const value = context.has(role) ? context.call(role) : context.step.settings?.[role];
  if (typeof value !== "string") throw new StepExecutionError(`the ${role} of the step ${name(context)} gave ${show(value)} in place of a string`);
  return value;
}

/** The list that a selector gives. */
export function selectedList(context: PrimitiveContext, role: string): readonly unknown[] {
  const value = context.call(role);
  if (!Array.isArray(value)) throw new StepExecutionError(`the ${role} of the step ${name(context)} gave ${show(value)} in place of an array`);
  return value as readonly unknown[];
}

/** The milliseconds that a selector, or the fixed setting `{role}Ms`, gives; `undefined` when the step has neither. */
export function selectedDuration(context: PrimitiveContext, role: string): number | undefined {
  if (context.has(role)) {
    const selected = context.call(role); // what it throws is another matter: it may not throw the next time
    try {
      return durationMs(selected as Duration, `the ${role} of the step ${name(context)}`);
    } catch (cause) {
      throw new NonRetryableError((cause as Error).message, { cause }); // nothing else is thrown there
    }
  }
  const fixed = context.step.settings?.[`${role}Ms`];
  return typeof fixed === "number" ? fixed : undefined;
}

/** The instant that a selector (a `Date`) or a fixed setting (ISO text) gives; `undefined` when the step has neither. */
export function selectedDate(context: PrimitiveContext, role: string): Date | undefined {
  const value = context.has(role) ? context.call(role) : context.step.settings?.[role];
  if (value === undefined) return undefined;
  const date = value instanceof Date ? value : typeof value === "string" ? new Date(value) : undefined;
  if (date === undefined || Number.isNaN(date.getTime())) {
    throw new StepExecutionError(`the ${role} of the step ${name(context)} gave ${show(value)} in place of a valid Date`);
  }
  return date;
}

function name(context: PrimitiveContext): string {
  return JSON.stringify(context.step.name);
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "object" && value !== null)
    return Array.isArray(value) ? "an array" : value instanceof Date ? (Number.isNaN(value.getTime()) ? "an invalid Date" : "a Date") : "an object";
  return String(value);
}
