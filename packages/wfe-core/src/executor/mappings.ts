import { enableMapSet, Immer } from "immer";
import { NonRetryableError, StepExecutionError } from "../errors/step-errors.ts";
import type { FunctionKey, StepDefinition } from "../models/step-definition.ts";
import type { Payloads } from "../runtime/payloads.ts";
import { isThenable } from "../runtime/thenable.ts";
import type { StepExecutionContext } from "../traits/step-execution-context.ts";
import type { CompiledDefinition } from "./compiled-definition.ts";

// Not frozen by immer: the values that a mapping puts into the draft belong to the step; copies of them are frozen by `Payloads.stored`.
const immer = newImmer();

function newImmer(): Immer {
  enableMapSet(); // what a codec makes of data may hold some
  return new Immer({ autoFreeze: false });
}

/**
 * Evaluates a selector or a condition.
 *
 * @throws whatever it throws, and a `StepExecutionError` when it gives a promise.
 */
export function evaluate(definition: CompiledDefinition, step: StepDefinition, key: FunctionKey, ctx: StepExecutionContext): unknown {
  const value = definition.function(key)(ctx.data, ctx);
  refusePromise(value, step, key);
  return value;
}

/** Sets the fields of a step object before its run. */
export function mapInputs(definition: CompiledDefinition, step: StepDefinition, body: unknown, ctx: StepExecutionContext): void {
  for (const key of step.inputs ?? []) refusePromise(definition.function(key)(body, ctx.data, ctx), step, key);
}

/** Whether a result of this step can change the data. */
export function hasOutputs({ outputs }: StepDefinition, patch: unknown): boolean {
  return patch !== undefined || (outputs !== undefined && outputs.length > 0);
}

/**
 * The data after a result: its output mappings in order, on a draft of the current tree, then its patch, key by key.
 *
 * @param source - The step object, or the value.
 * @returns The same tree when nothing changed; else a new one, frozen and checked.
 * @throws whatever a mapping throws, and SerializationError when the new data cannot be stored; the draft is dropped whole.
 */
export function mapOutputs(
  definition: CompiledDefinition,
  step: StepDefinition,
  data: unknown,
  source: unknown,
  patch: unknown,
  ctx: StepExecutionContext,
  payloads: Payloads,
): unknown {
  const next: unknown = immer.produce(data, (draft: unknown) => {
    for (const key of step.outputs ?? []) refusePromise(definition.function(key)(source, draft, ctx), step, key);
    if (patch !== undefined) merge(draft, patch, step);
  });
  return next === data ? data : payloads.stored(next, "the data");
}

function merge(draft: unknown, patch: unknown, step: StepDefinition): void {
  if (typeof draft !== "object" || draft === null || Array.isArray(draft)) {
    throw new StepExecutionError(`the step ${JSON.stringify(step.name)} gave an output, but the data is no object that it could merge into`);
  }
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) {
    throw new NonRetryableError(`the step ${JSON.stringify(step.name)} gave an output that is no object: it is merged into the data key by key`);
  }
  Object.assign(draft, patch);
}

function refusePromise(value: unknown, step: StepDefinition, key: FunctionKey): void {
  if (isThenable(value)) {
    throw new StepExecutionError(
      `the mapping or condition ${key} of the step ${JSON.stringify(step.name)} is asynchronous: await in the step, map its result`,
    );
  }
}
