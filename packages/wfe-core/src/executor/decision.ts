import type { PointerRow } from "../models/pointer-row.ts";
import { asBoolean } from "../primitives/selected.ts";
import { cancelPointer, endInstance } from "./cancellation.ts";
import { childEnded } from "./child-workflow.ts";
import { compensatorEnded } from "./compensation.ts";
import { cancelIfSo, watchData } from "./data-watch.ts";
import { handleFailure } from "./error-handler.ts";
import { finish } from "./flow.ts";
import { stepEvent } from "./lifecycle.ts";
import { evaluate } from "./mappings.ts";
import type { DrainedContainer } from "./open-pointers.ts";
import { applyInput, type PassInput } from "./pass-input.ts";
import { contextOf, now, type PassScope } from "./pass-scope.ts";
import { started } from "./pointer-factory.ts";
import { isPolling } from "./poll.ts";
import { blocksEnded, enterPrimitive, iterateLater, iterates } from "./primitive-runner.ts";
import { applyBranchesEnded } from "./result-processor.ts";
import { isCompensating, isGivenUp } from "./saga-state.ts";
import { applyDue } from "./wake-ups.ts";

/** Primitives run by one decision at most, or containers ended, so that a loop of them alone is committed, and others get their turn, now and then. */
const PRIMITIVES_PER_DECISION = 1_000;

/**
 * Takes the instance from the inputs to what follows from them, in memory.
 *
 * @param room - Bodies that may start.
 * @param starts - Whether anything may start at all: not while the host stops.
 * @returns The pointers whose bodies are to start once this is committed; they are `running` in the state.
 */
export function decide(scope: PassScope, inputs: readonly PassInput[], room: number, starts: boolean): readonly PointerRow[] {
  const { state, services } = scope;
  scope.undo.clear();
  const iterations: Budget = { left: PRIMITIVES_PER_DECISION };
  // One after the other, to the end of the containers: what has ended before a failure is not part of what the failure calls off.
  for (const input of inputs) {
    applyInput(scope, input);
    endContainers(scope, iterations);
  }
  if (state.status === "runnable" && starts) {
    const nowMs = services.clock.now();
    // Bounded: what is due may be due at once again.
    for (let budget = PRIMITIVES_PER_DECISION; budget > 0; budget -= 1) {
      const due = state.takeDue(nowMs);
      if (due === undefined) break;
      applyDue(scope, due);
      endContainers(scope, iterations);
    }
  }
  const starting = settle(scope, room, starts, iterations);
  if (state.status === "runnable" && state.openCount === 0) endInstance(scope, "complete");
  return starting;
}

/** How many more of something there may be in a decision. */
interface Budget {
  left: number;
}

function settle(scope: PassScope, room: number, starts: boolean, iterations: Budget): readonly PointerRow[] {
  const { state } = scope;
  const chosen: PointerRow[] = [];
  for (let budget = PRIMITIVES_PER_DECISION; ; ) {
    endContainers(scope, iterations);
    if (state.status !== "runnable" || !starts) break;
    const primitive = budget > 0 ? state.takePrimitive() : undefined;
    if (primitive !== undefined) {
      budget -= 1;
      if (!isOverBefore(scope, primitive)) enterPrimitive(scope, state.pointer(primitive.id) ?? primitive);
      continue;
    }
    const body = chosen.length < room ? state.takeBody() : undefined;
    if (body === undefined) break;
    if (isOverBefore(scope, body)) continue;
    if (isEndOfChild(scope, body) && childEnded(scope, body)) continue;
    chosen.push(state.pointer(body.id) ?? body);
  }
  // Only now is it known whether this very decision suspends the instance, or ends it: then nothing starts with it.
  if (state.status !== "runnable") {
    state.giveBackBodies(chosen);
    return [];
  }
  const starting: PointerRow[] = [];
  for (const { id } of chosen) {
    const body = state.pointer(id);
    // One may have been cancelled since by what another has led to.
    if (body?.status === "pending") starting.push(startBody(scope, body));
  }
  return starting;
}

/** Ends what the data says is to end, and the containers in which nothing is open any more. */
function endContainers(scope: PassScope, iterations: Budget): void {
  for (;;) {
    watchData(scope);
    const drained = scope.state.takeDrained();
    if (drained === undefined) return;
    containerEnded(scope, drained, iterations.left > 0);
    iterations.left -= 1;
  }
}

/** @param goesOn - Whether another iteration may begin in this decision: those in which nothing starts cost nothing, and would never end. */
function containerEnded(scope: PassScope, { pointer, endedIndex }: DrainedContainer, goesOn: boolean): void {
  const { definition } = scope;
  if (isGivenUp(scope, pointer)) cancelPointer(scope, pointer);
  else if (definition.isSaga(pointer.stepId) && isCompensating(scope, pointer)) compensatorEnded(scope, pointer);
  else if (definition.runsBody(pointer.stepId)) applyBranchesEnded(scope, definition.step(pointer.stepId), pointer);
  else if (goesOn || !iterates(definition.step(pointer.stepId))) blocksEnded(scope, pointer, endedIndex);
  else iterateLater(scope, pointer, endedIndex);
}

/** Whether a pointer that is taken to start does not: its own condition skips it, or has failed, or it is the first one and is to be cancelled. */
function isOverBefore(scope: PassScope, pointer: PointerRow): boolean {
  // The first pointer is created with its instance, where nobody asks its `cancelWhen`.
  const isFirst = pointer.predecessorId === undefined && pointer.startedAt === undefined;
  if (isFirst && cancelIfSo(scope, scope.definition.step(pointer.stepId), pointer)) return true;
  return skips(scope, scope.state.pointer(pointer.id) ?? pointer);
}

function isEndOfChild({ definition }: PassScope, { eventData, stepId }: PointerRow): boolean {
  return eventData !== undefined && definition.step(stepId).kind === "subWorkflow";
}

function startBody(scope: PassScope, body: PointerRow): PointerRow {
  const { state, definition } = scope;
  const at = now(scope);
  const row = started(body, at);
  state.put(row);
  // A further request of a poll is no other start of it, nor is the check of what a child gave.
  if (!isPolling(body) && !isEndOfChild(scope, body))
    state.effects.lifecycle.push(stepEvent("stepStarted", state.row, definition.step(row.stepId), row, at));
  return row;
}

/**
 * Whether a step's own condition keeps it from running, and it is closed for that reason, or has failed. Asked until it has answered once: a
 * failing condition is an attempt, but not yet a start.
 */
function skips(scope: PassScope, pointer: PointerRow): boolean {
  const step = scope.definition.step(pointer.stepId);
  const key = step.functions?.["when"];
  if (key === undefined || pointer.startedAt !== undefined) return false;
  try {
    const answer = evaluate(scope.definition, step, key, contextOf(scope, step, pointer));
    if (asBoolean(answer, `the when of the step ${JSON.stringify(step.name)}`)) return false;
    finish(scope, step, pointer, "skipped");
  } catch (error) {
    handleFailure(scope, step, { ...pointer, attempt: pointer.attempt + 1 }, error);
  }
  return true;
}
