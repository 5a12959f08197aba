import type { PointerRow } from "../models/pointer-row.ts";
import { TERMINATE_COMMAND } from "../models/scheduled-command.ts";
import type { WorkflowStatus } from "../models/workflow-status.ts";
import { completedEvent } from "./completed-event.ts";
import { instanceEvent } from "./lifecycle.ts";
import { now, type PassScope } from "./pass-scope.ts";
import { childId, closed, subscriptionIds } from "./pointer-factory.ts";
import { withoutPoll } from "./poll.ts";
import { isUndone } from "./saga-state.ts";

/**
 * Cancels an open pointer, closes what it waits on, ends its poll and terminates its child. What is open inside it is the caller's matter.
 */
export function cancelPointer(scope: PassScope, pointer: PointerRow, kept: Pick<PointerRow, "dueAt"> = {}): void {
  releaseWait(scope, pointer);
  releaseEvent(scope, pointer);
  scope.state.put({ ...closed(withoutPoll(pointer), "cancelled", now(scope), scope.state.nextSequence()), ...kept });
}

/** Cancels an open pointer because something else calls it off; a saga that is undone already stays so: what it has undone is not undone again. */
export function callOff(scope: PassScope, pointer: PointerRow): void {
  if (isUndone(scope, pointer)) scope.state.put(closed(pointer, "compensated", now(scope), scope.state.nextSequence()));
  else cancelPointer(scope, pointer);
}

/** An event that came with the very decision that cancels its pointer was not used: it stays for later waits. */
function releaseEvent({ state, definition }: PassScope, pointer: PointerRow): void {
  if (pointer.status !== "pending" || pointer.eventData === undefined) return;
  const open = subscriptionIds(state.row.id, definition.step(pointer.stepId), pointer);
  const { consume, closeSubscriptions } = state.effects;
  const used = consume.findIndex(({ subscriptionId }) => open.includes(subscriptionId));
  const [released] = used === -1 ? [] : consume.splice(used, 1);
  if (released !== undefined) closeSubscriptions.push(released.subscriptionId);
}

/** Closes the subscriptions of a pointer that waits, and terminates the child that it waits for. What this very decision has begun never was. */
export function releaseWait(scope: PassScope, pointer: PointerRow): void {
  if (pointer.status !== "waitingForEvent") return;
  const { state, definition } = scope;
  const { openSubscriptions, closeSubscriptions, children, commands } = state.effects;
  const step = definition.step(pointer.stepId);
  // A commit closes before it opens.
  for (const id of subscriptionIds(state.row.id, step, pointer)) if (!takenOut(openSubscriptions, id)) closeSubscriptions.push(id);
  if (step.kind !== "subWorkflow") return;
  const child = childId(state.row, pointer);
  if (!takenOut(children, child)) commands.push({ name: TERMINATE_COMMAND, data: child, executeAt: now(scope) });
}

/** Takes what has this id out of a list. @returns Whether it was there. */
function takenOut(list: { readonly id: string }[], id: string): boolean {
  const at = list.findLastIndex((entry) => entry.id === id);
  if (at === -1) return false;
  list.splice(at, 1);
  return true;
}

/** Cancels all that is open inside a container, which is left as it is. */
export function cancelWithin(scope: PassScope, containerId: string, kept: (pointer: PointerRow) => boolean = () => false): void {
  for (const pointer of scope.state.openWithin(containerId)) if (!kept(pointer)) callOff(scope, pointer);
}

/** Ends the instance: cancels what is open, but for a failed pointer that brought the end about, and tells others. */
export function endInstance(scope: PassScope, status: Extract<WorkflowStatus, "complete" | "terminated">, failed?: PointerRow): void {
  const { state, services } = scope;
  const at = now(scope);
  for (const pointer of [...state.open()]) if (pointer.id !== failed?.id) cancelPointer(scope, pointer, failed === undefined ? {} : sleepOf(pointer));
  state.status = status;
  state.completedAt = at;
  const { row, data, error } = state;
  const { id, name, key, data: told } = completedEvent(row, error === undefined ? { status, data } : { status, data, error }, services.payloads);
  state.effects.events.push({ id, name, key, data: told, time: at });
  state.effects.lifecycle.push(instanceEvent(status === "complete" ? "completed" : "terminated", row, at));
}

/** Until when a pointer sleeps: a retry of the instance has it sleep on. */
function sleepOf({ status, dueAt }: PointerRow): Pick<PointerRow, "dueAt"> {
  return status === "sleeping" && dueAt !== undefined ? { dueAt } : {};
}
