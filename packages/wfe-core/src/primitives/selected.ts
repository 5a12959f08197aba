import { NonRetryableError, TimeoutError } from "../errors/step-errors.ts";
import { durationMs, type Duration } from "../models/duration.ts";
import type { PrimitiveAction, PrimitiveContext } from "./primitive.ts";

/** The boolean that a condition gives. Anything else is an error: truthiness hides mistakes. */
export function selectedBoolean(context: PrimitiveContext, role: string): boolean {
  return asBoolean(context.call(role), `the ${role} of the step ${name(context)}`);
}

/** @param what - Names the condition in the message. @throws NonRetryableError when it is no boolean */
export function asBoolean(value: unknown, what: string): boolean {
  if (typeof value !== "boolean") throw new NonRetryableError(`${what} gave ${show(value)} in place of true or false`);
  return value;
}

/** The string that a selector or a fixed setting gives. */
export function selectedString(context: PrimitiveContext, role: string): string {
  return asString(context.has(role) ? context.call(role) : context.step.settings?.[role], role, context);
}

/** The key of one of the events of a `waitForAny`: by the function `key.{label}`, or fixed. */
export function selectedKey(context: PrimitiveContext, label: string): string {
  const role = `key.${label}`;
  const fixed = context.step.settings?.["keys"] as Readonly<Record<string, unknown>> | undefined; // the definition check refuses others
  return asString(context.has(role) ? context.call(role) : fixed?.[label], role, context);
}

function asString(value: unknown, role: string, context: PrimitiveContext): string {
  if (typeof value !== "string") throw new NonRetryableError(`the ${role} of the step ${name(context)} gave ${show(value)} in place of a string`);
  return value;
}

/** What the end of a wait's limit leads to: the `timeout` block behind the step. @throws TimeoutError when there is none */
export function timedOut(context: PrimitiveContext): PrimitiveAction {
  if (context.hasTimeoutBlock) return { kind: "complete", timedOut: true };
  // A selector of the limit is not asked again: it may give another one by now, or fail.
  const fixed = context.step.settings?.["timeoutMs"];
  throw new TimeoutError(`the wait of the step ${name(context)}`, typeof fixed === "number" ? fixed : undefined, { retryable: false });
}

/** The list that a selector gives. */
export function selectedList(context: PrimitiveContext, role: string): readonly unknown[] {
  const value = context.call(role);
  if (!Array.isArray(value)) throw new NonRetryableError(`the ${role} of the step ${name(context)} gave ${show(value)} in place of an array`);
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
    throw new NonRetryableError(`the ${role} of the step ${name(context)} gave ${show(value)} in place of a valid Date`);
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
