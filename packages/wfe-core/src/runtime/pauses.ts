import type { Clock } from "../traits/clock.ts";
import type { Entropy } from "../traits/entropy.ts";

const SHORTEST_BACK_OFF_MS = 10;
const LONGEST_BACK_OFF_MS = 1_000;

/** For providers: pauses of work that goes on by itself, which a stop ends. */
export class Pauses {
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #ends = new Set<() => void>();

  constructor({ clock, entropy }: { readonly clock: Clock; readonly entropy: Entropy }) {
    this.#clock = clock;
    this.#entropy = entropy;
  }

  /** Resolves after this time, or at {@link end}. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        this.#ends.delete(end);
        resolve();
      };
      const timer = this.#clock.setTimer(ms, end);
      this.#ends.add(end);
    });
  }

  /**
   * A pause before trying again what cannot be done now, twice as long each time up to a second.
   *
   * @param attempt - 0 for the first.
   * @param mostMs - It is no longer than this.
   */
  backOff(attempt: number, mostMs: number = LONGEST_BACK_OFF_MS): Promise<void> {
    // With jitter: hosts that lost one server together would come back together.
    const longest = Math.max(0, Math.min(mostMs, LONGEST_BACK_OFF_MS, SHORTEST_BACK_OFF_MS * 2 ** attempt));
    return this.wait(Math.ceil(longest * (0.5 + 0.5 * this.#entropy.random())));
  }

  /** Ends those that are under way. */
  end(): void {
    for (const end of this.#ends) end();
  }
}
