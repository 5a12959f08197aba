import { describe, expect, it } from "vitest";
import { STEP_KINDS } from "../../src/models/step-definition.ts";
import { primitiveOf, runsBody } from "../../src/primitives/primitives.ts";
import { waitForPrimitive } from "../../src/primitives/wait-for.ts";

describe("the kinds of step", () => {
  it("run either a body or a primitive", () => {
    expect(STEP_KINDS.filter((kind) => runsBody(kind) === (primitiveOf(kind) !== undefined))).toEqual([]);
    expect(STEP_KINDS.filter(runsBody)).toEqual(["step", "inline", "subWorkflow", "pollEndpoint"]);
    expect(primitiveOf("waitFor")).toBe(waitForPrimitive);
  });
});
