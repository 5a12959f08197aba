import type { PointerRow } from "../models/pointer-row.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import { primitiveOf } from "../primitives/primitives.ts";
import type { Primitive, PrimitiveAction, PrimitiveContext } from "../primitives/primitive.ts";
import { ACTIVITY_EVENT } from "../models/activity.ts";
import { cancelWithin, endInstance, releaseWait } from "./cancellation.ts";
import { handleFailure } from "./error-handler.ts";
import { checkRoom, finish, goOnBehind, openBlocks, openStep, openWait } from "./flow.ts";
import { keptState } from "./kept-state.ts";
import { stepEvent } from "./lifecycle.ts";
import { evaluate } from "./mappings.ts";
import { contextOf, instantOf, now, type PassScope } from "./pass-scope.ts";
import { closed, offerKey, started, withoutDue, withoutWait } from "./pointer-factory.ts";
import { dataAfter } from "./data-after.ts";

/** Runs a pending primitive; a failure is handled as one of its step. */
export function enterPrimitive(scope: PassScope, pointer: PointerRow): void {
  const step = scope.definition.step(pointer.stepId);
  const row = started(pointer, now(scope));
  // Not for containers; and the arrival of an event is no other start of the wait.
  if (pointer.eventData === undefined && step.blocks === undefined)
    scope.state.effects.lifecycle.push(stepEvent("stepStarted", scope.state.row, step, row, now(scope)));
  attempt(scope, step, row, (primitive, context) => primitive.enter(context));
}

/** The due time of a primitive has come: the end of its sleep, the limit of its wait, or its next attempt, as that of a body. */
export function primitiveDue(scope: PassScope, pointer: PointerRow): void {
  const step = scope.definition.step(pointer.stepId);
  const row = withoutDue(pointer);
  const endsOwnSleep = pointer.persistenceData !== undefined && primitiveOf(step.kind)?.due !== undefined;
  if (pointer.status === "sleeping" && !endsOwnSleep) {
    scope.state.put({ ...row, status: "pending" });
    return;
  }
  releaseWait(scope, pointer);
  // Another wait of this pointer opens another subscription.
  const next: PointerRow = {
    ...row,
    status: "running",
    resultCount: pointer.resultCount + 1,
  };
  attempt(scope, step, next, (primitive, context) => (primitive.due === undefined ? primitive.enter(context) : primitive.due(context)));
}

/** What a container opened has ended. */
export function blocksEnded(scope: PassScope, pointer: PointerRow, endedIndex: number | undefined): void {
  const step = scope.definition.step(pointer.stepId);
  // What has ended was a result: later failures have all their retries.
  const row = withRetries(step, pointer);
  const failing = behindIteration(row, endedIndex);
  attempt(scope, step, row, (primitive, context) => primitive.ended?.(context) ?? { kind: "complete" }, { endedIndex, failing });
}

function attempt(
  scope: PassScope,
  step: StepDefinition,
  row: PointerRow,
  run: (primitive: Primitive, context: PrimitiveContext) => PrimitiveAction,
  { endedIndex, failing = row }: { readonly endedIndex?: number | undefined; readonly failing?: PointerRow } = {},
): void {
  try {
    const primitive = primitiveOf(step.kind) as Primitive; // every kind runs a body or has one
    const context = primitiveContext(scope, step, row, endedIndex);
    let action = run(primitive, context);
    if (action.kind === "sleep" && action.untilMs <= context.nowMs && action.forks !== true)
      action = primitive.due?.(context) ?? { kind: "complete" };
    apply(scope, step, row, action);
  } catch (error) {
    handleFailure(scope, step, failing, error);
  }
}

/** Whether a container may open its block again when it has ended. A parallel `forEach` has opened all: entered again, it would run them again. */
export function iterates({ kind, settings }: StepDefinition): boolean {
  return kind === "while" || kind === "recur" || (kind === "forEach" && settings?.["parallel"] === false);
}

/** What {@link blocksEnded} would do for one that iterates, as a decision of its own. */
export function iterateLater({ state }: PassScope, pointer: PointerRow, endedIndex: number | undefined): void {
  state.put({ ...behindIteration(pointer, endedIndex), status: "pending" });
}

/** The pointer of a container that goes on from here when it is entered again, not from the first iteration. */
function behindIteration(pointer: PointerRow, endedIndex: number | undefined): PointerRow {
  return endedIndex === undefined ? pointer : { ...pointer, resultCount: endedIndex + 1 };
}

/** The pointer with all its retries; those of a saga are counted over its runs. */
function withRetries(step: StepDefinition, pointer: PointerRow): PointerRow {
  return pointer.retryCount === 0 || step.kind === "saga" ? pointer : { ...pointer, retryCount: 0 };
}

/** Nothing is put before the last thing that can throw. */
function apply(scope: PassScope, step: StepDefinition, row: PointerRow, action: PrimitiveAction): void {
  const { state, services } = scope;
  const keep = (value: unknown): string => services.payloads.encode(services.payloads.stored(value, "the list"), "the state of a step");
  // Behind a fork another pointer is opened, and a loop may fork without end.
  if ("forks" in action && action.forks === true)
    checkRoom(scope, (action.kind === "open" ? action.entries.length : 0) + (step.next === undefined ? 0 : 1));
  switch (action.kind) {
    case "complete":
      // A wait that ran out has no payload for its output mappings.
      if (action.timedOut === true) finish(scope, step, row, "complete", { timedOut: true });
      else finish(scope, step, row, "complete", { data: dataAfter(scope, step, row, action.value) });
      return;
    case "close":
      finish(scope, step, row, "complete", { forked: true });
      return;
    case "open": {
      const container: PointerRow =
        row.status === "running" && action.state === undefined
          ? row
          : { ...row, status: "running", ...(action.state === undefined ? {} : { persistenceData: keep(action.state) }) };
      openBlocks(scope, container, action.entries);
      // A further iteration leaves its container as it is: the list of a sequential forEach is written once.
      if (container !== state.pointer(row.id)) state.put(container);
      if (action.forks === true) goOnBehind(scope, step, container);
      return;
    }
    case "sleep": {
      const sleeping: PointerRow = {
        ...withRetries(step, row),
        status: "sleeping",
        dueAt: instantOf(action.untilMs),
        persistenceData: keep(action.state),
      };
      state.put(sleeping);
      if (action.forks === true) goOnBehind(scope, step, sleeping);
      return;
    }
    case "wait":
      openWait(scope, row, action);
      return;
    case "offer": {
      const { payloads } = services;
      const input = payloads.encode(payloads.stored(action.input, "the input of the activity"), "the input of the activity", payloads.limits.event);
      const topic = { name: ACTIVITY_EVENT, key: offerKey(state.row, row), bound: { storedAfter: "creation" } } as const;
      openWait(scope, row, { topics: [topic], untilMs: action.untilMs, activity: { name: action.activity, input } });
      return;
    }
    case "fail":
      handleFailure(scope, step, withoutWait(row), action.error);
      return;
    case "goTo":
      goTo(scope, step, row, action.target);
      return;
    case "end":
      finish(scope, step, row, "complete");
      endInstance(scope, "complete");
      return;
  }
}

/** Leaves the containers between a step and its target, and goes on there, in the target's own chain. */
function goTo(scope: PassScope, step: StepDefinition, row: PointerRow, target: string): void {
  const { state, definition } = scope;
  const to = definition.stepWithId(target) as StepDefinition; // the definition check has found it
  const home = definition.ownerOf(to.id)?.step.id;
  const depth = home === undefined ? 0 : row.scope.findIndex((id) => state.pointer(id)?.stepId === home) + 1;
  const left = row.scope.slice(depth).flatMap((id) => state.pointer(id) ?? []);
  const [outermost = row] = left;
  const { item, index } = outermost;
  const place = { seq: state.nextSequence(), scope: row.scope.slice(0, depth), predecessorId: row.id, item, index, compensates: row.compensates };
  openStep(scope, to, place);
  finish(scope, step, row, "complete");
  const isLeft = new Set(left.map(({ id }) => id));
  for (const container of left.toReversed()) {
    cancelWithin(scope, container.id, ({ id }) => isLeft.has(id));
    state.put(closed(container, "complete", now(scope), state.nextSequence()));
  }
}

function primitiveContext(scope: PassScope, step: StepDefinition, row: PointerRow, endedIndex: number | undefined): PrimitiveContext {
  const { payloads, clock } = scope.services;
  const decoded = (text: string | undefined, what: string): unknown => (text === undefined ? undefined : payloads.decode(text, what));
  return {
    step,
    pointer: row,
    nowMs: clock.now(),
    call: (role) => evaluate(scope.definition, step, step.functions?.[role] ?? "", contextOf(scope, step, row)),
    stored: (value, what) => payloads.stored(value, what),
    has: (role) => step.functions?.[role] !== undefined,
    state: () => keptState(payloads, row, "the state of a step"),
    outcome: () => decoded(row.outcome, "the outcome"),
    eventData: () => decoded(row.eventData, "the event data"),
    hasEvent: row.eventData !== undefined,
    hasTimeoutBlock: scope.definition.hasTimeoutBlock(step),
    endedIndex,
  };
}
