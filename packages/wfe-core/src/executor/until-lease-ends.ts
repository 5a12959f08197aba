import { isWfeError } from "../errors/wfe-error.ts";
import type { Clock } from "../traits/clock.ts";
import type { Lease } from "../traits/lock-provider.ts";

const FIRST_RETRY_MS = 20;
const LONGEST_RETRY_MS = 1_000;

/** What {@link untilLeaseEnds} needs of a pass. */
export interface StoreAttempts {
  readonly clock: Clock;
  warn(message: string, error: unknown): void;
  /** Whether one failure is enough: the host stops. */
  isLastTry(): boolean;
}

/**
 * Does something with the store; while the store cannot be reached, again and again, until the lease ends on this host's clock. For a commit
 * that is safe: its `commitId` tells the store whether an earlier try, whose answer was lost, has done it.
 *
 * @param what - Names the operation in a warning.
 * @returns `undefined` when the lease ended before there was an answer, or the last try failed.
 * @throws the store's error when trying again is useless.
 */
export async function untilLeaseEnds<T extends object>(
  attempts: StoreAttempts,
  lease: Lease,
  what: string,
  operation: () => Promise<T>,
): Promise<T | undefined> {
  for (let delayMs = FIRST_RETRY_MS; !lease.signal.aborted; delayMs = Math.min(2 * delayMs, LONGEST_RETRY_MS)) {
    try {
      return await orEnd(operation(), lease.signal);
    } catch (error) {
      if (!isWfeError(error) || !error.retryable) throw error;
      attempts.warn(attempts.isLastTry() ? `${what} has failed, and the host stops` : `${what} is tried again in ${delayMs} ms`, error);
      if (attempts.isLastTry()) return undefined;
      await pause(attempts.clock, delayMs, lease.signal);
    }
  }
  return undefined;
}

/** The answer, or `undefined` when the signal aborts before there is one: a store that hangs does not keep a pass. */
export function orEnd<T extends object>(answer: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const end = (): void => resolve(undefined);
    signal.addEventListener("abort", end, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", end));
  });
}

function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = clock.setTimer(delayMs, end);
    signal.addEventListener("abort", end, { once: true });
  });
}
