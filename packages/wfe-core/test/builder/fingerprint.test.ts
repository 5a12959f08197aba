import { describe, expect, it } from "vitest";
import { fingerprintOf } from "../../src/builder/fingerprint.ts";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { ErrorBehavior } from "../../src/models/error-behavior.ts";
import { ExecutionResult } from "../../src/models/execution-result.ts";
import type { StepBody } from "../../src/traits/step-body.ts";

class A implements StepBody {
  run(): ExecutionResult {
    return ExecutionResult.next();
  }
}
class B extends A {}
const fn = (): void => {};
const yes = (): boolean => true;
const w = (): WorkflowBuilder<{ n: number }> => new WorkflowBuilder<{ n: number }>();
const of = (chain: { build(id: string, version: number): { readonly fingerprint: string } }): string => chain.build("w", 1).fingerprint;

describe("the fingerprint", () => {
  const base = of(w().then(A).delay("1s").thenFn("x", fn));

  it("is a SHA-256 in hexadecimal that never changes for the same graph", () => {
    expect(base).toBe("6754e404ab897cb147edfd820b86f72aceaa7b4c11b0cd37e8a4a9d21530d131");
  });

  it("is that of the graph alone, whatever id and version it has", () => {
    const chain = w().then(A);

    expect(chain.build("one", 1).fingerprint).toBe(chain.build("two", 9).fingerprint);
    expect(chain.build("one", 1).fingerprint).toBe(fingerprintOf(chain.build("one", 1).graph));
  });

  it.each<[string, string]>([
    ["names", of(w().then(A).name("renamed").delay("1s").name("pause").thenFn("y", fn))],
    [
      "functions",
      of(
        w()
          .then(A)
          .output(fn)
          .delay("1s")
          .thenFn("x", () => 5)
          .when(yes),
      ),
    ],
    ["durations", of(w().then(A).timeout("5m").delay("2h").thenFn("x", fn))],
    [
      "retry settings",
      of(
        w()
          .then(A)
          .onError(ErrorBehavior.retry({ interval: 1 }))
          .delay("1s")
          .thenFn("x", fn),
      ),
    ],
    ["the default error behavior", of(w().defaultErrorBehavior(ErrorBehavior.suspend()).then(A).delay("1s").thenFn("x", fn))],
    ["config", of(w().then(A).config({ x: 1 }).delay("1s").thenFn("x", fn))],
    ["the description", of(w().description("d").then(A).delay("1s").thenFn("x", fn))],
  ])("does not cover %s", (_what, other) => {
    expect(other).toBe(base);
  });

  const branched = of(
    w()
      .parallel((p) => p.branch((b) => b.then(A)).branch((b) => b.then(A)))
      .id("p"),
  );
  it.each<[string, string, string]>([
    ["step keys", base, of(w().then(B).delay("1s").thenFn("x", fn))],
    ["kinds", base, of(w().then(A).waitFor("e", "k").thenFn("x", fn))],
    ["the number of steps", base, of(w().then(A).delay("1s").thenFn("x", fn).thenFn("y", fn))],
    ["compensators", base, of(w().then(A).compensateWith(A).delay("1s").thenFn("x", fn))],
    ["external ids", base, of(w().then(A).id("a").delay("1s").thenFn("x", fn))],
    [
      "blocks",
      branched,
      of(
        w()
          .parallel((p) => p.branch((b) => b.then(A).then(A)))
          .id("p"),
      ),
    ],
    [
      "edges",
      of(w().ifDo(yes, (b) => b.then(A).then(A))),
      of(
        w()
          .ifDo(yes, (b) => b.then(A))
          .then(A),
      ),
    ],
    ["roles of blocks", of(w().whileDo(yes, (b) => b.then(A))), of(w().saga((b) => b.then(A)))],
    [
      "values of cases",
      of(
        w().decide(
          () => "a",
          (d) => d.case("a", (b) => b.then(A)),
        ),
      ),
      of(
        w().decide(
          () => "b",
          (d) => d.case("b", (b) => b.then(A)),
        ),
      ),
    ],
    ["targets of goTo", of(w().then(A).id("a").then(A).id("b").goTo("a")), of(w().then(A).id("a").then(A).id("b").goTo("b"))],
  ])("covers %s", (_what, one, other) => {
    expect(other).not.toBe(one);
  });

  it("does not cover names of branches", () => {
    expect(
      of(
        w()
          .parallel((p) => p.branch("left", (b) => b.then(A)).branch("right", (b) => b.then(A)))
          .id("p"),
      ),
    ).toBe(branched);
  });

  it("does not depend on the order of keys in a graph", () => {
    const { graph } = w().then(A).delay(1).build("w", 1);
    const reversed = { steps: graph.steps.map((step) => Object.fromEntries(Object.entries(step).toReversed())) } as unknown as typeof graph;

    expect(fingerprintOf(reversed)).toBe(fingerprintOf(graph));
  });
});
