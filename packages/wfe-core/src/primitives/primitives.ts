import type { StepKind } from "../models/step-definition.ts";
import { activityPrimitive } from "./activity.ts";
import { blockBehindPrimitive } from "./block-behind.ts";
import { decidePrimitive } from "./decide.ts";
import { delayPrimitive } from "./delay.ts";
import { endPrimitive } from "./end.ts";
import { forEachPrimitive } from "./foreach.ts";
import { goToPrimitive } from "./go-to.ts";
import { ifPrimitive } from "./if.ts";
import { parallelPrimitive } from "./parallel.ts";
import type { Primitive } from "./primitive.ts";
import { recurPrimitive } from "./recur.ts";
import { sagaPrimitive } from "./saga.ts";
import { schedulePrimitive } from "./schedule.ts";
import { waitForAnyPrimitive } from "./wait-for-any.ts";
import { waitForPrimitive } from "./wait-for.ts";
import { whilePrimitive } from "./while.ts";

const PRIMITIVES: Partial<Record<StepKind, Primitive>> = {
  if: ifPrimitive,
  while: whilePrimitive,
  forEach: forEachPrimitive,
  parallel: parallelPrimitive,
  delay: delayPrimitive,
  waitFor: waitForPrimitive,
  decide: decidePrimitive,
  outcome: blockBehindPrimitive,
  timeout: blockBehindPrimitive,
  end: endPrimitive,
  saga: sagaPrimitive,
  schedule: schedulePrimitive,
  recur: recurPrimitive,
  goTo: goToPrimitive,
  waitForAny: waitForAnyPrimitive,
  activity: activityPrimitive,
};

/** The primitive of a kind; `undefined` for steps that run a body. */
export function primitiveOf(kind: StepKind): Primitive | undefined {
  return PRIMITIVES[kind];
}

/** Whether a step of this kind runs a body: the user's, or one of the engine that has to await something. */
export function runsBody(kind: StepKind): boolean {
  return kind === "step" || kind === "inline" || kind === "subWorkflow" || kind === "pollEndpoint";
}
