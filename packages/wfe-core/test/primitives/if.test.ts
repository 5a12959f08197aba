import { describe, expect, it } from "vitest";
import type { BlockDefinition } from "../../src/models/step-definition.ts";
import { ifPrimitive } from "../../src/primitives/if.ts";
import { primitiveContext } from "./primitive-context.ts";

describe("if", () => {
  const [then, otherwise] = [
    { entry: 1, role: "then" },
    { entry: 2, role: "otherwise" },
  ] as const;
  const enter = (condition: boolean, blocks: readonly BlockDefinition[]) =>
    ifPrimitive.enter(primitiveContext({ blocks }, { functions: { condition: () => condition } }));

  it("opens the block that its condition says", () => {
    expect([enter(true, [then, otherwise]), enter(false, [then, otherwise])]).toEqual([
      { kind: "open", entries: [{ block: then }] },
      { kind: "open", entries: [{ block: otherwise }] },
    ]);
  });

  it("has finished at once when there is no block for what the condition says", () => {
    expect(enter(false, [then])).toEqual({ kind: "complete" });
  });
});
