import type { InstanceError } from "../models/execution-error.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import type { Failure } from "./failure.ts";
import { errorEvent } from "./lifecycle.ts";
import { now, type PassScope } from "./pass-scope.ts";

/** Records one failed attempt, and publishes it. */
export function recordFailure(scope: PassScope, step: StepDefinition, pointer: PointerRow, failure: Failure): void {
  const { state, services } = scope;
  const at = now(scope);
  state.effects.errors.push({
    workflowId: state.row.id,
    pointerId: pointer.id,
    step: step.name,
    attempt: pointer.attempt,
    at,
    code: failure.code,
    message: failure.message,
    ...(failure.stack === undefined ? {} : { stack: failure.stack }),
    ...(failure.data === undefined ? {} : { data: services.payloads.encode(failure.data, "the data of an error") }),
  });
  state.effects.lifecycle.push(errorEvent(failure, state.row, step, pointer, at));
}

/** A failure as it stands with an instance. */
export function instanceErrorOf({ code, message, data }: Failure): InstanceError {
  return { code, message, ...(data === undefined ? {} : { data }) };
}

/** The pointer with a failure. */
export function withError({ services: { payloads } }: PassScope, pointer: PointerRow, error: InstanceError): PointerRow {
  return { ...pointer, error: payloads.encode(payloads.stored(error, "the error of a step"), "the error of a step") };
}
