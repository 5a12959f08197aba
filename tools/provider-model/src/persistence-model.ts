import fc from "fast-check";
import type { EventSubscription, LoadedWorkflow, PersistenceProvider, StoredEvent, WorkflowRecord } from "wfe-core";
import type { PersistenceSuiteTarget } from "wfe-core/test-support";
import { type Call, compared, difference, type Operation } from "./call.ts";
import { createNewWorkflow, persistWorkflow } from "./commit-operations.ts";
import { claimDueInstances, command, deleteWorkflows, nextDefinitionSequence, processCommands, scheduleCommand } from "./control-operations.ts";
import { wrongDeliveries } from "./delivery-rules.ts";
import {
  createEvent,
  deleteDeliveredEvents,
  deliverEvents,
  eventsAsStored,
  getFirstOpenSubscription,
  getRunnableEvents,
  getSubscriptions,
  lookAtEvents,
  subscriptionToken,
} from "./event-operations.ts";
import type { Model } from "./model-run.ts";
import { emptyState, type PersistenceState, pointersOf, shownSubscription, subscriptionsOf } from "./persistence-state.ts";
import { publishEvent } from "./publication-operation.ts";
import { getEndedWorkflows, getPointers, getWorkflowInstance, listWorkflows, loadForPass } from "./query-operations.ts";
import { EVENT_IDS, SUBSCRIPTION_IDS, WORKFLOW_IDS } from "./values.ts";

const operation: fc.Arbitrary<Operation<PersistenceState, PersistenceProvider>> = fc.oneof(
  { weight: 3, arbitrary: createNewWorkflow },
  { weight: 14, arbitrary: persistWorkflow },
  { weight: 5, arbitrary: createEvent },
  { weight: 5, arbitrary: publishEvent },
  { weight: 6, arbitrary: deliverEvents },
  { weight: 5, arbitrary: command },
  { weight: 5, arbitrary: subscriptionToken },
  { weight: 2, arbitrary: getRunnableEvents },
  { weight: 2, arbitrary: claimDueInstances },
  { weight: 1, arbitrary: scheduleCommand },
  { weight: 2, arbitrary: processCommands },
  { weight: 2, arbitrary: loadForPass },
  { weight: 1, arbitrary: getWorkflowInstance },
  { weight: 2, arbitrary: getPointers },
  { weight: 1, arbitrary: listWorkflows },
  { weight: 1, arbitrary: getEndedWorkflows },
  { weight: 1, arbitrary: lookAtEvents },
  { weight: 1, arbitrary: getSubscriptions },
  { weight: 2, arbitrary: getFirstOpenSubscription },
  { weight: 1, arbitrary: deleteWorkflows },
  { weight: 1, arbitrary: deleteDeliveredEvents },
  { weight: 1, arbitrary: nextDefinitionSequence },
);

/** What is seen of a store by those who look at all of it. */
interface Sight {
  readonly records: readonly WorkflowRecord[];
  readonly loaded: readonly (LoadedWorkflow | undefined)[];
  readonly errors: readonly (readonly unknown[])[];
  readonly events: readonly (StoredEvent | undefined)[];
  /** Of each event: whether it was used. */
  readonly used: readonly boolean[];
  readonly subscriptions: readonly (EventSubscription | undefined)[];
}

const look: Call<PersistenceState, PersistenceProvider> = {
  text: "look at everything",
  run: async (provider): Promise<Sight> => {
    const [records, loaded, errors, events, used, subscriptions] = await Promise.all([
      provider.getWorkflowInstances(WORKFLOW_IDS),
      Promise.all(WORKFLOW_IDS.map((id) => provider.loadForPass(id))),
      Promise.all(WORKFLOW_IDS.map((id) => provider.getErrors(id))),
      Promise.all(EVENT_IDS.map((id) => provider.getEvent(id))),
      Promise.all(EVENT_IDS.map((id) => provider.isEventConsumed(id))),
      Promise.all(SUBSCRIPTION_IDS.map((id) => provider.getSubscription(id))),
    ]);
    return { records, loaded, errors, events, used, subscriptions };
  },
  judge: (state, outcome) => {
    if (!("answer" in outcome)) return compared(outcome, { answer: undefined });
    const { records, loaded, errors, events, used, subscriptions } = outcome.answer as Sight; // of run, above
    settle(state, events);
    const there = WORKFLOW_IDS.map((id) => state.instances.get(id)).filter((each) => each !== undefined);
    const seen = {
      records,
      errors,
      // By their order of arrival, whose numbers are the store's own.
      events: events
        .filter((each) => each !== undefined)
        .toSorted((a, b) => a.arrival - b.arrival)
        .map(({ arrival: _arrival, ...event }) => event),
      used,
      subscriptions,
    };
    const expected = {
      records: there.map((instance) => ({ ...instance.row, pointers: pointersOf(instance) })),
      errors: WORKFLOW_IDS.map((id) => state.errors.get(id) ?? []),
      events: eventsAsStored(state.events.values()),
      used: EVENT_IDS.map((id) => there.some((instance) => instance.used.has(id))),
      subscriptions: SUBSCRIPTION_IDS.map((id) => {
        const subscription = state.subscriptions.get(id);
        return subscription === undefined ? undefined : shownSubscription(subscription);
      }),
    };
    const faults = WORKFLOW_IDS.map((id, index) => wrongDeliveries(state, id, loaded[index]?.deliveries ?? []));
    return difference(seen, expected) ?? faults.find((fault) => fault !== undefined);
  },
};

/** Takes what is open after calls at one moment as it is seen: whether an event that came with a delivery is left to the next one. */
function settle(state: PersistenceState, events: readonly (StoredEvent | undefined)[]): void {
  state.settledArrivals = state.arrivals;
  for (const { mayBeUndelivered, ...event } of state.events.values()) {
    if (mayBeUndelivered !== true) continue;
    const seen = events.find((each) => each?.id === event.id);
    state.events.set(event.id, { ...event, delivered: seen?.delivered ?? event.delivered });
  }
}

/** Replaces numbers that only their order matters of, so that two ways to one state come to the same. */
function keyOf(state: PersistenceState): string {
  const ranks = (numbers: readonly number[]): ((value: number) => number) => {
    const sorted = [...new Set(numbers)].toSorted((a, b) => a - b);
    return (value) => sorted.filter((each) => each <= value).length;
  };
  const arrival = ranks([...state.events.values()].map((event) => event.arrival));
  const delivery = (workflowId: string): ((value: number) => number) =>
    ranks(subscriptionsOf(state, workflowId).map((each) => each.place?.delivery ?? 0));
  return JSON.stringify([
    [...state.instances]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { row, bornAt, used, ...instance }]) => [
        Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1)),
        pointersOf({ row, bornAt, used, ...instance }),
        arrival(bornAt),
        [...used].toSorted(),
      ]),
    [...state.events.values()].map((event) => ({ ...event, arrival: arrival(event.arrival) })).toSorted((a, b) => a.arrival - b.arrival),
    [...state.subscriptions.values()].map(({ opened: _opened, place, ...subscription }) => [
      subscription,
      place === undefined ? undefined : [delivery(subscription.workflowId)(place.delivery), place.timeMs, place.arrival],
    ]),
    [...state.commands].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    [...state.errors].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    [...state.numbers].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ]);
}

/** An instance and an event that are made at one moment come in any order, whatever else tells an order of the calls that have made them. */
function possible(before: PersistenceState, after: PersistenceState): readonly PersistenceState[] {
  const arrivals = Array.from({ length: after.arrivals - before.arrivals + 1 }, (_, index) => before.arrivals + index);
  const born = [...after.instances].filter(([id]) => !before.instances.has(id));
  return born.reduce<readonly PersistenceState[]>(
    (states, [id, instance]) =>
      states.flatMap((state) => arrivals.map((bornAt) => ({ ...state, instances: new Map(state.instances).set(id, { ...instance, bornAt }) }))),
    [after],
  );
}

/** Random calls to two providers of persistence on one store, and what the traits say must come of each. */
export function persistenceModel(target: PersistenceSuiteTarget): Model<PersistenceState, PersistenceProvider> {
  return { operation, opening: createNewWorkflow, look, initial: emptyState, keyOf, possible, createStore: () => target.createStore() };
}
