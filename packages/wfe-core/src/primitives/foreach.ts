import type { BlockDefinition } from "../models/step-definition.ts";
import type { BlockEntry, Primitive, PrimitiveAction, PrimitiveContext } from "./primitive.ts";
import { selectedList } from "./selected.ts";

/**
 * Runs its block once for each value of a list, evaluated once. Parallel: all iterations are open at once, in the order of the list.
 * Sequential: the list is kept with the pointer, written once; which iteration runs stands in the pointers inside it alone, so an
 * iteration costs nothing that grows with the list.
 */
export const forEachPrimitive: Primitive = {
  enter(context) {
    const kept = context.state();
    // It failed between two iterations, and is tried again: those that have ended are not run again.
    if (kept !== undefined) return iterate(context, kept, context.pointer.resultCount);
    const items = selectedList(context, "items");
    const [first] = items;
    if (items.length === 0) return { kind: "complete" };
    if (context.step.settings?.["parallel"] !== false) {
      return {
        kind: "open",
        entries: items.map((value, index) => iteration(context, value, index)),
      };
    }
    return {
      kind: "open",
      entries: [iteration(context, first, 0)],
      state: { items },
    };
  },
  ended(context) {
    const kept = context.state();
    return kept === undefined ? { kind: "complete" } : iterate(context, kept, (context.endedIndex ?? -1) + 1);
  },
};

/** Goes on with an iteration of a kept list, or has finished behind its last. */
function iterate(context: PrimitiveContext, kept: unknown, next: number): PrimitiveAction {
  const { items } = kept as { readonly items: readonly unknown[] }; // written by enter
  return next < items.length ? { kind: "open", entries: [iteration(context, items[next], next)] } : { kind: "complete" };
}

function iteration(context: PrimitiveContext, value: unknown, index: number): BlockEntry {
  return {
    block: context.step.blocks?.[0] as BlockDefinition,
    item: { value, index },
  }; // the definition check refuses a forEach without a block
}
