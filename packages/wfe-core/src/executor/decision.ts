import { StepCrashedError, TimeoutError } from "../errors/step-errors.ts";
import { isWfeError } from "../errors/wfe-error.ts";
import type { Delivery } from "../models/event-subscription.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import { asBoolean } from "../primitives/selected.ts";
import { askCancelWhen, recordCancelFailure } from "./cancel-condition.ts";
import { cancelPointer, endInstance, releaseWait } from "./cancellation.ts";
import { compensatorEnded, resumeCompensation, stopAwaiting, undoNext } from "./compensation.ts";
import { cancelStep, watchData } from "./data-watch.ts";
import { handleFailure } from "./error-handler.ts";
import { finish } from "./flow.ts";
import { stepEvent } from "./lifecycle.ts";
import { evaluate } from "./mappings.ts";
import type { DrainedContainer } from "./open-pointers.ts";
import { contextOf, now, type PassScope } from "./pass-scope.ts";
import { childId, labelsOf, started, subscriptionIds } from "./pointer-factory.ts";
import { blocksEnded, enterPrimitive, primitiveDue } from "./primitive-runner.ts";
import { applyBranchesEnded, applyChildEnded, applyResult } from "./result-processor.ts";
import { isCompensating, isGivenUp } from "./saga-state.ts";
import type { BodyOutcome } from "./step-executor.ts";

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

/** Primitives run by one decision at most, so that a loop of them alone is committed, and others get their turn, now and then. */
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
  for (const input of inputs) {
    applyInput(scope, input);
    watchData(scope);
  }
  if (state.status === "runnable" && starts) {
    const nowMs = services.clock.now();
    for (let due = state.takeDue(nowMs); due !== undefined; due = state.takeDue(nowMs)) {
      applyDue(scope, due);
      watchData(scope);
    }
  }
  const starting = settle(scope, room, starts);
  if (state.status === "runnable" && state.openCount === 0) endInstance(scope, "complete");
  return starting;
}

function applyInput(scope: PassScope, input: PassInput): void {
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

function applyDue(scope: PassScope, pointer: PointerRow): void {
  if (pointer.status === "running") {
    stopAwaiting(scope, pointer);
    return;
  }
  if (pointer.status === "waitingForEvent" && scope.definition.step(pointer.stepId).kind === "subWorkflow") {
    childTimedOut(scope, pointer);
    return;
  }
  if (!scope.definition.runsBody(pointer.stepId)) {
    primitiveDue(scope, pointer);
    return;
  }
  const { dueAt: _, ...rest } = pointer;
  scope.state.put({ ...rest, status: "pending" });
}

/** A child has taken too long: it is terminated. */
function childTimedOut(scope: PassScope, pointer: PointerRow): void {
  const step = scope.definition.step(pointer.stepId);
  releaseWait(scope, pointer);
  const { dueAt: _, ...rest } = pointer;
  const what = `the sub-workflow ${JSON.stringify(childId(scope.state.row.id, pointer))} of the step ${JSON.stringify(step.name)}`;
  handleFailure(scope, step, { ...rest, status: "running", resultCount: pointer.resultCount + 1 }, new TimeoutError(what, step.timeoutMs));
}

function applyDelivery(scope: PassScope, delivery: Delivery): void {
  const { state, definition } = scope;
  const pointer = state.pointer(delivery.pointerId);
  if (pointer?.status !== "waitingForEvent") return;
  const step = definition.step(pointer.stepId);
  const open = subscriptionIds(state.row.id, step, pointer);
  const position = open.indexOf(delivery.subscriptionId);
  if (position === -1) return; // of an earlier wait
  state.effects.consume.push({ subscriptionId: delivery.subscriptionId, eventId: delivery.eventId });
  // The first of several has won: the others stay for later waits.
  state.effects.closeSubscriptions.push(...open.filter((id) => id !== delivery.subscriptionId));
  const { dueAt: _, ...rest } = pointer;
  try {
    state.put({ ...rest, status: "pending", eventData: eventDataOf(scope, step, delivery, labelsOf(step)[position]) });
  } catch (error) {
    handleFailure(scope, step, rest, error);
  }
}

function eventDataOf({ services: { payloads } }: PassScope, step: StepDefinition, { data }: Delivery, label: string | undefined): string {
  const what = "the event data";
  if (step.kind !== "waitForAny") return data ?? payloads.encode(null, what);
  return payloads.encode({ first: label, data: data === undefined ? null : payloads.decode(data, what) }, what);
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
  const { endedAt: _, endSeq: __, error: ___, ...rest } = pointer;
  scope.state.put({ ...rest, status: "pending", retryCount: 0, crashCount: 0 });
}

function settle(scope: PassScope, room: number, starts: boolean): readonly PointerRow[] {
  const { state, definition } = scope;
  const chosen: PointerRow[] = [];
  for (let budget = PRIMITIVES_PER_DECISION; ; ) {
    watchData(scope);
    const drained = state.takeDrained();
    if (drained !== undefined) {
      containerEnded(scope, drained);
      continue;
    }
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
    if (body.eventData !== undefined && definition.step(body.stepId).kind === "subWorkflow") tryChildEnded(scope, body);
    else chosen.push(state.pointer(body.id) ?? body);
  }
  // Only now is it known whether this very decision suspends the instance, or ends it: then nothing starts with it.
  if (state.status !== "runnable") {
    state.giveBackBodies(chosen);
    return [];
  }
  return chosen.map((body) => startBody(scope, body));
}

function containerEnded(scope: PassScope, { pointer, endedIndex }: DrainedContainer): void {
  const { definition } = scope;
  if (isGivenUp(scope, pointer)) cancelPointer(scope, pointer);
  else if (definition.isSaga(pointer.stepId) && isCompensating(scope, pointer)) compensatorEnded(scope, pointer);
  else if (definition.runsBody(pointer.stepId)) applyBranchesEnded(scope, definition.step(pointer.stepId), pointer);
  else blocksEnded(scope, pointer, endedIndex);
}

function tryChildEnded(scope: PassScope, pointer: PointerRow): void {
  const step = scope.definition.step(pointer.stepId);
  const running: PointerRow = { ...pointer, status: "running" };
  try {
    applyChildEnded(scope, step, running);
  } catch (error) {
    const { eventData: _, ...anew } = running;
    const isTerminated = isWfeError(error, "WFE_CHILD_TERMINATED");
    handleFailure(scope, step, isTerminated ? { ...anew, resultCount: pointer.resultCount + 1 } : running, error);
  }
}

/** Whether a pointer that is taken to start does not: its own condition skips it, or has failed, or it is the first one and is to be cancelled. */
function isOverBefore(scope: PassScope, pointer: PointerRow): boolean {
  return (pointer.predecessorId === undefined && pointer.startedAt === undefined && cancelsFirst(scope, pointer)) || skips(scope, pointer);
}

/** The first pointer is created with its instance, where nobody asks its `cancelWhen`. */
function cancelsFirst(scope: PassScope, pointer: PointerRow): boolean {
  const step = scope.definition.step(pointer.stepId);
  const answer = askCancelWhen(scope, step, pointer);
  if (answer === undefined) return false;
  if ("thrown" in answer) recordCancelFailure(scope, step, pointer, answer.thrown);
  else if (answer.holds) cancelStep(scope, step, pointer);
  return "holds" in answer && answer.holds;
}

function startBody(scope: PassScope, body: PointerRow): PointerRow {
  const { state, definition } = scope;
  const row = started(body, now(scope));
  state.put(row);
  state.effects.lifecycle.push(stepEvent("stepStarted", state.row, definition.step(row.stepId), row, now(scope)));
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
