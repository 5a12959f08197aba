import type { Primitive, PrimitiveAction, PrimitiveContext } from "./primitive.ts";
import { selectedDuration } from "./selected.ts";

/** Goes on at once, and runs its block after a while, once. Its pointer stays open until the block has ended. */
export const schedulePrimitive: Primitive = {
  enter(context) {
    if (context.state() !== undefined) return run(context); // it has gone on before, and could not open its block
    return { kind: "sleep", untilMs: context.nowMs + (selectedDuration(context, "duration") ?? 0), state: {}, forks: true };
  },
  due: run,
  ended: () => ({ kind: "close" }),
};

function run(context: PrimitiveContext): PrimitiveAction {
  return { kind: "open", entries: (context.step.blocks ?? []).map((block) => ({ block })) };
}
