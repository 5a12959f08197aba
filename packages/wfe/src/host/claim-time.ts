import type { ResolvedHostOptions } from "./host-options.ts";

/** How long what was found is hidden from the next look, in milliseconds: until then it is at work, or whoever was to do it is found wanting. */
export function claimMs({ sweepIntervalMs, lockTtlMs }: Pick<ResolvedHostOptions, "sweepIntervalMs" | "lockTtlMs">): number {
  return Math.min(sweepIntervalMs, lockTtlMs);
}
