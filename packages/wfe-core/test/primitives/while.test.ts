import { describe, expect, it } from "vitest";
import { whilePrimitive } from "../../src/primitives/while.ts";
import { primitiveContext } from "./primitive-context.ts";

describe("while", () => {
  const body = { entry: 1, role: "body" };
  const holds = (condition: boolean) => primitiveContext({ blocks: [body] }, { functions: { condition: () => condition } });

  it("opens its block as long as the condition holds, asked at the start and after each iteration", () => {
    const open = { kind: "open", entries: [{ block: body }] };

    expect([whilePrimitive.enter(holds(true)), whilePrimitive.ended?.(holds(true))]).toEqual([open, open]);
    expect([whilePrimitive.enter(holds(false)), whilePrimitive.ended?.(holds(false))]).toEqual([{ kind: "complete" }, { kind: "complete" }]);
  });

  it("asks the condition once per iteration", () => {
    let asked = 0;
    const context = primitiveContext({ blocks: [body] }, { functions: { condition: () => (asked += 1) > 0 } });

    whilePrimitive.enter(context);
    whilePrimitive.ended?.(context);

    expect(asked).toBe(2);
  });
});
