import { keysOf, isDataPath } from "../models/data-path.ts";
import { CONDITION_ROLES, type StepDefinition } from "../models/step-definition.ts";
import { conditionProblems, expressionProblems } from "./expression-check.ts";
import { EXPRESSION_ROLES, SETTINGS_OF_ROLES } from "./expression-rules.ts";
import { isRecord, shownValue } from "./shown-value.ts";
import type { StepRule } from "./step-rules.ts";

/** Keys of a step object that are no fields. */
const NO_FIELDS: readonly string[] = ["run", "constructor", "__proto__"];

/** What is wrong with what a step says in plain data where code could stand. */
export function stepExpressionsProblems(step: StepDefinition, rule: StepRule): readonly string[] {
  return [...Object.keys(step.expressions ?? {}).flatMap((role) => roleProblems(step, role)), ...saveAsProblems(step, rule)];
}

function roleProblems(step: StepDefinition, role: string): readonly string[] {
  const at = `expressions.${role}`;
  const expression: unknown = step.expressions?.[role];
  if (!takes(step, role)) return [`cannot have ${at}`];
  const problems: string[] = [];
  if (step.functions?.[role] !== undefined || (role === "input" && (step.inputs?.length ?? 0) > 0)) problems.push(`has both a function and ${at}`);
  const setting = SETTINGS_OF_ROLES[role];
  if (setting !== undefined && step.settings?.[setting] !== undefined) problems.push(`has both a fixed ${setting} and ${at}`);
  const label = role.startsWith("key.") ? role.slice("key.".length) : undefined;
  if (label !== undefined && Object.hasOwn(recordAt(step, "keys"), label))
    problems.push(`has both a fixed key for ${JSON.stringify(label)} and ${at}`);
  // Looked at for a step as a whole, not for one of the iterations in which it may be open.
  const named = { items: role !== "cancelWhen" };
  problems.push(...(CONDITION_ROLES.includes(role) ? conditionProblems(expression, at, named) : expressionProblems(expression, at, named)));
  if (role === "input" && step.stepForm === "class") problems.push(...fieldProblems(expression, at));
  return problems;
}

function takes(step: StepDefinition, role: string): boolean {
  if (role === "when" || role === "cancelWhen") return step.kind !== "outcome" && step.kind !== "timeout";
  if (step.kind === "waitForAny" && role.startsWith("key.")) return Object.hasOwn(recordAt(step, "events"), role.slice("key.".length));
  return EXPRESSION_ROLES[step.kind].includes(role);
}

function fieldProblems(expression: unknown, at: string): readonly string[] {
  const fields = isRecord(expression) ? expression["object"] : undefined;
  if (!isRecord(fields)) return [`has ${at}, which is no { object }: its keys are the fields of the class`];
  return NO_FIELDS.filter((key) => Object.hasOwn(fields, key)).map((key) => `has ${at}.object.${key}, which is no field of a step`);
}

function saveAsProblems(step: StepDefinition, rule: StepRule): readonly string[] {
  const { saveAs } = step;
  if (saveAs === undefined) return [];
  if (rule.allows?.includes("outputs") !== true) return ["cannot have saveAs"];
  const targets = Object.keys(saveAs);
  return Object.entries(saveAs).flatMap(([target, from]: readonly [string, unknown]) => {
    const at = `saveAs[${JSON.stringify(target)}]`;
    const problems: string[] = [];
    if (target === "" || !isDataPath(target)) problems.push(`has ${at}, which is no path in the data: keys and positions joined by dots`);
    if (keysOf(target).includes("__proto__")) problems.push(`has ${at}, which is no place for data`);
    const inside = targets.find((other) => other.startsWith(`${target}.`));
    if (inside !== undefined) problems.push(`has ${at} and saveAs[${JSON.stringify(inside)}], which is a part of it`);
    if (typeof from !== "string") problems.push(...expressionProblems(from, at, { items: true }));
    else if (!isDataPath(from)) problems.push(`has ${at}, which takes from no path: keys and positions joined by dots, got ${shownValue(from)}`);
    return problems;
  });
}

function recordAt(step: StepDefinition, setting: string): Readonly<Record<string, unknown>> {
  const record: unknown = step.settings?.[setting];
  return isRecord(record) ? record : {};
}
