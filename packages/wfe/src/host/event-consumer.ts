import type { BoundedTimers, Timer, Topic, WorkItem } from "wfe-core";
import { AroundDelivery } from "./around-delivery.ts";
import { type HostServices, warn } from "./host-services.ts";
import { nearTimers } from "./near-timers.ts";

/** Delivers events to the subscriptions that wait for them, all that are wanted in one turn of the event loop together. */
export class EventConsumer {
  readonly #services: HostServices;
  readonly #dispatch: (workflowId: string) => void;
  readonly #wanted = new Map<string, Topic>();
  readonly #timers: BoundedTimers<string>;
  readonly #around: AroundDelivery | undefined;
  /** Events that have pointed at a wanted topic, for the middleware. */
  readonly #eventIds = new Map<string, string[]>();
  #limit: Timer | undefined;
  #delivering: Promise<void> | undefined;

  /**
   * @param dispatch - Has an instance looked at that got something.
   * @param lookForEvents - Has events delivered that are eligible, and that were not kept.
   */
  constructor(services: HostServices, dispatch: (workflowId: string) => void, lookForEvents: () => void) {
    this.#services = services;
    this.#dispatch = dispatch;
    const onDue = (keys: readonly string[]): void => keys.forEach((key) => this.deliver(topicOf(key)));
    this.#timers = nearTimers<string>({ clock: services.clock, onDue, onUnknown: lookForEvents });
    const { aroundDelivery } = services.middleware ?? {};
    if (aroundDelivery !== undefined) this.#around = new AroundDelivery(aroundDelivery, services.clock, services.options.lockTtlMs);
  }

  /** Delivers on a topic soon. Returns at once; if it fails, the sweep finds the events undelivered. `id` is of the event that is known, if any. */
  deliver(topic: Topic & { readonly id?: string }): void {
    const key = keyOf(topic);
    this.#wanted.set(key, topic);
    if (this.#around !== undefined) this.#eventIds.set(key, [...(this.#eventIds.get(key) ?? []), ...(topic.id === undefined ? [] : [topic.id])]);
    this.#delivering ??= new Promise<void>((resolve) => this.#services.clock.defer(resolve)).then(() => this.#round());
  }

  /** Delivers on a topic at a future time, if it is near; the sweep has the rest. */
  schedule(topic: Topic, at: Date): void {
    // Each time of a topic by itself.
    this.#timers.schedule(keyOf(topic, at), at.getTime());
  }

  /** Delivers the events of queue items. */
  async consume(items: readonly WorkItem[]): Promise<void> {
    for (const event of await Promise.all(items.map((item) => this.#services.persistence.getEvent(item.id)))) {
      if (event === undefined) continue; // delivered and removed since
      if (event.eligibleAt !== undefined && event.eligibleAt.getTime() > this.#services.clock.now()) this.schedule(event, event.eligibleAt);
      else this.deliver(event);
    }
    await this.#delivering; // the round under way, which may have begun before
    await this.#delivering; // the one with these
    await Promise.all(items.map((item) => item.ack()));
  }

  /** The host has begun to stop: after this time middleware is not waited for any longer. */
  limit(timeoutMs: number): void {
    if (this.#around === undefined) return;
    this.#limit = this.#services.clock.setTimer(timeoutMs, () => this.#around?.callOff());
  }

  /** Resolves when what was wanted is delivered, or has failed. */
  async stop(): Promise<void> {
    this.#timers.clear();
    while (this.#delivering !== undefined) await this.#delivering;
    this.#limit?.cancel();
    this.#around?.begin();
  }

  async #round(): Promise<void> {
    const topics = [...this.#wanted.values()];
    this.#wanted.clear();
    try {
      await (this.#around === undefined ? this.#store(topics) : this.#inside(this.#around, topics));
    } catch (error) {
      warn(this.#services, `events on ${topics.length} topics could not be delivered; the sweep delivers them`, error);
    } finally {
      this.#delivering = undefined;
      const [next] = this.#wanted.values();
      if (next !== undefined) this.deliver(next);
    }
  }

  async #store(topics: readonly Topic[]): Promise<readonly string[]> {
    const ids = await this.#services.persistence.deliverEvents(topics, new Date(this.#services.clock.now()));
    for (const id of ids) this.#dispatch(id);
    return ids;
  }

  async #inside(around: AroundDelivery, topics: readonly Topic[]): Promise<void> {
    const told = topics.map(({ name, key }) => ({ name, key, eventIds: this.#eventIds.get(keyOf({ name, key })) ?? [] }));
    this.#eventIds.clear();
    await around.run(told, () => this.#store(topics));
  }
}

function keyOf(topic: Topic, at?: Date): string {
  return JSON.stringify([topic.name, topic.key, at?.getTime()]);
}

function topicOf(key: string): Topic {
  const [name, topicKey] = JSON.parse(key) as [string, string]; // written by keyOf
  return { name, key: topicKey };
}
