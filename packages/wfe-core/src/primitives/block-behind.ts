import { isDeepStrictEqual } from "node:util";
import type { BlockDefinition, StepDefinition } from "../models/step-definition.ts";
import type { Primitive } from "./primitive.ts";

/**
 * The block that a step leads into behind it: the `outcome` block of an equal value (deep JSON equality), or the `timeout` block of a wait whose
 * limit ended. `undefined`: there is none, and the holder is passed over without a pointer.
 */
export function blockBehind(holder: StepDefinition, end: { readonly outcome?: unknown; readonly timedOut?: boolean }): BlockDefinition | undefined {
  if (holder.kind === "timeout") return end.timedOut === true ? holder.blocks?.[0] : undefined;
  if (end.outcome === undefined) return undefined;
  return holder.blocks?.find((block) => isDeepStrictEqual(block.value, end.outcome));
}

/** Holds the blocks of `onOutcome`, or the one of `onTimeout`, of the step before it; runs the one that applies, then joins. */
export const blockBehindPrimitive: Primitive = {
  enter(context) {
    const block = blockBehind(context.step, {
      outcome: context.outcome(),
      timedOut: true,
    });
    return block === undefined ? { kind: "complete" } : { kind: "open", entries: [{ block }] };
  },
};
