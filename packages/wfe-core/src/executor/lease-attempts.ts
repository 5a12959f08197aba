import { isWfeError } from "../errors/wfe-error.ts";
import type { Clock, Timer } from "../traits/clock.ts";
import type { Lease } from "../traits/lock-provider.ts";

const FIRST_RETRY_MS = 20;
const LONGEST_RETRY_MS = 1_000;

/** What {@link LeaseAttempts} need of a pass. */
export interface LeaseAttemptsOptions {
  readonly lease: Lease;
  readonly clock: Clock;
  readonly warn: (message: string, error: unknown) => void;
  /** Whether one failure is enough: the host stops. */
  readonly isLastTry: () => boolean;
}

/** What a pass asks of the store, for as long as its lease lasts on this host's clock. */
export class LeaseAttempts {
  readonly #options: LeaseAttemptsOptions;
  /** Ends the waits for answers. */
  readonly #waits = new Set<() => void>();

  constructor(options: LeaseAttemptsOptions) {
    this.#options = options;
  }

  /** To be called when the lease ends: nobody waits for an answer any more. */
  end(): void {
    for (const end of this.#waits) end();
    this.#waits.clear();
  }

  /**
   * Does something with the store; while the store cannot be reached, again and again, until the lease ends. For a commit that is safe: its
   * `commitId` tells the store whether an earlier try, whose answer was lost, has done it.
   *
   * @param what - Names the operation in a warning.
   * @returns `undefined` when the lease ended before there was an answer, or the last try failed.
   * @throws the store's error when trying again is useless.
   */
  async untilEnd<T extends object>(what: string, operation: () => Promise<T>): Promise<T | undefined> {
    const { lease, isLastTry, warn } = this.#options;
    for (let delayMs = FIRST_RETRY_MS; !lease.signal.aborted; delayMs = Math.min(2 * delayMs, LONGEST_RETRY_MS)) {
      try {
        return await this.orEnd(operation());
      } catch (error) {
        if (!isWfeError(error) || !error.retryable) throw error;
        warn(isLastTry() ? `${what} has failed, and the host stops` : `${what} is tried again in ${delayMs} ms`, error);
        if (isLastTry()) return undefined;
        await this.#pause(delayMs);
      }
    }
    return undefined;
  }

  /** The answer, or `undefined` when the lease ends before there is one: a store that hangs does not keep a pass. */
  orEnd<T extends object>(answer: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const end = (): void => resolve(undefined);
      this.#waits.add(end);
      answer.then(
        (value) => {
          this.#waits.delete(end);
          resolve(value);
        },
        (error: unknown) => {
          this.#waits.delete(end);
          reject(error);
        },
      );
    });
  }

  async #pause(delayMs: number): Promise<void> {
    let timer: Timer | undefined;
    await this.orEnd(new Promise<object>((resolve) => (timer = this.#options.clock.setTimer(delayMs, () => resolve({})))));
    timer?.cancel();
  }
}
