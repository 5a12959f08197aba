import type { PointerRow } from "../models/pointer-row.ts";
import type { Payloads } from "../runtime/payloads.ts";

/** By row, which stays the same over the iterations of a container: a long list is decoded once, not for each. */
const STATES = new WeakMap<PointerRow, unknown>();

/**
 * What a container or a wait of the engine keeps with its pointer between its runs, decoded; `undefined` when it keeps nothing.
 *
 * @param what - Names it when it cannot be read.
 */
export function keptState(payloads: Payloads, row: PointerRow, what: string): unknown {
  if (!STATES.has(row)) STATES.set(row, row.persistenceData === undefined ? undefined : payloads.decode(row.persistenceData, what));
  return STATES.get(row);
}
