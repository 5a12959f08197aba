import type { BlockDefinition, StepDefinition, StepKind } from "../models/step-definition.ts";
import type { WorkflowGraph } from "../models/workflow-definition.ts";
import { isRecord } from "./shown-value.ts";

// Records, so that a field of the type cannot be forgotten here.
const STEP_KEYS: Readonly<Record<keyof StepDefinition, true>> = {
  id: true,
  externalId: true,
  name: true,
  kind: true,
  stepType: true,
  stepForm: true,
  next: true,
  blocks: true,
  functions: true,
  expressions: true,
  inputs: true,
  outputs: true,
  saveAs: true,
  settings: true,
  config: true,
  errorBehavior: true,
  timeoutMs: true,
  compensationStep: true,
  proceedOnCancel: true,
};
const GRAPH_KEYS: Readonly<Record<keyof WorkflowGraph, true>> = { steps: true, defaultErrorBehavior: true };
const BLOCK_KEYS: Readonly<Record<keyof BlockDefinition, true>> = { entry: true, role: true, name: true, value: true };

/** Every fixed setting that a step of this kind may have. */
const SETTINGS: Readonly<Record<StepKind, readonly string[]>> = {
  step: [],
  inline: [],
  if: [],
  while: [],
  forEach: ["parallel"],
  parallel: [],
  delay: ["durationMs"],
  waitFor: ["eventName", "key", "timeoutMs", "effectiveDate"],
  waitForAny: ["events", "keys", "timeoutMs", "effectiveDate"],
  activity: ["activity", "timeoutMs"],
  subWorkflow: ["definitionId", "version"],
  pollEndpoint: ["config"],
  decide: [],
  saga: [],
  schedule: ["durationMs"],
  recur: ["intervalMs"],
  outcome: [],
  timeout: [],
  goTo: ["target"],
  end: [],
};
const BEHAVIOR_KEYS: readonly string[] = ["kind"];
const RETRY_KEYS: readonly string[] = [...BEHAVIOR_KEYS, "interval", "maxRetries", "backoff", "maxInterval", "jitter", "onExhausted"];

/**
 * What stands in a step that none of its kind has: a slip of the pen in JSON, which would do nothing.
 *
 * @param step - With the shape of a step.
 */
export function unknownKeyProblems(step: StepDefinition): readonly string[] {
  const { settings, blocks, errorBehavior } = step;
  const bodyKeys = step.kind === "step" ? [] : (["stepType", "stepForm"] as const).filter((key) => step[key] !== undefined);
  return [
    ...unknown(step, Object.keys(STEP_KEYS)).map((key) => `has an unknown ${key}`),
    ...bodyKeys.map((key) => `cannot have ${key}`),
    ...unknown(settings, SETTINGS[step.kind]).map((key) => `has an unknown setting ${key}`),
    ...(blocks ?? []).flatMap((block, index) => unknown(block, Object.keys(BLOCK_KEYS)).map((key) => `has an unknown blocks[${index}].${key}`)),
    ...unknownBehaviorKeys(errorBehavior).map((key) => `has an unknown errorBehavior.${key}`),
  ];
}

/** Keys of a graph that none has. */
export function unknownGraphKeys(graph: unknown): readonly string[] {
  return unknown(graph, Object.keys(GRAPH_KEYS));
}

/** Keys of an error behavior that its kind does not have. */
export function unknownBehaviorKeys(behavior: unknown): readonly string[] {
  return unknown(behavior, isRecord(behavior) && behavior["kind"] === "retry" ? RETRY_KEYS : BEHAVIOR_KEYS);
}

/** Keys that are not among these; one without a value is as good as absent. */
function unknown(value: unknown, known: readonly string[]): readonly string[] {
  return isRecord(value) ? Object.keys(value).filter((key) => value[key] !== undefined && !known.includes(key)) : [];
}
