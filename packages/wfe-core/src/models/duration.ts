import ms from "ms";

/** Milliseconds, or a number with a unit. Negative or non-finite values are a `RangeError` when the option is read. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

const WITH_UNIT = /^\d*\.?\d+(?:ms|s|m|h|d)$/;
/** 100,000,000 days: the span of `Date`. */
const LONGEST_MS = 8.64e15;

/**
 * Milliseconds of a duration, whole (rounded up, so that nothing is early).
 *
 * @param duration - 0 or more; `"1.5h"` and `0` are fine.
 * @param what - Name of the option, for the message.
 * @throws RangeError when it is negative, not finite, longer than a `Date` can span, or not a duration at all.
 */
export function durationMs(duration: Duration, what = "duration"): number {
  const value: number | undefined =
    typeof duration === "number" ? duration : typeof duration === "string" && WITH_UNIT.test(duration) ? ms(duration as ms.StringValue) : undefined;
  if (value === undefined || !(value >= 0 && value <= LONGEST_MS)) {
    throw new RangeError(`${what} must be milliseconds (0 or more) or text like "250ms", "30s", "5m", "2h" or "7d": got ${show(duration)}`);
  }
  return Math.ceil(value);
}

function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
