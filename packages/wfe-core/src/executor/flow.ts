import { PointersTooManyError } from "../errors/step-errors.ts";
import type { NewSubscription } from "../models/event-subscription.ts";
import type { InstanceError } from "../models/execution-error.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import { blockBehind } from "../primitives/block-behind.ts";
import { runsBody } from "../primitives/primitives.ts";
import type { AwaitedTopic, BlockEntry } from "../primitives/primitive.ts";
import { askCancelWhen, recordCancelFailure } from "./cancel-condition.ts";
import { stepEvent } from "./lifecycle.ts";
import { instantOf, now, type PassScope } from "./pass-scope.ts";
import { closed, labelledSubscriptionId, pendingPointer, type PointerPlace, subscriptionId, withoutEvent } from "./pointer-factory.ts";
import { isCompensating, isGivenUp, sagasAround } from "./saga-state.ts";

/** How a step ended, as far as it decides where the flow goes on. */
export interface StepEnd {
  /** Decoded. */
  readonly outcome?: unknown;
  readonly timedOut?: boolean;
  /** What the data has become; absent: what it was. */
  readonly data?: unknown;
  /** Whether the flow went on when the step began: a fork has ended. */
  readonly forked?: boolean;
}

/** Ends a pointer and opens the one behind it, in this order for those who count: the container is never empty in between. */
export function finish(scope: PassScope, step: StepDefinition, pointer: PointerRow, status: "complete" | "skipped", end: StepEnd = {}): void {
  const { state, services } = scope;
  const outcome = end.outcome === undefined ? undefined : services.payloads.encode(end.outcome, "the outcome");
  // From here on nothing throws. What is opened behind it sees the new data.
  if ("data" in end && end.data !== state.data) {
    state.data = end.data;
    scope.changedBy.push(pointer);
  }
  const result: PointerRow = outcome === undefined ? pointer : { ...pointer, outcome };
  const at = now(scope);
  if (!isContainer(step)) {
    state.effects.lifecycle.push(stepEvent(status === "skipped" ? "stepSkipped" : "stepCompleted", state.row, step, result, at));
  }
  if (end.forked !== true) goOnBehind(scope, step, result, end);
  state.put(closed(withoutEvent(result), status, at, state.nextSequence()));
}

/** Opens what follows behind a step; nothing in a saga that is being compensated. */
export function goOnBehind(scope: PassScope, step: StepDefinition, pointer: PointerRow, end: StepEnd = {}): void {
  let from = { step, pointer };
  for (let after = end; ; after = {}) {
    const next = stepBehind(scope, from.step, after);
    if (next === undefined) {
      chainEnded(scope, from.step, from.pointer);
      return;
    }
    if (isGivenUp(scope, from.pointer)) return;
    const { scope: inside, id, item, index, outcome, compensates } = from.pointer;
    const cancelled = openPointer(scope, next, {
      seq: scope.state.nextSequence(),
      scope: inside,
      predecessorId: id,
      item,
      index,
      compensates,
      outcome: next.kind === "outcome" ? outcome : undefined,
    });
    if (cancelled === undefined) return;
    from = { step: next, pointer: cancelled };
    if (next.proceedOnCancel !== true) {
      chainEnded(scope, from.step, from.pointer);
      return;
    }
  }
}

/** Opens a pointer; where its step's `cancelWhen` holds already, what follows from that. */
export function openStep(scope: PassScope, step: StepDefinition, place: PointerPlace): void {
  const cancelled = openPointer(scope, step, place);
  if (cancelled !== undefined) cancelEndsChain(scope, step, cancelled);
}

/** What follows from the cancellation of a step: the flow goes on behind it if it says so, else its chain ends. */
export function cancelEndsChain(scope: PassScope, step: StepDefinition, cancelled: PointerRow): void {
  if (step.proceedOnCancel === true) goOnBehind(scope, step, cancelled);
  else chainEnded(scope, step, cancelled);
}

/**
 * Opens a pointer; where its step's `cancelWhen` holds already, it is stored as cancelled.
 *
 * @returns The pointer, if it was cancelled.
 */
function openPointer(scope: PassScope, step: StepDefinition, place: PointerPlace): PointerRow | undefined {
  const { state } = scope;
  const pointer = pendingPointer(step, place);
  const answer = askCancelWhen(scope, step, pointer);
  if (answer === undefined || "thrown" in answer || !answer.holds) {
    state.put(pointer);
    if (answer !== undefined && "thrown" in answer) recordCancelFailure(scope, step, pointer, answer.thrown);
    return undefined;
  }
  const cancelled = closed(pointer, "cancelled", now(scope), state.nextSequence());
  state.put(cancelled);
  return cancelled;
}

/** @throws PointersTooManyError when the instance may not open so many more pointers. */
export function checkRoom({ state, limits }: PassScope, more: number): void {
  const wanted = state.openCount + more;
  if (wanted > limits.maxOpenPointers) throw new PointersTooManyError(wanted, limits.maxOpenPointers);
}

/** Opens chains inside a container, which stays open until they have ended. */
export function openBlocks(scope: PassScope, container: PointerRow, entries: readonly BlockEntry[]): void {
  const { state, definition, services } = scope;
  checkRoom(scope, entries.length);
  const scopeInside = [...container.scope, container.id];
  // All that can be refused comes before the first pointer: a failure leaves nothing half-opened.
  const items = entries.map((entry) =>
    entry.item === undefined
      ? container.item
      : services.payloads.encode(services.payloads.stored(entry.item.value, "the items", `[${entry.item.index}]`), "the item"),
  );
  entries.forEach((entry, position) => {
    const step = definition.step(entry.block.entry);
    const place = {
      seq: state.nextSequence(),
      scope: scopeInside,
      predecessorId: container.id,
      item: items[position],
      index: entry.item === undefined ? container.index : entry.item.index,
      compensates: container.compensates,
    };
    openStep(scope, step, place);
  });
  if (state.openChildren(container.id) === 0) state.markDrained(container.id, entries.at(-1)?.item?.index);
}

/** What a pointer waits for: one topic, or one for each label. */
export interface AwaitedTopics {
  readonly topics: readonly (AwaitedTopic & { readonly label?: string })[];
  readonly untilMs?: number | undefined;
  /** Encoded: the work that is offered by the wait. */
  readonly activity?: { readonly name: string; readonly input: string };
}

/** Has a pointer wait for an event, until an instant if one is given. */
export function openWait({ state }: PassScope, pointer: PointerRow, { topics, untilMs, activity }: AwaitedTopics): void {
  const [only] = topics.length === 1 ? topics : [];
  const waiting: PointerRow = {
    ...pointer,
    status: "waitingForEvent",
    ...(only === undefined ? {} : { eventName: only.name, eventKey: only.key }),
    ...(untilMs === undefined ? {} : { dueAt: instantOf(untilMs) }),
  };
  const id = subscriptionId(state.row.id, waiting);
  for (const { label, ...topic } of topics) {
    const subscription: NewSubscription = {
      id: label === undefined ? id : labelledSubscriptionId(id, label),
      pointerId: waiting.id,
      ...topic,
      ...(activity === undefined ? {} : { activity: activity.name, input: activity.input }),
    };
    state.effects.openSubscriptions.push(subscription);
  }
  state.put(waiting);
}

/** Whether a step only holds others: such steps publish no step events. */
function isContainer(step: StepDefinition): boolean {
  return !runsBody(step.kind) && step.blocks !== undefined;
}

/** Whether the flow has gone on behind a step while its pointer is open. */
export function hasForked({ kind }: StepDefinition, { persistenceData }: PointerRow): boolean {
  return (kind === "recur" || kind === "schedule") && persistenceData !== undefined;
}

/** The step that the flow goes on with: behind the holders of blocks that do not apply. */
function stepBehind({ definition }: PassScope, step: StepDefinition, end: StepEnd): StepDefinition | undefined {
  for (let id = step.next; id !== undefined; id = definition.step(id).next) {
    const next = definition.step(id);
    const holdsBlocks = next.kind === "outcome" || next.kind === "timeout";
    if (!holdsBlocks || blockBehind(next, end) !== undefined) return next;
  }
  return undefined;
}

/** The chain of a compensator has ended: its step is undone. Outside of sagas the flow goes on behind that. */
function chainEnded(scope: PassScope, step: StepDefinition, pointer: PointerRow): void {
  if (pointer.compensates === undefined) return;
  const { state, definition, services } = scope;
  const owner = definition.undoes(step.id);
  const undone = state.undone(pointer.compensates);
  if (owner === undefined || undone === undefined || owner.id !== undone.stepId) return; // a block inside a compensator
  const isOfSaga = sagasAround(scope, pointer).some((saga) => isCompensating(scope, saga));
  if (owner.kind === "saga" && state.pointer(undone.id) !== undefined) {
    // The last one: the saga itself goes on from here; or has been undone, where one around it is compensated.
    if (isGivenUp(scope, pointer)) state.put(closed(undone, "compensated", now(scope), state.nextSequence()));
    return;
  }
  if (undone.status !== "compensated") state.put({ ...undone, status: "compensated" });
  if (!isContainer(owner)) state.effects.lifecycle.push(stepEvent("stepCompensated", state.row, owner, undone, now(scope)));
  if (isOfSaga) return;
  if (undone.error !== undefined) state.error ??= services.payloads.decode(undone.error, "the error of a step") as InstanceError; // a command has cleared it meanwhile
  goOnBehind(scope, owner, undone);
}
