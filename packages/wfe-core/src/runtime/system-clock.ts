import type { Clock, Timer } from "../traits/clock.ts";

/** Longest delay of a timer of the platform; a longer one fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

class SystemTimer implements Timer {
  #handle: NodeJS.Timeout | undefined;

  constructor(delayMs: number, callback: () => void) {
    this.#arm(delayMs, callback);
  }

  #arm(delayMs: number, callback: () => void): void {
    const step = Math.min(delayMs, LONGEST_TIMER_MS);
    this.#handle = setTimeout(() => {
      if (delayMs > step) this.#arm(delayMs - step, callback);
      else callback();
    }, step);
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer: (delayMs, callback) => new SystemTimer(delayMs, callback),
  defer: (callback) => void setImmediate(callback),
};
