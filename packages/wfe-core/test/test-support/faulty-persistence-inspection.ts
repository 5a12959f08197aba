import type { WorkflowInspection } from "../../src/traits/inspection-repository.ts";
import type { InMemoryStore } from "../../src/test-support/in-memory/in-memory-store.ts";
import type { PersistenceFault, PersistenceFaults } from "./faulty-persistence.ts";
import { answers, around } from "./persistence-fault-makers.ts";

/** A fault in what a look answers. */
function tells(change: (inspection: WorkflowInspection, store: InMemoryStore, id: string) => Partial<WorkflowInspection>): PersistenceFault["make"] {
  return answers("inspectWorkflow", (inspection, [id], store) => ({ ...inspection, ...change(inspection, store, id) }));
}

/** For every case of looks at an instance the fault that it is there for. */
export const PERSISTENCE_INSPECTION_FAULTS: PersistenceFaults = {
  "gives the subscriptions of the pointers that are asked for, with their claims, in order of creation": {
    fault: "gives subscriptions in the order of their ids",
    make: tells(({ subscriptions }) => ({ subscriptions: subscriptions.toSorted((a, b) => (a.id < b.id ? -1 : 1)) })),
  },
  "tells of the undelivered event that an open subscription may take, and of none that it may not": {
    fault: "looks at the topic of an event alone, and not at the bound of the subscription",
    make: tells(({ subscriptions }, store) => ({
      subscriptions: subscriptions.map((subscription) => {
        const first = store.topic(subscription).events.find(({ event }) => !event.delivered);
        return first === undefined ? subscription : { ...subscription, undelivered: { eventId: first.event.id } };
      }),
    })),
  },
  "tells of an event for a future time when there is none before, and when it becomes eligible": {
    fault: "goes by the time of events alone",
    make: tells(({ subscriptions }, store) => ({
      subscriptions: subscriptions.map((subscription) => {
        const [first] = store.topic(subscription).events;
        if (first === undefined) return subscription;
        const { id, eligibleAt } = first.event;
        return { ...subscription, undelivered: eligibleAt === undefined ? { eventId: id } : { eventId: id, eligibleAt } };
      }),
    })),
  },
  "tells of no event that the instance has used before its delivery": {
    fault: "tells of events that the instance has used",
    make: tells(({ subscriptions }, store) => ({
      subscriptions: subscriptions.map((subscription) => {
        const [used] = store.topic(subscription).events;
        return subscription.eventId !== undefined || used === undefined ? subscription : { ...subscription, undelivered: { eventId: used.event.id } };
      }),
    })),
  },
  "gives the last failure of each pointer that is asked for, in the order they were recorded": {
    fault: "takes the failure with the latest time for the last",
    make: tells(({ lastErrors }, store, id) => ({
      lastErrors: lastErrors.map((last) =>
        (store.workflows.get(id)?.errors ?? []).reduce(
          (latest, error) => (error.pointerId === last.pointerId && error.at > latest.at ? error : latest),
          last,
        ),
      ),
    })),
  },
  "gives other instances as they are, in the order they are asked for, and passes over those that are unknown": {
    fault: "gives other instances in the order of their ids",
    make: tells(({ workflows }) => ({ workflows: workflows.toSorted((a, b) => (a.id < b.id ? -1 : 1)) })),
  },
  "tells of the command that is owed to an instance until it has been carried out": {
    fault: "forgets commands that were seen",
    make: () => {
      const seen = new Set<string>();
      return (good) => ({
        async inspectWorkflow(id, request) {
          const inspection = await good.inspectWorkflow(id, request);
          const commands = inspection.commands.filter(() => seen.has(id));
          seen.add(id);
          return { ...inspection, commands };
        },
      });
    },
  },
  "has nothing of an unknown instance, and changes nothing by a look": {
    fault: "delivers what it sees",
    make: around("inspectWorkflow", async (next, args, store) => {
      const inspection = await next(...args);
      for (const subscription of inspection.subscriptions)
        for (const kept of store.topic(subscription).events) {
          kept.event = { ...kept.event, delivered: true };
          store.undelivered.delete(kept);
        }
      return inspection;
    }),
  },
};
