import { QUEUE_TYPES, type QueueType } from "../../models/queue-type.ts";
import { Heap, type HeapEntry } from "../../runtime/heap.ts";
import { systemClock } from "../../runtime/system-clock.ts";
import { Timers } from "../../runtime/timers.ts";
import type { Clock } from "../../traits/clock.ts";

/** An id that nobody works on. */
interface Waiting {
  readonly id: string;
  readonly dueMs: number;
  readonly order: number;
}

/** A delivery of an id; the object itself is what a late ack is told apart by. */
export interface Delivery {
  readonly id: string;
  /** How long it had been due. */
  readonly lateMs: number;
  /** End of its visibility time, on the store's monotonic clock. */
  readonly endsAt: number;
}

interface Working {
  readonly delivery: Delivery;
  /** Queued again meanwhile, due then. */
  markMs: number | undefined;
  readonly end: HeapEntry<Delivery>;
}

/** Somebody who waits for the first item. */
export interface Waiter {
  readonly limit: number;
  readonly visibilityMs: number;
  readonly give: (deliveries: readonly Delivery[]) => void;
}

/** The entries of one type of work. */
class Lane {
  readonly waiting = new Map<string, HeapEntry<Waiting>>();
  readonly byDueTime = new Heap<Waiting>((a, b) => a.dueMs - b.dueMs || a.order - b.order);
  readonly working = new Map<string, Working>();
  readonly byEnd = new Heap<Delivery>((a, b) => a.endsAt - b.endsAt);
  readonly waiters = new Set<Waiter>();
}

/**
 * Entries that several `InMemoryQueueProvider` share: the queue server, with its own clock. Gives an item to whoever waits the moment it is
 * due, longest wait first, through one timer of the clock that is armed only while somebody waits.
 */
export class InMemoryQueueStore {
  readonly #clock: Clock;
  readonly #lanes: Readonly<Record<QueueType, Lane>> = {
    workflow: new Lane(),
    event: new Lane(),
  };
  readonly #timers: Timers<QueueType>;
  #order = 0;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    this.#timers = new Timers({
      clock,
      on: "monotonic",
      onDue: (types) => types.forEach((type) => this.#serve(type)),
    });
  }

  /** Adds an entry, pulls one forward, or marks one that is being worked on. */
  queue(id: string, type: QueueType, delayMs: number): void {
    const lane = this.#current(type);
    const dueMs = this.#clock.monotonic() + delayMs;
    const working = lane.working.get(id);
    if (working === undefined) this.#enter(lane, id, dueMs);
    else working.markMs = Math.min(working.markMs ?? Infinity, dueMs);
    this.#serve(type);
  }

  /** Takes entries that are due, hidden from others for so long. */
  take(type: QueueType, limit: number, visibilityMs: number): readonly Delivery[] {
    const lane = this.#current(type);
    const now = this.#clock.monotonic();
    const taken: Delivery[] = [];
    for (let next = lane.byDueTime.peek(); next !== undefined && next.dueMs <= now && taken.length < limit; next = lane.byDueTime.peek()) {
      lane.byDueTime.pop();
      lane.waiting.delete(next.id);
      const delivery: Delivery = { id: next.id, lateMs: now - next.dueMs, endsAt: now + visibilityMs };
      lane.working.set(next.id, {
        delivery,
        markMs: undefined,
        end: lane.byEnd.push(delivery),
      });
      taken.push(delivery);
    }
    return taken;
  }

  /**
   * Ends a delivery: with a mark, or a time to retry, the id waits again, due at the earlier of the two. A late one does nothing.
   *
   * @param retryMs - Delay of the retry; `undefined` when the work is done.
   */
  finish(delivery: Delivery, type: QueueType, retryMs: number | undefined): void {
    const lane = this.#current(type);
    const working = lane.working.get(delivery.id);
    if (working?.delivery !== delivery) return;
    lane.working.delete(delivery.id);
    lane.byEnd.remove(working.end);
    const retryAt = retryMs === undefined ? Infinity : this.#clock.monotonic() + retryMs;
    const dueMs = Math.min(working.markMs ?? Infinity, retryAt);
    if (dueMs !== Infinity) this.#enter(lane, delivery.id, dueMs);
    this.#serve(type);
  }

  /** Lets somebody wait. @returns Ends the wait; idempotent, and after the waiter was given something without effect. */
  wait(type: QueueType, waiter: Waiter): () => void {
    this.#lanes[type].waiters.add(waiter);
    this.#serve(type);
    return () => {
      if (this.#lanes[type].waiters.delete(waiter)) this.#arm(type);
    };
  }

  /** How many entries there are, waiting and being worked on. */
  get size(): number {
    return QUEUE_TYPES.reduce((sum, type) => sum + this.#lanes[type].waiting.size + this.#lanes[type].working.size, 0);
  }

  /** The lane as it is now: deliveries whose visibility time is over wait again. */
  #current(type: QueueType): Lane {
    const lane = this.#lanes[type];
    const now = this.#clock.monotonic();
    for (let next = lane.byEnd.peek(); next !== undefined && next.endsAt <= now; next = lane.byEnd.peek()) {
      lane.byEnd.pop();
      const markMs = lane.working.get(next.id)?.markMs ?? Infinity;
      lane.working.delete(next.id);
      this.#enter(lane, next.id, Math.min(markMs, next.endsAt));
    }
    return lane;
  }

  #enter(lane: Lane, id: string, dueMs: number): void {
    const former = lane.waiting.get(id);
    if (former !== undefined) {
      if (former.value.dueMs <= dueMs) return;
      lane.byDueTime.remove(former);
    }
    lane.waiting.set(id, lane.byDueTime.push({ id, dueMs, order: this.#order++ }));
  }

  #serve(type: QueueType): void {
    for (const waiter of this.#lanes[type].waiters) {
      const deliveries = this.take(type, waiter.limit, waiter.visibilityMs);
      if (deliveries.length === 0) break;
      this.#lanes[type].waiters.delete(waiter);
      waiter.give(deliveries);
    }
    this.#arm(type);
  }

  #arm(type: QueueType): void {
    const lane = this.#lanes[type];
    const nextMs = Math.min(lane.byDueTime.peek()?.dueMs ?? Infinity, lane.byEnd.peek()?.endsAt ?? Infinity);
    if (lane.waiters.size === 0 || nextMs === Infinity) this.#timers.cancel(type);
    else this.#timers.schedule(type, nextMs);
  }
}
