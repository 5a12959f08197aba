import type { Clock, Timer } from "wfe-core";
import type { SeededScheduler } from "./seeded-scheduler.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

/** Where the wall clocks of a simulation begin. */
export const SIMULATION_START_MS: number = Date.UTC(2026, 0, 1);

/** Time as one process of a simulation sees it: its timers wait while it is frozen, its wall clock may be wrong, its monotonic clock is right. */
export class SimulatedClock implements Clock {
  readonly #scheduler: SeededScheduler;
  readonly #process: SimulatedProcess;
  /** How far the wall clock is ahead, in milliseconds. */
  skewMs = 0;

  constructor(scheduler: SeededScheduler, process: SimulatedProcess) {
    this.#scheduler = scheduler;
    this.#process = process;
  }

  now(): number {
    return SIMULATION_START_MS + Math.floor(this.#scheduler.nowMs) + this.skewMs;
  }

  monotonic(): number {
    return 1_000 + this.#scheduler.nowMs; // other than the wall's, so that one taken for the other shows
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    return this.#scheduler.setTimer(this.#process, delayMs, callback);
  }

  defer(callback: () => void): void {
    this.#scheduler.defer(this.#process, callback);
  }
}
