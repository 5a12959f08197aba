import type { PointerRow } from "../models/pointer-row.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import { askCancelWhen, recordCancelFailure } from "./cancel-condition.ts";
import { cancelPointer, cancelWithin } from "./cancellation.ts";
import { finish, goOnBehind } from "./flow.ts";
import { evaluate } from "./mappings.ts";
import { contextOf, type PassScope } from "./pass-scope.ts";

/** After results that changed the data: ends what was to end when the data says so. Asks each condition once. */
export function watchData(scope: PassScope): void {
  const changedBy = scope.changedBy.splice(0);
  if (changedBy.length === 0) return;
  for (const [stepId, pointers] of scope.state.watching()) {
    const step = scope.definition.step(stepId);
    const [first] = pointers;
    if (first === undefined) continue;
    cancelThose(scope, step, first, pointers);
    if (step.kind === "recur") for (const pointer of pointers) endRecurrence(scope, step, pointer, changedBy);
  }
}

function cancelThose(scope: PassScope, step: StepDefinition, first: PointerRow, pointers: readonly PointerRow[]): void {
  const answer = askCancelWhen(scope, step, first);
  if (answer === undefined) return;
  for (const { id } of pointers) {
    const pointer = scope.state.pointer(id); // it may stand in another one that has just been cancelled
    if (pointer === undefined) continue;
    if ("thrown" in answer) recordCancelFailure(scope, step, pointer, answer.thrown);
    else if (answer.holds) cancelStep(scope, step, pointer);
  }
}

/** Cancels a step because its `cancelWhen` holds, with all that is inside it. */
export function cancelStep(scope: PassScope, step: StepDefinition, pointer: PointerRow): void {
  cancelWithin(scope, pointer.id);
  // Opened first: the container is never empty in between. A fork went on when it began.
  if (step.proceedOnCancel === true && !hasForked(step, pointer)) goOnBehind(scope, step, pointer);
  cancelPointer(scope, pointer);
}

/**
 * A recurrence ends when its condition holds after a change from elsewhere, which calls its block off; a change by its own block is looked at
 * when that run ends.
 */
function endRecurrence(scope: PassScope, step: StepDefinition, { id }: PointerRow, changedBy: readonly PointerRow[]): void {
  const pointer = scope.state.pointer(id);
  if (pointer === undefined || !hasForked(step, pointer) || changedBy.every(({ scope: inside }) => inside.includes(id))) return;
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

function hasForked({ kind }: StepDefinition, { persistenceData }: PointerRow): boolean {
  return (kind === "recur" || kind === "schedule") && persistenceData !== undefined;
}
