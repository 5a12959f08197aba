import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { watchData } from "../../src/executor/data-watch.ts";
import type { PointerRow } from "../../src/models/pointer-row.ts";
import { samplePointer } from "../../src/test-support/fixtures.ts";
import { type ScopeParts, scopeOf } from "./scope-of.ts";

interface Data {
  off: boolean;
}
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const noop = (): void => {};
const elsewhere = samplePointer({ id: "99" });

/** The scope after a pointer has changed the data. */
function changed(definition: Parameters<typeof scopeOf>[0], parts: ScopeParts, by: PointerRow = elsewhere) {
  const scope = scopeOf(definition, { data: { off: true }, ...parts });
  scope.changedBy.push(by);
  watchData(scope);
  return scope;
}

describe("a change of the data", () => {
  it("asks a step's cancelWhen once, however many of its pointers are open, and cancels them all", () => {
    let asked = 0;
    const definition = w()
      .forEach(
        () => [1, 2],
        (b) =>
          b
            .thenFn("each", noop)
            .cancelWhen((data) => {
              asked += 1;
              return data.off;
            })
            .thenFn("behind", noop),
      )
      .build("w", 1);
    const inside = (id: string) => samplePointer({ id, seq: Number(id), stepId: 1, status: "running", attempt: 1, scope: ["1"] });
    const pointers = [samplePointer({ status: "running" }), inside("2"), inside("3")];

    const { state } = changed(definition, { pointers });
    const held = scopeOf(definition, { data: { off: false }, pointers });
    held.changedBy.push(elsewhere);
    watchData(held);
    watchData(held); // nothing has changed since

    expect(asked).toBe(2);
    expect(state.changedPointers().map(({ id, status }) => [id, status])).toEqual([
      ["2", "cancelled"],
      ["3", "cancelled"],
    ]);
    expect(held.state.changedPointers()).toEqual([]);
  });

  it("passes over pointers that stood in another that was cancelled just before", () => {
    const off = (data: Readonly<Data>): boolean => data.off;
    const definition = w()
      .ifDo(
        () => true,
        (b) => b.thenFn("inside", noop).cancelWhen(off, { proceed: true }).thenFn("behind", noop),
      )
      .cancelWhen(off)
      .build("w", 1);
    const inside = samplePointer({ id: "2", seq: 2, stepId: 1, status: "running", attempt: 1, scope: ["1"] });

    const { state } = changed(definition, { pointers: [samplePointer({ status: "running" }), inside] });

    expect(state.changedPointers().map(({ id, status }) => [id, status])).toEqual([
      ["1", "cancelled"],
      ["2", "cancelled"],
    ]);
  });

  it("records what a cancelWhen throws once for each pointer", () => {
    const definition = w()
      .thenFn("a", noop)
      .cancelWhen(() => {
        throw new Error("broken");
      })
      .build("w", 1);
    const scope = changed(definition, {});
    scope.changedBy.push(elsewhere);

    watchData(scope);

    expect(scope.state.effects.errors).toMatchObject([{ pointerId: "1", message: "broken" }]);
    expect(scope.state.error).toBeUndefined();
    expect(scope.state.changedPointers()).toMatchObject([{ status: "running", error: expect.stringContaining("broken") as string }]);
  });
});

describe("a change of the data and a recurrence", () => {
  const runs = samplePointer({ status: "running", attempt: 1, persistenceData: '{"startMs":0,"beganMs":0,"phase":"runs"}' });
  const block = samplePointer({ id: "2", seq: 2, stepId: 1, status: "running", attempt: 1, scope: ["1"] });
  const recurring = (until: () => unknown) =>
    w()
      .recur("1m", until as () => boolean, (b) => b.thenFn("block", noop))
      .build("w", 1);
  const statuses = (scope: ReturnType<typeof changed>) => scope.state.changedPointers().map(({ id, status }) => [id, status]);

  it("from elsewhere ends it when its condition holds, and its block", () => {
    expect(
      statuses(
        changed(
          recurring(() => true),
          { pointers: [runs, block] },
        ),
      ),
    ).toEqual([
      ["1", "complete"],
      ["2", "cancelled"],
    ]);
    expect(
      statuses(
        changed(
          recurring(() => false),
          { pointers: [runs, block] },
        ),
      ),
    ).toEqual([]);
  });

  it("by its own block is not looked at yet", () => {
    expect(
      statuses(
        changed(
          recurring(() => true),
          { pointers: [runs, block] },
          block,
        ),
      ),
    ).toEqual([]);
  });

  it("that has not begun is left to its first run", () => {
    expect(
      statuses(
        changed(
          recurring(() => true),
          { pointers: [samplePointer()] },
        ),
      ),
    ).toEqual([]);
  });

  it.each<readonly [string, () => unknown]>([
    ["throws", (): never => expect.fail("broken")],
    ["is no boolean", (): string => "yes"],
  ])("leaves it when its condition %s: it fails before the next run", (_, until) => {
    const scope = changed(recurring(until), { pointers: [runs, block] });

    expect([statuses(scope), scope.state.effects.errors]).toEqual([[], []]);
  });

  it("in a saga that is being compensated leaves it and what is awaited in it", () => {
    const definition = w()
      .saga((b) =>
        b.recur(
          "1m",
          () => true,
          (c) => c.thenFn("block", noop),
        ),
      )
      .build("w", 1);
    const error = { code: "WFE_STEP_FAILED", message: "broken" };
    const state = { phase: "compensating", failed: "9", error, retryable: true, undoesFailed: false, undoesItself: false };
    const pointers = [
      samplePointer({ status: "running", persistenceData: JSON.stringify(state) }),
      { ...runs, id: "2", seq: 2, stepId: 1, scope: ["1"] },
      { ...block, id: "3", seq: 3, stepId: 2, scope: ["1", "2"] },
    ];

    expect(statuses(changed(definition, { pointers }))).toEqual([]);
  });
});
