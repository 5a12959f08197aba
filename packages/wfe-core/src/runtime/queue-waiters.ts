import type { Clock, Timer } from "../traits/clock.ts";

/** How long a wait that is to end stays for the answer under way, which may bring it something. */
const FAREWELL_MS = 1_000;

/** Somebody who waits for the first item. */
export interface QueueWaiter<TDelivery> {
  readonly limit: number;
  /** Whether it waits no longer than for the answer to one look. */
  readonly once: boolean;
  /** Called once, with nothing when the wait was ended. */
  readonly give: (deliveries: readonly TDelivery[]) => void;
  /** Called instead when the store fails. */
  readonly fail: (error: unknown) => void;
}

interface Waiting<TDelivery> {
  readonly waiter: QueueWaiter<TDelivery>;
  /** Whether the look under way is for it, too. */
  isSeen: boolean;
  /** Set when it is to end: it goes with the answer under way, or when this is over. */
  farewell: Timer | undefined;
}

/** For queue providers: those who wait in this process for entries of one type, longest wait first. They share the looks into the store. */
export class QueueWaiters<TDelivery> {
  readonly #clock: Clock;
  readonly #onEmpty: () => void;
  readonly #waiting = new Set<Waiting<TDelivery>>();

  /** @param onEmpty - Called when nobody waits any more. */
  constructor(clock: Clock, onEmpty: () => void) {
    this.#clock = clock;
    this.#onEmpty = onEmpty;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Lets somebody wait.
   *
   * @returns Ends the wait, idempotent. What a look is taking for the waiter at that moment would be lost until it comes back, so it then stays
   *   for the answer, a second at most.
   */
  add(waiter: QueueWaiter<TDelivery>): () => void {
    const waiting: Waiting<TDelivery> = { waiter, isSeen: false, farewell: undefined };
    this.#waiting.add(waiting);
    return () => {
      if (!this.#waiting.has(waiting) || waiting.farewell !== undefined) return;
      if (waiting.isSeen) waiting.farewell = this.#clock.setTimer(FAREWELL_MS, () => this.#give(waiting, []));
      else this.#give(waiting, []);
    };
  }

  /** A look begins for those who wait now. @returns How many entries they take at most. */
  see(): number {
    let limit = 0;
    for (const waiting of this.#waiting) {
      waiting.isSeen = true;
      limit = Math.min(Number.MAX_SAFE_INTEGER, limit + waiting.waiter.limit);
    }
    return limit;
  }

  /** The look has brought something, or nothing. @returns What nobody is left for. */
  give(deliveries: readonly TDelivery[]): readonly TDelivery[] {
    let from = 0;
    // Those who are about to leave get what would have to go back otherwise.
    const all = [...this.#waiting];
    for (const waiting of [...all.filter(({ farewell }) => farewell === undefined), ...all.filter(({ farewell }) => farewell !== undefined)]) {
      if (from === deliveries.length) break;
      const to = Math.min(deliveries.length, from + waiting.waiter.limit);
      this.#give(waiting, deliveries.slice(from, to));
      from = to;
    }
    for (const waiting of this.#waiting) {
      if (waiting.isSeen && (waiting.waiter.once || waiting.farewell !== undefined)) this.#give(waiting, []);
      waiting.isSeen = false;
    }
    return deliveries.slice(from);
  }

  /** The look has failed. */
  fail(error: unknown): void {
    for (const waiting of this.#waiting) {
      if (!waiting.isSeen) continue;
      if (waiting.farewell !== undefined) this.#give(waiting, []);
      else if (this.#leave(waiting)) waiting.waiter.fail(error);
    }
  }

  #give(waiting: Waiting<TDelivery>, deliveries: readonly TDelivery[]): void {
    if (this.#leave(waiting)) waiting.waiter.give(deliveries);
  }

  #leave(waiting: Waiting<TDelivery>): boolean {
    if (!this.#waiting.delete(waiting)) return false;
    waiting.farewell?.cancel();
    if (this.#waiting.size === 0) this.#onEmpty();
    return true;
  }
}
