import type { QueueProvider } from "wfe-core";
import type { InMemoryStore } from "wfe-core/test-support";

/**
 * What a store in memory has to do at a later time. A host sets timers for what is near and leaves the rest to its sweep; in a test, days of sweeps that find
 * nothing would be most of the work, so each thing is hinted at in its own millisecond instead.
 */
export class DueWork {
  readonly #store: InMemoryStore;
  readonly #queue: QueueProvider;

  constructor(store: InMemoryStore, queue: QueueProvider) {
    this.#store = store;
    this.#queue = queue;
  }

  /** When something is due next, later than an instant; in epoch milliseconds, `Infinity` for never. */
  nextAfter(instantMs: number): number {
    let next = Infinity;
    for (const dueMs of this.#dueTimes()) if (dueMs > instantMs && dueMs < next) next = dueMs;
    return next;
  }

  /** Has the host look at what is due at this instant. */
  async hint(instantMs: number): Promise<void> {
    const hints: Promise<void>[] = [];
    for (const { row } of this.#store.workflows.values())
      if (row.status === "runnable" && row.dueAt?.getTime() === instantMs) hints.push(this.#queue.queueWork(row.id, "workflow"));
    for (const { event } of this.#store.undelivered)
      if (event.eligibleAt?.getTime() === instantMs) hints.push(this.#queue.queueWork(event.id, "event"));
    await Promise.all(hints);
  }

  *#dueTimes(): Generator<number> {
    for (const { row } of this.#store.workflows.values()) if (row.status === "runnable" && row.dueAt !== undefined) yield row.dueAt.getTime();
    for (const { event } of this.#store.undelivered) if (event.eligibleAt !== undefined) yield event.eligibleAt.getTime();
  }
}
