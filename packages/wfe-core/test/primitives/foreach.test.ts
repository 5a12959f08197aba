import { describe, expect, it } from "vitest";
import { forEachPrimitive } from "../../src/primitives/foreach.ts";
import { type ContextChanges, primitiveContext } from "./primitive-context.ts";

describe("forEach", () => {
  const body = { entry: 1, role: "body" };
  const context = (items: unknown, parallel: boolean, changes: ContextChanges = {}) =>
    primitiveContext({ blocks: [body], settings: { parallel } }, { functions: { items: () => items }, ...changes });

  it("in parallel opens an iteration for each value, in the order of the list, and ends with them", () => {
    expect(forEachPrimitive.enter(context(["a", null], true))).toEqual({
      kind: "open",
      entries: [
        { block: body, item: { value: "a", index: 0 } },
        { block: body, item: { value: null, index: 1 } },
      ],
    });
    expect(forEachPrimitive.ended?.(context(["a", null], true, { endedIndex: 0 }))).toEqual({ kind: "complete" });
  });

  it("in sequence opens the first iteration and keeps the list", () => {
    expect(forEachPrimitive.enter(context(["a", "b"], false))).toEqual({
      kind: "open",
      entries: [{ block: body, item: { value: "a", index: 0 } }],
      state: { items: ["a", "b"] },
    });
  });

  it("in sequence opens the value behind the one that has ended, from the list it kept, until there is none", () => {
    const state = { items: ["a", "b"] };
    const selectedAgain = (): never => {
      throw new Error("the list is selected once");
    };
    const ended = (endedIndex: number) =>
      forEachPrimitive.ended?.(context(undefined, false, { functions: { items: selectedAgain }, state, endedIndex }));

    expect([ended(0), ended(1)]).toEqual([{ kind: "open", entries: [{ block: body, item: { value: "b", index: 1 } }] }, { kind: "complete" }]);
  });

  it("in sequence that is tried again after a failure goes on where it was, with the list it kept", () => {
    const again = (resultCount: number) =>
      forEachPrimitive.enter(context(["other"], false, { state: { items: ["a", "b"] }, pointer: { resultCount } }));

    expect([again(1), again(2)]).toEqual([{ kind: "open", entries: [{ block: body, item: { value: "b", index: 1 } }] }, { kind: "complete" }]);
  });

  it("has finished at once over an empty list", () => {
    expect([forEachPrimitive.enter(context([], true)), forEachPrimitive.enter(context([], false))]).toEqual([
      { kind: "complete" },
      { kind: "complete" },
    ]);
  });
});
