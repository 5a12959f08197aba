import type { PointerRow } from "../models/pointer-row.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import { primitiveOf } from "../primitives/primitives.ts";
import type { Primitive, PrimitiveAction, PrimitiveContext } from "../primitives/primitive.ts";
import { WfeError } from "../errors/wfe-error.ts";
import { endInstance } from "./cancellation.ts";
import { handleFailure } from "./error-handler.ts";
import { finish, openBlocks, openWait } from "./flow.ts";
import { stepEvent } from "./lifecycle.ts";
import { evaluate } from "./mappings.ts";
import { contextOf, instantOf, now, type PassScope } from "./pass-scope.ts";
import { started, subscriptionId } from "./pointer-factory.ts";
import { dataAfter } from "./result-processor.ts";

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
  const { dueAt: _, ...row } = pointer;
  const endsOwnSleep = pointer.persistenceData !== undefined && primitiveOf(step.kind)?.due !== undefined;
  if (pointer.status === "sleeping" && !endsOwnSleep) {
    scope.state.put({ ...row, status: "pending" });
    return;
  }
  if (pointer.status === "waitingForEvent") scope.state.effects.closeSubscriptions.push(subscriptionId(scope.state.row.id, pointer));
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
  // A failure is tried again from here, not from the first iteration.
  const failing: PointerRow = endedIndex === undefined ? pointer : { ...pointer, resultCount: endedIndex + 1 };
  attempt(scope, step, pointer, (primitive, context) => primitive.ended?.(context) ?? { kind: "complete" }, { endedIndex, failing });
}

function attempt(
  scope: PassScope,
  step: StepDefinition,
  row: PointerRow,
  run: (primitive: Primitive, context: PrimitiveContext) => PrimitiveAction,
  { endedIndex, failing = row }: { readonly endedIndex?: number | undefined; readonly failing?: PointerRow } = {},
): void {
  try {
    const primitive = primitiveOf(step.kind);
    // Registration refuses such definitions; an instance may come here only through a registry that is not the host's.
    if (primitive === undefined) throw new WfeError("WFE_STEP_KIND_UNSUPPORTED", `this version cannot run a step of kind ${step.kind}`);
    const context = primitiveContext(scope, step, row, endedIndex);
    let action = run(primitive, context);
    if (action.kind === "sleep" && action.untilMs <= context.nowMs) action = primitive.due?.(context) ?? { kind: "complete" };
    apply(scope, step, row, action);
  } catch (error) {
    handleFailure(scope, step, failing, error);
  }
}

/** Nothing is put before the last thing that can throw. */
function apply(scope: PassScope, step: StepDefinition, row: PointerRow, action: PrimitiveAction): void {
  const { state, services } = scope;
  const keep = (value: unknown): string => services.payloads.encode(services.payloads.stored(value, "the list"), "the state of a step");
  switch (action.kind) {
    case "complete": {
      // A wait that ran out has no payload for its output mappings.
      const data = action.timedOut === true ? state.data : dataAfter(scope, step, row, action.value);
      finish(scope, step, row, "complete", action.timedOut === true ? { timedOut: true } : {});
      state.data = data;
      return;
    }
    case "open": {
      const container: PointerRow =
        row.status === "running" && action.state === undefined
          ? row
          : { ...row, status: "running", ...(action.state === undefined ? {} : { persistenceData: keep(action.state) }) };
      openBlocks(scope, container, action.entries);
      // A further iteration leaves its container as it is: the list of a sequential forEach is written once.
      if (container !== state.pointer(row.id)) state.put(container);
      return;
    }
    case "sleep":
      state.put({
        ...row,
        status: "sleeping",
        dueAt: instantOf(action.untilMs),
        persistenceData: keep(action.state),
      });
      return;
    case "wait":
      openWait(scope, row, action.topic, action.untilMs);
      return;
    case "end":
      finish(scope, step, row, "complete");
      endInstance(scope, "complete");
      return;
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
    state: () => stateOf(row, decoded),
    outcome: () => decoded(row.outcome, "the outcome"),
    eventData: () => decoded(row.eventData, "the event data"),
    hasEvent: row.eventData !== undefined,
    hasTimeoutBlock: step.next !== undefined && scope.definition.step(step.next).kind === "timeout",
    endedIndex,
  };
}

/** By row, which stays the same over the iterations of a container: a long list is decoded once, not for each. */
const STATES = new WeakMap<PointerRow, unknown>();

function stateOf(row: PointerRow, decoded: (text: string | undefined, what: string) => unknown): unknown {
  if (!STATES.has(row)) STATES.set(row, decoded(row.persistenceData, "the state of a step"));
  return STATES.get(row);
}
