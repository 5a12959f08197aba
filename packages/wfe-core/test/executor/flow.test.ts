import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { PointersTooManyError } from "../../src/errors/step-errors.ts";
import { finish, openBlocks } from "../../src/executor/flow.ts";
import { ExecutionResult } from "../../src/models/execution-result.ts";
import type { AnyDefinition } from "../../src/traits/workflow-registry.ts";
import { PassHarness } from "./pass-harness.ts";
import { runningPointer, scopeOf, stepOf } from "./scope-of.ts";

interface Data {
  n: number;
}
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const noop = (): void => {};

/** The pointers of an instance that has run to its end, as "name: status", and its lifecycle events that are about steps. */
async function run(definition: AnyDefinition) {
  const harness = await PassHarness.start();
  await harness.create(definition, { n: 1 });
  await harness.run();
  const { pointers, status } = await harness.state();
  const events = harness.events.flatMap((event) => ("step" in event ? [`${event.type} ${event.step}`] : []));
  return { status, pointers, events };
}

const chosen = (outcome: "yes" | "no" | "neither") =>
  w()
    .thenFn("ask", () => ExecutionResult.outcome(outcome))
    .onOutcome("yes", (b) => b.thenFn("yes", noop))
    .onOutcome("no", (b) => b.thenFn("no", noop))
    .thenFn("behind", noop)
    .build("w", 1);

describe("an outcome", () => {
  it.each(["yes", "no"] as const)("runs the block of its value and joins: %s", async (outcome) => {
    const { status, pointers } = await run(chosen(outcome));

    expect({ status, pointers }).toEqual({
      status: "complete",
      pointers: ["ask: complete", "ask: outcome: complete", `${outcome}: complete`, "behind: complete"],
    });
  });

  it("without a block leaves no pointer and goes on to the next step", async () => {
    expect((await run(chosen("neither"))).pointers).toEqual(["ask: complete", "behind: complete"]);
  });

  it("stays with its pointer, and only the holder of its blocks gets it", () => {
    const definition = chosen("yes");
    const scope = scopeOf(definition);

    finish(scope, stepOf(definition), runningPointer(), "complete", { outcome: "yes" });
    finish(scope, stepOf(definition), runningPointer(), "complete", { outcome: "neither" });

    expect(scope.state.changedPointers().map(({ outcome, stepId }) => [stepId, outcome])).toEqual([
      [0, '"neither"'],
      [1, '"yes"'],
      [4, undefined],
    ]);
  });
});

describe("a step that ends", () => {
  it("is closed in its order behind the pointer it opens, which stands at its place", () => {
    const definition = w().thenFn("a", noop).thenFn("b", noop).build("w", 1);
    const scope = scopeOf(definition);
    const pointer = runningPointer({ scope: ["9"], item: '"x"', index: 2, eventData: "1" });

    finish(scope, stepOf(definition), pointer, "complete");

    const { eventData: _, ...rest } = pointer;
    expect(scope.state.changedPointers()).toEqual([
      { ...rest, status: "complete", endedAt: new Date("2026-01-01T00:00:00Z"), endSeq: 12 },
      {
        id: "11",
        seq: 11,
        stepId: 1,
        stepName: "b",
        status: "pending",
        scope: ["9"],
        predecessorId: "1",
        item: '"x"',
        index: 2,
        attempt: 0,
        retryCount: 0,
        crashCount: 0,
        resultCount: 0,
      },
    ]);
  });

  it("is told of once, skipped or completed, but for containers", async () => {
    const definition = w()
      .thenFn("a", noop)
      .thenFn("skipped", noop)
      .when(() => false)
      .ifDo(
        () => true,
        (b) => b.delay(0),
      )
      .build("w", 1);

    expect((await run(definition)).events).toEqual([
      "stepStarted a",
      "stepCompleted a",
      "stepSkipped skipped",
      "stepStarted delay",
      "stepCompleted delay",
    ]);
  });

  it("that is a class with children is a step all the same", async () => {
    class Fan {
      readonly run = () => ExecutionResult.branch([1]);
    }
    const definition = w()
      .then(Fan)
      .children((b) => b.thenFn("child", noop))
      .build("w", 1);

    expect((await run(definition)).events).toEqual(["stepStarted Fan", "stepStarted child", "stepCompleted child", "stepCompleted Fan"]);
  });
});

describe("blocks that are opened", () => {
  const definition = w()
    .parallel((p) => p.branch((b) => b.thenFn("a", noop)).branch((b) => b.thenFn("b", noop)))
    .build("w", 1);
  const blocks = (stepOf(definition).blocks ?? []).map((block) => ({ block }));

  it("stand inside their container and take over its item, or have their own", () => {
    const scope = scopeOf(definition);
    const container = runningPointer({ scope: ["9"], item: '"outer"', index: 5 });

    openBlocks(
      scope,
      container,
      blocks.map((entry, index) => (index === 0 ? { ...entry, item: { value: { a: 1 }, index: 0 } } : entry)),
    );

    expect(scope.state.changedPointers()).toMatchObject([
      { stepName: "a", scope: ["9", "1"], predecessorId: "1", item: '{"a":1}', index: 0 },
      { stepName: "b", scope: ["9", "1"], predecessorId: "1", item: '"outer"', index: 5 },
    ]);
  });

  it("are refused as a whole when they are too many, or an item cannot be stored", () => {
    const scope = scopeOf(definition, { limits: { maxOpenPointers: 2 } });
    const unstorable = blocks.map((entry, index) => ({ ...entry, item: { value: index === 0 ? 1 : new Date(0), index } }));

    expect(() => openBlocks(scope, runningPointer(), blocks)).toThrow(new PointersTooManyError(3, 2));
    expect(() => openBlocks(scopeOf(definition), runningPointer(), unstorable)).toThrow("cannot be stored: [1] is a Date");
    expect(scope.state.changedPointers()).toEqual([]);
  });
});
