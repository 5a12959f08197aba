import type { PointerRow } from "../models/pointer-row.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import { askCancelWhen, recordCancelFailure } from "./cancel-condition.ts";
import { callOff, cancelWithin } from "./cancellation.ts";
import { cancelEndsChain, finish, hasForked } from "./flow.ts";
import { evaluate } from "./mappings.ts";
import { contextOf, type PassScope } from "./pass-scope.ts";
import { isCompensating, isGivenUp } from "./saga-state.ts";

/** After results that changed the data: ends what was to end when the data says so. Asks each condition once. */
export function watchData(scope: PassScope): void {
  if (scope.changedBy.length === 0) return;
  const changedBy = scope.changedBy.splice(0);
  // Copies: what follows from it opens and closes others.
  for (const [stepId, ids] of [...scope.state.watching()]) {
    const step = scope.definition.step(stepId);
    cancelThose(scope, step, ids);
    if (step.kind === "recur") for (const id of [...ids]) endRecurrence(scope, step, id, changedBy);
  }
}

function cancelThose(scope: PassScope, step: StepDefinition, ids: ReadonlySet<string>): void {
  const [first] = ids;
  const asked = first === undefined ? undefined : scope.state.pointer(first);
  const answer = asked === undefined ? undefined : askCancelWhen(scope, step, asked);
  // Nothing is done for each of them as long as it does not hold.
  if (answer === undefined || ("holds" in answer && !answer.holds)) return;
  for (const id of [...ids]) {
    const pointer = scope.state.pointer(id); // it may stand in another one that has just been cancelled
    // What a saga has begun to undo it undoes.
    if (pointer === undefined || (step.kind === "saga" && isCompensating(scope, pointer))) continue;
    if ("thrown" in answer) recordCancelFailure(scope, step, pointer, answer.thrown);
    else cancelStep(scope, step, pointer);
  }
}

/** Asks the `cancelWhen` of one pointer's step out of turn, and cancels it when it holds. @returns Whether it was cancelled. */
export function cancelIfSo(scope: PassScope, step: StepDefinition, pointer: PointerRow): boolean {
  const answer = askCancelWhen(scope, step, pointer);
  if (answer === undefined) return false;
  if ("thrown" in answer) recordCancelFailure(scope, step, pointer, answer.thrown);
  else if (answer.holds) cancelStep(scope, step, pointer);
  return "holds" in answer && answer.holds;
}

/** Cancels a step because its `cancelWhen` holds, with all that is inside it. */
function cancelStep(scope: PassScope, step: StepDefinition, pointer: PointerRow): void {
  cancelWithin(scope, pointer.id);
  // Opened first: the container is never empty in between. A fork went on when it began.
  if (!hasForked(step, pointer)) cancelEndsChain(scope, step, pointer);
  callOff(scope, pointer);
}

/**
 * A recurrence ends when its condition holds after a change from elsewhere, which calls its block off; a change by its own block is looked at
 * when that run ends.
 */
function endRecurrence(scope: PassScope, step: StepDefinition, id: string, changedBy: readonly PointerRow[]): void {
  const pointer = scope.state.pointer(id);
  // In a saga that is being compensated, the bodies that run in its block are awaited.
  if (pointer === undefined || !hasForked(step, pointer) || isGivenUp(scope, pointer)) return;
  if (changedBy.every(({ scope: inside }) => inside.includes(id))) return;
  let holds: unknown;
  try {
    holds = evaluate(scope.definition, step, step.functions?.["until"] ?? "", contextOf(scope, step, pointer));
  } catch {
    return; // it is asked again before the next run, and fails there
  }
  if (holds !== true) return;
  cancelWithin(scope, id);
  finish(scope, step, pointer, "complete", { forked: true });
}
