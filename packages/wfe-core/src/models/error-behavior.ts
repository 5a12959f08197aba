import type { Duration } from "./duration.ts";

/** Settings of {@link ErrorBehavior.retry}. */
export interface RetryOptions {
  /** Time from the processing of a failure to the next attempt. */
  readonly interval: Duration;
  /** Runs after the first; 0 = none, 3 = 4 attempts. @default 3 */
  readonly maxRetries?: number | "unlimited";
  /** Factor from one interval to the next, 1 or more. @default 1 */
  readonly backoff?: number;
  /** Upper bound of an interval, before jitter. @default none */
  readonly maxInterval?: Duration;
  /** Share of the interval that is random, 0 to 1: the wait lies between `interval * (1 - jitter)` and `interval`. @default 0 */
  readonly jitter?: number;
  /** What follows the last attempt. @default "compensate" where the step would compensate by default (it has a compensator or stands in a saga), else "suspend" */
  readonly onExhausted?: "suspend" | "terminate" | "compensate";
}

/** What happens when a step fails. Plain data, part of the definition's graph. */
export type ErrorBehavior =
  | ({ readonly kind: "retry" } & RetryOptions)
  | { readonly kind: "suspend" }
  | { readonly kind: "terminate" }
  | { readonly kind: "compensate" };

/** Makes error behaviors. */
export const ErrorBehavior: {
  /** Run the step again after a while, so many times. */
  retry(options: RetryOptions): ErrorBehavior;
  /** Stop the instance until `resumeWorkflow`, which runs the failed step again. */
  suspend(): ErrorBehavior;
  /** End the instance at once. */
  terminate(): ErrorBehavior;
  /** Undo what the enclosing saga, or the step itself, has done. */
  compensate(): ErrorBehavior;
} = {
  retry: (options) => ({ kind: "retry", ...options }),
  suspend: () => ({ kind: "suspend" }),
  terminate: () => ({ kind: "terminate" }),
  compensate: () => ({ kind: "compensate" }),
};

/** The behavior of a step that names none and whose definition names none: every 60 s, 3 times. Inherited from the Rust crate. */
export const DEFAULT_ERROR_BEHAVIOR: ErrorBehavior = {
  kind: "retry",
  interval: 60_000,
  maxRetries: 3,
};
