import type { Clock, Timer } from "../traits/clock.ts";

/** Lets one loop wait until it is woken, or until a delay is over. A wake-up that comes while nobody waits is kept. */
export class Wakeup {
  readonly #clock: Clock;
  #woken = false;
  #resolve: (() => void) | undefined;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends the wait, or the next one at once. */
  wake(): void {
    this.#woken = true;
    this.#release();
  }

  /** @param delayMs - Ends by itself after so many milliseconds; without it only when woken. */
  wait(delayMs?: number): Promise<void> {
    if (this.#woken) {
      this.#woken = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#resolve = resolve;
      if (delayMs !== undefined) this.#timer = this.#clock.setTimer(delayMs, () => this.#release());
    });
  }

  /** Gives the timer back. */
  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #release(): void {
    this.cancel();
    const resolve = this.#resolve;
    if (resolve === undefined) return;
    this.#resolve = undefined;
    this.#woken = false;
    resolve();
  }
}
