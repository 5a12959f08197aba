import type { InstanceError } from "../models/execution-error.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import { withError } from "./error-record.ts";
import { keptState } from "./kept-state.ts";
import type { PassScope } from "./pass-scope.ts";

/** What a saga keeps with its pointer from the failure that is to be compensated on. */
export interface SagaState {
  /** `suspended`: it is to be compensated when the instance is resumed. */
  readonly phase: "suspended" | "compensating";
  /** Pointer of the step whose failure began it. */
  readonly failed: string;
  readonly error: InstanceError;
  /** Whether another run of the saga may end otherwise. */
  readonly retryable: boolean;
  /** Whether the failed step is still to be undone, before all others. */
  readonly undoesFailed: boolean;
  /** Whether the saga's own compensator, the last, was started. */
  readonly undoesItself: boolean;
}

/** The state of a saga's pointer; `undefined` while nothing has failed in it. */
export function sagaState({ services }: PassScope, saga: PointerRow): SagaState | undefined {
  return keptState(services.payloads, saga, "the state of a saga") as SagaState | undefined; // written by withSagaState
}

/** The pointer of a saga with another state. */
export function withSagaState(scope: PassScope, saga: PointerRow, state: SagaState): PointerRow {
  const { payloads } = scope.services;
  const persistenceData = payloads.encode(payloads.stored(state, "the state of a saga"), "the state of a saga");
  return withError(scope, { ...saga, persistenceData }, state.error);
}

/** The pointer of a saga that has nothing to undo any more. */
export function withoutSagaState(saga: PointerRow): PointerRow {
  return { ...saga, persistenceData: undefined, error: undefined, dueAt: undefined };
}

/** The sagas that a pointer stands in, the innermost first. */
export function sagasAround({ state, definition }: PassScope, pointer: PointerRow): readonly PointerRow[] {
  if (!definition.hasSagas) return [];
  return pointer.scope
    .flatMap((id) => {
      const container = state.pointer(id);
      return container !== undefined && definition.isSaga(container.stepId) ? [container] : [];
    })
    .reverse();
}

/** Whether a saga is being compensated. */
export function isCompensating(scope: PassScope, saga: PointerRow): boolean {
  return sagaState(scope, saga)?.phase === "compensating";
}

/**
 * Whether a pointer stands in a saga that is being compensated, and is no part of its compensation: nothing follows from its end, and it is not
 * run again.
 */
export function isGivenUp(scope: PassScope, pointer: PointerRow): boolean {
  if (!scope.definition.hasSagas) return false; // asked for every step
  const compensating = sagasAround(scope, pointer).filter((saga) => isCompensating(scope, saga));
  // A compensator belongs to the innermost of them.
  return compensating.length > (pointer.compensates === undefined ? 0 : 1);
}

/** Whether nothing of a saga is left to be undone: it has been compensated, and is about to end or to run again. */
export function isUndone(scope: PassScope, pointer: PointerRow): boolean {
  const { state, definition } = scope;
  if (!definition.isSaga(pointer.stepId) || pointer.attempt === 0) return false;
  return pointer.status !== "running" || (sagaState(scope, pointer)?.undoesItself === true && state.openChildren(pointer.id) === 0);
}
