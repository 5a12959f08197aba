import { StepCrashedError } from "../errors/step-errors.ts";
import type { Delivery } from "../models/event-subscription.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import { endInstance } from "./cancellation.ts";
import { handleFailure } from "./error-handler.ts";
import { asBoolean } from "../primitives/selected.ts";
import { finish } from "./flow.ts";
import { stepEvent } from "./lifecycle.ts";
import { evaluate } from "./mappings.ts";
import { contextOf, now, type PassScope } from "./pass-scope.ts";
import { started, subscriptionId } from "./pointer-factory.ts";
import { blocksEnded, enterPrimitive, primitiveDue } from "./primitive-runner.ts";
import { applyBranchesEnded, applyResult } from "./result-processor.ts";
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
  for (const input of inputs) applyInput(scope, input);
  if (state.status === "runnable" && starts) {
    const nowMs = services.clock.now();
    for (let due = state.takeDue(nowMs); due !== undefined; due = state.takeDue(nowMs)) applyDue(scope, due);
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
      if (pointer !== undefined) state.put({ ...pointer, status: "pending" });
      return;
    }
    case "notStarted": {
      const pointer = runningPointer(scope, input);
      if (pointer !== undefined) state.put({ ...pointer, status: "pending", attempt: pointer.attempt - 1 });
      return;
    }
    case "delivery":
      if (state.status === "runnable") applyDelivery(scope, input.delivery); // else it stays in the inbox
      return;
    case "takeOver":
      for (const pointer of [...state.open()]) if (pointer.status === "running") takeOver(scope, pointer);
      return;
    case "rearm":
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

function applyDue(scope: PassScope, pointer: PointerRow): void {
  if (!scope.definition.runsBody(pointer.stepId)) {
    primitiveDue(scope, pointer);
    return;
  }
  const { dueAt: _, ...rest } = pointer;
  scope.state.put({ ...rest, status: "pending" });
}

function applyDelivery(scope: PassScope, delivery: Delivery): void {
  const { state, services } = scope;
  const pointer = state.pointer(delivery.pointerId);
  if (pointer?.status !== "waitingForEvent" || subscriptionId(state.row.id, pointer) !== delivery.subscriptionId) return;
  state.effects.consume.push({
    subscriptionId: delivery.subscriptionId,
    eventId: delivery.eventId,
  });
  const { dueAt: _, ...rest } = pointer;
  state.put({
    ...rest,
    status: "pending",
    eventData: delivery.data ?? services.payloads.encode(null, "the event data"),
  });
}

function takeOver(scope: PassScope, pointer: PointerRow): void {
  const { state, definition, limits } = scope;
  if (state.openChildren(pointer.id) > 0) return; // a container that waits for its chains
  if (!definition.runsBody(pointer.stepId)) {
    state.markDrained(pointer.id);
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
  const { endedAt: _, endSeq: __, ...rest } = pointer;
  scope.state.put({ ...rest, status: "pending", retryCount: 0, crashCount: 0 });
}

function settle(scope: PassScope, room: number, starts: boolean): readonly PointerRow[] {
  const { state, definition } = scope;
  const chosen: PointerRow[] = [];
  for (let budget = PRIMITIVES_PER_DECISION; ; ) {
    const drained = state.takeDrained();
    if (drained !== undefined) {
      if (definition.runsBody(drained.pointer.stepId)) applyBranchesEnded(scope, definition.step(drained.pointer.stepId), drained.pointer);
      else blocksEnded(scope, drained.pointer, drained.endedIndex);
      continue;
    }
    if (state.status !== "runnable" || !starts) break;
    const primitive = budget > 0 ? state.takePrimitive() : undefined;
    if (primitive !== undefined) {
      budget -= 1;
      if (!skips(scope, primitive)) enterPrimitive(scope, primitive);
      continue;
    }
    const body = chosen.length < room ? state.takeBody() : undefined;
    if (body === undefined) break;
    if (!skips(scope, body)) chosen.push(body);
  }
  // Only now is it known whether this very decision suspends the instance, or ends it: then nothing starts with it.
  if (state.status !== "runnable") {
    state.giveBackBodies(chosen);
    return [];
  }
  return chosen.map((body) => startBody(scope, body));
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
