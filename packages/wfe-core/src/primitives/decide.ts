import { isDeepStrictEqual } from "node:util";
import { NonRetryableError } from "../errors/step-errors.ts";
import type { Primitive } from "./primitive.ts";

/** Runs the first case whose value equals the selected one (deep JSON equality), else `otherwise`; then joins. None at all is a failure. */
export const decidePrimitive: Primitive = {
  enter(context) {
    const value = context.call("on");
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
