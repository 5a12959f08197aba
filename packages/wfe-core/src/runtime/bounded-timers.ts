import type { Clock } from "../traits/clock.ts";
import { Instants } from "./instants.ts";
import { Timers } from "./timers.ts";

/** What {@link BoundedTimers} are made with. */
export interface BoundedTimersOptions<TKey> {
  readonly clock: Clock;
  /** Keys that are kept at most, 1 or more. */
  readonly limit: number;
  /** Due times further away are left to somebody else. In milliseconds. */
  readonly horizonMs: number;
  /** Given the keys that have come due, by due time, then order of scheduling; never empty. They are no longer scheduled. */
  readonly onDue: (keys: readonly TKey[]) => void;
  /** An instant has come at which something is due whose key was not kept: whoever knows all due times has to be asked what is due by now. */
  readonly onUnknown: () => void;
}

/**
 * Due times on the wall clock, for as much memory as a limit allows, however many there are, and each of them told at its millisecond. The nearest are
 * kept with their keys. Of the others only the instants are kept, a bit each; at such an instant somebody is to look who is due.
 */
export class BoundedTimers<TKey> {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #horizonMs: number;
  readonly #near: Timers<TKey>;
  /** At none of them a key is kept. */
  readonly #unknown = new Instants();
  readonly #next: Timers<"next">;

  constructor(options: BoundedTimersOptions<TKey>) {
    const { clock, onDue, onUnknown } = options;
    this.#clock = clock;
    this.#limit = options.limit;
    this.#horizonMs = options.horizonMs;
    this.#near = new Timers<TKey>({ clock, onDue });
    this.#next = new Timers<"next">({
      clock,
      onDue: () => {
        this.#unknown.takeUntil(clock.now());
        this.#arm();
        onUnknown();
      },
    });
  }

  /** How many keys are kept. */
  get size(): number {
    return this.#near.size;
  }

  /**
   * Tells at this time, in a later task also when it is past: of the key, or that something unknown is due. A key has one due time: scheduling it
   * again moves it; of an unknown one the former stays, too.
   *
   * @param dueMs - Whole milliseconds.
   */
  schedule(key: TKey, dueMs: number): void {
    if (dueMs - this.#clock.now() > this.#horizonMs || this.#unknown.has(dueMs)) {
      this.#near.cancel(key);
      return;
    }
    this.#near.schedule(key, dueMs);
    if (this.#near.size <= this.#limit) return;
    // Half of them, so that the next ones find room without a search for the furthest.
    for (const ms of this.#near.keepNearest(Math.floor(this.#limit / 2))) this.#unknown.add(ms);
    this.#arm();
  }

  /** Takes a key off; one that is not kept may be told of all the same, as something unknown. @returns Whether it was kept. */
  cancel(key: TKey): boolean {
    return this.#near.cancel(key);
  }

  /** Takes everything off. */
  clear(): void {
    this.#near.clear();
    this.#unknown.clear();
    this.#next.clear();
  }

  #arm(): void {
    const { first } = this.#unknown;
    if (first !== undefined) this.#next.schedule("next", first);
  }
}
