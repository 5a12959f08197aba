import { isDeepStrictEqual } from "node:util";
import { ARTIFACT_INPUTS, type BlockDefinition, hasRole, OUTPUT_SCHEMA, type StepDefinition } from "../models/step-definition.ts";
import { storedErrorBehavior } from "./error-behavior-settings.ts";
import { mayBeAwaited } from "../models/event.ts";
import type { PollEndpointConfig } from "../models/poll-endpoint.ts";
import { storedPollConfig } from "../runtime/poll-config.ts";
import { isSchema } from "../runtime/validated.ts";
import { EXPRESSION_ROLES } from "./expression-rules.ts";
import { shownStep, type StepPlace } from "./graph-walk.ts";
import { unknownKeyProblems } from "./known-keys-check.ts";
import { isRecord, shownValue } from "./shown-value.ts";
import { stepExpressionsProblems } from "./step-expressions-check.ts";
import { type BlockCount, type FixedSetting, STEP_RULES, type StepRule, type StepSetting } from "./step-rules.ts";

const SETTINGS: readonly StepSetting[] = ["inputs", "outputs", "timeoutMs", "config", "compensationStep"];

/**
 * What is wrong with one step by itself, and with what stands directly before it.
 *
 * @param place - `undefined`: it is not reached, so nothing can be said about what stands before it.
 */
export function stepFaults(step: StepDefinition, place: StepPlace | undefined, functions: ReadonlyMap<string, unknown>): readonly string[] {
  const rule = STEP_RULES[step.kind];
  const problems = [
    ...nameProblems(step),
    ...unknownKeyProblems(step),
    ...blockProblems(step.blocks ?? [], rule),
    ...settingProblems(step, rule),
    ...functionProblems(step, rule, functions),
    ...stepExpressionsProblems(step, rule),
    ...placeProblems(step, place, rule),
  ];
  return problems.map((problem) => `${shownStep(step)} ${problem}`);
}

function nameProblems(step: StepDefinition): string[] {
  const problems: string[] = [];
  if (isBlank(step.name)) problems.push("has a blank name");
  if (step.externalId !== undefined && isBlank(step.externalId)) problems.push("has a blank id");
  if (step.kind === "step") {
    if (isBlank(step.stepType)) problems.push("has no key of a body (stepType)");
    if (step.stepForm !== "function" && step.stepForm !== "class") problems.push('has a stepForm that is neither "function" nor "class"');
    if (step.stepForm === "function" && (step.inputs?.length ?? 0) > 1) problems.push("is a function step with more than one input");
  }
  return problems;
}

function blockProblems(blocks: readonly BlockDefinition[], rule: StepRule): string[] {
  const roles = rule.blocks ?? {};
  const problems: string[] = [];
  for (const [role, count] of Object.entries(roles)) {
    const problem = countProblem(role, count, blocks.filter((block) => block.role === role).length);
    if (problem !== undefined) problems.push(problem);
  }
  if ("case" in roles && blocks.length === 0) problems.push("has neither a case nor an otherwise");
  for (const [index, block] of blocks.entries()) {
    if (roles[block.role] === undefined) problems.push(`cannot have a block ${JSON.stringify(block.role)}`);
    if (block.name !== undefined && isBlank(block.name)) problems.push(`has a block ${JSON.stringify(block.role)} with a blank name`);
    if (block.role !== "case" && block.role !== "outcome") continue;
    if (block.value === undefined) problems.push(`has a block ${JSON.stringify(block.role)} without a value`);
    else if (blocks.slice(0, index).some((other) => other.role === block.role && isDeepStrictEqual(other.value, block.value))) {
      problems.push(`has two blocks for the ${block.role} ${JSON.stringify(block.value)}`);
    }
  }
  return problems;
}

function countProblem(role: string, count: BlockCount, found: number): string | undefined {
  if (found === 0 && (count === "one" || count === "some")) return `has no block ${JSON.stringify(role)}`;
  if (found > 1 && (count === "one" || count === "maybe")) return `has ${found} blocks ${JSON.stringify(role)}`;
  return undefined;
}

function settingProblems(step: StepDefinition, rule: StepRule): string[] {
  const problems: string[] = [];
  const settings = step.settings ?? {};
  for (const setting of SETTINGS) if (step[setting] !== undefined && rule.allows?.includes(setting) !== true) problems.push(`cannot have ${setting}`);
  for (const text of rule.texts ?? []) if (isBlank(settings[text])) problems.push(`has no ${text}`);
  for (const [name, value] of [...Object.entries(settings), ["timeoutMs", step.timeoutMs] as const]) {
    if (name.endsWith("Ms") && value !== undefined && !isDuration(value))
      problems.push(`has a ${name} that is no duration: ${JSON.stringify(value)}`);
  }
  for (const [name, kind] of Object.entries(rule.fixed ?? {})) {
    const value = settings[name];
    if (value !== undefined && !FIXED[kind].holds(value)) problems.push(`has a ${name} that is no ${FIXED[kind].shown}: ${shownValue(value)}`);
  }
  if (step.kind === "recur" && settings["intervalMs"] === 0) problems.push("recurs without an interval: it must be longer than 0");
  if (step.kind === "waitForAny" && Object.keys(eventsOf(step)).length === 0) problems.push("waits for no event");
  for (const [label, name] of Object.entries(eventsOf(step)))
    if (isBlank(name)) problems.push(`waits for an event without a name under ${JSON.stringify(label)}`);
  for (const name of step.kind === "waitFor" ? [settings["eventName"]] : Object.values(eventsOf(step)))
    if (typeof name === "string" && !mayBeAwaited(name)) problems.push(`waits for ${JSON.stringify(name)}, which is an event of the engine's own`);
  const { version } = settings;
  if (step.kind === "subWorkflow" && version !== undefined && !isVersion(version))
    problems.push(`starts the version ${shownValue(version)}: it must be a whole number, 1 or more`);
  if (step.proceedOnCancel !== undefined && typeof step.proceedOnCancel !== "boolean") problems.push("has a proceedOnCancel that is no boolean");
  const { errorBehavior } = step;
  if (errorBehavior !== undefined) problems.push(...refusal("onError", () => storedErrorBehavior(errorBehavior, "onError")));
  const { config } = settings;
  if (step.kind === "pollEndpoint" && config !== undefined)
    problems.push(...refusal("config", () => storedPollConfig(config as unknown as PollEndpointConfig))); // which is what it finds out
  return problems;
}

function refusal(setting: string, check: () => unknown): string[] {
  try {
    check();
    return [];
  } catch (cause) {
    return [`has a bad ${setting}: ${(cause as Error).message}`]; // nothing else is thrown there
  }
}

function functionProblems(step: StepDefinition, rule: StepRule, functions: ReadonlyMap<string, unknown>): string[] {
  const problems: string[] = [];
  const roles = step.functions ?? {};
  for (const role of rule.functions ?? [])
    if (!hasRole(step, role)) problems.push(`has no function ${role === "run" ? "" : "or expression "}${JSON.stringify(role)}`);
  for (const [role, setting] of rule.either ?? []) {
    if (!hasRole(step, role) && step.settings?.[setting] === undefined)
      problems.push(`has neither a fixed ${setting} nor a function or expression ${JSON.stringify(role)}`);
  }
  const fixedKeys = step.settings?.["keys"];
  for (const label of Object.keys(eventsOf(step))) {
    if (!hasRole(step, `key.${label}`) && !(isRecord(fixedKeys) && Object.hasOwn(fixedKeys, label)))
      problems.push(`has no key for ${JSON.stringify(label)}`);
  }
  const named = [...Object.entries(roles), ...mappings("input", step.inputs), ...mappings("output", step.outputs)];
  for (const [role, key] of named) {
    const code = functions.get(key);
    if (role === ARTIFACT_INPUTS && !EXPRESSION_ROLES[step.kind].includes(role)) {
      problems.push("takes no artifacts: only a step that runs a body does");
      continue;
    }
    if (role === OUTPUT_SCHEMA) {
      if (!isSchema(code)) problems.push(`names ${JSON.stringify(key)} as its ${role}, which is no Standard Schema (standardschema.dev)`);
      continue;
    }
    // A body may be given to the host under its step key instead.
    if (role === "body" ? code !== undefined && !isBody(code) : typeof code !== "function") {
      problems.push(`names ${JSON.stringify(key)} as its ${role}, which is ${functions.has(key) ? "no function" : "not among the functions"}`);
    }
  }
  return problems;
}

function placeProblems(step: StepDefinition, place: StepPlace | undefined, rule: StepRule): string[] {
  const problems: string[] = [];
  if (rule.ends === true && step.next !== undefined) problems.push("ends its chain, so nothing can follow it");
  if (rule.behind !== undefined && place !== undefined) {
    const { before } = place;
    // A wait's timeout and a step's outcomes can stand in a row only by hand; either order is understood.
    const holder = before?.kind === "timeout" || before?.kind === "outcome";
    if (before === undefined || !(holder || rule.behind.includes(before.kind)))
      problems.push(`must stand behind a step of kind ${rule.behind.join(", ")}`);
  }
  return problems;
}

function mappings(role: string, keys: readonly string[] | undefined): readonly (readonly [string, string])[] {
  return (keys ?? []).map((key) => [role, key] as const);
}

function eventsOf(step: StepDefinition): Readonly<Record<string, unknown>> {
  const events = step.kind === "waitForAny" ? step.settings?.["events"] : undefined;
  return isRecord(events) ? events : {};
}

function isBody(code: unknown): boolean {
  return typeof code === "function" || (typeof code === "object" && code !== null && typeof (code as { run?: unknown }).run === "function");
}

function isDuration(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value <= 8.64e15;
}

const WITH_OFFSET = /^[+-]?\d{4,6}-\d\d-\d\dT.*(?:Z|[+-]\d\d:\d\d)$/;

const FIXED: Readonly<Record<FixedSetting, { readonly shown: string; readonly holds: (value: unknown) => boolean }>> = {
  text: { shown: "text", holds: (value) => typeof value === "string" },
  texts: { shown: "record of texts", holds: (value) => isRecord(value) && Object.values(value).every((text) => typeof text === "string") },
  boolean: { shown: "boolean", holds: (value) => typeof value === "boolean" },
  date: { shown: "date", holds: (value) => typeof value === "string" && WITH_OFFSET.test(value) && !Number.isNaN(Date.parse(value)) },
};

/** Whether a value is no text, or text without a visible character. */
export function isBlank(value: unknown): boolean {
  return typeof value !== "string" || value.trim() === "";
}

/** Whether a value is a whole number, 1 or more. */
export function isVersion(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}
