import { isFinal, type SubscriptionBound, type Delivery, type Topic } from "wfe-core";
import { byTime, eventsOf, type KeptEvent, type KeptSubscription, type KeptWorkflow, type State, subscriptionsOf } from "./state.ts";

/**
 * Gives an open subscription the first event that it may take.
 *
 * @param events - Those of its topic, by time, then arrival.
 * @param inboxSeq - What its instance's inbox counter becomes by it.
 * @returns Whether there was one.
 */
export function give(kept: KeptSubscription, owner: KeptWorkflow, events: readonly KeptEvent[], inboxSeq: number, now: Date): boolean {
  // What a delivery has found eligible stays so for everybody, also for one whose clock is behind.
  const found = events.find((each) => mayTake(owner, kept.subscription.bound, each) && (each.event.delivered || isEligible(each, now)));
  if (found === undefined) return false;
  kept.subscription = { ...kept.subscription, eventId: found.event.id };
  kept.inboxSeq = inboxSeq;
  return true;
}

/** Whether an event is one of those that a subscription takes, sooner or later. */
export function mayTake({ createdArrival, consumed }: KeptWorkflow, bound: SubscriptionBound, { event }: KeptEvent): boolean {
  const isInBound = "effectiveDate" in bound ? event.time.getTime() >= bound.effectiveDate.getTime() : event.arrival > createdArrival;
  return isInBound && !consumed.includes(event.arrival);
}

function isEligible({ event: { eligibleAt } }: KeptEvent, now: Date): boolean {
  return eligibleAt === undefined || eligibleAt.getTime() <= now.getTime();
}

/** Delivers on one topic, and marks its eligible events delivered. @returns Ids of the instances that got something. */
export function deliver(state: State, topic: Topic, now: Date): ReadonlySet<string> {
  const reached = new Set<string>();
  const events = eventsOf(state, topic);
  for (const kept of state.subscriptions.values()) {
    const { name, key, eventId, workflowId } = kept.subscription;
    const owner = state.workflows.get(workflowId);
    if (owner === undefined || name !== topic.name || key !== topic.key || eventId !== undefined || isFinal(owner.row.status)) continue;
    if (give(kept, owner, events, owner.row.inboxSeq + 1, now)) reached.add(workflowId);
  }
  for (const id of reached) {
    const owner = state.workflows.get(id);
    if (owner === undefined) continue;
    const dueAt = new Date(Math.min(owner.row.dueAt?.getTime() ?? Infinity, now.getTime()));
    owner.row = { ...owner.row, inboxSeq: owner.row.inboxSeq + 1, dueAt };
  }
  for (const each of events) if (isEligible(each, now)) each.event = { ...each.event, delivered: true };
  return reached;
}

/** What an instance was given and has not used: in order of delivery; of one delivery by time, then arrival. */
export function deliveriesOf(state: State, workflowId: string): readonly Delivery[] {
  return subscriptionsOf(state, workflowId)
    .flatMap(({ subscription: { id, pointerId, eventId }, inboxSeq = 0 }) => {
      const kept = eventId === undefined ? undefined : state.events.get(eventId);
      return kept === undefined ? [] : [{ id, pointerId, inboxSeq, kept }];
    })
    .sort((a, b) => a.inboxSeq - b.inboxSeq || byTime(a.kept, b.kept))
    .map(({ id, pointerId, kept: { event } }) => ({
      subscriptionId: id,
      pointerId,
      eventId: event.id,
      ...(event.data === undefined ? {} : { data: event.data }),
    }));
}
