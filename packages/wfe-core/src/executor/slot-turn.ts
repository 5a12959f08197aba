import type { Clock } from "../traits/clock.ts";

/** Commits, and milliseconds, after which a pass gives its slot to others that wait. */
const LONGEST_COMMITS = 100;
const LONGEST_MS = 1_000;
/** How long a pass whose turn is over waits for its running bodies. If they take longer it has another turn: its slot is not to be had anyway. */
const GIVE_BACK_MS = 1_000;

/** The turn of a pass in its slot: how long it may go on while others wait. */
export class SlotTurn {
  readonly #clock: Clock;
  readonly #contended: () => boolean;
  #commits = 0;
  #beganMs: number;
  #waitsUntilMs: number | undefined;
  /** It had another turn although others wait: the slot is given back at the first moment at which no body runs. */
  #owes = false;

  /** @param contended - Whether others wait for a slot. */
  constructor(clock: Clock, contended: () => boolean) {
    this.#clock = clock;
    this.#contended = contended;
    this.#beganMs = clock.monotonic();
  }

  /** Whether the slot is to be given back as soon as no body runs: nothing may start. */
  get isOver(): boolean {
    return this.#waitsUntilMs !== undefined;
  }

  /**
   * Milliseconds until another look at a turn that is over; `undefined` for one that is not, and where no body runs: nothing is left to wait for but what
   * the store was asked for, and a look before its answer would change nothing, however often.
   *
   * @param running - How many bodies run.
   */
  remainingMs(running: number): number | undefined {
    return this.#waitsUntilMs === undefined || running === 0 ? undefined : this.#waitsUntilMs - this.#clock.monotonic();
  }

  /** The pass has committed. */
  committed(): void {
    this.#commits += 1;
    if (this.isOver || !this.#contended()) return;
    const nowMs = this.#clock.monotonic();
    if (this.#commits >= LONGEST_COMMITS || nowMs - this.#beganMs > LONGEST_MS) this.#waitsUntilMs = nowMs + GIVE_BACK_MS;
  }

  /** Begins another turn if bodies run longer than others shall be kept waiting for, and ends that when none runs. @param running - How many run. */
  look(running: number): void {
    const nowMs = this.#clock.monotonic();
    if (running === 0) {
      if (this.#owes && this.#contended()) this.#waitsUntilMs ??= nowMs;
      return;
    }
    if (this.#waitsUntilMs === undefined || nowMs < this.#waitsUntilMs) return;
    this.#waitsUntilMs = undefined;
    this.#owes = true;
    this.#commits = 0;
    this.#beganMs = nowMs;
  }
}
