import { PointersTooManyError } from "../errors/step-errors.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import { blockBehind } from "../primitives/block-behind.ts";
import { runsBody } from "../primitives/primitives.ts";
import type { AwaitedTopic, BlockEntry } from "../primitives/primitive.ts";
import { stepEvent } from "./lifecycle.ts";
import { instantOf, now, type PassScope } from "./pass-scope.ts";
import { closed, pendingPointer, subscriptionId } from "./pointer-factory.ts";

/** How a step ended, as far as it decides where the flow goes on. */
export interface StepEnd {
  /** Decoded. */
  readonly outcome?: unknown;
  readonly timedOut?: boolean;
}

/** Ends a pointer and opens the one behind it, in this order for those who count: the container is never empty in between. */
export function finish(scope: PassScope, step: StepDefinition, pointer: PointerRow, status: "complete" | "skipped", end: StepEnd = {}): void {
  const { state, services } = scope;
  const outcome = end.outcome === undefined ? undefined : services.payloads.encode(end.outcome, "the outcome");
  goOnBehind(scope, step, pointer, end, outcome);
  const ended = closed(withoutEvent(pointer), status, now(scope), state.nextSequence());
  const row: PointerRow = outcome === undefined ? ended : { ...ended, outcome };
  state.put(row);
  if (!isContainer(step)) {
    state.effects.lifecycle.push(stepEvent(status === "skipped" ? "stepSkipped" : "stepCompleted", state.row, step, row, now(scope)));
  }
}

/** Opens chains inside a container, which stays open until they have ended. */
export function openBlocks(scope: PassScope, container: PointerRow, entries: readonly BlockEntry[]): void {
  const { state, definition, services, limits } = scope;
  if (state.openCount + entries.length > limits.maxOpenPointers)
    throw new PointersTooManyError(state.openCount + entries.length, limits.maxOpenPointers);
  const scopeInside = [...container.scope, container.id];
  // All that can be refused comes before the first pointer: a failure leaves nothing half-opened.
  const items = entries.map((entry) =>
    entry.item === undefined
      ? container.item
      : services.payloads.encode(services.payloads.stored(entry.item.value, "the items", `[${entry.item.index}]`), "the item"),
  );
  entries.forEach((entry, position) => {
    state.put(
      pendingPointer(definition.step(entry.block.entry), {
        seq: state.nextSequence(),
        scope: scopeInside,
        predecessorId: container.id,
        item: items[position],
        index: entry.item === undefined ? container.index : entry.item.index,
      }),
    );
  });
}

/** Has a pointer wait for an event, until an instant if one is given. */
export function openWait({ state }: PassScope, pointer: PointerRow, topic: AwaitedTopic, untilMs?: number): void {
  const waiting: PointerRow = {
    ...pointer,
    status: "waitingForEvent",
    eventName: topic.name,
    eventKey: topic.key,
    ...(untilMs === undefined ? {} : { dueAt: instantOf(untilMs) }),
  };
  state.effects.openSubscriptions.push({ id: subscriptionId(state.row.id, waiting), pointerId: waiting.id, ...topic });
  state.put(waiting);
}

/** Whether a step only holds others: such steps publish no step events. */
function isContainer(step: StepDefinition): boolean {
  return !runsBody(step.kind) && step.blocks !== undefined;
}

function goOnBehind(scope: PassScope, step: StepDefinition, pointer: PointerRow, end: StepEnd, outcome: string | undefined): void {
  const { state, definition } = scope;
  for (let id = step.next; id !== undefined; id = definition.step(id).next) {
    const next = definition.step(id);
    const holdsBlocks = next.kind === "outcome" || next.kind === "timeout";
    if (holdsBlocks && blockBehind(next, end) === undefined) continue;
    state.put(
      pendingPointer(next, {
        seq: state.nextSequence(),
        scope: pointer.scope,
        predecessorId: pointer.id,
        item: pointer.item,
        index: pointer.index,
        outcome: next.kind === "outcome" ? outcome : undefined,
      }),
    );
    return;
  }
}

/** The payload of an event is not kept once its step has ended. */
function withoutEvent(pointer: PointerRow): PointerRow {
  if (pointer.eventData === undefined) return pointer;
  const { eventData: _, ...rest } = pointer;
  return rest;
}
