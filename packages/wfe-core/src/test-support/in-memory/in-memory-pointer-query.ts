import type { PointerQuery, PointerRow } from "../../models/pointer-row.ts";
import type { KeptWorkflow } from "./in-memory-store.ts";

/** Pointers of an instance that match, in the order that the query says. Copies. */
export function pointersOf(kept: KeptWorkflow, { scope, compensable, after, limit }: PointerQuery): readonly PointerRow[] {
  const inside = [...kept.pointers.values()].filter((pointer) => scope === undefined || pointer.scope.includes(scope));
  const found = compensable === undefined ? inOrder(inside, after) : compensableOf(inside, new Set(compensable.stepIds), after);
  return structuredClone(found.slice(0, limit));
}

function inOrder(pointers: readonly PointerRow[], after = 0): readonly PointerRow[] {
  return pointers.filter(({ seq }) => seq > after).sort((a, b) => a.seq - b.seq);
}

function compensableOf(pointers: readonly PointerRow[], stepIds: ReadonlySet<number>, below = Infinity): readonly PointerRow[] {
  return pointers
    .filter(({ stepId, status, attempt, compensates, endSeq }) => {
      const closed = status === "complete" || status === "cancelled" || status === "compensated";
      return closed && attempt >= 1 && compensates === undefined && stepIds.has(stepId) && endSeq !== undefined && endSeq < below;
    })
    .sort((a, b) => (b.endSeq ?? 0) - (a.endSeq ?? 0));
}
