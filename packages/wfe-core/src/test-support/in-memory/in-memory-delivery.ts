import type { EventRow } from "../../models/event.ts";
import type { Topic } from "../../models/event-subscription.ts";
import type { EventPublication } from "../../traits/event-repository.ts";
import { isFinal } from "../../models/workflow-status.ts";
import type { InMemoryStore, KeptEvent, KeptSubscription, KeptWorkflow } from "./in-memory-store.ts";

/**
 * Gives an open subscription the earliest event it may take, by time, then arrival.
 *
 * @param inboxSeq - What its instance's inbox counter becomes by this delivery.
 * @returns Whether there was one.
 */
export function give(store: InMemoryStore, kept: KeptSubscription, inboxSeq: number, now: Date): boolean {
  const topic = store.topic(kept.subscription);
  const event = topic.events.find((candidate) => mayTake(kept, candidate, now));
  if (event === undefined) return false;
  event.holders += 1;
  kept.given = { event, inboxSeq };
  kept.subscription = { ...kept.subscription, eventId: event.event.id };
  topic.open.delete(kept);
  return true;
}

/** Whether an event is one of those that a subscription takes, at whatever time. */
export function isInBound({ subscription: { bound }, owner }: KeptSubscription, { event }: KeptEvent): boolean {
  return "effectiveDate" in bound ? event.time.getTime() >= bound.effectiveDate.getTime() : event.arrival > owner.createdArrival;
}

function mayTake(kept: KeptSubscription, candidate: KeptEvent, now: Date): boolean {
  const { event } = candidate;
  // What a delivery has found eligible is so for everybody: an instant that is a little behind would pass it over, and nobody comes to it again.
  return isInBound(kept, candidate) && (event.delivered || isEligible(event, now)) && !kept.owner.consumed.has(event.arrival);
}

function isEligible({ eligibleAt }: { readonly eligibleAt?: Date }, now: Date): boolean {
  return eligibleAt === undefined || eligibleAt.getTime() <= now.getTime();
}

/** Marks a new event delivered if it is eligible and there is nobody whom it could be delivered to. @returns Whether it did. */
export function markWhereNobodyWaits(store: InMemoryStore, { id, name, key }: EventRow, now: Date): boolean {
  const kept = store.events.get(id);
  if (kept === undefined || !isEligible(kept.event, now) || store.topic({ name, key }).open.size > 0) return false;
  kept.event = { ...kept.event, delivered: true };
  store.undelivered.delete(kept);
  return true;
}

/** Stores an event, and delivers on its topic if it is eligible. */
export function publish(store: InMemoryStore, event: EventRow, now: Date): EventPublication {
  if (!store.addEvent(event, now) || !isEligible(event, now)) return { reached: [], delivered: false };
  return { reached: [...deliver(store, event, now)].map(({ row }) => row.id), delivered: true };
}

/** Delivers on one topic, and marks its eligible events delivered. @returns The instances that got something. */
export function deliver(store: InMemoryStore, topic: Topic, now: Date): ReadonlySet<KeptWorkflow> {
  const reached = new Set<KeptWorkflow>();
  const { open, events } = store.topic(topic);
  for (const subscription of [...open]) {
    const { owner } = subscription;
    if (!isFinal(owner.row.status) && give(store, subscription, owner.row.inboxSeq + 1, now)) reached.add(owner);
  }
  for (const kept of reached) {
    const dueAt = new Date(Math.min(kept.row.dueAt?.getTime() ?? Infinity, now.getTime()));
    kept.row = { ...kept.row, inboxSeq: kept.row.inboxSeq + 1, dueAt };
  }
  for (const kept of events) {
    if (kept.event.delivered || !isEligible(kept.event, now)) continue;
    kept.event = { ...kept.event, delivered: true };
    store.undelivered.delete(kept);
  }
  return reached;
}
