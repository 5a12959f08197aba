import { PersistenceError } from "../../src/errors/store-errors.ts";
import type { WorkflowChange } from "../../src/models/workflow-change.ts";
import type { InMemoryStore, KeptSubscription, KeptWorkflow } from "../../src/test-support/in-memory/in-memory-store.ts";
import type { PersistenceProvider } from "../../src/traits/persistence-provider.ts";
import { keptOf, type PersistenceFault, type PersistenceFaults, pause } from "./faulty-persistence.ts";
import { around } from "./persistence-fault-makers.ts";

type Commit = PersistenceProvider["persistWorkflow"];

/** A fault around commits; those of instances that do not exist are left alone. */
function commits(
  run: (given: { change: WorkflowChange; now: Date; commit: Commit; store: InMemoryStore }) => ReturnType<Commit>,
): PersistenceFault["make"] {
  return ({ store }) =>
    (good) => ({
      persistWorkflow: (change, now) => run({ change, now, commit: (...args) => good.persistWorkflow(...args), store }),
    });
}

/** A fault in what a commit writes. */
function writes(change: (given: WorkflowChange, kept: KeptWorkflow) => Partial<WorkflowChange>): PersistenceFault["make"] {
  return commits(({ change: given, now, commit, store }) => commit({ ...given, ...change(given, keptOf(store, given.workflowId)) }, now));
}

/** A fault in what a delivery leaves behind, and whom it names. */
function deliveries(
  change: (ids: readonly string[], store: InMemoryStore, now: Date) => readonly string[] | Promise<readonly string[]>,
): PersistenceFault["make"] {
  return ({ store }) =>
    (good) => ({ deliverEvents: async (topics, now) => await change(await good.deliverEvents(topics, now), store, now) });
}

/** Takes the event of a subscription away again. */
function takeBack(store: InMemoryStore, kept: KeptSubscription): void {
  if (kept.given === undefined) return;
  kept.given.event.holders -= 1;
  kept.given = undefined;
  const { eventId: _, ...open } = kept.subscription;
  kept.subscription = open;
  store.topic(open).open.add(kept);
}

/** Looks for events with a snapshot from before the lock: race 1. */
const looksTooEarly = (turns: number): PersistenceFault["make"] =>
  commits(async ({ change, now, commit, store }) => {
    if (change.openSubscriptions.length === 0) return await commit(change, now);
    const known = new Set(store.events.values());
    await pause(turns);
    const answer = await commit(change, now);
    for (const { id } of change.openSubscriptions) {
      const kept = store.subscriptions.get(id);
      if (kept?.given === undefined || known.has(kept.given.event)) continue;
      takeBack(store, kept);
      kept.owner.row = { ...kept.owner.row, inboxSeq: kept.owner.row.inboxSeq - 1 };
    }
    return answer;
  });

/** Faults for the cases of pick-ups. */
const PICK_UP_FAULTS: PersistenceFaults = {
  "delivers nothing a second time that a commit has picked up before its delivery": {
    fault: "names those again who have picked an event up",
    make: deliveries((ids, store) => {
      const holding = [...store.subscriptions.values()].filter(({ given }) => given !== undefined).map(({ owner }) => owner.row.id);
      return [...new Set([...ids, ...holding])];
    }),
  },
  "picks up an event that a sweep has claimed": {
    fault: "hides claimed events from waits, too",
    make: commits(async ({ change, now, commit, store }) => {
      const answer = await commit(change, now);
      const hidden = [...keptOf(store, change.workflowId).subscriptions.values()].filter(
        ({ given }) => (given?.event.visibleAt ?? -Infinity) > now.getTime(),
      );
      for (const kept of hidden) takeBack(store, kept);
      return {
        ...answer,
        pendingDeliveries: answer.pendingDeliveries.filter(
          ({ subscriptionId }) => !hidden.some(({ subscription }) => subscription.id === subscriptionId),
        ),
      };
    }),
  },
  "picks up an event for a future time at that time, and not before": {
    fault: "takes every event for eligible",
    make: () => (good) => ({ createEvent: ({ eligibleAt: _, ...event }, now) => good.createEvent(event, now) }),
  },
  "picks up an event that another has found due, though the commit's own instant is before it": {
    fault: "goes by the instant of the commit alone",
    make: commits(async ({ change, now, commit, store }) => {
      const early = [...store.events.values()].filter(({ event: { delivered, eligibleAt } }) => delivered && (eligibleAt ?? now) > now);
      for (const kept of early) kept.event = { ...kept.event, delivered: false };
      const answer = commit(change, now); // at once
      for (const kept of early) kept.event = { ...kept.event, delivered: true };
      return await answer;
    }),
  },
  "counts the events that one commit picks up as one delivery": {
    fault: "counts each event that a commit picks up",
    make: commits(async ({ change, now, commit }) => {
      const answer = await commit(change, now);
      return { ...answer, inboxSeq: answer.inboxSeq + Math.max(0, answer.pendingDeliveries.length - 1) };
    }),
  },
  "tells of deliveries in their order, whatever the order of subscriptions, topics and times": {
    fault: "tells of deliveries in the order of subscriptions",
    make: commits(async ({ change, now, commit }) => {
      const answer = await commit(change, now);
      return { ...answer, pendingDeliveries: answer.pendingDeliveries.toSorted((a, b) => (a.subscriptionId < b.subscriptionId ? -1 : 1)) };
    }),
  },
  "picks up nothing by a commit that is refused, and the same event by the next": {
    fault: "opens subscriptions before it compares the counters",
    make: commits(async ({ change, now, commit, store }) => {
      try {
        return await commit(change, now);
      } catch (error) {
        const { workflowId } = change;
        for (const subscription of change.openSubscriptions) store.addSubscription(keptOf(store, workflowId), { ...subscription, workflowId });
        throw error;
      }
    }),
  },
  "keeps the first subscription of an id that is opened again by another instance": {
    fault: "lets the last one that opens an id have it",
    make: commits(async ({ change, now, commit, store }) => {
      for (const { id } of change.openSubscriptions) {
        const taken = store.subscriptions.get(id);
        if (taken !== undefined && taken.owner.row.id !== change.workflowId) store.removeSubscription(taken);
      }
      return await commit(change, now);
    }),
  },
  "loses no event when its subscription, its delivery and a command meet, in every order": {
    fault: "looks for events, and subscribes later",
    make: looksTooEarly(5),
  },
  "gives an event to all who wait when many subscribe and many deliver at the same moment": {
    fault: "looks for events, and subscribes much later",
    make: looksTooEarly(20),
  },
  "gives a loop of waits every event once, while they are being published": {
    fault: "takes all events of a topic for used that are there when one is used",
    make: commits(async ({ change, now, commit, store }) => {
      const kept = keptOf(store, change.workflowId);
      for (const { eventId } of change.consume) {
        const used = store.events.get(eventId);
        if (used !== undefined) for (const { event } of store.topic(used.event).events) kept.consumed.add(event.arrival);
      }
      return await commit(change, now);
    }),
  },
  "gives a commit that sends the event it waits for that event once": {
    fault: "stores the events of a commit as delivered",
    make: commits(async ({ change, now, commit, store }) => {
      const answer = await commit(change, now);
      for (const { id } of change.events) {
        const kept = store.events.get(id);
        if (kept === undefined) continue;
        kept.event = { ...kept.event, delivered: true };
        store.undelivered.delete(kept);
      }
      return answer;
    }),
  },
  "wakes a parent by a child that has ended before the parent looks again": {
    fault: "writes the due time of a pass over that of a delivery",
    make: writes(() => ({ seenInboxSeq: Number.MAX_SAFE_INTEGER })),
  },
  "finds the event of a publisher that has gone before its delivery, in another process": {
    fault: "leaves the delivery of an event to its publisher",
    make:
      ({ store }) =>
      (good) => ({
        async createEvent(event, now) {
          const id = await good.createEvent(event, now);
          const kept = store.events.get(id);
          if (kept !== undefined) kept.visibleAt = Infinity;
          return id;
        },
      }),
  },
  "finds an instance by its due time when nobody was told of its delivery": {
    fault: "leaves it to a hint to make an instance due",
    make: deliveries((ids, store) => {
      for (const id of ids) {
        const { dueAt: _, ...row } = keptOf(store, id).row;
        keptOf(store, id).row = row;
      }
      return ids;
    }),
  },
  "gives a repeated commit what it has picked up, and a wait that follows the next event": {
    fault: "answers a repeated commit without what it has picked up",
    make: commits(async ({ change, now, commit, store }) => {
      const again = keptOf(store, change.workflowId).row.commitId === change.commitId;
      const answer = await commit(change, now);
      return again ? { ...answer, pendingDeliveries: [] } : answer;
    }),
  },
};

/** Faults for the cases of waits that end without their event. */
const CLOSING_FAULTS: PersistenceFaults = {
  "delivers nothing to a subscription that was closed before": {
    fault: "leaves subscriptions open that are closed",
    make: writes(() => ({ closeSubscriptions: [] })),
  },
  "either closes a subscription or delivers to it, when both meet": {
    fault: "looks at the inbox, and closes later",
    make: commits(async ({ change, now, commit, store }) => {
      const { inboxSeq, ...expected } = change.expected;
      if (inboxSeq === undefined || keptOf(store, change.workflowId).row.inboxSeq !== inboxSeq) return await commit(change, now);
      await pause();
      return await commit({ ...change, expected }, now);
    }),
  },
  "refuses to close the loser of two waits that got its event meanwhile, and takes the decision for both": {
    fault: "closes a subscription whatever came in between",
    make: writes(({ expected: { revision, controlSeq } }) => ({ expected: { revision, controlSeq } })),
  },
  "refuses to close for a delivery on any topic, and not for one to another instance": {
    fault: "refuses to close for a delivery to that subscription alone",
    make: writes(({ expected, closeSubscriptions }, { subscriptions }) => {
      const { revision, controlSeq } = expected;
      return closeSubscriptions.some((id) => subscriptions.get(id)?.given !== undefined) ? {} : { expected: { revision, controlSeq } };
    }),
  },
  "refuses a subscription whose id another instance has open, though the commit closes or uses one of that id": {
    fault: "closes subscriptions of other instances",
    make: commits(({ change, now, commit, store }) => {
      for (const id of [...change.closeSubscriptions, ...change.consume.map(({ subscriptionId }) => subscriptionId)]) {
        const kept = store.subscriptions.get(id);
        if (kept !== undefined) store.removeSubscription(kept);
      }
      return commit(change, now);
    }),
  },
  "closes a subscription for one of two who want to close it, and uses its event for neither": {
    fault: "looks at the inbox of a commit alone, not at its revision",
    make: writes(({ expected }, { row: { revision } }) => ({ expected: { ...expected, revision } })),
  },
  "closes what an instance waits for with its termination, though a delivery meets it": {
    fault: "delivers, and makes due later",
    make: deliveries(async (ids, store, now) => {
      await pause();
      for (const id of ids) keptOf(store, id).row = { ...keptOf(store, id).row, dueAt: now };
      return ids;
    }),
  },
  "lists nothing that a terminated or deleted instance has waited for, and claims none of it": {
    fault: "leaves the subscriptions of what it terminates open",
    make:
      ({ store }) =>
      (good) => ({
        async command(...args) {
          const kept = keptOf(store, args[0]);
          const open = [...kept.subscriptions.values()].map(({ subscription }) => subscription);
          const done = await good.command(...args);
          if (done === true && args[1] === "terminate") for (const subscription of open) store.addSubscription(kept, subscription);
          return done;
        },
      }),
  },
  "releases the events of a deleted instance, so that they can be removed": {
    fault: "holds events for instances that are gone",
    make:
      ({ store }) =>
      (good) => ({
        async deleteWorkflows(ids) {
          for (const id of ids) for (const { given } of keptOf(store, id).subscriptions.values()) if (given !== undefined) given.event.holders += 1;
          return await good.deleteWorkflows(ids);
        },
      }),
  },
};

/** Faults for the cases of what a termination ends, too. */
const TERMINATION_FAULTS: PersistenceFaults = {
  "releases the events of a terminated instance, so that they can be removed": {
    fault: "holds events for instances that were terminated",
    make: around("command", async (next, args, store) => {
      for (const { given } of store.workflows.get(args[0])?.subscriptions.values() ?? []) if (given !== undefined) given.event.holders += 1;
      return await next(...args);
    }),
  },
  "terminates an instance though the event of its end is stored already, and keeps that event": {
    fault: "cannot store the event of an end twice",
    make: around("command", async (next, args, store) => {
      if (store.events.has(args[3]?.completedEvent?.id ?? "")) throw new PersistenceError("WFE_PERSISTENCE_FAILED", "duplicate key value");
      return await next(...args);
    }),
  },
};

/** For every case of pick-ups and of waits that end without their event the fault that it is there for. */
export const PERSISTENCE_WAIT_FAULTS: PersistenceFaults = { ...PICK_UP_FAULTS, ...CLOSING_FAULTS, ...TERMINATION_FAULTS };
