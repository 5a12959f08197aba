import { describe, expect, it } from "vitest";
import { definitionFromGraph } from "../../src/builder/definition-from-graph.ts";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { DefinitionError } from "../../src/errors/definition-errors.ts";
import { ErrorBehavior } from "../../src/models/error-behavior.ts";
import { ExecutionResult } from "../../src/models/execution-result.ts";
import type { StepBody } from "../../src/traits/step-body.ts";

class Plain implements StepBody {
  run(): ExecutionResult {
    return ExecutionResult.next();
  }
}
const built = new WorkflowBuilder<{ n: number }>()
  .description("d")
  .defaultErrorBehavior(ErrorBehavior.retry({ interval: "1s" }))
  .then(Plain)
  .id("start")
  .compensateWith(Plain)
  .decide(
    (data) => data.n,
    (d) => d.case(1, (b) => b.delay("1m").goTo("start")).otherwise((b) => b.waitFor("e", "k", { timeout: 5 }).onTimeout((t) => t.endWorkflow())),
  )
  .build("w", 2);

describe("definitionFromGraph", () => {
  it("makes the same definition out of the JSON of one", () => {
    const again = definitionFromGraph(JSON.parse(JSON.stringify(built)) as typeof built, built.functions);

    expect(again).toEqual(built);
  });

  it("works out the fingerprint anew and leaves out what it does not know", () => {
    const again = definitionFromGraph({ ...built, fingerprint: "forged", extra: 1 } as never, built.functions);

    expect(again.fingerprint).toBe(built.fingerprint);
    expect(Object.keys(again).toSorted()).toEqual(["description", "fingerprint", "functions", "graph", "id", "version"]);
  });

  it("takes functions as a record, and does without the bodies", () => {
    const again = definitionFromGraph(built, { "2.on": () => 1 });

    expect([...again.functions.keys()]).toEqual(["2.on"]);
    expect(again.graph.steps[0]?.stepType).toBe("Plain");
  });

  it("reports functions that are missing", () => {
    expect(() => definitionFromGraph(built)).toThrow(DefinitionError);
    expect(() => definitionFromGraph(built)).toThrow('step 2 "decide" names "2.on" as its on, which is not among the functions');
  });

  it("reports a graph that throws when it is read", () => {
    const graph = {
      get steps(): never {
        throw "no"; // oxlint-disable-line typescript/only-throw-error -- JavaScript may throw anything
      },
    };

    expect(() => definitionFromGraph({ id: "w", version: 1, graph })).toThrow(/has a fault:\n- no$/);
  });

  it("reports what is no definition, and functions that are none", () => {
    const faultsOf = (source: unknown, functions?: unknown): unknown => {
      try {
        return definitionFromGraph(source as never, functions as never);
      } catch (error) {
        return error instanceof DefinitionError ? error.faults : error;
      }
    };

    expect(faultsOf(null)).toEqual(["null is no definition: it has no id, version and graph"]);
    expect(faultsOf("order")).toEqual(['"order" is no definition: it has no id, version and graph']);
    expect(faultsOf({ id: 5n, graph: null })).toEqual([
      "the id must be text that is not blank: got 5n",
      "the version must be a whole number, 1 or more: got undefined",
      "the graph has no list of steps",
    ]);
    expect(faultsOf(built, null)).toEqual(["the functions are neither a Map nor a record"]);
  });

  it("copies and freezes the graph", () => {
    const graph = { steps: [{ id: 0, name: "pause", kind: "delay" as const, settings: { durationMs: 1 } }] };
    const definition = definitionFromGraph({ id: "w", version: 1, graph });
    graph.steps[0] = { ...(graph.steps[0] as (typeof graph.steps)[0]), name: "changed" };

    expect(definition.graph.steps[0]?.name).toBe("pause");
    expect(Object.isFrozen(definition.graph.steps[0]?.settings)).toBe(true);
  });

  it("refuses a graph that is no JSON", () => {
    const graph = { steps: [{ id: 0, name: "pause", kind: "delay", settings: { durationMs: 1, at: new Date(0) } }] } as never;

    expect(() => definitionFromGraph({ id: "w", version: 1, graph })).toThrow("the graph cannot be stored: steps[0].settings.at is a Date");
  });
});
