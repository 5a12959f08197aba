import { durationMs } from "../models/duration.ts";
import type { ErrorBehavior } from "../models/error-behavior.ts";

/**
 * An error behavior as it stands in a graph: checked, copied, its durations in milliseconds.
 *
 * @param what - Names it in messages, for example `onError`.
 * @throws RangeError for a bad duration or number, TypeError for what is no error behavior.
 */
export function storedErrorBehavior(behavior: ErrorBehavior, what: string): ErrorBehavior {
  switch (behavior?.kind) {
    case "suspend":
    case "terminate":
    case "compensate":
      return { kind: behavior.kind };
    case "retry":
      break;
    default:
      throw new TypeError(`${what} must be made by ErrorBehavior.retry, suspend, terminate or compensate`);
  }
  const { interval, maxRetries, backoff, maxInterval, jitter, onExhausted } = behavior;
  if (maxRetries !== undefined && maxRetries !== "unlimited" && !(Number.isInteger(maxRetries) && maxRetries >= 0)) {
    throw new RangeError(`maxRetries of ${what} must be a whole number (0 or more) or "unlimited": got ${String(maxRetries)}`);
  }
  if (backoff !== undefined && !(Number.isFinite(backoff) && backoff >= 1)) {
    throw new RangeError(`backoff of ${what} must be a number, 1 or more: got ${String(backoff)}`);
  }
  if (jitter !== undefined && !(Number.isFinite(jitter) && jitter >= 0 && jitter <= 1)) {
    throw new RangeError(`jitter of ${what} must be a number from 0 to 1: got ${String(jitter)}`);
  }
  if (onExhausted !== undefined && !["suspend", "terminate", "compensate"].includes(onExhausted)) {
    throw new RangeError(`onExhausted of ${what} must be "suspend", "terminate" or "compensate": got ${String(onExhausted)}`);
  }
  return {
    kind: "retry",
    interval: durationMs(interval, `interval of ${what}`),
    ...(maxRetries === undefined ? {} : { maxRetries }),
    ...(backoff === undefined ? {} : { backoff }),
    ...(maxInterval === undefined ? {} : { maxInterval: durationMs(maxInterval, `maxInterval of ${what}`) }),
    ...(jitter === undefined ? {} : { jitter }),
    ...(onExhausted === undefined ? {} : { onExhausted }),
  };
}

/** Whether a behavior can lead to compensation. */
export function canCompensate(behavior: ErrorBehavior | undefined): boolean {
  return behavior?.kind === "compensate" || (behavior?.kind === "retry" && behavior.onExhausted === "compensate");
}
