import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { StepNotFoundError } from "../../src/errors/lookup-errors.ts";
import { CompiledDefinition, compiled } from "../../src/executor/compiled-definition.ts";
import { DEFAULT_ERROR_BEHAVIOR, ErrorBehavior } from "../../src/models/error-behavior.ts";
import type { AnyDefinition } from "../../src/traits/workflow-registry.ts";

const w = (): WorkflowBuilder<{ n: number }> => new WorkflowBuilder<{ n: number }>();
const noop = (): void => {};

describe("a compiled definition", () => {
  const definition = w()
    .thenFn("a", noop)
    .delay((data) => data.n)
    .build("w", 1);

  it("is worked out once", () => {
    expect(compiled(definition)).toBe(compiled(definition));
  });

  it("finds steps by their id, and what runs a body", () => {
    const of = compiled(definition);

    expect([of.step(0), of.step(1)]).toEqual(definition.graph.steps);
    expect([of.runsBody(0), of.runsBody(1)]).toEqual([true, false]);
    expect(() => of.step(2)).toThrow(new StepNotFoundError("w", 1, 2));
  });

  it("finds functions by their key, and names one that was taken out since it was built", () => {
    const without = new CompiledDefinition({ ...definition, functions: new Map() });

    expect(compiled(definition).function("1.duration")({ n: 7 })).toBe(7);
    expect(() => without.function("1.duration")).toThrow(new TypeError('the definition "w" has no function "1.duration"'));
  });
});

describe("the error behavior of a step", () => {
  const own = ErrorBehavior.retry({ interval: 1 });
  const inner = ErrorBehavior.retry({ interval: 2 });
  const outer = ErrorBehavior.retry({ interval: 3 });
  const fallback = ErrorBehavior.retry({ interval: 4 });

  /** By the names of the steps. */
  function behaviors(definition: AnyDefinition): Record<string, ErrorBehavior> {
    const of = compiled(definition);
    return Object.fromEntries(definition.graph.steps.map((step) => [step.name, of.errorBehavior(step).behavior]));
  }

  it("is its own, else that of the nearest container that has one, also for steps further down the chain", () => {
    const definition = w()
      .thenFn("before", noop)
      .ifDo(
        () => true,
        (b) =>
          b
            .thenFn("first", noop)
            .thenFn("own", noop)
            .onError(own)
            .forEach(
              () => [1],
              (each) => each.thenFn("each", noop).thenFn("next", noop),
            )
            .onError(inner)
            .whileDo(
              () => false,
              (loop) => loop.thenFn("deep", noop),
            ),
      )
      .onError(outer)
      .thenFn("behind", noop)
      .build("w", 1);

    expect(behaviors(definition)).toEqual({
      before: DEFAULT_ERROR_BEHAVIOR,
      ifDo: outer,
      first: outer,
      own,
      forEach: inner,
      each: inner,
      next: inner,
      whileDo: outer,
      deep: outer,
      behind: DEFAULT_ERROR_BEHAVIOR,
    });
  });

  it("is not a saga's, which says what follows the compensation", () => {
    const definition = w()
      .ifDo(
        () => true,
        (b) => b.saga((saga) => saga.thenFn("inside", noop)).onError(own),
      )
      .onError(outer)
      .build("w", 1);

    expect(behaviors(definition)).toEqual({ ifDo: outer, saga: outer, inside: outer });
  });

  it("is the definition's when no container has one", () => {
    const definition = w()
      .defaultErrorBehavior(fallback)
      .parallel((p) => p.branch((b) => b.thenFn("inside", noop)))
      .build("w", 1);

    expect(behaviors(definition)).toEqual({ parallel: fallback, inside: fallback });
  });
});
