import { TERMINATE_COMMAND } from "../../models/scheduled-command.ts";
import type { InspectedSubscription, InspectionRequest, UndeliveredEvent, WorkflowInspection } from "../../traits/inspection-repository.ts";
import { isInBound } from "./in-memory-delivery.ts";
import type { InMemoryStore, KeptSubscription } from "./in-memory-store.ts";

/** What explains where an instance stands. A copy. */
export function inspect(store: InMemoryStore, id: string, { pointerIds, workflowIds }: InspectionRequest): WorkflowInspection {
  const kept = store.workflows.get(id);
  const asked = new Set(pointerIds);
  const command = kept === undefined ? undefined : store.commands.get(TERMINATE_COMMAND, id);
  return structuredClone({
    subscriptions: [...(kept?.subscriptions.values() ?? [])]
      .filter(({ subscription }) => asked.has(subscription.pointerId))
      .map((subscription) => inspected(store, subscription)),
    lastErrors: (kept?.errors ?? []).filter(
      ({ pointerId }, index, errors) => asked.has(pointerId) && errors.findLastIndex((error) => error.pointerId === pointerId) === index,
    ),
    workflows: workflowIds.flatMap((other) => store.workflows.get(other)?.row ?? []),
    commands: command === undefined ? [] : [command],
  });
}

function inspected(store: InMemoryStore, kept: KeptSubscription): InspectedSubscription {
  const undelivered = kept.given === undefined ? undeliveredFor(store, kept) : undefined;
  return undelivered === undefined ? kept.subscription : { ...kept.subscription, undelivered };
}

function undeliveredFor(store: InMemoryStore, kept: KeptSubscription): UndeliveredEvent | undefined {
  // The topic has them by time, then arrival; the sort leaves that as it is.
  const [first] = store
    .topic(kept.subscription)
    .events.filter((candidate) => !candidate.event.delivered && isInBound(kept, candidate) && !kept.owner.consumed.has(candidate.event.arrival))
    .toSorted((a, b) => (a.event.eligibleAt?.getTime() ?? -Infinity) - (b.event.eligibleAt?.getTime() ?? -Infinity) || 0);
  if (first === undefined) return undefined;
  const { id, eligibleAt } = first.event;
  return eligibleAt === undefined ? { eventId: id } : { eventId: id, eligibleAt };
}
