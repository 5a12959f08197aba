import { describe, expect, it } from "vitest";
import { parallelPrimitive } from "../../src/primitives/parallel.ts";
import { primitiveContext } from "./primitive-context.ts";

describe("parallel", () => {
  it("opens all its branches at once", () => {
    const blocks = [
      { entry: 1, role: "branch" },
      { entry: 2, role: "branch" },
    ];

    expect(parallelPrimitive.enter(primitiveContext({ blocks }))).toEqual({ kind: "open", entries: [{ block: blocks[0] }, { block: blocks[1] }] });
  });
});
