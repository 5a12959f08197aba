import { describe, expect, it } from "vitest";
import { definitionFromGraph } from "../../src/builder/definition-from-graph.ts";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import type { DefinitionError } from "../../src/errors/definition-errors.ts";
import type { Condition } from "../../src/models/condition.ts";
import { hasRole } from "../../src/models/step-definition.ts";
import type { AnyDefinition } from "../../src/traits/workflow-registry.ts";
import { builtWithoutFunctions, everyKind } from "./every-kind.ts";

interface Data {
  n: number;
}
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const large: Condition = { path: "n", operator: "greaterThan", value: 1 };

describe("a condition in plain data", () => {
  it("stands in the graph, which needs no function for it", () => {
    const definition = w()
      .ifDo(large, (b) => b.delay(1))
      .when({ not: large })
      .whileDo(large, (b) => b.delay(1))
      .cancelWhen(large, { proceed: true })
      .recur(5, large, (b) => b.delay(1))
      .build("w", 1);

    expect([...definition.functions]).toEqual([]);
    expect(definition.graph.steps.filter(({ blocks }) => blocks !== undefined)).toEqual([
      {
        id: 0,
        name: "ifDo",
        kind: "if",
        next: 2,
        expressions: { condition: large, when: { not: large } },
        blocks: [{ role: "then", entry: 1 }],
      },
      {
        id: 2,
        name: "whileDo",
        kind: "while",
        next: 4,
        expressions: { condition: large, cancelWhen: large },
        proceedOnCancel: true,
        blocks: [{ role: "body", entry: 3 }],
      },
      { id: 4, name: "recur", kind: "recur", settings: { intervalMs: 5 }, expressions: { until: large }, blocks: [{ role: "body", entry: 5 }] },
    ]);
  });

  it("stands beside functions", () => {
    const definition = w()
      .delay((data) => data.n)
      .when(large)
      .build("w", 1);
    const [step] = definition.graph.steps;

    expect(step).toMatchObject({ functions: { duration: "0.duration" }, expressions: { when: large } });
    expect(["duration", "when", "cancelWhen"].map((role) => step !== undefined && hasRole(step, role))).toEqual([true, true, false]);
  });

  it("is copied, and frozen with the graph", () => {
    const mutable = { path: "n", operator: "equals" as const, value: 1 };
    const definition = w().delay(1).when(mutable).build("w", 1);
    mutable.value = 2;

    expect(definition.graph.steps[0]?.expressions).toEqual({ when: { path: "n", operator: "equals", value: 1 } });
    expect(Object.isFrozen(definition.graph.steps[0]?.expressions?.["when"])).toBe(true);
  });

  it("is checked when the workflow is built, with all its faults", () => {
    const bad = (condition: unknown): never => condition as never;
    let faults: readonly string[] = [];
    try {
      w()
        .ifDo(bad({ path: "n", operator: "=", value: 1 }), (b) => b.delay(1))
        .when(bad({ path: "n", operator: "equals", value: new Date(0) }))
        .whileDo(bad(null), (b) => b.delay(1))
        .build("w", 1);
    } catch (error) {
      faults = (error as DefinitionError).faults;
    }

    expect(faults).toEqual([
      'the when of the step "ifDo" is no JSON value: it cannot be stored: value is a Date: use an ISO string or epoch milliseconds, or a codec',
      expect.stringContaining('step 0 "ifDo" has expressions.condition.operator, which is none of equals, notEquals'),
      'step 0 "ifDo" has expressions.when, which is no condition: got null',
      'step 2 "whileDo" names "2.condition" as its condition, which is no function',
    ]);
  });

  it("is given once, whether a function or not", () => {
    expect(() =>
      w()
        .delay(1)
        .when(large)
        .when(() => true)
        .build("w", 1),
    ).toThrow('the step "delay" has the setting when twice');
  });

  it("is not in the fingerprint", () => {
    const of = (definition: AnyDefinition): string => definition.fingerprint;

    expect(of(w().delay(1).when(large).build("w", 1) as AnyDefinition)).toBe(of(w().delay(1).build("w", 1) as AnyDefinition));
  });
});

describe("a definition without functions", () => {
  it("survives JSON", () => {
    const again = definitionFromGraph(JSON.parse(JSON.stringify(builtWithoutFunctions)) as AnyDefinition);

    expect(again).toEqual(builtWithoutFunctions);
  });

  it("may be a literal, whose schema is left out", () => {
    const definition = definitionFromGraph(everyKind);

    expect(definition.functions.size).toBe(0);
    expect(Object.keys(definition).toSorted()).toEqual(["description", "fingerprint", "functions", "graph", "id", "version"]);
  });
});
