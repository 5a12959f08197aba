import { describe, expect, it } from "vitest";
import { primitiveOf, runsBody } from "../../src/primitives/primitives.ts";
import { waitForPrimitive } from "../../src/primitives/wait-for.ts";

describe("the kinds of step", () => {
  it("run either a body or a primitive, but for those that this version cannot run", () => {
    expect([runsBody("step"), runsBody("inline"), runsBody("delay")]).toEqual([true, true, false]);
    expect([primitiveOf("step"), primitiveOf("inline"), primitiveOf("saga")]).toEqual([undefined, undefined, undefined]);
    expect(primitiveOf("waitFor")).toBe(waitForPrimitive);
  });
});
