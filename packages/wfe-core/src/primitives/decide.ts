import { isDeepStrictEqual } from "node:util";
import { NonRetryableError } from "../errors/step-errors.ts";
import type { Primitive } from "./primitive.ts";

/** Runs the first case whose value equals the selected one (deep JSON equality), else `otherwise`; then joins. None at all is a failure. */
export const decidePrimitive: Primitive = {
  enter(context) {
    const selected = context.call("on");
    // As a value of JSON, which has one zero and no properties that are undefined.
    const value = selected === undefined ? undefined : context.stored(selected, "the selected value");
    const blocks = context.step.blocks ?? [];
    const block =
      blocks.find((candidate) => candidate.role === "case" && isDeepStrictEqual(candidate.value, value)) ??
      blocks.find((candidate) => candidate.role === "otherwise");
    if (block === undefined) {
      throw new NonRetryableError(`the step ${JSON.stringify(context.step.name)} has no case for ${JSON.stringify(value)} and no otherwise`);
    }
    return { kind: "open", entries: [{ block }] };
  },
};
