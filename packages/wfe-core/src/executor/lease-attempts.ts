import { isWfeError } from "../errors/wfe-error.ts";
import { leaseHasEnded } from "../runtime/lease.ts";
import type { Lease } from "../traits/lock-provider.ts";
import type { ExecutorServices } from "./executor-services.ts";

const FIRST_RETRY_MS = 20;
const LONGEST_RETRY_MS = 1_000;

/** What a pass asks of the store, for as long as its lease lasts on this host's clock. */
export class LeaseAttempts {
  readonly #services: Pick<ExecutorServices, "clock" | "warn">;
  readonly #lease: Lease;
  readonly #isLastTry: () => boolean;
  /** End what waits for the end of the lease, too. */
  readonly #ends = new Set<() => void>();
  #isOver = false;

  /** @param isLastTry - Whether one failure is enough: the host stops. */
  constructor(services: Pick<ExecutorServices, "clock" | "warn">, lease: Lease, isLastTry: () => boolean) {
    this.#services = services;
    this.#lease = lease;
    this.#isLastTry = isLastTry;
  }

  /** To be called when the lease ends: what is answered from then on leads to nothing. */
  end(): void {
    this.#isOver = true;
    for (const end of this.#ends) end();
  }

  /**
   * What comes of a part of the pass, or something else when the lease ends before that: a store that hangs does not keep a pass. It is for whole parts
   * and not for each question to the store: a wait for two things at a time costs more than one for an answer, and each commit would have it.
   */
  orEnd<T>(part: Promise<T>, otherwise: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = (): void => resolve(otherwise());
      if (this.#isOver) end();
      else this.#ends.add(end);
      part.then((value) => {
        this.#ends.delete(end);
        resolve(value);
      }, reject);
    });
  }

  /**
   * Does something with the store; while the store cannot be reached, again and again, until the lease ends. For a commit that is safe: its
   * `commitId` tells the store whether an earlier try, whose answer was lost, has done it.
   *
   * @param what - Names the operation in a warning.
   * @param heard - What becomes of the answer, in the same micro-task: each commit has one.
   * @param refused - What becomes of an error where trying again is useless; throws what it knows nothing of. @default throws it
   * @returns `undefined` when the lease had ended before there was an answer, or the last try failed.
   */
  untilEnd<T, R>(
    what: string,
    operation: () => Promise<T>,
    heard: (answer: T) => R,
    refused: (error: unknown) => R = rethrow,
  ): Promise<R | undefined> {
    if (leaseHasEnded(this.#lease)) return Promise.resolve(undefined);
    return asked(operation).then(
      (answer) => (this.#isOver ? undefined : heard(answer)),
      (error: unknown) => this.#again(what, operation, heard, refused, error),
    );
  }

  async #again<T, R>(
    what: string,
    operation: () => Promise<T>,
    heard: (answer: T) => R,
    refused: (error: unknown) => R,
    first: unknown,
  ): Promise<R | undefined> {
    let error = first;
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(2 * delayMs, LONGEST_RETRY_MS)) {
      if (this.#isOver) return undefined;
      if (!isWfeError(error) || !error.retryable) return refused(error);
      const isLast = this.#isLastTry();
      this.#services.warn(isLast ? `${what} has failed, and the host stops` : `${what} is tried again in ${delayMs} ms`, error);
      if (isLast) return undefined;
      await this.#pause(delayMs);
      if (leaseHasEnded(this.#lease)) return undefined;
      let answer: T;
      try {
        answer = await operation();
      } catch (thrown) {
        error = thrown;
        continue;
      }
      return this.#isOver ? undefined : heard(answer);
    }
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        this.#ends.delete(end);
        resolve();
      };
      const timer = this.#services.clock.setTimer(delayMs, end);
      this.#ends.add(end);
    });
  }
}

/** A provider that throws at once is one that rejects. */
function asked<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return operation();
  } catch (error) {
    return Promise.reject(error);
  }
}

function rethrow(error: unknown): never {
  throw error;
}
