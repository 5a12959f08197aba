import type { Clock, Timer } from "../traits/clock.ts";
import { Heap, type HeapEntry } from "./heap.ts";

/** What {@link Timers} are made with. */
export interface TimersOptions<TKey> {
  readonly clock: Clock;
  /** Given the keys that have come due, by due time, then order of scheduling; never empty. They are no longer scheduled. */
  readonly onDue: (keys: readonly TKey[]) => void;
  /** Which reading of the clock due times are on. @default "wall" */
  readonly on?: "wall" | "monotonic";
}

interface Due<TKey> {
  readonly dueMs: number;
  readonly order: number;
  readonly key: TKey;
}

/**
 * Many due times over one timer of the clock: with 100,000 of them one is armed. Nothing is early; what the platform's timer adds is late.
 * When the wall clock is set back, a key on it comes due later; set forward, at the end of the delay that was armed.
 */
export class Timers<TKey> {
  readonly #clock: Clock;
  readonly #onDue: (keys: readonly TKey[]) => void;
  readonly #wall: boolean;
  readonly #heap = new Heap<Due<TKey>>((a, b) => a.dueMs - b.dueMs || a.order - b.order);
  readonly #entries = new Map<TKey, HeapEntry<Due<TKey>>>();
  #order = 0;
  #armed: { readonly timer: Timer; readonly dueMs: number } | undefined;

  constructor(options: TimersOptions<TKey>) {
    this.#clock = options.clock;
    this.#onDue = options.onDue;
    this.#wall = options.on !== "monotonic";
  }

  /** How many keys are scheduled. */
  get size(): number {
    return this.#entries.size;
  }

  /** When a key is due; `undefined` when it is not scheduled. */
  dueOf(key: TKey): number | undefined {
    return this.#entries.get(key)?.value.dueMs;
  }

  /**
   * Calls `onDue` with the key at this time, in a later task also when it is past. A key has one due time: scheduling it again moves it.
   *
   * @param dueMs - Milliseconds on the clock's reading chosen by `on`.
   */
  schedule(key: TKey, dueMs: number): void {
    const former = this.#entries.get(key);
    if (former !== undefined) this.#heap.remove(former);
    this.#entries.set(key, this.#heap.push({ dueMs, order: this.#order++, key }));
    this.#arm();
  }

  /** Takes a key off. @returns Whether it was scheduled. */
  cancel(key: TKey): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#entries.delete(key);
    this.#heap.remove(entry);
    this.#arm();
    return true;
  }

  /**
   * Takes all keys off but the nearest. Keys due at one instant stay, or go, together.
   *
   * @param count - How many stay at most.
   * @returns When those are due that went, in no order.
   */
  keepNearest(count: number): readonly number[] {
    const firstOut = Float64Array.from(this.#entries.values(), ({ value }) => value.dueMs).sort()[count];
    if (firstOut === undefined) return [];
    const gone = [...this.#entries].filter(([, { value }]) => value.dueMs >= firstOut);
    for (const [key, entry] of gone) {
      this.#entries.delete(key);
      this.#heap.remove(entry);
    }
    this.#arm();
    return gone.map(([, { value }]) => value.dueMs);
  }

  /** Takes every key off. */
  clear(): void {
    this.#entries.clear();
    this.#heap.clear();
    this.#arm();
  }

  #now(): number {
    return this.#wall ? this.#clock.now() : this.#clock.monotonic();
  }

  #arm(): void {
    const dueMs = this.#heap.peek()?.dueMs;
    // A timer for an earlier time than needed stays: it finds nothing due and arms the next, which is cheaper than to replace it each time.
    if (this.#armed !== undefined && dueMs !== undefined && this.#armed.dueMs <= dueMs) return;
    this.#armed?.timer.cancel();
    this.#armed = undefined;
    if (dueMs === undefined) return;
    const delayMs = Math.max(0, Math.ceil(dueMs - this.#now()));
    this.#armed = {
      dueMs,
      timer: this.#clock.setTimer(delayMs, () => this.#fire()),
    };
  }

  #fire(): void {
    this.#armed = undefined;
    const now = this.#now();
    const keys: TKey[] = [];
    for (let next = this.#heap.peek(); next !== undefined && next.dueMs <= now; next = this.#heap.peek()) {
      this.#heap.pop();
      this.#entries.delete(next.key);
      keys.push(next.key);
    }
    this.#arm(); // before the callback, which may throw
    if (keys.length > 0) this.#onDue(keys);
  }
}
