import { describe, expect, it } from "vitest";
import { delayPrimitive } from "../../src/primitives/delay.ts";
import { NOW_MS, primitiveContext } from "./primitive-context.ts";

describe("delay", () => {
  it("sleeps for its duration from now, selected or fixed, and then has finished", () => {
    const fixed = primitiveContext({ kind: "delay", settings: { durationMs: 1_000 } });
    const selected = primitiveContext({ kind: "delay" }, { functions: { duration: () => "2s" } });

    expect([delayPrimitive.enter(fixed), delayPrimitive.enter(selected)]).toEqual([
      { kind: "sleep", untilMs: NOW_MS + 1_000, state: {} },
      { kind: "sleep", untilMs: NOW_MS + 2_000, state: {} },
    ]);
    expect(delayPrimitive.due?.(fixed)).toEqual({ kind: "complete" });
  });
});
