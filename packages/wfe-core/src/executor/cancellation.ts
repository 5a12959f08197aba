import type { PointerRow } from "../models/pointer-row.ts";
import type { WorkflowStatus } from "../models/workflow-status.ts";
import { completedEvent } from "./completed-event.ts";
import { instanceEvent } from "./lifecycle.ts";
import { now, type PassScope } from "./pass-scope.ts";
import { closed, subscriptionId } from "./pointer-factory.ts";

/** Cancels an open pointer and closes the subscription it waits on. What is open inside it is the caller's matter. */
function cancelPointer(scope: PassScope, pointer: PointerRow): void {
  const { state } = scope;
  if (pointer.status === "waitingForEvent") state.effects.closeSubscriptions.push(subscriptionId(state.row.id, pointer));
  state.put(closed(pointer, "cancelled", now(scope), state.nextSequence()));
}

/** Ends the instance: cancels what is open, but for a failed pointer that brought the end about, and tells others. */
export function endInstance(scope: PassScope, status: Extract<WorkflowStatus, "complete" | "terminated">, failed?: PointerRow): void {
  const { state, services } = scope;
  const at = now(scope);
  for (const pointer of [...state.open()]) if (pointer.id !== failed?.id) cancelPointer(scope, pointer);
  state.status = status;
  state.completedAt = at;
  const end = { status, data: state.data, ...(state.error === undefined ? {} : { error: state.error }) };
  state.effects.events.push({ ...completedEvent(state.row.id, end, services.payloads), time: at });
  state.effects.lifecycle.push(instanceEvent(status === "complete" ? "completed" : "terminated", state.row, at));
}
