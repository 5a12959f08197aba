import type { PointerRow } from "../models/pointer-row.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import { asBoolean } from "../primitives/selected.ts";
import { instanceErrorOf, recordFailure, withError } from "./error-record.ts";
import { failureOf } from "./failure.ts";
import { evaluate } from "./mappings.ts";
import { contextOf, type PassScope } from "./pass-scope.ts";

/** What a step's `cancelWhen` says of the data of this moment: whether it holds, or what it threw. */
export type CancelAnswer = { readonly holds: boolean } | { readonly thrown: unknown };

/** Asks the `cancelWhen` of a step; `undefined` when it has none. The condition sees the data alone: any pointer of the step will do. */
export function askCancelWhen(scope: PassScope, step: StepDefinition, pointer: PointerRow): CancelAnswer | undefined {
  const key = step.functions?.["cancelWhen"];
  if (key === undefined) return undefined;
  try {
    const answer = evaluate(scope.definition, step, key, contextOf(scope, step, pointer));
    return { holds: asBoolean(answer, `the cancelWhen of the step ${JSON.stringify(step.name)}`) };
  } catch (thrown) {
    return { thrown };
  }
}

/** Records what the `cancelWhen` of a pointer's step threw, once for each pointer: it goes on as if it did not hold. */
export function recordCancelFailure(scope: PassScope, step: StepDefinition, pointer: PointerRow, thrown: unknown): void {
  if (pointer.error !== undefined) return;
  const failure = failureOf(thrown, scope.services.payloads);
  recordFailure(scope, step, pointer, failure);
  scope.state.put(withError(scope, pointer, instanceErrorOf(failure)));
}
