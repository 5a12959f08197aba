import { NonRetryableError } from "../errors/step-errors.ts";
import { resultBody } from "../models/execution-result.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import { evaluate, mapInputs } from "./mappings.ts";
import type { PassScope } from "./pass-scope.ts";
import type { EngineResult } from "./result-processor.ts";
import type { StepContext } from "./step-context.ts";
import type { StepRegistry } from "./step-registry.ts";

/** What a run of a body came to. `source` is what its output mappings read. */
export interface BodyResult {
  readonly result: EngineResult;
  readonly source: unknown;
}

/** A body whose inputs are mapped, for one run. */
export interface ReadyBody {
  /** The step object of a class. */
  readonly object?: object;
  /** Gives what the body returns, perhaps a promise. */
  run(): unknown;
  /** @throws NonRetryableError for what is no result, SerializationError for a value that cannot be stored */
  resultOf(returned: unknown): BodyResult;
}

/** Makes the body of a step that is code of the user's. @throws whatever its input mappings and its factory throw */
export function readyBody(scope: PassScope, steps: StepRegistry, step: StepDefinition, ctx: StepContext): ReadyBody {
  if (step.kind === "inline") {
    const run = scope.definition.function(step.functions?.["run"] ?? "");
    return { run: () => run(ctx), resultOf: (returned) => valueResult(scope, returned) };
  }
  const registered = steps.resolve(step);
  if (registered.form === "function") {
    const key = step.inputs?.[0];
    const input = key === undefined ? undefined : evaluate(scope.definition, step, key, ctx);
    // Typed where the builder joined step and workflow.
    return { run: () => registered.step.run(input as never, ctx as never), resultOf: (returned) => valueResult(scope, returned) };
  }
  const object = registered.create();
  if (typeof (object as { run?: unknown } | null | undefined)?.run !== "function") {
    throw new NonRetryableError(`what was registered for ${JSON.stringify(step.stepType)} makes something without a run method`);
  }
  mapInputs(scope.definition, step, object, ctx);
  // Typed where the builder joined step and workflow.
  return { object, run: () => object.run(ctx as never), resultOf: (returned) => ({ result: resultOfClass(step, returned), source: object }) };
}

function resultOfClass(step: StepDefinition, returned: unknown): EngineResult {
  const result = returned === undefined ? ({ kind: "next" } as const) : resultBody(returned);
  if (result !== undefined) return result;
  throw new NonRetryableError(`the step ${JSON.stringify(step.name)} is a class and returned something else than an ExecutionResult`);
}

/** @throws SerializationError for a value that cannot be stored */
export function valueResult(scope: PassScope, returned: unknown): BodyResult {
  const result = resultBody(returned);
  const value = result?.kind === "next" ? result.value : returned;
  if (result !== undefined && (result.kind !== "next" || value === undefined)) return { result, source: undefined };
  return {
    result: { kind: "next" },
    source: value === undefined ? undefined : scope.services.payloads.stored(value, "the value of the step"),
  };
}
