import type { ErrorBehavior } from "../models/error-behavior.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import { mayRetry, retryDelayMs } from "../models/retry-policy.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import { endInstance } from "./cancellation.ts";
import { failureOf, type Failure } from "./failure.ts";
import { errorEvent, instanceEvent, stepEvent } from "./lifecycle.ts";
import { instantOf, now, type PassScope } from "./pass-scope.ts";
import { closed } from "./pointer-factory.ts";

/** Records a failed attempt and does what the step's error behavior says. */
export function handleFailure(scope: PassScope, step: StepDefinition, pointer: PointerRow, thrown: unknown): void {
  const { state, services } = scope;
  const failure = failureOf(thrown, services.payloads);
  record(scope, step, pointer, failure);
  const behavior = scope.definition.errorBehavior(step);
  if (behavior.kind === "retry" && retries(step, behavior, failure, pointer)) {
    const dueAt = instantOf(services.clock.now() + retryDelayMs(behavior, pointer.retryCount, scope.entropy.random()));
    const row: PointerRow = {
      ...pointer,
      status: "sleeping",
      retryCount: pointer.retryCount + 1,
      crashCount: 0,
      dueAt,
    };
    state.put(row);
    state.effects.lifecycle.push(stepEvent("stepRetrying", state.row, step, row, now(scope)));
    return;
  }
  giveUp(scope, pointer, failure, behavior.kind === "retry" ? (behavior.onExhausted ?? "suspend") : behavior.kind);
}

/** Faults that come again are not retried; neither is a timeout of a wait, unless the step itself asks for retries. */
function retries(step: StepDefinition, behavior: Extract<ErrorBehavior, { kind: "retry" }>, failure: Failure, pointer: PointerRow): boolean {
  const askedFor = step.errorBehavior?.kind === "retry";
  const waitTimedOut = failure.code === "WFE_TIMEOUT" && step.kind === "waitFor";
  return failure.retryable && (!waitTimedOut || askedFor) && mayRetry(behavior, pointer.retryCount);
}

function giveUp(scope: PassScope, pointer: PointerRow, failure: Failure, end: "suspend" | "terminate" | "compensate"): void {
  const { state } = scope;
  state.error ??= {
    code: failure.code,
    message: failure.message,
    ...(failure.data === undefined ? {} : { data: failure.data }),
  };
  const failed = closed(pointer, "failed", now(scope), state.nextSequence());
  state.put(failed);
  // A command has suspended the instance meanwhile: the failure waits there, and resume runs the step again.
  if (state.status !== "runnable") return;
  if (end === "terminate") {
    endInstance(scope, "terminated", failed);
    return;
  }
  // Compensation is refused at registration by a host that cannot do it; a failure is never passed over.
  state.status = "suspended";
  state.effects.lifecycle.push(instanceEvent("suspended", state.row, now(scope)));
}

function record(scope: PassScope, step: StepDefinition, pointer: PointerRow, failure: Failure): void {
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
    ...(failure.data === undefined
      ? {}
      : {
          data: services.payloads.encode(failure.data, "the data of an error"),
        }),
  });
  state.effects.lifecycle.push(errorEvent(failure, state.row, step, pointer, at));
}
