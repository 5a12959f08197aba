import { DUE_AT_ONCE } from "../models/workflow-row.ts";
import type { InstanceState } from "./instance-state.ts";

/**
 * When the instance is to be looked at next. While bodies run it is the end of the lease: the net under a host that is lost.
 *
 * @param busy - Whether bodies run, or will once this is committed.
 * @returns `undefined` when only an event or a command can bring it on.
 */
export function nextDueAt(state: InstanceState, busy: boolean, leaseEnd: Date): Date | undefined {
  if (state.status !== "runnable") return undefined;
  if (busy) return leaseEnd;
  if (state.hasPending()) return DUE_AT_ONCE;
  const next = state.nextDueMs();
  return next === undefined ? undefined : new Date(next);
}
