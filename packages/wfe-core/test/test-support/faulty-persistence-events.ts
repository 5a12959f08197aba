import type { KeptSubscription } from "../../src/test-support/in-memory/in-memory-store.ts";
import type { InMemoryStore, KeptEvent } from "../../src/test-support/in-memory/in-memory-store.ts";
import type { WorkflowChange } from "../../src/models/workflow-change.ts";
import type { PersistenceProvider } from "../../src/traits/persistence-provider.ts";
import { keptOf, type PersistenceFault, type PersistenceFaults } from "./faulty-persistence.ts";

type Method = {
  [K in keyof PersistenceProvider]-?: PersistenceProvider[K] extends (...args: never[]) => Promise<unknown> ? K : never;
}[keyof PersistenceProvider];
type Args<K extends Method> = Parameters<PersistenceProvider[K]>;
type Answer<K extends Method> = Awaited<ReturnType<PersistenceProvider[K]>>;

/** Calls the good method; the union of methods has no signature of its own. */
function call<K extends Method>(good: PersistenceProvider, method: K, args: Args<K>): Promise<Answer<K>> {
  return (good[method] as (...all: Args<K>) => Promise<Answer<K>>)(...args);
}

/** A fault in what is asked for. */
function asks<K extends Method>(method: K, change: (...args: Args<K>) => Args<K>): PersistenceFault["make"] {
  return () => (good) => ({ [method]: (...args: Args<K>) => call(good, method, change(...args)) });
}

/** A fault in what is answered, or in what is left behind. */
function answers<K extends Method>(
  method: K,
  change: (answer: Answer<K>, store: InMemoryStore, args: Args<K>) => Answer<K> | Promise<Answer<K>>,
): PersistenceFault["make"] {
  return ({ store }) =>
    (good) => ({ [method]: async (...args: Args<K>) => await change(await call(good, method, args), store, args) });
}

/** A fault in what a commit writes. */
function commits(change: (given: WorkflowChange, store: InMemoryStore) => Partial<WorkflowChange>): PersistenceFault["make"] {
  return ({ store }) =>
    (good) => ({ persistWorkflow: (given, now) => good.persistWorkflow({ ...given, ...change(given, store) }, now) });
}

/** Takes the event of a subscription away again. */
function takeBack(store: InMemoryStore, kept: KeptSubscription | undefined): void {
  if (kept?.given === undefined) return;
  kept.given.event.holders -= 1;
  kept.given = undefined;
  const { eventId: _, ...open } = kept.subscription;
  kept.subscription = open;
  store.topic(open).open.add(kept);
}

const ERROR_LOG_FAULTS: PersistenceFaults = {
  "gives errors in the order they were recorded, whatever their times": {
    fault: "sorts errors by their time",
    make: answers("getErrors", (errors) => errors.toSorted((a, b) => a.at.getTime() - b.at.getTime())),
  },
  "gives every field of an error back, and leaves absent ones absent": {
    fault: "forgets the data of errors",
    make: answers("getErrors", (errors) => errors.map(({ data: _, ...error }) => error)),
  },
  "keeps the errors of instances apart, and has none of an unknown one": {
    fault: "gives the errors of all instances",
    make: answers("getErrors", (_, store) => [...store.workflows.values()].flatMap(({ errors }) => errors)),
  },
  "gives thousands of errors of an instance, each once and in order": {
    fault: "gives the first thousand errors alone",
    make: answers("getErrors", (errors) => errors.slice(0, 1_000)),
  },
};

const TOKEN_FAULTS: PersistenceFaults = {
  "claims a subscription for one worker until its claim is over": {
    fault: "holds a claim for ever",
    make: asks("setSubscriptionToken", (id, token, worker, expiresAt) => [id, token, worker, expiresAt, new Date(-8e15)]),
  },
  "gives a claim to one of those who want it at the same moment": {
    fault: "tells everyone that they have the claim",
    make: answers("setSubscriptionToken", () => true),
  },
  "ends a claim by its own token alone": {
    fault: "ends a claim whatever the token",
    make:
      ({ store }) =>
      (good) => ({
        clearSubscriptionToken: (id, token) => good.clearSubscriptionToken(id, store.subscriptions.get(id)?.subscription.token ?? token),
      }),
  },
  "lists claimed subscriptions among the open ones": {
    fault: "leaves claimed subscriptions out",
    make: answers("getSubscriptions", (found) => found.filter(({ token }) => token === undefined)),
  },
  "claims nothing that is not open": {
    fault: "claims what is not open",
    make: answers("setSubscriptionToken", () => true),
  },
};

const SCHEDULED_COMMAND_FAULTS: PersistenceFaults = {
  "hands over commands that are due, the earliest first, once": {
    fault: "hands over what is due strictly before",
    make: asks("processCommands", (asAt, options, handler) => [new Date(asAt.getTime() - 1), options, handler]),
  },
  "hands over the command whole, no more than asked for, and says how many were handled": {
    fault: "hands over one more than asked for",
    make: asks("processCommands", (asAt, options, handler) => [asAt, { ...options, limit: options.limit + 1 }, handler]),
  },
  "keeps one of a name and data, due at the earlier of the two times": {
    fault: "keeps the first time",
    make: () => {
      const known = new Set<string>();
      return (good) => ({
        async scheduleCommand(command) {
          const key = JSON.stringify([command.name, command.data]);
          if (!known.has(key)) await good.scheduleCommand(command);
          known.add(key);
        },
      });
    },
  },
  "stores the commands of a commit": { fault: "forgets the commands of a commit", make: commits(() => ({ commands: [] })) },
  "hands each command to one of those who ask at the same moment": {
    fault: "does not claim what it hands over",
    make: asks("processCommands", (asAt, options, handler) => [asAt, { ...options, claimUntil: asAt }, handler]),
  },
  "keeps a command whose handler fails, and goes on with the others": {
    fault: "takes a command that failed for handled",
    make: asks("processCommands", (asAt, options, handler) => [asAt, options, (command) => handler(command).catch(() => {})]),
  },
  "keeps what is scheduled again while it is being handled": {
    fault: "loses what is scheduled again while it is being handled",
    make: () => {
      let handling = false;
      return (good) => ({
        scheduleCommand: async (command) => (handling ? undefined : await good.scheduleCommand(command)),
        async processCommands(...args) {
          handling = true;
          const count = await good.processCommands(...args);
          handling = false;
          return count;
        },
      });
    },
  },
};

const SUBSCRIPTION_FAULTS: PersistenceFaults = {
  "gives every field of a subscription back, and none that was not given": {
    fault: "forgets the activity of a subscription",
    make: answers("getSubscription", (found) => {
      const { activity: _, ...rest } = found ?? ({} as NonNullable<typeof found>);
      return found === undefined ? undefined : rest;
    }),
  },
  "finds open subscriptions by name and key, in order of creation": {
    fault: "lists the youngest subscription first",
    make: answers("getSubscriptions", (found) => found.toReversed()),
  },
  "finds those with an effective date that an event of this time would reach, equality included": {
    fault: "takes an effective date for exclusive",
    make: asks("getSubscriptions", (name, key, asOf) => [name, key, new Date(asOf.getTime() - 1)]),
  },
  "has closed those that a commit closes, and ignores unknown ids": {
    fault: "does not close subscriptions",
    make: commits(() => ({ closeSubscriptions: [] })),
  },
  "names the event of one that was delivered, which is open no more": {
    fault: "does not name the event",
    make: answers("getSubscription", (found) => {
      const { eventId: _, ...rest } = found ?? ({} as NonNullable<typeof found>);
      return found === undefined ? undefined : rest;
    }),
  },
};

const EVENT_FAULTS: PersistenceFaults = {
  "gives every field of an event back, and leaves absent ones absent": {
    fault: "forgets when an event is eligible",
    make: answers("getEvent", (found) => {
      const { eligibleAt: _, ...rest } = found ?? ({} as NonNullable<typeof found>);
      return found === undefined ? undefined : rest;
    }),
  },
  "tells an empty payload from none": {
    fault: "takes an empty payload for none",
    make: answers("getEvent", (found) => {
      const { data, ...rest } = found ?? ({} as NonNullable<typeof found>);
      return found === undefined || data !== "" ? found : rest;
    }),
  },
  "keeps the first payload of an id that is stored again": {
    fault: "keeps the last payload",
    make:
      ({ store }) =>
      (good) => ({
        createEvent(event, now) {
          const known = store.events.get(event.id);
          if (known !== undefined) store.removeEvent(known);
          return good.createEvent(event, now);
        },
      }),
  },
  "stores an id once that comes many times at the same moment": {
    fault: "stores an id again that comes at the same moment",
    make: () => {
      let turn = 0;
      return (good) => ({
        async createEvent(event, now) {
          turn += 1;
          await good.createEvent(turn === 2 ? { ...event, id: `${event.id} again` } : event, now);
          return event.id;
        },
      });
    },
  },
  "finds events of a name and key at or after a time, by time, then arrival": {
    fault: "gives the latest event first",
    make: answers("getEvents", (ids) => ids.toReversed()),
  },
  "gives out undelivered events, by time, then arrival, no more than asked for": {
    fault: "gives out one event more than asked for",
    make: asks("getRunnableEvents", (asAt, options) => [asAt, { ...options, limit: options.limit + 1 }]),
  },
  "hides events that were given out until the end of the claim": {
    fault: "does not hide what it has given out",
    make: asks("getRunnableEvents", (asAt, options) => [asAt, { ...options, claimUntil: asAt }]),
  },
  "gives each event to one of those who ask at the same moment": {
    fault: "gives an event to everyone who asks",
    make: asks("getRunnableEvents", (asAt, options) => [asAt, { ...options, claimUntil: asAt }]),
  },
  "gives out an event of a future time when that has come, and one without at once on any clock": {
    fault: "takes every event for eligible",
    make: asks("createEvent", ({ eligibleAt: _, ...event }, now) => [event, now]),
  },
  "gives out no event that was delivered, though nobody waited for it": {
    fault: "leaves events undelivered that nobody waited for",
    make: () => () => ({ deliverEvents: async () => [] }),
  },
  "stores the events of a commit undelivered, where somebody waits for them": {
    fault: "forgets the events of a commit",
    make: commits(() => ({ events: [] })),
  },
  "stores an event of a commit as delivered only if the commit says so, and it is eligible": {
    fault: "takes all events of a commit for delivered",
    make: answers("persistWorkflow", (answer, _store, [change]) => ({ ...answer, delivered: change.events.map(({ id }) => id) })),
  },
  "gives an event of a commit that nobody waited for to a wait that opens later": {
    fault: "forgets the events of a commit that nobody waits for",
    make: answers("persistWorkflow", (answer, store) => {
      for (const id of answer.delivered ?? []) store.removeEvent(store.events.get(id) as KeptEvent); // it was stored just now
      return answer;
    }),
  },
  "removes delivered events stored before an instant, no more than asked for": {
    fault: "removes more than asked for",
    make: asks("deleteDeliveredEvents", (before, limit) => [before, 2 * limit]),
  },
  "keeps a delivered event that a subscription has not used yet": {
    fault: "removes events that are still to be used",
    make:
      ({ store }) =>
      (good) => ({
        deleteDeliveredEvents(...args) {
          for (const kept of store.events.values()) kept.holders = 0;
          return good.deleteDeliveredEvents(...args);
        },
      }),
  },
};

const INBOX_FAULTS: PersistenceFaults = {
  "gives an event to the subscription that waits for it, and makes its instance due now": {
    fault: "does not make the instance due",
    make: answers("deliverEvents", (ids, store) => {
      for (const id of ids) {
        const kept = keptOf(store, id);
        const { dueAt: _, ...row } = kept.row;
        kept.row = row;
      }
      return ids;
    }),
  },
  "leaves an instance due that was due earlier": {
    fault: "puts off an instance that was due earlier",
    make: answers("deliverEvents", (ids, store, [, now]) => {
      for (const id of ids) keptOf(store, id).row = { ...keptOf(store, id).row, dueAt: now };
      return ids;
    }),
  },
  "gives the opening commit an event that came before it, and counts that as a delivery": {
    fault: "does not tell of what it has picked up",
    make: answers("persistWorkflow", (answer) => ({ ...answer, pendingDeliveries: [] })),
  },
  "loses no event, whatever the order of its subscription and its delivery (race 1)": {
    fault: "does not look for events that came before a subscription",
    make: answers("persistWorkflow", (answer, store, [change]) => {
      for (const { id } of change.openSubscriptions) takeBack(store, store.subscriptions.get(id));
      return answer;
    }),
  },
  "keeps an instance due when a delivery came between the load and the commit of a pass (race 2)": {
    fault: "writes the due time of the pass over that of a delivery",
    make: commits(() => ({ seenInboxSeq: 1_000 })),
  },
  "refuses to close a subscription that was given an event meanwhile, and writes nothing": {
    fault: "closes a subscription whatever came in between",
    make: commits(({ expected: { inboxSeq: _, ...expected } }) => ({ expected })),
  },
  "never gives an instance an event that it has used": {
    fault: "forgets which events were used",
    make: commits(({ consume, closeSubscriptions }) => ({
      consume: [],
      closeSubscriptions: [...closeSubscriptions, ...consume.map(({ subscriptionId }) => subscriptionId)],
    })),
  },
  "releases the event of a subscription that is closed without using it": {
    fault: "takes an event for used whose subscription is closed",
    make: commits(({ closeSubscriptions }, store) => ({
      consume: closeSubscriptions.map((subscriptionId) => ({
        subscriptionId,
        eventId: store.subscriptions.get(subscriptionId)?.subscription.eventId ?? "",
      })),
    })),
  },
  "shares an event among the subscriptions that are open together, and among instances": {
    fault: "gives an event to one subscription of an instance",
    make: answers("deliverEvents", (ids, store) => {
      for (const id of ids) for (const kept of [...keptOf(store, id).subscriptions.values()].slice(1)) takeBack(store, kept);
      return ids;
    }),
  },
  "gives the earliest event by its time, then by arrival, whenever it was stored": {
    fault: "gives events in the order of their arrival",
    make: commits((change, store) => {
      for (const { name, key } of change.openSubscriptions) {
        store.topic({ name, key }).events.sort((a, b) => a.event.arrival - b.event.arrival);
      }
      return {};
    }),
  },
  "counts events stored after the creation of the instance, whatever their time": {
    fault: "counts events that were stored before the creation",
    make: answers("createNewWorkflow", (id, store) => {
      Object.assign(keptOf(store, id), { createdArrival: 0 });
      return id;
    }),
  },
  "counts events from an effective date on, equality included, whenever they were stored": {
    fault: "takes an effective date for exclusive",
    make: commits(({ openSubscriptions }) => ({
      openSubscriptions: openSubscriptions.map((subscription) =>
        "effectiveDate" in subscription.bound
          ? { ...subscription, bound: { effectiveDate: new Date(subscription.bound.effectiveDate.getTime() + 1) } }
          : subscription,
      ),
    })),
  },
  "gives no event before it is eligible, neither at the opening nor by a delivery": {
    fault: "delivers events before their time",
    make: asks("deliverEvents", (topics) => [topics, new Date(8e15)]),
  },
  "fills the inbox of a suspended instance, and leaves one that is over alone": {
    fault: "passes over suspended instances",
    make:
      ({ store }) =>
      (good) => ({
        async deliverEvents(...args) {
          const suspended = [...store.workflows.values()].filter(({ row }) => row.status === "suspended");
          for (const kept of suspended) kept.row = { ...kept.row, status: "terminated" };
          const reached = await good.deliverEvents(...args);
          for (const kept of suspended) kept.row = { ...kept.row, status: "suspended" };
          return reached;
        },
      }),
  },
  "delivers on several topics at once, and names each instance once": {
    fault: "delivers on the first topic alone",
    make: asks("deliverEvents", (topics, now) => [topics.slice(0, 1), now]),
  },
  "gives an event once, however often and by whomever it is delivered": {
    fault: "counts a delivery twice",
    make: answers("deliverEvents", (ids, store) => {
      for (const id of ids) keptOf(store, id).row = { ...keptOf(store, id).row, inboxSeq: 2 };
      return ids;
    }),
  },
  "reaches 1,200 subscribers of one event, each once": {
    fault: "reaches the first 1,000",
    make: answers("deliverEvents", (ids) => ids.slice(0, 1_000)),
  },
};

/** A fault for each case of the persistence suite about events, subscriptions, claims, commands and errors. */
export const PERSISTENCE_EVENT_FAULTS: PersistenceFaults = {
  ...EVENT_FAULTS,
  ...SUBSCRIPTION_FAULTS,
  ...INBOX_FAULTS,
  ...TOKEN_FAULTS,
  ...SCHEDULED_COMMAND_FAULTS,
  ...ERROR_LOG_FAULTS,
};
