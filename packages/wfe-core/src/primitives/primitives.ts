import type { StepKind } from "../models/step-definition.ts";
import { blockBehindPrimitive } from "./block-behind.ts";
import { decidePrimitive } from "./decide.ts";
import { delayPrimitive } from "./delay.ts";
import { endPrimitive } from "./end.ts";
import { forEachPrimitive } from "./foreach.ts";
import { ifPrimitive } from "./if.ts";
import { parallelPrimitive } from "./parallel.ts";
import type { Primitive } from "./primitive.ts";
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
};

/** The primitive of a kind; `undefined` for steps that run a body, and for kinds that this version cannot run. */
export function primitiveOf(kind: StepKind): Primitive | undefined {
  return PRIMITIVES[kind];
}

/** Whether a step of this kind runs a body. */
export function runsBody(kind: StepKind): boolean {
  return kind === "step" || kind === "inline";
}
