import type { ErrorBehavior } from "../models/error-behavior.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import { mayRetry, retryDelayMs } from "../models/retry-policy.ts";
import type { StepDefinition, StepKind } from "../models/step-definition.ts";
import { cancelPointer, endInstance } from "./cancellation.ts";
import { compensate, suspendInstance } from "./compensation.ts";
import { instanceErrorOf, recordFailure, withError } from "./error-record.ts";
import { failureOf, type Failure } from "./failure.ts";
import { stepEvent } from "./lifecycle.ts";
import { instantOf, now, type PassScope } from "./pass-scope.ts";
import { closed } from "./pointer-factory.ts";
import { withoutPoll } from "./poll.ts";
import { isGivenUp } from "./saga-state.ts";

/** Records a failed attempt and does what the step's error behavior says. */
export function handleFailure(scope: PassScope, step: StepDefinition, failing: PointerRow, thrown: unknown): void {
  const { state, services } = scope;
  const pointer = withoutPoll(failing);
  const failure = failureOf(thrown, services.payloads);
  recordFailure(scope, step, pointer, failure);
  if (isGivenUp(scope, pointer)) {
    cancelPointer(scope, pointer); // its outcome is unknown: it is undone if it can be
    return;
  }
  const { behavior, exhausted } = scope.definition.errorBehavior(step);
  if (behavior.kind === "retry" && retries(step, behavior, failure, pointer)) {
    const dueAt = instantOf(services.clock.now() + retryDelayMs(behavior, pointer.retryCount, scope.entropy.random()));
    const row: PointerRow = { ...pointer, status: "sleeping", retryCount: pointer.retryCount + 1, crashCount: 0, dueAt };
    state.put(row);
    state.effects.lifecycle.push(stepEvent("stepRetrying", state.row, step, row, now(scope)));
    return;
  }
  giveUp(scope, step, pointer, failure, behavior.kind === "retry" ? exhausted : behavior.kind);
}

const WAITS: ReadonlySet<StepKind> = new Set<StepKind>(["waitFor", "waitForAny", "activity", "pollEndpoint", "subWorkflow"]);

/**
 * Faults that come again are not retried; neither are the timeout of a wait and the termination of a child, unless the step itself asks for
 * retries.
 */
function retries(step: StepDefinition, behavior: Extract<ErrorBehavior, { kind: "retry" }>, failure: Failure, pointer: PointerRow): boolean {
  const askedFor = step.errorBehavior?.kind === "retry";
  const waitedInVain = failure.code === "WFE_CHILD_TERMINATED" || (failure.code === "WFE_TIMEOUT" && WAITS.has(step.kind));
  return failure.retryable && (!waitedInVain || askedFor) && mayRetry(behavior, pointer.retryCount);
}

function giveUp(scope: PassScope, step: StepDefinition, pointer: PointerRow, failure: Failure, end: "suspend" | "terminate" | "compensate"): void {
  const { state } = scope;
  const error = instanceErrorOf(failure);
  if (end === "compensate" && state.status === "runnable") {
    compensate(scope, step, pointer, { error, retryable: failure.retryable, undoesFailed: step.compensationStep !== undefined });
    return;
  }
  state.error ??= error;
  const failed = withError(scope, closed(pointer, "failed", now(scope), state.nextSequence()), error);
  state.put(failed);
  // A command has suspended the instance meanwhile: the failure waits there, and resume runs the step again.
  if (state.status !== "runnable") return;
  if (end === "terminate") endInstance(scope, "terminated", failed);
  else suspendInstance(scope);
}
