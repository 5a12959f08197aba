import type { EventRow, StoredEvent } from "../models/event.ts";
import type { Topic } from "../models/event-subscription.ts";

/** An undelivered event, claimed for delivery. */
export interface RunnableEvent extends Topic {
  readonly id: string;
}

/** What came of the publication of an event. */
export interface EventPublication {
  /** Ids of the instances that got something, each once; of an event that exists, those that hold it, or none. */
  readonly reached: readonly string[];
  /** Whether the event is delivered with that; if not, it is left to {@link EventRepository.deliverEvents}. */
  readonly delivered: boolean;
}

/** Events. Every method may be called concurrently, from any number of processes. */
export interface EventRepository {
  /** Stores an event, undelivered. @returns Its id; an id that exists already keeps its first payload and is returned. */
  createEvent(event: EventRow, now: Date): Promise<string>;
  /**
   * Stores an event and delivers on its topic, as {@link createEvent} and {@link deliverEvents} do, in one atomic step. What is not delivered with that is left to
   * a delivery: an event that is not eligible yet, which is only stored; or when the provider would rather not: very many wait for the event, of whom some may
   * have it already, others have its topic under lock, or very many events are published at this moment. Of other events of the topic that are
   * undelivered, some may be given, and may be left undelivered nevertheless. An event whose id exists keeps what it has, and is given to nobody.
   *
   * A provider for which two calls cost no more than one leaves the method out.
   */
  publishEvent?(event: EventRow, now: Date): Promise<EventPublication>;
  getEvent(id: string): Promise<StoredEvent | undefined>;
  /** Whether an instance that is stored has used the event: a commit of it has consumed it. `false` for an id that nobody has. */
  isEventConsumed(id: string): Promise<boolean>;
  /** Ids of stored events with this name and key and an event time at or after `asOf`, by time, then arrival. */
  getEvents(name: string, key: string, asOf: Date): Promise<readonly string[]>;
  /**
   * Undelivered events eligible at `asAt`, by time, then arrival; hides them from this method until `claimUntil` in the same atomic step.
   */
  getRunnableEvents(asAt: Date, options: { readonly limit: number; readonly claimUntil: Date }): Promise<readonly RunnableEvent[]>;
  /**
   * Delivers on these topics: each open subscription of an instance that is not over is given the earliest event it may take (by time, then
   * arrival; eligible at `now`, or found so by a delivery before; not consumed by its instance), once; its instance gets `inboxSeq` + 1 (or
   * more, when several of the topics reach it) and is due now, or stays due earlier. Then the topic's events that are eligible at `now` are
   * marked delivered; waits that open later still find them. An event that is stored meanwhile may be given by this delivery and be left
   * undelivered nevertheless, to the next one; it may not be marked without everybody having been looked at for it.
   *
   * @returns Ids of the instances that got something, each once.
   */
  deliverEvents(topics: readonly Topic[], now: Date): Promise<readonly string[]>;
  /**
   * Removes delivered events stored strictly before an instant; one that a subscription was given and has not used stays.
   *
   * @returns How many went, `limit` at most.
   */
  deleteDeliveredEvents(storedBefore: Date, limit: number): Promise<number>;
}
