import { NonRetryableError } from "../errors/step-errors.ts";
import type { Primitive, PrimitiveAction, PrimitiveContext } from "./primitive.ts";
import { selectedBoolean, selectedDuration } from "./selected.ts";

/** What a recurrence keeps with its pointer. */
interface Recurrence {
  /** When the current or the next run was to start, in epoch milliseconds: the grid of all later ones. */
  readonly startMs: number;
  /** When the current run began: late, where nobody was there at its time. */
  readonly beganMs?: number;
  readonly phase: "runs" | "waits";
}

/**
 * Goes on at once, and runs its block again and again beside what follows, at once at first, then start to start, until its condition holds.
 * Never overlaps itself: starts that a long run has missed become one, at once, from which the grid goes on. The condition is asked before each
 * run.
 */
export const recurPrimitive: Primitive = {
  enter(context) {
    if (context.state() !== undefined) return goOn(context); // it has begun before: it failed since, or was resumed
    if (selectedBoolean(context, "until")) return { kind: "complete" };
    return { ...run(context, context.nowMs), forks: true };
  },
  due: goOn,
  ended: afterRun,
};

function goOn(context: PrimitiveContext): PrimitiveAction {
  const { startMs, phase } = recurrence(context);
  if (phase === "runs") return afterRun(context);
  // Taken up again after a termination.
  if (context.nowMs < startMs) return { kind: "sleep", untilMs: startMs, state: recurrence(context) };
  return selectedBoolean(context, "until") ? { kind: "close" } : run(context, startMs);
}

function afterRun(context: PrimitiveContext): PrimitiveAction {
  if (selectedBoolean(context, "until")) return { kind: "close" };
  const { startMs, beganMs = startMs } = recurrence(context);
  const interval = selectedDuration(context, "interval") ?? 0;
  // The definition check refuses a fixed one.
  if (interval === 0) throw new NonRetryableError(`the interval of the step ${JSON.stringify(context.step.name)} must be longer than 0`);
  // Starts that had passed when the last run began became that run.
  const next = (startMs + interval <= beganMs ? beganMs : startMs) + interval;
  if (next <= context.nowMs) return run(context, context.nowMs);
  return { kind: "sleep", untilMs: next, state: { startMs: next, phase: "waits" } satisfies Recurrence };
}

function run(context: PrimitiveContext, startMs: number): Extract<PrimitiveAction, { kind: "open" }> {
  const entries = (context.step.blocks ?? []).map((block) => ({ block }));
  return { kind: "open", entries, state: { startMs, beganMs: context.nowMs, phase: "runs" } satisfies Recurrence };
}

function recurrence(context: PrimitiveContext): Recurrence {
  return context.state() as Recurrence; // written here
}
