import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { DefinitionError } from "../../src/errors/definition-errors.ts";
import type { AnyDefinition } from "../../src/traits/workflow-registry.ts";

type Chain = any; // each container has verbs of its own: the types of the blocks differ
const fn = (): void => {};
const yes = (): boolean => true;
/** A workflow that begins with the step "begin", and has a chain behind it. */
const behindBegin = (add: (chain: Chain) => Chain): AnyDefinition =>
  add(new WorkflowBuilder().thenFn("begin", fn).id("begin")).build("w", 1) as AnyDefinition;
const jumps = (b: Chain): Chain => b.goTo("begin");

function faultsOf(call: () => unknown): readonly string[] {
  try {
    call();
    return [];
  } catch (error) {
    if (error instanceof DefinitionError) return error.faults;
    throw error;
  }
}

describe("goTo", () => {
  it.each<[string, (chain: Chain) => Chain]>([
    ["its own chain", jumps],
    ["ifDo", (c) => c.ifDo(yes, jumps)],
    ["the otherwise of ifDo", (c) => c.ifDo(yes, (b: Chain) => b.thenFn("a", fn), jumps)],
    ["whileDo", (c) => c.whileDo(yes, jumps)],
    [
      "decide",
      (c) =>
        c.decide(
          () => 1,
          (d: Chain) => d.case(1, jumps).otherwise(jumps),
        ),
    ],
    ["onOutcome", (c) => c.thenFn("a", fn).onOutcome("x", jumps)],
    ["onTimeout", (c) => c.waitFor("e", "k", { timeout: "1s" }).onTimeout(jumps)],
    ["a sequential forEach", (c) => c.forEach(() => [1], jumps, { parallel: false })],
    [
      "several of them",
      (c) =>
        c.forEach(
          () => [1],
          (b: Chain) => b.whileDo(yes, (d: Chain) => d.ifDo(yes, jumps)),
          { parallel: false },
        ),
    ],
  ])("may leave %s", (_, add) => {
    expect(faultsOf(() => behindBegin(add))).toEqual([]);
  });

  it.each<[string, string, (chain: Chain) => Chain]>([
    ["a parallel forEach", "parallel forEach", (c) => c.forEach(() => [1], jumps)],
    ["a branch", "parallel", (c) => c.parallel((p: Chain) => p.branch(jumps))],
    ["a saga", "saga", (c) => c.saga(jumps)],
    ["a schedule", "schedule", (c) => c.schedule("1s", jumps)],
    ["a recurrence", "recur", (c) => c.recur("1s", yes, jumps)],
    ["the branches of a step", "inline", (c) => c.thenFn("a", fn).children(jumps)],
    ["one of these from deep inside", "saga", (c) => c.saga((b: Chain) => b.ifDo(yes, (d: Chain) => d.whileDo(yes, jumps)))],
  ])("may not leave %s", (_, container, add) => {
    const [fault, ...others] = faultsOf(() => behindBegin(add));

    expect(others).toEqual([]);
    expect(fault).toContain(`"goTo begin" cannot go to step 0 "begin", which stands outside the ${container} that encloses it`);
  });

  it.each<[string, (chain: Chain) => Chain]>([
    ["into a container", (c) => c.ifDo(yes, (b: Chain) => b.thenFn("in", fn).id("in")).goTo("in")],
    [
      "into another block of its container",
      (c) =>
        c.ifDo(
          yes,
          (b: Chain) => b.thenFn("in", fn).id("in"),
          (b: Chain) => b.goTo("in"),
        ),
    ],
    ["into another branch", (c) => c.parallel((p: Chain) => p.branch((b: Chain) => b.thenFn("in", fn).id("in")).branch((b: Chain) => b.goTo("in")))],
  ])("may not go %s", (_, add) => {
    expect(faultsOf(() => behindBegin(add))).toHaveLength(1);
  });

  it("may not stand in a compensator", () => {
    const faults = faultsOf(() => behindBegin((c) => c.thenFn("a", fn).compensateWithSequence((b: Chain) => b.thenFn("undo", fn).goTo("begin"))));

    expect(faults.some((fault) => fault.includes("stands in a compensator, which cannot be left with goTo"))).toBe(true);
  });
});
