import { durationMs, type Duration } from "../models/duration.ts";
import type { JsonValue } from "../models/json.ts";
import { stepNode, type StepNode, type StepNodeParts } from "./step-node.ts";

/** An event, named by its definition or by its bare name. */
export type RecordedEvent = string | { readonly name: string };

/** The options of waits as they come in. */
export interface RecordedWaitOptions {
  readonly timeout?: Duration | ((...args: never[]) => unknown);
  readonly effectiveDate?: Date | ((...args: never[]) => unknown);
}

/** A duration, fixed as the setting `{role}Ms` or selected by the function of that role. @throws RangeError for a bad fixed one. */
export function durationParts(role: string, duration: Duration | ((...args: never[]) => unknown), what: string): StepNodeParts {
  return typeof duration === "function" ? { functions: { [role]: duration } } : { settings: { [`${role}Ms`]: durationMs(duration, what) } };
}

/** A `waitFor`. @throws RangeError for bad fixed options. */
export function waitForNode(event: RecordedEvent, key: unknown, options: RecordedWaitOptions = {}): StepNode {
  const eventName = nameOf(event);
  const keyParts: StepNodeParts = typeof key === "string" ? { settings: { key } } : { functions: { key } };
  return stepNode("waitFor", `waitFor ${eventName}`, joined({ settings: { eventName } }, keyParts, waitParts(options, "waitFor")));
}

/** A `waitForAny`. @throws RangeError for bad fixed options. */
export function waitForAnyNode(
  events: Readonly<Record<string, { readonly event: RecordedEvent; readonly key: unknown }>>,
  options: RecordedWaitOptions = {},
): StepNode {
  const names: Record<string, string> = {};
  const fixedKeys: Record<string, JsonValue> = {};
  const functions: Record<string, unknown> = {};
  for (const [label, awaited] of Object.entries((events as typeof events | undefined | null) ?? {})) {
    const { event, key } = (awaited as typeof awaited | undefined | null) ?? {};
    names[label] = nameOf(event);
    if (typeof key === "string") fixedKeys[label] = key;
    else functions[`key.${label}`] = key;
  }
  const own: StepNodeParts = { settings: { events: names, ...(Object.keys(fixedKeys).length === 0 ? {} : { keys: fixedKeys }) }, functions };
  return stepNode("waitForAny", `waitForAny ${Object.values(names).join(", ")}`, joined(own, waitParts(options, "waitForAny")));
}

/** An `activity`. @throws RangeError for a bad fixed timeout. */
export function activityNode(activity: RecordedEvent, input: unknown, options: RecordedWaitOptions = {}): StepNode {
  const name = nameOf(activity);
  const own: StepNodeParts = { settings: { activity: name }, functions: { input } };
  const limit = options.timeout === undefined ? {} : { timeout: options.timeout };
  return stepNode("activity", `activity ${name}`, joined(own, waitParts(limit, "activity")));
}

function waitParts(options: RecordedWaitOptions, verb: string): StepNodeParts {
  const { timeout, effectiveDate } = options;
  return joined(
    timeout === undefined ? {} : durationParts("timeout", timeout, `timeout of ${verb}`),
    effectiveDate === undefined ? {} : dateParts(effectiveDate, verb),
  );
}

function dateParts(date: Date | ((...args: never[]) => unknown), verb: string): StepNodeParts {
  if (typeof date === "function") return { functions: { effectiveDate: date } };
  if (!(date instanceof Date) || Number.isNaN(date.getTime()))
    throw new RangeError(`effectiveDate of ${verb} must be a valid Date: got ${String(date)}`);
  return { settings: { effectiveDate: date.toISOString() } };
}

function joined(...all: readonly StepNodeParts[]): StepNodeParts {
  return {
    settings: Object.assign({}, ...all.map((parts) => parts.settings)) as Record<string, JsonValue>,
    functions: Object.assign({}, ...all.map((parts) => parts.functions)) as Record<string, unknown>,
  };
}

/** What has no name is left to the check of the graph. */
function nameOf(event: RecordedEvent | undefined | null): string {
  return typeof event === "string" ? event : (event?.name as string);
}
