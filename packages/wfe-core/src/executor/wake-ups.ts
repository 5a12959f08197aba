import type { Delivery } from "../models/event-subscription.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import { childTimedOut } from "./child-workflow.ts";
import { stopAwaiting } from "./compensation.ts";
import { handleFailure } from "./error-handler.ts";
import type { PassScope } from "./pass-scope.ts";
import { labelsOf, subscriptionIds, withoutDue } from "./pointer-factory.ts";
import { primitiveDue } from "./primitive-runner.ts";

/** The due time of a pointer has come. */
export function applyDue(scope: PassScope, pointer: PointerRow): void {
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
  scope.state.put({ ...withoutDue(pointer), status: "pending" });
}

/** An event was assigned to a subscription; of an earlier wait it is ignored. */
export function applyDelivery(scope: PassScope, delivery: Delivery): void {
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
  const rest = withoutDue(pointer);
  // A body starts again with its event; for a wait of the engine it is the end of the attempt that began it.
  const attempt = definition.runsBody(pointer.stepId) ? pointer.attempt : pointer.attempt - 1;
  try {
    state.put({ ...rest, attempt, status: "pending", eventData: eventDataOf(scope, step, delivery, labelsOf(step)[position]) });
  } catch (error) {
    handleFailure(scope, step, rest, error);
  }
}

function eventDataOf({ services: { payloads } }: PassScope, step: StepDefinition, { data }: Delivery, label: string | undefined): string {
  const what = "the event data";
  if (step.kind !== "waitForAny") return data ?? payloads.encode(null, what);
  return payloads.encode({ first: label, data: data === undefined ? null : payloads.decode(data, what) }, what);
}
