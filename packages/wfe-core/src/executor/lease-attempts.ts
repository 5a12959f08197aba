import { isWfeError } from "../errors/wfe-error.ts";
import { leaseHasEnded } from "../runtime/lease.ts";
import type { Timer } from "../traits/clock.ts";
import type { Lease } from "../traits/lock-provider.ts";
import type { ExecutorServices } from "./executor-services.ts";

const FIRST_RETRY_MS = 20;
const LONGEST_RETRY_MS = 1_000;

/** What a pass asks of the store, for as long as its lease lasts on this host's clock. */
export class LeaseAttempts {
  readonly #services: Pick<ExecutorServices, "clock" | "warn">;
  readonly #lease: Lease;
  readonly #isLastTry: () => boolean;
  /** Ends the waits for answers. */
  readonly #waits: (() => void)[] = [];

  /** @param isLastTry - Whether one failure is enough: the host stops. */
  constructor(services: Pick<ExecutorServices, "clock" | "warn">, lease: Lease, isLastTry: () => boolean) {
    this.#services = services;
    this.#lease = lease;
    this.#isLastTry = isLastTry;
  }

  /** To be called when the lease ends: nobody waits for an answer any more. */
  end(): void {
    for (const end of this.#waits.splice(0)) end();
  }

  /**
   * Does something with the store; while the store cannot be reached, again and again, until the lease ends. For a commit that is safe: its
   * `commitId` tells the store whether an earlier try, whose answer was lost, has done it.
   *
   * @param what - Names the operation in a warning.
   * @returns `undefined` when the lease ended before there was an answer, or the last try failed.
   * @throws the store's error when trying again is useless.
   */
  untilEnd<T extends object>(what: string, operation: () => Promise<T>): Promise<T | undefined> {
    if (leaseHasEnded(this.#lease)) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      const failed = (error: unknown): void => void this.#again(what, operation, error).then(resolve, reject);
      this.#answered(operation(), resolve, failed);
    });
  }

  /** The answer, or `undefined` when the lease ends before there is one: a store that hangs does not keep a pass. */
  orEnd<T extends object>(answer: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => this.#answered(answer, resolve, reject));
  }

  /** Written for the answer that comes: one is waited for with every commit. */
  #answered<T>(answer: Promise<T>, resolve: (value: T | undefined) => void, reject: (error: unknown) => void): void {
    const end = (): void => resolve(undefined);
    this.#waits.push(end);
    answer.then(
      (value) => {
        if (this.#hears(end)) resolve(value);
      },
      (error: unknown) => {
        if (this.#hears(end)) reject(error);
      },
    );
  }

  /** Ends a wait. @returns Whether it was not ended before: what comes after the end of the lease leads to nothing. */
  #hears(end: () => void): boolean {
    const at = this.#waits.indexOf(end);
    if (at === -1) return false;
    this.#waits.splice(at, 1);
    return true;
  }

  async #again<T extends object>(what: string, operation: () => Promise<T>, first: unknown): Promise<T | undefined> {
    let error = first;
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(2 * delayMs, LONGEST_RETRY_MS)) {
      if (!isWfeError(error) || !error.retryable) throw error;
      const isLast = this.#isLastTry();
      this.#services.warn(isLast ? `${what} has failed, and the host stops` : `${what} is tried again in ${delayMs} ms`, error);
      if (isLast) return undefined;
      await this.#pause(delayMs);
      if (leaseHasEnded(this.#lease)) return undefined;
      try {
        return await this.orEnd(operation());
      } catch (thrown) {
        error = thrown;
      }
    }
  }

  async #pause(delayMs: number): Promise<void> {
    let timer: Timer | undefined;
    await this.orEnd(new Promise<object>((resolve) => (timer = this.#services.clock.setTimer(delayMs, () => resolve({})))));
    timer?.cancel();
  }
}
