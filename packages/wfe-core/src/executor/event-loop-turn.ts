import type { Clock } from "../traits/clock.ts";

/** Commits of a pass between two turns of the event loop. */
const MOST_COMMITS = 16;
/** Numbers that its pointers have been given between two: about as many as one decision may give. */
const MOST_NUMBERS = 1_000;

/** The event loop's turns within a pass, which would keep it where the store never waits for anything. */
export class EventLoopTurn {
  readonly #clock: Pick<Clock, "defer">;
  #commits = 0;
  #sequence: number | undefined;

  constructor(clock: Pick<Clock, "defer">) {
    this.#clock = clock;
  }

  /**
   * A commit was answered.
   *
   * @param sequence - The highest number of the instance's pointers.
   * @returns The turn, when it is time for one.
   */
  committed(sequence: number): Promise<void> | undefined {
    this.#commits += 1;
    this.#sequence ??= sequence;
    if (this.#commits < MOST_COMMITS && sequence - this.#sequence < MOST_NUMBERS) return undefined;
    this.#commits = 0;
    this.#sequence = sequence;
    return new Promise((resolve) => this.#clock.defer(resolve));
  }
}
