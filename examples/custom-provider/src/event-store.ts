import type { EventRepository, EventRow, RunnableEvent, StoredEvent, Topic } from "wfe-core";
import { deliver } from "./delivery.ts";
import type { JsonFile } from "./json-file.ts";
import { byTime, eventsOf, type State } from "./state.ts";

/** Events. */
export class EventStore implements EventRepository {
  readonly #file: JsonFile;

  constructor(file: JsonFile) {
    this.#file = file;
  }

  createEvent(event: EventRow, now: Date): Promise<string> {
    const given = structuredClone(event);
    return this.#file.write((state) => {
      addEvent(state, given, now);
      return given.id;
    });
  }

  getEvent(id: string): Promise<StoredEvent | undefined> {
    return this.#file.read((state) => state.events.get(id)?.event);
  }

  isEventConsumed(id: string): Promise<boolean> {
    return this.#file.read(({ events, workflows }) => {
      const arrival = events.get(id)?.event.arrival;
      return arrival !== undefined && [...workflows.values()].some(({ consumed }) => consumed.includes(arrival));
    });
  }

  getEvents(name: string, key: string, asOf: Date): Promise<readonly string[]> {
    return this.#file.read((state) =>
      eventsOf(state, { name, key })
        .filter(({ event }) => event.time.getTime() >= asOf.getTime())
        .map(({ event }) => event.id),
    );
  }

  getRunnableEvents(asAt: Date, { limit, claimUntil }: { readonly limit: number; readonly claimUntil: Date }): Promise<readonly RunnableEvent[]> {
    return this.#file.write(({ events }) => {
      const runnable = [...events.values()]
        .filter(({ event, visibleAt = event.eligibleAt }) => !event.delivered && (visibleAt === undefined || visibleAt.getTime() <= asAt.getTime()))
        .sort(byTime)
        .slice(0, limit);
      for (const kept of runnable) kept.visibleAt = claimUntil;
      return runnable.map(({ event: { id, name, key } }) => ({ id, name, key }));
    });
  }

  deliverEvents(topics: readonly Topic[], now: Date): Promise<readonly string[]> {
    return this.#file.write((state) => [...new Set(topics.flatMap((topic) => [...deliver(state, topic, now)]))]);
  }

  deleteDeliveredEvents(storedBefore: Date, limit: number): Promise<number> {
    return this.#file.write(({ events, subscriptions }) => {
      // What a subscription was given and has not used is still needed.
      const held = new Set([...subscriptions.values()].map(({ subscription }) => subscription.eventId));
      const old = [...events.values()]
        .filter(({ event: { id, delivered, storedAt } }) => delivered && storedAt.getTime() < storedBefore.getTime() && !held.has(id))
        .sort((a, b) => a.event.storedAt.getTime() - b.event.storedAt.getTime())
        .slice(0, limit);
      for (const { event } of old) events.delete(event.id);
      return old.length;
    });
  }
}

/** Stores an event, undelivered; one whose id exists keeps what it has. */
export function addEvent(state: State, event: EventRow, now: Date): void {
  if (state.events.has(event.id)) return;
  state.arrival += 1;
  state.events.set(event.id, { event: { ...event, arrival: state.arrival, delivered: false, storedAt: now } });
}
