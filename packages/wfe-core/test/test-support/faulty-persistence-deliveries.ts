import { PersistenceError } from "../../src/errors/store-errors.ts";
import type { CommitResult } from "../../src/models/workflow-change.ts";
import type { InMemoryStore, KeptWorkflow } from "../../src/test-support/in-memory/in-memory-store.ts";
import { keptOf, type PersistenceFault, type PersistenceFaults, pause } from "./faulty-persistence.ts";
import { answers, around, asks, commits, takeBack } from "./persistence-fault-makers.ts";

/** A fault of what a delivery leaves of the instances that it reaches. */
function reached(change: (row: KeptWorkflow["row"]) => Partial<KeptWorkflow["row"]>): PersistenceFault["make"] {
  return answers("deliverEvents", (ids, _, store) => {
    for (const id of ids) keptOf(store, id).row = { ...keptOf(store, id).row, ...change(keptOf(store, id).row) };
    return ids;
  });
}

/** Arrival numbers of the events that these subscriptions hold. */
function heldBy(store: InMemoryStore, ids: readonly string[]): readonly number[] {
  return ids.flatMap((id) => store.subscriptions.get(id)?.given?.event.event.arrival ?? []);
}

function without(answer: CommitResult, subscriptionIds: readonly string[]): CommitResult {
  return { ...answer, pendingDeliveries: answer.pendingDeliveries.filter(({ subscriptionId }) => !subscriptionIds.includes(subscriptionId)) };
}

/** Takes what is earlier than the last of many that were used for used. */
const TAKES_EARLIER_FOR_USED = asks("persistWorkflow", (args, store) => {
  const { consumed } = keptOf(store, args[0].workflowId);
  for (const subscription of consumed.size < 16 ? [] : args[0].openSubscriptions) {
    const { events } = store.topic(subscription);
    const last = Math.max(...events.filter(({ event }) => consumed.has(event.arrival)).map(({ event }) => event.time.getTime()));
    for (const { event } of events) if (event.time.getTime() < last) consumed.add(event.arrival);
  }
  return args;
});

/** Faults for the cases of what a delivery does. */
const DELIVERY_FAULTS: PersistenceFaults = {
  "delivers by name and key, compared exactly": {
    fault: "folds the case of keys",
    make: asks("createEvent", ([event, now]) => [{ ...event, key: event.key.toLowerCase() }, now]),
  },
  "delivers by name and by key, not by what they are together": {
    fault: "takes name and key for one text",
    make: asks("createEvent", ([event, now], store) => {
      const same = [...store.subscriptions.values()].find(({ subscription: { name, key } }) => name + key === event.name + event.key);
      return [same === undefined ? event : { ...event, name: same.subscription.name, key: same.subscription.key }, now];
    }),
  },
  "counts every delivery, once for each instance and topic it reaches": {
    fault: "counts whether there was a delivery",
    make: reached(() => ({ inboxSeq: 1 })),
  },
  "changes nothing of an instance by a delivery but its inbox and its due time": {
    fault: "moves the revision with a delivery",
    make: reached(({ revision }) => ({ revision: revision + 1 })),
  },
  "pulls a later due time forward to now": {
    fault: "leaves a due time as it is",
    make: around("deliverEvents", async (next, args, store) => {
      const before = new Map([...store.workflows].map(([id, { row }]) => [id, row.dueAt]));
      const ids = await next(...args);
      for (const id of ids) {
        const dueAt = before.get(id);
        if (dueAt !== undefined) keptOf(store, id).row = { ...keptOf(store, id).row, dueAt };
      }
      return ids;
    }),
  },
  "gives a subscription no second event, not even an earlier one, before the first is used": {
    fault: "gives an earlier event in place of the one that was given",
    make: asks("deliverEvents", (args, store) => {
      for (const kept of store.subscriptions.values()) takeBack(store, kept);
      return args;
    }),
  },
  "gives each subscription the earliest of the events that it may take, by its own bound": {
    fault: "has one bound for all subscriptions",
    make: commits(({ openSubscriptions }) => ({
      openSubscriptions: openSubscriptions.map((subscription) => ({ ...subscription, bound: { storedAfter: "creation" } })),
    })),
  },
  "does not deliver an event that was stored before the instance, though it was not delivered then": {
    fault: "counts undelivered events from before the creation",
    make: asks("deliverEvents", (args, store) => {
      for (const kept of store.workflows.values()) Object.assign(kept, { createdArrival: 0 });
      return args;
    }),
  },
  "marks those events of a topic delivered that are eligible, and no others": {
    fault: "marks the events of a topic delivered before their time",
    make: answers("deliverEvents", (ids, [topics], store) => {
      for (const kept of topics.flatMap((topic) => store.topic(topic).events)) {
        kept.event = { ...kept.event, delivered: true };
        store.undelivered.delete(kept);
      }
      return ids;
    }),
  },
  "gives no event early to a subscription that waits, and the next one at its time": {
    fault: "lets an event for a future time hold up the others",
    make: asks("deliverEvents", ([topics, now], store) => [
      topics.filter((topic) => (store.topic(topic).events[0]?.event.eligibleAt ?? now) <= now),
      now,
    ]),
  },
  "delivers on no topic, on one twice, and on one without events": {
    fault: "takes no topic for all",
    make: asks("deliverEvents", ([topics, now], store) => [topics.length === 0 ? [...store.undelivered].map(({ event }) => event) : topics, now]),
  },
  "leaves an instance alone that is complete, whatever it had open": {
    fault: "delivers to instances that are over",
    make: around("deliverEvents", async (next, args, store) => {
      const over = [...store.workflows.values()].filter(({ row }) => row.status === "complete");
      for (const kept of over) kept.row = { ...kept.row, status: "runnable" };
      const ids = await next(...args);
      for (const kept of over) kept.row = { ...kept.row, status: "complete" };
      return ids;
    }),
  },
  "does not hand a suspended instance out for work by what is delivered to it": {
    fault: "resumes an instance by a delivery",
    make: reached(() => ({ status: "runnable" })),
  },
  "delivers a claimed event, and gives it to no sweep again": {
    fault: "leaves an event to the sweep that has claimed it",
    make: asks("deliverEvents", ([topics, now], store) => [
      topics.filter((topic) => store.topic(topic).events.every(({ visibleAt }) => visibleAt <= now.getTime())),
      now,
    ]),
  },
  "delivers 300 events of as many topics at the same moment, each once": {
    fault: "drops what is beyond 200 deliveries at the same moment",
    make: () => {
      let travelling = 0;
      return (good) => ({
        async deliverEvents(...args) {
          travelling += 1;
          const ids = travelling <= 200 ? await good.deliverEvents(...args) : [];
          await pause(1);
          travelling -= 1;
          return ids;
        },
      });
    },
  },
  "keeps an instance due now that picks something up, whatever due time its commit asks for": {
    fault: "does not count a pick-up",
    make: commits(() => ({ seenInboxSeq: 1_000 })),
  },
  "lets a suspended instance pick up what was published before": {
    fault: "picks up nothing for a suspended instance",
    make: answers("persistWorkflow", (answer, [change], store) => {
      if (change.status !== "suspended") return answer;
      const opened = change.openSubscriptions.map(({ id }) => id);
      for (const id of opened) takeBack(store, store.subscriptions.get(id));
      return without(answer, opened);
    }),
  },
};

/** Faults for the cases of what later waits get. */
const CONSUMPTION_FAULTS: PersistenceFaults = {
  "tells whether an event was used, and not only given": {
    fault: "takes a delivered event for a used one",
    make: answers("isEventConsumed", (_, [id], store) => store.events.get(id)?.event.delivered === true),
  },
  "takes an event out of the inbox and closes its subscription when it is used": {
    fault: "counts back what is used",
    make: answers("persistWorkflow", (answer, [{ workflowId, consume }], store) => {
      const inboxSeq = answer.inboxSeq - consume.length;
      keptOf(store, workflowId).row = { ...keptOf(store, workflowId).row, inboxSeq };
      return { ...answer, inboxSeq };
    }),
  },
  "gives two waits in a row the next two events, though both were there before": {
    fault: "takes all events of a topic for used with one of them",
    make: asks("persistWorkflow", (args, store) => {
      const { consumed, subscriptions } = keptOf(store, args[0].workflowId);
      for (const { subscriptionId } of args[0].consume) {
        const used = subscriptions.get(subscriptionId)?.subscription;
        if (used !== undefined) for (const { event } of store.topic(used).events) consumed.add(event.arrival);
      }
      return args;
    }),
  },
  "gives waits in a row the events by their time, though the later ones arrived before those that were used": {
    fault: "goes on behind the arrival of the event that was used last",
    make: asks("persistWorkflow", (args, store) => {
      const { consumed, subscriptions } = keptOf(store, args[0].workflowId);
      for (const { subscriptionId } of args[0].consume) {
        const kept = subscriptions.get(subscriptionId);
        const used = kept?.given?.event.event.arrival ?? 0;
        if (kept !== undefined) for (const { event } of store.topic(kept.subscription).events) if (event.arrival < used) consumed.add(event.arrival);
      }
      return args;
    }),
  },
  "shares an event with a wait that opens before it is used": {
    fault: "gives an event to one subscription of an instance at a time",
    make: around("persistWorkflow", async (next, args, store) => {
      const { subscriptions } = keptOf(store, args[0].workflowId);
      const held = new Set(heldBy(store, [...subscriptions.keys()]));
      const answer = await next(...args);
      const shared = args[0].openSubscriptions.map(({ id }) => id).filter((id) => heldBy(store, [id]).some((arrival) => held.has(arrival)));
      for (const id of shared) takeBack(store, store.subscriptions.get(id));
      return without(answer, shared);
    }),
  },
  "lets a wait that opens after the use of an event wait for the next one": {
    fault: "delivers what was used",
    make: around("deliverEvents", async (next, args, store) => {
      for (const { consumed } of store.workflows.values()) consumed.clear();
      return await next(...args);
    }),
  },
  "keeps what one instance has used for the others, before and after": {
    fault: "takes what one instance has used for used by all",
    make: asks("persistWorkflow", (args, store) => {
      const used = heldBy(
        store,
        args[0].consume.map(({ subscriptionId }) => subscriptionId),
      );
      for (const { consumed } of store.workflows.values()) for (const arrival of used) consumed.add(arrival);
      return args;
    }),
  },
  "uses an event of several subscriptions in one commit": {
    fault: "uses one event a commit",
    make: commits(({ consume }) => ({ consume: consume.slice(0, 1) })),
  },
  "releases an event for the waits of later commits, whatever their bound": {
    fault: "takes an event for used when its subscription was closed",
    make: around("persistWorkflow", async (next, args, store) => {
      const closed = heldBy(store, args[0].closeSubscriptions);
      const answer = await next(...args);
      for (const arrival of closed) keptOf(store, args[0].workflowId).consumed.add(arrival);
      return answer;
    }),
  },
  "gives a released event again before later ones": {
    fault: "releases an event after the next one was given",
    make: around("persistWorkflow", async (next, args, store) => {
      const closed = heldBy(store, args[0].closeSubscriptions);
      const { consumed } = keptOf(store, args[0].workflowId);
      for (const arrival of closed) consumed.add(arrival);
      const answer = await next(...args);
      for (const arrival of closed) consumed.delete(arrival);
      return answer;
    }),
  },
  "gives a wait that follows on many others the earliest event that is left, though it came last or was given back": {
    fault: "takes what is earlier than the last of many that were used for used",
    make: TAKES_EARLIER_FOR_USED,
  },
  "gives a wait that follows on many others an event that a commit sent while nobody waited, though it is earlier": {
    fault: "takes what is earlier than the last of many that were used for used",
    make: TAKES_EARLIER_FOR_USED,
  },
  "uses nothing by a commit that is refused": {
    fault: "uses the events of a refused commit",
    make: around("persistWorkflow", async (next, args, store) => {
      try {
        return await next(...args);
      } catch (error) {
        for (const { subscriptionId } of args[0].consume) {
          const kept = store.subscriptions.get(subscriptionId);
          if (kept !== undefined) store.removeSubscription(kept);
        }
        throw error;
      }
    }),
  },
  "answers a commit with all events that are not used yet, seen before or not": {
    fault: "tells of an event once",
    make: answers("persistWorkflow", (answer, [{ seenInboxSeq }], store) => ({
      ...answer,
      pendingDeliveries: answer.pendingDeliveries.filter(
        ({ subscriptionId }) => (store.subscriptions.get(subscriptionId)?.given?.inboxSeq ?? 0) > seenInboxSeq,
      ),
    })),
  },
  "closes subscriptions before it opens others, so that an id can be used again": {
    fault: "opens subscriptions before it closes others",
    make: around("persistWorkflow", async (next, args, store) => {
      for (const { id } of args[0].openSubscriptions) {
        if (store.subscriptions.has(id)) throw new PersistenceError("WFE_PERSISTENCE_FAILED", `the id ${id} is taken`);
      }
      return await next(...args);
    }),
  },
  "opens, fills and closes 1,000 subscriptions of one instance": {
    fault: "opens 500 subscriptions a commit",
    make: commits(({ openSubscriptions }) => ({ openSubscriptions: openSubscriptions.slice(0, 500) })),
  },
};

/** Faults for the cases of wake-ups. */
const WAKE_UP_FAULTS: PersistenceFaults = {
  "wakes a wait once, in every order of subscription, publish, delivery and sweep, and from either instance": {
    fault: "leaves the delivery of an event to its publisher",
    make: () => () => ({ getRunnableEvents: async () => [] }),
  },
  "wakes a wait once whose subscription, publish and delivery happen at the same moment": {
    fault: "looks for events before it has opened the subscription",
    make: ({ store }) => {
      return (good) => ({
        async createEvent(...args) {
          await pause(10); // no fault by itself: an event takes its time
          return await good.createEvent(...args);
        },
        async persistWorkflow(change, now) {
          const seen = new Set(store.events.keys());
          await pause(40);
          const answer = await good.persistWorkflow(change, now);
          const unseen = change.openSubscriptions
            .map(({ id }) => id)
            .filter((id) => !seen.has(store.subscriptions.get(id)?.subscription.eventId ?? ""));
          for (const id of unseen) takeBack(store, store.subscriptions.get(id));
          return without(answer, unseen);
        },
      });
    },
  },
  "wakes a parent by a child that ends after its parent waits, before, or while its parent is suspended": {
    fault: "sends nothing with the last commit of an instance",
    make: commits(({ status, events }) => ({ events: status === "complete" ? [] : events })),
  },
  "keeps an instance to be found by the sweep until a commit has seen what was delivered, though nobody was told": {
    fault: "claims a due instance for ever",
    make: asks("claimDueInstances", ([asAt, options]) => [asAt, { ...options, claimUntil: new Date(8.64e15) }]),
  },
  "takes deliveries, commits and commands that touch the same topics and instances in different orders": {
    fault: "locks topics in the order of the caller",
    make: () => {
      let travelling: readonly string[] = [];
      return (good) => ({
        async deliverEvents(topics, now) {
          const keys = topics.map(({ key }) => key);
          if (travelling.length > 1 && travelling[0] !== keys[0]) throw new PersistenceError("WFE_PERSISTENCE_FAILED", "deadlock detected");
          travelling = keys;
          await pause();
          travelling = [];
          return await good.deliverEvents(topics, now);
        },
      });
    },
  },
};

/** Faults for the cases of deliveries, of what later waits get, and of wake-ups. */
export const PERSISTENCE_DELIVERY_FAULTS: PersistenceFaults = { ...DELIVERY_FAULTS, ...CONSUMPTION_FAULTS, ...WAKE_UP_FAULTS };
