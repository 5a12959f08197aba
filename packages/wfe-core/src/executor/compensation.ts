import type { InstanceError } from "../models/execution-error.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import { mayRetry, retryDelayMs } from "../models/retry-policy.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import { callOff, cancelPointer, cancelWithin, endInstance } from "./cancellation.ts";
import { cancelIfSo } from "./data-watch.ts";
import { withError } from "./error-record.ts";
import { goOnBehind, hasForked, openStep } from "./flow.ts";
import { instanceEvent } from "./lifecycle.ts";
import { instantOf, now, type PassScope } from "./pass-scope.ts";
import { closed, withoutDue } from "./pointer-factory.ts";
import { sagasAround, sagaState, type SagaState, withoutSagaState, withSagaState } from "./saga-state.ts";

/** A failure that is to be compensated. */
export interface CompensatedFailure {
  readonly error: InstanceError;
  /** Whether another run may end otherwise. */
  readonly retryable: boolean;
  /** Whether the failed step has a compensator of its own that is still to run. */
  readonly undoesFailed: boolean;
}

/**
 * What follows a failure whose behavior is `compensate`: the nearest saga around the step undoes what it has done; outside of sagas the step's
 * own compensator runs, and the flow goes on behind the step.
 */
export function compensate(scope: PassScope, step: StepDefinition, pointer: PointerRow, failure: CompensatedFailure): void {
  const { state, definition } = scope;
  const [saga] = sagasAround(scope, pointer);
  if (saga === undefined) {
    compensateAlone(scope, step, pointer, failure);
    return;
  }
  if (definition.step(saga.stepId).errorBehavior?.kind !== "suspend") {
    beginCompensation(scope, saga, pointer, failure);
    return;
  }
  state.error ??= failure.error;
  state.put(withError(scope, closed(pointer, "failed", now(scope), state.nextSequence()), failure.error));
  state.put(withSagaState(scope, saga, { phase: "suspended", failed: pointer.id, undoesItself: false, ...failure }));
  suspendInstance(scope);
}

/** The instance was resumed: sagas that waited for that are compensated now. */
export function resumeCompensation(scope: PassScope): void {
  for (const saga of [...scope.state.open()]) {
    if (!scope.definition.isSaga(saga.stepId)) continue;
    const kept = sagaState(scope, saga);
    // All compensators had run when a command suspended the instance: it goes on from there.
    if (kept?.phase === "compensating" && scope.state.openChildren(saga.id) === 0) scope.state.markDrained(saga.id);
    if (kept?.phase !== "suspended") continue;
    const failed = scope.state.pointer(kept.failed);
    if (failed?.status === "failed") beginCompensation(scope, saga, failed, kept);
    else scope.state.put(withoutSagaState(saga)); // cancelled since, or run again
  }
}

/** Bodies that were running when the compensation began have taken too long: their outcome stays unknown. Those with a limit have their own. */
export function stopAwaiting(scope: PassScope, saga: PointerRow): void {
  const { state, definition } = scope;
  state.put(withoutDue(saga));
  for (const pointer of state.openWithin(saga.id)) {
    if (isRunningBody(scope, pointer) && definition.step(pointer.stepId).timeoutMs === undefined) cancelPointer(scope, pointer);
  }
}

/** Nothing is open in a saga that is being compensated: the next compensator is due, which only the store knows, or all have run. */
export function compensatorEnded(scope: PassScope, saga: PointerRow): void {
  const { state } = scope;
  if (saga.dueAt !== undefined) state.put(withoutDue(saga));
  if (sagaState(scope, saga)?.undoesItself === true) endCompensation(scope, state.pointer(saga.id) ?? saga);
  else scope.undo.add(saga.id);
}

/** The store has said which step of a saga is to be undone next; `undefined`: none, so that the saga's own compensator is due. */
export function undoNext(scope: PassScope, sagaId: string, undone: PointerRow | undefined): void {
  const { state, definition } = scope;
  const saga = state.pointer(sagaId);
  const kept = saga === undefined ? undefined : sagaState(scope, saga);
  if (saga === undefined || kept?.phase !== "compensating" || state.openChildren(sagaId) > 0) return;
  if (undone !== undefined) {
    state.remember(undone);
    startCompensator(scope, undone, [...saga.scope, saga.id]);
    if (kept.undoesFailed) state.put(withSagaState(scope, saga, { ...kept, undoesFailed: false }));
  } else if (definition.step(saga.stepId).compensationStep === undefined) {
    endCompensation(scope, saga);
  } else {
    startCompensator(scope, saga, [...saga.scope, saga.id]);
    state.put(withSagaState(scope, saga, { ...kept, undoesItself: true }));
  }
}

/** Suspends the instance for a failure. */
export function suspendInstance(scope: PassScope): void {
  const { state } = scope;
  state.status = "suspended";
  state.effects.lifecycle.push(instanceEvent("suspended", state.row, now(scope)));
}

function beginCompensation(scope: PassScope, saga: PointerRow, failed: PointerRow, failure: CompensatedFailure): void {
  const { state, definition, limits, services } = scope;
  if (!retriesAfter(scope, saga, failure.retryable)) state.error ??= failure.error;
  // One that is still to be undone is not yet: where a saga around is compensated before, that one finds it.
  const status = failure.undoesFailed ? "cancelled" : "compensated";
  state.put(withError(scope, closed(failed, status, now(scope), state.nextSequence()), failure.error));
  const running = state.openWithin(saga.id).filter((pointer) => isRunningBody(scope, pointer));
  // Their containers too: they end when what is inside them has.
  const awaited = new Set(running.flatMap(({ id, scope: inside }) => [id, ...inside]));
  for (const pointer of state.openWithin(saga.id)) {
    if (awaited.has(pointer.id)) continue;
    callOff(scope, pointer);
  }
  const { error, retryable, undoesFailed } = failure;
  const begun = withSagaState(scope, saga, { phase: "compensating", failed: failed.id, error, retryable, undoesFailed, undoesItself: false });
  const unlimited = running.some(({ stepId }) => definition.step(stepId).timeoutMs === undefined);
  state.put(unlimited ? { ...begun, dueAt: instantOf(services.clock.now() + limits.shutdownTimeoutMs) } : begun);
  state.markDrained(saga.id);
}

/** All that a saga has done is undone: what its own error behavior says follows. */
function endCompensation(scope: PassScope, saga: PointerRow): void {
  const { state, definition, services } = scope;
  if (state.status !== "runnable") return; // it goes on from here when it is resumed
  const step = definition.step(saga.stepId);
  const { error, retryable } = sagaState(scope, saga) as SagaState; // it is being compensated
  const behavior = step.errorBehavior;
  const bare = withoutSagaState(saga);
  if (behavior?.kind === "retry" && retriesAfter(scope, saga, retryable)) {
    const dueAt = instantOf(services.clock.now() + retryDelayMs(behavior, saga.retryCount, scope.entropy.random()));
    const sleeping: PointerRow = { ...bare, status: "sleeping", retryCount: saga.retryCount + 1, dueAt };
    state.error = undefined;
    state.put(sleeping);
    cancelIfSo(scope, step, sleeping); // while it was being undone, nobody asked
    return;
  }
  state.error ??= error; // a command has cleared it meanwhile
  const exhausted = behavior?.kind === "retry" ? behavior.onExhausted : undefined;
  const end = exhausted ?? (behavior?.kind === "terminate" ? "terminate" : "goOn");
  if (end === "terminate" || end === "suspend") {
    const failed = withError(scope, closed(bare, "failed", now(scope), state.nextSequence()), error);
    state.put(failed);
    if (end === "terminate") endInstance(scope, "terminated", failed);
    else suspendInstance(scope);
    return;
  }
  if (behavior?.kind === "compensate" && sagasAround(scope, saga).length > 0) {
    compensate(scope, step, bare, { error, retryable, undoesFailed: false });
    return;
  }
  const ended = withError(scope, closed(bare, "compensated", now(scope), state.nextSequence()), error);
  goOnBehind(scope, step, ended);
  state.put(ended);
}

/** Undoes a step that stands in no saga, and goes on behind it. */
function compensateAlone(scope: PassScope, step: StepDefinition, pointer: PointerRow, failure: CompensatedFailure): void {
  const { state, definition } = scope;
  state.error ??= failure.error;
  const failed = withError(scope, closed(pointer, "compensated", now(scope), state.nextSequence()), failure.error);
  const recurrence = pointer.scope.findLast((id) => {
    const container = state.pointer(id);
    return container !== undefined && definition.step(container.stepId).kind === "recur";
  });
  if (failure.undoesFailed) {
    state.remember(failed);
    startCompensator(scope, failed, pointer.scope);
  } else if (recurrence === undefined && !hasForked(step, failed)) goOnBehind(scope, step, failed);
  state.put(failed);
  // Nothing to undo: that run has ended, the recurrence goes on.
  if (!failure.undoesFailed && recurrence !== undefined) cancelWithin(scope, recurrence);
}

function startCompensator(scope: PassScope, undone: PointerRow, inside: readonly string[]): void {
  const { definition, state } = scope;
  const entry = definition.step(definition.step(undone.stepId).compensationStep ?? -1); // asked for by who has seen that there is one
  openStep(scope, entry, {
    seq: state.nextSequence(),
    scope: inside,
    predecessorId: undone.id,
    item: undone.item,
    index: undone.index,
    compensates: undone.id,
  });
  const container = inside.at(-1);
  if (container !== undefined && state.openChildren(container) === 0) state.markDrained(container); // it was cancelled as it was created
}

/** Whether a saga runs again once it is compensated. */
function retriesAfter({ definition }: PassScope, saga: PointerRow, retryable: boolean): boolean {
  const behavior = definition.step(saga.stepId).errorBehavior;
  return behavior?.kind === "retry" && retryable && mayRetry(behavior, saga.retryCount);
}

function isRunningBody({ state, definition }: PassScope, pointer: PointerRow): boolean {
  return pointer.status === "running" && definition.runsBody(pointer.stepId) && state.openChildren(pointer.id) === 0;
}
