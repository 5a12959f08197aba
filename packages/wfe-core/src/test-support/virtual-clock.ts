import { type Duration, durationMs } from "../models/duration.ts";
import { Heap } from "../runtime/heap.ts";
import type { Clock, Timer } from "../traits/clock.ts";

/** Turns of the event loop without any sign of work after which everything ready is taken to have run: microtasks, deferred tasks, I/O at hand. */
const QUIET_TURNS = 3;
/** A task that defers itself for ever, or a timer of 0 ms that sets itself again, would hang the test; this many turns is far beyond honest work. */
const MOST_TURNS = 100_000;

/** What a {@link VirtualClock} can be made with. */
export interface VirtualClockOptions {
  /** First reading of the wall clock. @default 2026-01-01T00:00:00Z */
  readonly start?: Date | number;
  /** First reading of the monotonic clock, in milliseconds; other than the wall's, so that one taken for the other shows. @default 1000 */
  readonly monotonicStart?: number;
}

interface VirtualTimer {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A clock that moves only when told to. `advance` fires what comes due in order, and between two timers lets everything run that is ready,
 * so that 30 days of waits are over in milliseconds and in the same order every time. Timers of 0 ms fire by themselves in a later task:
 * time need not move for them.
 */
export class VirtualClock implements Clock {
  readonly #timers = new Heap<VirtualTimer>((a, b) => a.dueMs - b.dueMs || a.order - b.order);
  readonly #startWall: number;
  readonly #startMonotonic: number;
  #elapsedMs = 0;
  #skewMs = 0;
  #order = 0;
  #deferred = 0;
  /** Counts signs of work: timers set, cancelled and fired, tasks deferred and run. */
  #activity = 0;
  #movement: Promise<void> = Promise.resolve();
  /** Work elsewhere that is under way. */
  #tracked = 0;
  /** Called when some of it has ended. */
  #trackedEnds: (() => void)[] = [];
  readonly #witnesses = new Set<() => Promise<boolean>>();

  constructor(options: VirtualClockOptions = {}) {
    this.#startWall = Math.trunc(Number(options.start ?? Date.UTC(2026, 0, 1)));
    this.#startMonotonic = options.monotonicStart ?? 1000;
  }

  now(): number {
    return this.#startWall + this.#elapsedMs + this.#skewMs;
  }

  monotonic(): number {
    return this.#startMonotonic + this.#elapsedMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    if (!(delayMs >= 0)) throw new RangeError(`a timer must be set for 0 ms or more: got ${delayMs}`);
    this.#activity += 1;
    const entry = this.#timers.push({
      dueMs: this.#elapsedMs + delayMs,
      order: this.#order++,
      callback,
    });
    if (delayMs === 0) this.defer(() => this.#fireNext(this.#elapsedMs));
    return {
      cancel: () => {
        if (this.#timers.remove(entry)) this.#activity += 1;
      },
    };
  }

  /** Calls back in the next real task, so that stores that do real I/O work with this clock too. */
  defer(callback: () => void): void {
    this.#activity += 1;
    this.#deferred += 1;
    nextTask(() => {
      this.#activity += 1;
      this.#deferred -= 1;
      callback();
    });
  }

  /**
   * Moves both clocks forward, firing timers in order of due time, then of creation, each at its own time, with everything ready run before
   * and after it. Calls made at the same time move one after the other.
   *
   * @throws Whatever a timer's callback throws; time then stands at that timer.
   */
  advance(duration: Duration): Promise<void> {
    const byMs = durationMs(duration);
    return this.#move(() => this.#elapsedMs + byMs);
  }

  /**
   * Moves forward until the wall clock shows this time.
   *
   * @throws RangeError when that is past.
   */
  advanceTo(instant: Date | number): Promise<void> {
    return this.#move(() => {
      const byMs = Number(instant) - this.now();
      if (!(byMs >= 0)) throw new RangeError(`the clock cannot go back to ${new Date(instant).toISOString()}`);
      return this.#elapsedMs + byMs;
    });
  }

  /**
   * Makes `advance` and `settle` wait for work elsewhere, a query that a server answers for example: time does not move while it is under way.
   *
   * @returns The same promise.
   */
  track<T>(work: Promise<T>): Promise<T> {
    this.#activity += 1;
    this.#tracked += 1;
    const end = (): void => {
      this.#activity += 1;
      this.#tracked -= 1;
      for (const tell of this.#trackedEnds.splice(0)) tell();
    };
    work.then(end, end);
    return work;
  }

  /**
   * Makes `advance` and `settle` ask, whenever nothing is left to do here, whether all is at rest elsewhere too, where no promise tells of that: a message may
   * be on its way from a server. It is asked until it says yes and nothing was done here meanwhile. What it does itself is not to be tracked.
   *
   * @returns Ends it.
   */
  askBeforeMoving(isAtRest: () => Promise<boolean>): () => void {
    const witness = (): Promise<boolean> => isAtRest();
    this.#witnesses.add(witness);
    return () => void this.#witnesses.delete(witness);
  }

  /**
   * Lets everything run that is ready, without moving time: microtasks, deferred tasks, timers that are due, I/O callbacks at hand, and what
   * comes of the work that is tracked.
   *
   * @throws What a witness of {@link askBeforeMoving} throws.
   */
  async settle(): Promise<void> {
    let seen = this.#activity;
    let quiet = 0;
    for (let turn = 0; ; turn += 1) {
      // Without turning: what works elsewhere may need this processor.
      if (this.#tracked > 0) await new Promise<void>((resolve) => this.#trackedEnds.push(resolve));
      if (turn === MOST_TURNS) throw new Error(`the virtual clock does not come to rest: still busy after ${MOST_TURNS} turns at one instant`);
      await new Promise<void>((resolve) => nextTask(resolve));
      quiet = this.#isQuietSince(seen) ? quiet + 1 : 0;
      seen = this.#activity;
      if (quiet < QUIET_TURNS) continue;
      if ((await this.#isAtRestElsewhere()) && this.#isQuietSince(seen)) return;
      quiet = 0;
    }
  }

  /** How many timers are set. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** When the next timer fires, on the wall clock as it is set now; `undefined` when none is set. */
  get nextTimerAt(): Date | undefined {
    const next = this.#timers.peek();
    return next === undefined ? undefined : new Date(this.#startWall + this.#skewMs + next.dueMs);
  }

  /** How far the wall clock was set away from where `advance` alone would have brought it, in milliseconds. */
  get wallSkew(): number {
    return this.#skewMs;
  }

  /** Sets the wall clock, forward or back, as an operator or NTP does; the monotonic clock and the timers do not notice. */
  setWallClock(instant: Date | number): void {
    this.#skewMs = Math.trunc(Number(instant)) - this.#startWall - this.#elapsedMs;
  }

  #isQuietSince(activity: number): boolean {
    return this.#deferred === 0 && this.#tracked === 0 && this.#activity === activity;
  }

  async #isAtRestElsewhere(): Promise<boolean> {
    for (const isAtRest of this.#witnesses) if (!(await isAtRest())) return false;
    return true;
  }

  #move(target: () => number): Promise<void> {
    const movement = this.#movement.then(async () => {
      await this.settle();
      const end = target();
      while (this.#fireNext(end)) await this.settle();
      this.#elapsedMs = Math.max(this.#elapsedMs, end);
      await this.settle();
    });
    this.#movement = movement.catch(() => {}); // the caller has the failure; the next movement starts from where this one stopped
    return movement;
  }

  /** @returns Whether there was a timer to fire up to this time. */
  #fireNext(endMs: number): boolean {
    const next = this.#timers.peek();
    if (next === undefined || next.dueMs > endMs) return false;
    this.#timers.pop();
    this.#activity += 1;
    this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs);
    next.callback();
    return true;
  }
}

function nextTask(callback: () => void): void {
  // The one place besides the system clock that asks the platform for a task: virtual time stands still, the event loop does not.
  setImmediate(callback); // oxlint-disable-line no-restricted-globals -- see above
}
