import { BoundedTimers, type BoundedTimersOptions } from "wfe-core";

/** Due times further away are left to the sweep. */
const HORIZON_MS = 3_600_000;
/** Of some 200 bytes each, and of a key. */
const KEPT = 10_000;

/** Timers of a host for what the store has, too: punctual within the next hour, for a few megabytes at most. */
export function nearTimers<TKey>(options: Pick<BoundedTimersOptions<TKey>, "clock" | "onDue" | "onUnknown">): BoundedTimers<TKey> {
  return new BoundedTimers({ ...options, limit: KEPT, horizonMs: HORIZON_MS });
}
