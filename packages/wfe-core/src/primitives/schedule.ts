import type { Primitive, PrimitiveAction, PrimitiveContext } from "./primitive.ts";
import { selectedDuration } from "./selected.ts";

/** What a schedule keeps with its pointer. */
interface Scheduled {
  /** When its block is to run, in epoch milliseconds. */
  readonly dueMs: number;
}

/** Goes on at once, and runs its block after a while, once. Its pointer stays open until the block has ended. */
export const schedulePrimitive: Primitive = {
  enter(context) {
    const kept = context.state() as Scheduled | undefined; // written here
    if (kept === undefined) {
      const dueMs = context.nowMs + (selectedDuration(context, "duration") ?? 0);
      return { kind: "sleep", untilMs: dueMs, state: { dueMs } satisfies Scheduled, forks: true };
    }
    // It has gone on before: it could not open its block, or is taken up again after a termination.
    return context.nowMs < kept.dueMs ? { kind: "sleep", untilMs: kept.dueMs, state: kept } : run(context);
  },
  due: run,
  ended: () => ({ kind: "close" }),
};

function run(context: PrimitiveContext): PrimitiveAction {
  return { kind: "open", entries: (context.step.blocks ?? []).map((block) => ({ block })) };
}
