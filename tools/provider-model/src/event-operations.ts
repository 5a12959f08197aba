import fc from "fast-check";
import type { EventSubscription, PersistenceProvider, RunnableEvent, WorkflowSignals } from "wfe-core";
import { compared, difference, type Operation, shown } from "./call.ts";
import { byTime, deliverTopic, isEligible } from "./delivery-rules.ts";
import { addEvent, type ModelEvent, type ModelSubscription, type PersistenceState, shownSubscription } from "./persistence-state.ts";
import { activity, after, choice, EVENT_IDS, limit, moment, pick, reading, subscriptionId, topic, WORKFLOW_IDS } from "./values.ts";
import { newEvent } from "./workflow-values.ts";

type PersistenceOperation = Operation<PersistenceState, PersistenceProvider>;

/** `createEvent`. */
export const createEvent: fc.Arbitrary<PersistenceOperation> = fc.tuple(newEvent, reading).map(([event, now]) => ({
  kind: "createEvent",
  arrives: true,
  plan: () => ({
    text: `createEvent(${shown(event)}, ${now.toISOString()})`,
    run: (provider) => provider.createEvent(event, now),
    judge: (state, outcome, { concurrent }) => {
      addEvent(state, event, now);
      if (!concurrent) state.settledArrivals = state.arrivals;
      return compared(outcome, { answer: event.id });
    },
  }),
}));

/** `deliverEvents`. */
export const deliverEvents: fc.Arbitrary<PersistenceOperation> = fc
  .tuple(fc.array(topic, { minLength: 1, maxLength: 3 }), reading, fc.nat(9))
  .map(([given, now, none]) => ({
    kind: "deliverEvents",
    plan: (planned, { concurrent }) => {
      const awaited = [...planned.subscriptions.values()].filter(({ eventId: used }) => used === undefined);
      const first = none < 6 ? pick(awaited, none) : undefined;
      const wanted = first === undefined ? given : [{ name: first.name, key: first.key }, ...given.slice(1)];
      // Topics are delivered on one after the other.
      const topics = concurrent ? wanted.slice(0, 1) : none === 9 ? [] : wanted;
      return {
        text: `deliverEvents(${shown(topics)}, ${now.toISOString()})`,
        run: async (provider): Promise<Delivered> => {
          const reached = (await provider.deliverEvents(topics, now)).toSorted();
          return { reached, signals: topics.length > 1 ? await provider.readSignals(WORKFLOW_IDS) : [] };
        },
        judge: (state, outcome) => {
          state.deliveries += 1;
          const before = new Map([...state.instances].map(([id, { row }]) => [id, row.inboxSeq]));
          const reached = new Set(topics.flatMap((each) => deliverTopic(state, each, now, state.deliveries)));
          if (concurrent) {
            for (const event of state.events.values())
              if (event.delivered && event.arrival > state.settledArrivals) state.events.set(event.id, { ...event, mayBeUndelivered: true });
          }
          if (!("answer" in outcome)) return compared(outcome, { answer: reached });
          const { reached: given, signals } = outcome.answer as Delivered; // of run, above
          for (const { id, inboxSeq } of signals) {
            const instance = state.instances.get(id);
            const least = (before.get(id) ?? 0) + 1;
            // Whether several topics count once or each for itself is open.
            if (instance === undefined || !reached.has(id) || inboxSeq < least || inboxSeq > instance.row.inboxSeq) continue;
            instance.row = { ...instance.row, inboxSeq };
          }
          return difference(given, [...reached].toSorted());
        },
      };
    },
  }));

/** Whom a delivery has reached, and what was counted then. */
interface Delivered {
  readonly reached: readonly string[];
  readonly signals: readonly WorkflowSignals[];
}

/** `getRunnableEvents`. */
export const getRunnableEvents: fc.Arbitrary<PersistenceOperation> = fc.tuple(reading, limit, fc.nat(3)).map(([asAt, most, step]) => {
  const options = { limit: most, claimUntil: after(asAt, step) };
  return {
    kind: "getRunnableEvents",
    plan: () => ({
      text: `getRunnableEvents(${asAt.toISOString()}, ${shown(options)})`,
      run: (provider) => provider.getRunnableEvents(asAt, options),
      judge: (state, outcome, { concurrent }) => {
        const visible = [...state.events.values()]
          .filter(
            (event) =>
              (!event.delivered || event.mayBeUndelivered === true) &&
              isEligible(event, asAt) &&
              (event.claimedUntil?.getTime() ?? -Infinity) <= asAt.getTime(),
          )
          .toSorted(byTime);
        if (!("answer" in outcome)) return compared(outcome, { answer: visible });
        const ids = (outcome.answer as readonly RunnableEvent[]).map(({ id }) => id); // of getRunnableEvents
        const expected = concurrent ? visible.filter(({ id }) => ids.includes(id)) : visible.slice(0, most);
        for (const event of expected) state.events.set(event.id, { ...event, claimedUntil: options.claimUntil });
        return compared(outcome, { answer: expected.map(({ id, name, key }) => ({ id, name, key })) });
      },
    }),
  };
});

/** `deleteDeliveredEvents`, and which of them went. */
export const deleteDeliveredEvents: fc.Arbitrary<PersistenceOperation> = fc.tuple(reading, limit).map(([storedBefore, most]) => ({
  kind: "deleteDeliveredEvents",
  alone: true,
  plan: () => ({
    text: `deleteDeliveredEvents(${storedBefore.toISOString()}, ${most})`,
    run: async (provider) => {
      const count = await provider.deleteDeliveredEvents(storedBefore, most);
      const left = await Promise.all(EVENT_IDS.map((id) => provider.getEvent(id)));
      return { count, left: left.flatMap((event) => (event === undefined ? [] : [event.id])) };
    },
    judge: (state, outcome) => {
      const assigned = new Set([...state.subscriptions.values()].map((each) => each.eventId));
      const removable = [...state.events.values()].filter(
        (event) => event.delivered && event.storedAt.getTime() < storedBefore.getTime() && !assigned.has(event.id),
      );
      if (!("answer" in outcome)) return compared(outcome, { answer: removable.length });
      const { count, left } = outcome.answer as { count: number; left: readonly string[] }; // of run, above
      const gone = removable.filter(({ id }) => !left.includes(id));
      for (const { id } of gone) {
        state.events.delete(id);
        for (const instance of state.instances.values()) instance.used.delete(id);
      }
      const kept = EVENT_IDS.filter((id) => state.events.has(id));
      return difference({ count, gone: gone.length, left }, { count: Math.min(most, removable.length), gone: count, left: kept });
    },
  }),
}));

/** `getEvent` and `getEvents`. */
export const lookAtEvents: fc.Arbitrary<PersistenceOperation> = fc.tuple(topic, moment).map(([{ name, key }, asOf]) => ({
  kind: "getEvents",
  plan: () => ({
    text: `getEvents(${shown(name)}, ${shown(key)}, ${asOf.toISOString()})`,
    run: (provider) => provider.getEvents(name, key, asOf),
    judge: (state, outcome) => {
      const events = [...state.events.values()].filter((event) => event.name === name && event.key === key && event.time.getTime() >= asOf.getTime());
      return compared(outcome, { answer: events.toSorted(byTime).map(({ id }) => id) });
    },
  }),
}));

/** Every event as it is stored, and their order of arrival. */
export function eventsAsStored(events: Iterable<ModelEvent>): readonly unknown[] {
  return [...events]
    .toSorted((a, b) => a.arrival - b.arrival)
    .map(({ arrival: _arrival, claimedUntil: _claimedUntil, mayBeUndelivered: _mayBeUndelivered, ...event }) => event);
}

/** `getSubscriptions`. */
export const getSubscriptions: fc.Arbitrary<PersistenceOperation> = fc.tuple(topic, moment).map(([{ name, key }, asOf]) => ({
  kind: "getSubscriptions",
  plan: () => ({
    text: `getSubscriptions(${shown(name)}, ${shown(key)}, ${asOf.toISOString()})`,
    run: (provider) => provider.getSubscriptions(name, key, asOf),
    judge: (state, outcome) => {
      const open = [...state.subscriptions.values()].filter(
        (each) =>
          each.name === name &&
          each.key === key &&
          each.eventId === undefined &&
          (!("effectiveDate" in each.bound) || each.bound.effectiveDate.getTime() <= asOf.getTime()),
      );
      return compared(outcome, { answer: open.map(shownSubscription) });
    },
  }),
}));

/** `getFirstOpenSubscription`. */
export const getFirstOpenSubscription: fc.Arbitrary<PersistenceOperation> = fc.tuple(activity, reading).map(([wanted, now]) => ({
  kind: "getFirstOpenSubscription",
  plan: () => ({
    text: `getFirstOpenSubscription(${shown(wanted)}, ${now.toISOString()})`,
    run: (provider) => provider.getFirstOpenSubscription(wanted, now),
    judge: (state, outcome) => {
      const first = [...state.subscriptions.values()].find(
        (each) =>
          each.activity === wanted &&
          each.eventId === undefined &&
          state.instances.get(each.workflowId)?.row.status === "runnable" &&
          (each.tokenExpiresAt === undefined || each.tokenExpiresAt.getTime() <= now.getTime()),
      );
      return compared(outcome, { answer: first === undefined ? undefined : shownSubscription(first) });
    },
  }),
}));

const tokenInput = fc.record({
  which: choice,
  unknown: fc.tuple(subscriptionId, fc.nat(7)).map(([id, rare]) => (rare === 7 ? id : undefined)),
  ownToken: fc.nat(3).map((value) => value !== 3),
  worker: fc.constantFrom("worker", "\ud83d"),
  lasts: fc.integer({ min: -1, max: 6 }),
  now: reading,
  does: fc.constantFrom("set", "set", "extend", "clear"),
});

/** `setSubscriptionToken`, `extendSubscriptionToken` and `clearSubscriptionToken`. */
export const subscriptionToken: fc.Arbitrary<PersistenceOperation> = tokenInput.map(({ which, unknown, ownToken, worker, lasts, now, does }) => ({
  kind: `${does}SubscriptionToken`,
  plan: (planned, { fresh }) => {
    const target = unknown === undefined ? pick(tokenTargets(planned, does), which) : planned.subscriptions.get(unknown);
    const id = target?.id ?? unknown ?? "s1";
    const expiresAt = new Date(Math.min(now.getTime() + lasts * 10, 8.64e15));
    const token = does === "set" || !ownToken ? `token ${fresh()}\u0000` : (target?.token ?? "none");
    return {
      text: `${does}SubscriptionToken(${shown(id)}, ${shown(token)}, ${expiresAt.toISOString()}, ${now.toISOString()})`,
      run: (provider) => {
        if (does === "set") return provider.setSubscriptionToken(id, token, worker, expiresAt, now);
        if (does === "extend") return provider.extendSubscriptionToken(id, token, expiresAt, now);
        return provider.clearSubscriptionToken(id, token);
      },
      judge: (state, outcome) => {
        const subscription = state.subscriptions.get(id);
        const isOpen = subscription !== undefined && subscription.eventId === undefined;
        const isClaimed = subscription?.tokenExpiresAt !== undefined && subscription.tokenExpiresAt.getTime() > now.getTime();
        const isOwn = subscription?.token === token;
        const done = does === "set" ? isOpen && !isClaimed : does === "extend" ? isOpen && isClaimed && isOwn : isOwn;
        if (done && subscription !== undefined) {
          const { token: _token, workerId: _workerId, tokenExpiresAt: _tokenExpiresAt, ...free } = subscription;
          const claim: Partial<EventSubscription> =
            does === "set"
              ? { token, workerId: worker, tokenExpiresAt: expiresAt }
              : does === "extend"
                ? { ...claimOf(subscription), tokenExpiresAt: expiresAt }
                : {};
          state.subscriptions.set(id, { ...free, ...claim });
        }
        return compared(outcome, { answer: done });
      },
    };
  },
}));

/** Those that are claimed, for who wants to move or end a claim; any, when there is none. */
function tokenTargets(state: PersistenceState, does: string): readonly ModelSubscription[] {
  const all = [...state.subscriptions.values()];
  const fitting = all.filter(({ eventId: used, token }) => (does === "set" ? used === undefined : token !== undefined));
  return fitting.length > 0 ? fitting : all;
}

function claimOf({ token, workerId }: EventSubscription): Partial<EventSubscription> {
  return { ...(token === undefined ? {} : { token }), ...(workerId === undefined ? {} : { workerId }) };
}
