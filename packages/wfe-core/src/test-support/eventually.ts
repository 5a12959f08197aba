import { type Duration, durationMs } from "../models/duration.ts";
import { systemClock } from "../runtime/system-clock.ts";
import type { Clock } from "../traits/clock.ts";

/** How {@link eventually} waits. */
export interface EventuallyOptions {
  /** What is waited for, for the message: "the workflow completes". @default "the condition" */
  readonly what?: string;
  /** @default "10s" */
  readonly timeout?: Duration;
  /** Pause between two looks. @default "10ms" */
  readonly interval?: Duration;
  /** @default the clock of the machine */
  readonly clock?: Clock;
}

/**
 * Waits until a probe answers something other than `undefined`, `null` or `false`. A probe that throws, an assertion for example, has not
 * come true yet. It is asked at least once, and once more after the time is over.
 *
 * @returns The probe's answer.
 * @throws Error that says what was waited for and what was seen last, with the probe's last error as its cause.
 */
export async function eventually<T>(probe: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<NonNullable<Exclude<T, false>>> {
  const { what = "the condition", clock = systemClock } = options;
  const timeoutMs = durationMs(options.timeout ?? "10s", "timeout");
  const intervalMs = durationMs(options.interval ?? "10ms", "interval");
  const deadline = clock.monotonic() + timeoutMs;
  for (;;) {
    const last = clock.monotonic() >= deadline;
    let seen: string;
    let cause: unknown;
    try {
      const answer = await probe();
      if (answer !== undefined && answer !== null && answer !== false) return answer as NonNullable<Exclude<T, false>>;
      seen = `last answer: ${String(answer)}`;
    } catch (error) {
      cause = error;
      seen = `last failure: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (last) throw new Error(`${what} did not come true within ${timeoutMs} ms (${seen})`, cause === undefined ? undefined : { cause });
    await new Promise<void>((resolve) => void clock.setTimer(intervalMs, resolve));
  }
}
