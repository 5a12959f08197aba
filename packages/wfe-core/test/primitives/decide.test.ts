import { describe, expect, it } from "vitest";
import { NonRetryableError } from "../../src/errors/step-errors.ts";
import { SerializationError } from "../../src/errors/value-errors.ts";
import type { BlockDefinition } from "../../src/models/step-definition.ts";
import { decidePrimitive } from "../../src/primitives/decide.ts";
import { primitiveContext } from "./primitive-context.ts";

describe("decide", () => {
  const blocks: readonly BlockDefinition[] = [
    { entry: 1, role: "case", value: "a" },
    { entry: 2, role: "case", value: { n: [1] } },
    { entry: 3, role: "otherwise" },
  ];
  const enter = (value: unknown, of = blocks) => decidePrimitive.enter(primitiveContext({ blocks: of }, { functions: { on: () => value } }));

  it.each([
    ["an equal value", "a", 0],
    ["a value that is deeply equal", { n: [1] }, 1],
    ["no equal value", "otherwise", 2],
    ["a value of another type", 1, 2],
    ["null", null, 2],
    ["a value that is equal as JSON", { n: [1], more: undefined }, 1],
  ])("runs the block for %s", (_, value, position) => {
    expect(enter(value)).toEqual({ kind: "open", entries: [{ block: blocks[position] }] });
  });

  it("knows one zero, as JSON does", () => {
    const zero: readonly BlockDefinition[] = [{ entry: 1, role: "case", value: 0 }];

    expect(enter(-0, zero)).toEqual({ kind: "open", entries: [{ block: zero[0] }] });
  });

  it("fails for a value that JSON cannot carry", () => {
    expect(() => enter(new Date(0))).toThrow(SerializationError);
  });

  it("runs otherwise for undefined", () => {
    expect(enter(undefined)).toEqual({ kind: "open", entries: [{ block: blocks[2] }] });
  });

  it("fails for good when nothing matches and there is no otherwise", () => {
    expect(() => enter({ n: [2] }, blocks.slice(0, 2))).toThrow(new NonRetryableError('the step "s" has no case for {"n":[2]} and no otherwise'));
    expect(() => decidePrimitive.enter(primitiveContext({}, { functions: { on: () => 1 } }))).toThrow(NonRetryableError);
  });
});
