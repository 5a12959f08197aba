import { describe, expect, it } from "vitest";
import type { Chain } from "../../src/builder/chain.ts";
import type { BranchBuilder } from "../../src/builder/verbs.ts";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import type { StepDefinition } from "../../src/models/step-definition.ts";

interface Data {
  n: number;
  audit: string[];
  rows: { cells: number[] }[];
}
const fn = (): void => {};
const yes = (): boolean => true;
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();

/** Names of the steps of a chain, in order. */
function chainFrom(steps: readonly StepDefinition[], entry: number | undefined): string[] {
  const names: string[] = [];
  for (let id = entry; id !== undefined; id = steps[id]?.next) names.push(steps[id]?.name ?? "?");
  return names;
}
/** Names of the steps of each block of the step with this name. */
function blocksOf(steps: readonly StepDefinition[], name: string): string[][] {
  return (steps.find((step) => step.name === name)?.blocks ?? []).map((block) => chainFrom(steps, block.entry));
}

describe("blocks", () => {
  it("fault 34: only the entry of a chain is its container's child, and a compensator inside is none", () => {
    const { steps } = w()
      .parallel((p) =>
        p
          .branch((b) => b.thenFn("a1", fn).compensateWithFn("undo a1", fn).thenFn("a2", fn).thenFn("a3", fn))
          .branch((b) =>
            b
              .thenFn("b1", fn)
              .ifDo(yes, (c) => c.thenFn("c1", fn).thenFn("c2", fn))
              .thenFn("b2", fn),
          ),
      )
      .name("both")
      .thenFn("after", fn)
      .build("w", 1).graph;

    expect(blocksOf(steps, "both")).toEqual([
      ["a1", "a2", "a3"],
      ["b1", "ifDo", "b2"],
    ]);
    expect(blocksOf(steps, "ifDo")).toEqual([["c1", "c2"]]);
    expect(chainFrom(steps, 0)).toEqual(["both", "after"]);
    // Each step is reached over one edge alone; so none runs twice.
    const edges = steps
      .flatMap((step) => [step.next, step.compensationStep, ...(step.blocks ?? []).map((block) => block.entry)])
      .filter((id) => id !== undefined);
    expect(edges.toSorted((a, b) => a - b)).toEqual(steps.slice(1).map((step) => step.id));
    // The compensator leads nowhere, and nothing but its step leads to it.
    const undo = steps.find((step) => step.name === "undo a1") as StepDefinition;
    expect(undo.next).toBeUndefined();
    expect(steps.filter((step) => step.compensationStep === undo.id).map((step) => step.name)).toEqual(["a1"]);
  });

  it("fault 35: closures survive the build, under keys that name their step, and definitions share none", () => {
    const one = (): string => "one";
    const two = (): string => "two";
    const first = w()
      .thenFn("x", one)
      .ifDo(yes, (b) => b.thenFn("x", two))
      .build("first", 1);
    const second = w().thenFn("x", two).build("second", 1);

    expect(first.functions).toEqual(
      new Map<string, unknown>([
        ["0.run", one],
        ["1.condition", yes],
        ["2.run", two],
      ]),
    );
    expect(second.functions).toEqual(new Map([["0.run", two]]));
    const named = first.graph.steps.flatMap((step) => Object.values(step.functions ?? {}));
    expect(named).toEqual([...first.functions.keys()]);
  });

  it("nest to any depth, and items are those of the innermost forEach", () => {
    const { steps } = w()
      .forEach(
        (data) => data.rows,
        (b) =>
          b
            .forEach(
              (_data, ctx) => ctx.item.cells,
              (c) => c.thenFn("cell", (ctx) => ctx.item + 1).output((n, data) => (data.n += n)),
            )
            .name("cells")
            .thenFn("row", (ctx) => ctx.item.cells.length),
      )
      .name("rows")
      .build("w", 1).graph;

    expect(blocksOf(steps, "rows")).toEqual([["cells", "row"]]);
    expect(blocksOf(steps, "cells")).toEqual([["cell"]]);
  });

  it("may end early inside, while the flow goes on outside", () => {
    const { steps } = w()
      .ifDo(yes, (b) => b.thenFn("x", fn).endWorkflow())
      .thenFn("after", fn)
      .build("w", 1).graph;

    expect(blocksOf(steps, "ifDo")).toEqual([["x", "endWorkflow"]]);
    expect(chainFrom(steps, 0)).toEqual(["ifDo", "after"]);
  });
});

describe("fragments", () => {
  const audited = (b: BranchBuilder<{ audit: string[] }>): Chain =>
    b
      .thenFn("audit", (ctx) => ctx.data.audit.length)
      .output((n, data) => data.audit.push(`entry ${n}`))
      .thenFn("seal", fn);

  it("stand where they are used, as often as they are used", () => {
    const { steps } = w()
      .use(audited)
      .thenFn("work", fn)
      .whileDo(yes, (b) => b.use(audited).use(audited))
      .use(audited)
      .build("w", 1).graph;

    expect(chainFrom(steps, 0)).toEqual(["audit", "seal", "work", "whileDo", "audit", "seal"]);
    expect(blocksOf(steps, "whileDo")).toEqual([["audit", "seal", "audit", "seal"]]);
  });

  it("are blocks too", () => {
    const { steps } = w().ifDo(yes, audited, audited).build("w", 1).graph;

    expect(blocksOf(steps, "ifDo")).toEqual([
      ["audit", "seal"],
      ["audit", "seal"],
    ]);
  });

  it("serve several workflows", () => {
    const one = w().use(audited).build("one", 1);
    const two = new WorkflowBuilder<{ audit: string[]; more: number }>().use(audited).build("two", 1);

    expect(two.graph).toEqual(one.graph);
    expect(two.functions.get("0.run")).not.toBe(one.functions.get("0.run")); // each call of a fragment makes its own
  });

  it("take settings behind them for their last step", () => {
    const { steps } = w().use(audited).name("sealed").build("w", 1).graph;

    expect(chainFrom(steps, 0)).toEqual(["audit", "sealed"]);
  });

  it("may end the workflow", () => {
    const { steps } = w()
      .thenFn("a", fn)
      .use((b) => b.endWorkflow())
      .build("w", 1).graph;

    expect(chainFrom(steps, 0)).toEqual(["a", "endWorkflow"]);
  });
});
