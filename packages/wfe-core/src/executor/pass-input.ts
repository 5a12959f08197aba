import { StepCrashedError } from "../errors/step-errors.ts";
import type { Delivery } from "../models/event-subscription.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import { cancelPointer } from "./cancellation.ts";
import { resumeCompensation, undoNext } from "./compensation.ts";
import { handleFailure } from "./error-handler.ts";
import type { PassScope } from "./pass-scope.ts";
import { withoutEnd } from "./pointer-factory.ts";
import { applyResult } from "./result-processor.ts";
import { isGivenUp } from "./saga-state.ts";
import type { BodyOutcome } from "./step-executor.ts";
import { applyDelivery } from "./wake-ups.ts";

/** Something a pass has to react to. Kept until the commit that follows from it is acknowledged, so that it can be decided anew. */
export type PassInput =
  /** A body has ended. */
  | {
      readonly kind: "settled";
      readonly pointerId: string;
      readonly attempt: number;
      readonly outcome: BodyOutcome;
    }
  /** A body was called off because the host stops: it is to run again elsewhere, and no crash is counted. */
  | { readonly kind: "interrupted"; readonly pointerId: string; readonly attempt: number }
  /** A body that is said to run was never started: the attempt does not count. */
  | { readonly kind: "notStarted"; readonly pointerId: string; readonly attempt: number }
  /** An event was assigned to a subscription of this instance. */
  | { readonly kind: "delivery"; readonly delivery: Delivery }
  /** The store was asked what a saga is to undo next; `undefined`: nothing but what the saga itself has done. */
  | { readonly kind: "undo"; readonly sagaId: string; readonly undone: PointerRow | undefined }
  /** The store could not say it. */
  | { readonly kind: "unanswered"; readonly error: unknown }
  /** The instance was loaded: bodies that are said to run have lost their host. */
  | { readonly kind: "takeOver" }
  /** The instance was resumed: failed steps run again. */
  | { readonly kind: "rearm" };

/** Takes what a pass has to react to into the instance. */
export function applyInput(scope: PassScope, input: PassInput): void {
  const { state } = scope;
  switch (input.kind) {
    case "settled": {
      const pointer = runningPointer(scope, input);
      if (pointer === undefined) return; // cancelled meanwhile: a late result is dropped
      const step = scope.definition.step(pointer.stepId);
      if ("error" in input.outcome) handleFailure(scope, step, pointer, input.outcome.error);
      else tryResult(scope, step, pointer, input.outcome);
      return;
    }
    case "interrupted": {
      const pointer = runningPointer(scope, input);
      if (pointer !== undefined) runAgain(scope, pointer);
      return;
    }
    case "notStarted": {
      const pointer = runningPointer(scope, input);
      if (pointer !== undefined) runAgain(scope, { ...pointer, attempt: pointer.attempt - 1 });
      return;
    }
    case "unanswered":
      throw input.error;
    case "undo":
      undoNext(scope, input.sagaId, input.undone);
      return;
    case "delivery":
      if (state.status === "runnable") applyDelivery(scope, input.delivery); // else it stays in the inbox
      return;
    case "takeOver":
      for (const pointer of [...state.open()]) if (pointer.status === "running") takeOver(scope, pointer);
      return;
    case "rearm":
      resumeCompensation(scope);
      for (const pointer of [...state.open()]) if (pointer.status === "failed") rearm(scope, pointer);
      return;
  }
}

function runningPointer({ state }: PassScope, input: { readonly pointerId: string; readonly attempt: number }): PointerRow | undefined {
  const pointer = state.pointer(input.pointerId);
  return pointer?.status === "running" && pointer.attempt === input.attempt ? pointer : undefined;
}

function tryResult(scope: PassScope, step: StepDefinition, pointer: PointerRow, outcome: Exclude<BodyOutcome, { error: unknown }>): void {
  try {
    applyResult(scope, step, pointer, outcome.result, outcome.source);
  } catch (error) {
    handleFailure(scope, step, pointer, error);
  }
}

/** A body is to run again; not in a saga that is being compensated, where its outcome stays unknown. */
function runAgain(scope: PassScope, pointer: PointerRow): void {
  if (isGivenUp(scope, pointer)) cancelPointer(scope, pointer);
  else scope.state.put({ ...pointer, status: "pending" });
}

function takeOver(scope: PassScope, pointer: PointerRow): void {
  const { state, definition, limits } = scope;
  if (state.openChildren(pointer.id) > 0) return; // a container that waits for its chains
  if (!definition.runsBody(pointer.stepId)) {
    state.markDrained(pointer.id);
    return;
  }
  if (isGivenUp(scope, pointer)) {
    cancelPointer(scope, pointer);
    return;
  }
  const crashed: PointerRow = {
    ...pointer,
    crashCount: pointer.crashCount + 1,
  };
  if (crashed.crashCount >= limits.maxCrashes) {
    const step = definition.step(pointer.stepId);
    handleFailure(scope, step, crashed, new StepCrashedError(step.name, crashed.crashCount));
  } else state.put({ ...crashed, status: "pending" });
}

function rearm(scope: PassScope, pointer: PointerRow): void {
  if (scope.state.pointer(pointer.id)?.status !== "failed") return; // a saga around it is compensated instead
  scope.state.put({ ...withoutEnd(pointer), status: "pending", retryCount: 0, crashCount: 0, error: undefined });
}
