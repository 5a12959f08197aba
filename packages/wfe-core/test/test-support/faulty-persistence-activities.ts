import type { EventSubscription } from "../../src/models/event-subscription.ts";
import type { InMemoryStore } from "../../src/test-support/in-memory/in-memory-store.ts";
import { type PersistenceFault, type PersistenceFaults, pause } from "./faulty-persistence.ts";
import { answers, around, asks } from "./persistence-fault-makers.ts";

/** A fault of what is offered: the first of all subscriptions, in order of creation, that this says yes to. */
function offers(mayOffer: (subscription: EventSubscription, activity: string, now: Date, store: InMemoryStore) => boolean): PersistenceFault["make"] {
  return around("getFirstOpenSubscription", async (_, [activity, now], store) => {
    const all = [...store.subscriptions.values()].map(({ subscription }) => subscription);
    return all.find((subscription) => mayOffer(subscription, activity, now, store));
  });
}

const LONG_AGO = new Date(-8.64e15);

function isUnclaimed({ tokenExpiresAt }: EventSubscription, now: Date): boolean {
  return tokenExpiresAt === undefined || tokenExpiresAt <= now;
}

function isRunnable({ workflowId }: EventSubscription, store: InMemoryStore): boolean {
  return store.workflows.get(workflowId)?.row.status === "runnable";
}

/** Faults for the cases of what is offered to outside workers. */
export const PERSISTENCE_ACTIVITY_FAULTS: PersistenceFaults = {
  "finds the first open subscription that nobody has claimed, or whose claim is over": {
    fault: "does not look at claims",
    make: offers(({ activity, eventId }, wanted) => activity === wanted && eventId === undefined),
  },
  "offers the earliest of the unclaimed subscriptions, whichever of them are claimed": {
    fault: "offers nothing while the first subscription is claimed",
    make: around("getFirstOpenSubscription", async (next, [activity, now], store) => {
      const [first] = [...store.subscriptions.values()].filter(({ subscription }) => subscription.activity === activity);
      return first === undefined || isUnclaimed(first.subscription, now) ? await next(activity, now) : undefined;
    }),
  },
  "offers a subscription of an activity by its exact name, and none that is no activity": {
    fault: "offers what waits for an event of that name",
    make: offers(
      ({ activity, name, eventId, ...rest }, wanted, now) =>
        (activity ?? name) === wanted && eventId === undefined && isUnclaimed({ name, ...rest }, now),
    ),
  },
  "offers an activity whatever topic and bound its subscription has": {
    fault: "offers what an event of now would reach",
    make: offers(
      (subscription, wanted, now) =>
        subscription.activity === wanted &&
        isUnclaimed(subscription, now) &&
        !("effectiveDate" in subscription.bound && subscription.bound.effectiveDate > now),
    ),
  },
  "offers what a runnable instance waits for, and nothing of one that is suspended or over": {
    fault: "offers what a suspended instance waits for",
    make: offers((subscription, wanted, now, store) => {
      const status = store.workflows.get(subscription.workflowId)?.row.status;
      return subscription.activity === wanted && isUnclaimed(subscription, now) && (status === "runnable" || status === "suspended");
    }),
  },
  "offers nothing that was given an event, or is closed": {
    fault: "offers what was given an event",
    make: offers(
      (subscription, wanted, now, store) => subscription.activity === wanted && isUnclaimed(subscription, now) && isRunnable(subscription, store),
    ),
  },
  "offers a subscription whole, with the input of its activity as it was given": {
    fault: "takes an empty input for none",
    make: answers("getFirstOpenSubscription", (found) => {
      const { input, ...rest } = found ?? ({} as EventSubscription);
      return found === undefined || input !== "" ? found : rest;
    }),
  },
  "moves the end of a claim by its token, also to an earlier instant": {
    fault: "moves the end of a claim to later instants only",
    make: around("extendSubscriptionToken", async (next, [id, token, expiresAt, now], store) => {
      const end = store.subscriptions.get(id)?.subscription.tokenExpiresAt ?? expiresAt;
      return await next(id, token, end > expiresAt ? end : expiresAt, now);
    }),
  },
  "moves the end of no claim that is over, at its end it is": {
    fault: "moves the end of a claim that is over, as long as nobody has taken the subscription",
    make: asks("extendSubscriptionToken", ([id, token, expiresAt]) => [id, token, expiresAt, LONG_AGO]),
  },
  "moves the end of no claim of another token or subscription, and of none that was cleared": {
    fault: "moves the end of a claim whatever the token",
    make: asks("extendSubscriptionToken", ([id, token, expiresAt, now], store) => [
      id,
      store.subscriptions.get(id)?.subscription.token ?? token,
      expiresAt,
      now,
    ]),
  },
  "moves the end of no claim of a subscription that was given an event or closed": {
    fault: "moves the end of a claim of what was given an event",
    make: around("extendSubscriptionToken", async (next, [id, token, expiresAt, now], store) => {
      const kept = store.subscriptions.get(id);
      if (kept?.given === undefined || kept.subscription.token !== token) return await next(id, token, expiresAt, now);
      kept.subscription = { ...kept.subscription, tokenExpiresAt: expiresAt };
      return true;
    }),
  },
  "moves the end of a claim or gives the subscription to another one, when both meet": {
    fault: "looks whose claim it is, and moves its end later",
    make: around("extendSubscriptionToken", async (next, [id, token, expiresAt, now], store) => {
      const mine = store.subscriptions.get(id)?.subscription.token === token;
      await pause();
      await next(id, token, expiresAt, now);
      return mine;
    }),
  },
};
