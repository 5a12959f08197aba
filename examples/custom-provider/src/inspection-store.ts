import { type InspectedSubscription, type InspectionRepository, type InspectionRequest, TERMINATE_COMMAND, type WorkflowInspection } from "wfe-core";
import { commandOf } from "./command-store.ts";
import { mayTake } from "./delivery.ts";
import type { JsonFile } from "./json-file.ts";
import { eventsOf, type KeptSubscription, type KeptWorkflow, type State, subscriptionsOf } from "./state.ts";

/** What people ask about an instance. */
export class InspectionStore implements InspectionRepository {
  readonly #file: JsonFile;

  constructor(file: JsonFile) {
    this.#file = file;
  }

  inspectWorkflow(id: string, { pointerIds, workflowIds }: InspectionRequest): Promise<WorkflowInspection> {
    return this.#file.read((state) => {
      const workflows = workflowIds.flatMap((other) => state.workflows.get(other)?.row ?? []);
      const kept = state.workflows.get(id);
      if (kept === undefined) return { subscriptions: [], lastErrors: [], workflows, commands: [] };
      const asked = new Set(pointerIds);
      return {
        subscriptions: subscriptionsOf(state, id)
          .filter(({ subscription }) => asked.has(subscription.pointerId))
          .map((each) => inspected(state, kept, each)),
        lastErrors: kept.errors.filter(
          (each) => asked.has(each.pointerId) && kept.errors.findLast(({ pointerId }) => pointerId === each.pointerId) === each,
        ),
        workflows,
        commands: [commandOf(state, TERMINATE_COMMAND, id) ?? []].flat(),
      };
    });
  }
}

function inspected(state: State, owner: KeptWorkflow, { subscription }: KeptSubscription): InspectedSubscription {
  if (subscription.eventId !== undefined) return subscription;
  // They are by time, then arrival; the sort leaves that as it is where the instants are equal.
  const [first] = eventsOf(state, subscription)
    .filter((each) => !each.event.delivered && mayTake(owner, subscription.bound, each))
    .toSorted((a, b) => eligibleFrom(a.event.eligibleAt) - eligibleFrom(b.event.eligibleAt));
  if (first === undefined) return subscription;
  const { id: eventId, eligibleAt } = first.event;
  return { ...subscription, undelivered: eligibleAt === undefined ? { eventId } : { eventId, eligibleAt } };
}

/** Before every instant for what is eligible at once. */
function eligibleFrom(eligibleAt: Date | undefined): number {
  return eligibleAt?.getTime() ?? -Number.MAX_VALUE;
}
