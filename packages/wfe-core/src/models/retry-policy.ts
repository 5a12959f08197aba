import { durationMs } from "./duration.ts";
import type { RetryOptions } from "./error-behavior.ts";

/** The longest wait between attempts: about 285 years, so that a due time stays a valid `Date`. */
const LONGEST_MS = 9e12;

/** Whether a step that has failed so often before may run again. */
export function mayRetry(options: RetryOptions, failuresBefore: number): boolean {
  const most = options.maxRetries ?? 3;
  return most === "unlimited" || failuresBefore < most;
}

/**
 * Milliseconds to wait before the next attempt.
 *
 * @param failuresBefore - 0 for the first retry.
 * @param random - 0 to 1; scales the jitter.
 */
export function retryDelayMs(options: RetryOptions, failuresBefore: number, random: number): number {
  const interval = durationMs(options.interval, "interval");
  const grown = interval === 0 ? 0 : interval * (options.backoff ?? 1) ** failuresBefore; // the power may be infinite
  const bounded = Math.min(grown, options.maxInterval === undefined ? LONGEST_MS : durationMs(options.maxInterval, "maxInterval"), LONGEST_MS);
  return Math.round(bounded * (1 - (options.jitter ?? 0) * random));
}
