/** A timer that can be called off. */
export interface Timer {
  /** Idempotent; after it the callback is not called. */
  cancel(): void;
}

/** Time as the engine sees it; everything that waits or tells the time asks a clock. */
export interface Clock {
  /** Wall-clock time, epoch milliseconds, whole. */
  now(): number;
  /** Milliseconds since some fixed instant, never going back; for measuring, and for counting leases. */
  monotonic(): number;
  /** Calls back once after so many milliseconds (0 or more; any length, also beyond 2^31). Keeps the process alive until it has fired or is cancelled. */
  setTimer(delayMs: number, callback: () => void): Timer;
  /** Calls back once in a later task, after what the event loop has at hand: the point where batches are cut. */
  defer(callback: () => void): void;
}
