import { describe, expect, it } from "vitest";
import { endPrimitive } from "../../src/primitives/end.ts";
import { primitiveContext } from "./primitive-context.ts";

describe("endWorkflow", () => {
  it("ends the instance", () => {
    expect(endPrimitive.enter(primitiveContext({ kind: "end" }))).toEqual({ kind: "end" });
  });
});
