import { isFinal, type Delivery, type Topic } from "wfe-core";
import { earlier, type ModelEvent, type ModelInstance, type ModelSubscription, type PersistenceState, subscriptionsOf } from "./persistence-state.ts";

/** Order of events: by time, then arrival. */
export function byTime(a: ModelEvent, b: ModelEvent): number {
  return a.time.getTime() - b.time.getTime() || a.arrival - b.arrival;
}

/** Whether an event has not to wait any more. */
export function isEligible(event: ModelEvent, now: Date): boolean {
  return event.delivered || event.eligibleAt === undefined || event.eligibleAt.getTime() <= now.getTime();
}

/** The earliest event that a subscription may take. */
export function earliestFor(state: PersistenceState, instance: ModelInstance, subscription: ModelSubscription, now: Date): ModelEvent | undefined {
  const { name, key, bound } = subscription;
  return [...state.events.values()]
    .filter((event) => event.name === name && event.key === key && isEligible(event, now) && !instance.used.has(event.id))
    .filter((event) => ("effectiveDate" in bound ? event.time.getTime() >= bound.effectiveDate.getTime() : event.arrival > instance.bornAt))
    .toSorted(byTime)[0];
}

/** Delivers on a topic, by the rules of `deliverEvents`. @returns Ids of the instances that got something. */
export function deliverTopic(state: PersistenceState, topic: Topic, now: Date, delivery: number): readonly string[] {
  const reached: string[] = [];
  for (const instance of state.instances.values()) {
    if (isFinal(instance.row.status)) continue;
    let given = false;
    for (const subscription of subscriptionsOf(state, instance.row.id)) {
      if (subscription.name !== topic.name || subscription.key !== topic.key || subscription.eventId !== undefined) continue;
      const event = earliestFor(state, instance, subscription, now);
      if (event === undefined) continue;
      given = true;
      state.subscriptions.set(subscription.id, { ...subscription, eventId: event.id, place: { delivery, timeMs: 0, arrival: 0 } });
    }
    if (!given) continue;
    const { row } = instance;
    instance.row = { ...row, inboxSeq: row.inboxSeq + 1, dueAt: row.dueAt === undefined ? now : earlier(row.dueAt, now) };
    reached.push(row.id);
  }
  for (const event of state.events.values()) {
    if (event.name === topic.name && event.key === topic.key && isEligible(event, now)) state.events.set(event.id, { ...event, delivered: true });
  }
  return reached;
}

/** What an instance was given and has not used. */
export function pending(state: PersistenceState, workflowId: string): readonly ModelSubscription[] {
  return subscriptionsOf(state, workflowId)
    .filter(({ eventId }) => eventId !== undefined)
    .toSorted((a, b) => comparePlaces(a, b));
}

/** What is wrong with a list of deliveries: they are in order of delivery, and within one in any. */
export function wrongDeliveries(state: PersistenceState, workflowId: string, given: readonly Delivery[]): string | undefined {
  const expected = pending(state, workflowId);
  const [left, right] = [given, expected.map((each) => deliveryOf(state, each))].map((list) =>
    list.map((each) => JSON.stringify(fields(each))).toSorted(),
  );
  if (JSON.stringify(left) !== JSON.stringify(right)) return `deliveries ${JSON.stringify(left)}, expected ${JSON.stringify(right)}`;
  const places = given.map(({ subscriptionId }) => state.subscriptions.get(subscriptionId) as ModelSubscription); // compared above
  const inOrder = places.every((place, index) => index === 0 || comparePlaces(places[index - 1] as ModelSubscription, place) <= 0);
  return inOrder ? undefined : `deliveries out of order: ${JSON.stringify(given.map(fields))}, expected ${JSON.stringify(right)}`;
}

function deliveryOf(state: PersistenceState, { id, pointerId, eventId }: ModelSubscription): Delivery {
  const data = state.events.get(eventId as string)?.data; // of a pending one
  return { subscriptionId: id, pointerId, eventId: eventId as string, ...(data === undefined ? {} : { data }) };
}

function fields({ subscriptionId, pointerId, eventId, data }: Delivery): readonly unknown[] {
  return [subscriptionId, pointerId, eventId, data];
}

function comparePlaces(a: ModelSubscription, b: ModelSubscription): number {
  if (a.place === undefined || b.place === undefined) return 0;
  return a.place.delivery - b.place.delivery || a.place.timeMs - b.place.timeMs || a.place.arrival - b.place.arrival;
}
