/** What every provider has in common: it is started before it is used and stopped after. */
export interface Provider {
  /**
   * Makes the provider ready; resolves when it is. Idempotent, and possible again after `stop`. Providers shared by several hosts of
   * one process count their starts and stop with the last.
   */
  start(): Promise<void>;
  /** Gives back what `start` took. Idempotent. Stored data stays. */
  stop(): Promise<void>;
}
