import { describe, expect, it } from "vitest";
import { definitionFromGraph } from "../../src/builder/definition-from-graph.ts";
import { StepExecutionError } from "../../src/errors/step-errors.ts";
import { CompiledDefinition } from "../../src/executor/compiled-definition.ts";
import { evaluate, mapInputs, mapOutputs } from "../../src/executor/mappings.ts";
import { contextOf } from "../../src/executor/pass-scope.ts";
import { saveValues } from "../../src/executor/saved-values.ts";
import type { StepDefinition } from "../../src/models/step-definition.ts";
import type { AnyDefinition } from "../../src/traits/workflow-registry.ts";
import { runningPointer, scopeOf, stepOf } from "./scope-of.ts";

const data = { n: 1, order: { id: "o-1" }, list: [{ name: "a" }], nothing: null, text: "t" };

/** A definition of one step of a body, with these parts. */
function body(form: "class" | "function", more: Partial<StepDefinition>, functions = {}): AnyDefinition {
  return definitionFromGraph(
    { id: "w", version: 1, graph: { steps: [{ id: 0, name: "s", kind: "step", stepType: "s", stepForm: form, ...more }] } },
    functions,
  );
}

function setting(definition: AnyDefinition, codec?: { data: unknown }) {
  const scope = scopeOf(definition, { data: codec?.data ?? data });
  const step = stepOf(definition);
  return { scope, step, ctx: contextOf(scope, step, runningPointer({ index: 3, item: '{"sku":"x"}' })) };
}

/** The data after the output mappings of a step. */
function saved(saveAs: NonNullable<StepDefinition["saveAs"]>, source: unknown, more: Partial<StepDefinition> = {}, functions = {}): unknown {
  const { scope, step, ctx } = setting(body("function", { saveAs, ...more }, functions));
  return mapOutputs(scope.definition, step, scope.state.data, source, undefined, ctx, scope.services.payloads);
}

describe("a compiled step", () => {
  it("is the step itself when it has no expressions", () => {
    const definition = body("class", {});

    expect(new CompiledDefinition(definition).step(0)).toBe(definition.graph.steps[0]);
  });

  it("has its expressions where functions stand, beside those that it has", () => {
    const definition = body(
      "function",
      {
        functions: { cancelWhen: "0.cancelWhen" },
        outputs: ["0.output.0"],
        expressions: { when: { path: "n", operator: "equals", value: 1 }, input: { path: "order.id" } },
        saveAs: { n: "" },
      },
      { "0.cancelWhen": () => false, "0.output.0": () => undefined },
    );
    const compiled = new CompiledDefinition(definition);

    expect(compiled.step(0)).toEqual({
      id: 0,
      name: "s",
      kind: "step",
      stepType: "s",
      stepForm: "function",
      functions: { cancelWhen: "0.cancelWhen", when: "expression 0.when" },
      inputs: ["expression 0.input"],
      outputs: ["0.output.0", "expression 0.saveAs"],
    });
    expect(compiled.function("expression 0.when")({ n: 1 })).toBe(true);
    expect(compiled.function("0.cancelWhen")()).toBe(false);
  });

  it("answers a condition from the data alone where there is no context", () => {
    const compiled = new CompiledDefinition(body("class", { expressions: { cancelWhen: { path: "n", operator: "greaterThan", value: 1 } } }));

    expect([1, 2].map((n) => compiled.function("expression 0.cancelWhen")({ n }))).toEqual([false, true]);
  });

  it("names the role and the step when a condition fails", () => {
    const { scope, step, ctx } = setting(body("class", { expressions: { when: { path: "text", operator: "lessThan", value: 1 } } }));

    expect(() => evaluate(scope.definition, step, "expression 0.when", ctx)).toThrow('the when of the step "s": the value at "text" is a text');
  });
});

describe("an input in plain data", () => {
  it("of a function step is what its expression selects, item and index too", () => {
    const { scope, step, ctx } = setting(body("function", { expressions: { input: { list: [{ path: "n" }, { item: "sku" }, { index: true }] } } }));

    expect(evaluate(scope.definition, step, step.inputs?.[0] ?? "", ctx)).toEqual([1, "x", 3]);
  });

  it("of a class sets its fields", () => {
    const { scope, step, ctx } = setting(body("class", { expressions: { input: { object: { id: { path: "order.id" }, gone: { path: "gone" } } } } }));
    const object = { id: "", gone: 1, kept: true };

    mapInputs(scope.definition, step, object, ctx);

    expect(object).toEqual({ id: "o-1", gone: null, kept: true });
  });
});

describe("saveAs in plain data", () => {
  const source = { tx: "t-1", deep: { list: [7] } };

  it("writes parts of what the step gave, all of it, and expressions of the data before", () => {
    expect(
      saved({ n: "deep.list.0", "order.tx": "tx", all: "", was: { path: "n" }, fixed: { value: [true] }, sku: { item: "sku" } }, source),
    ).toEqual({
      ...data,
      n: 7,
      order: { id: "o-1", tx: "t-1" },
      all: source,
      was: 1,
      fixed: [true],
      sku: "x",
    });
  });

  it("reads the fields of a step object, and nothing of its class", () => {
    class Ship {
      tracking = "T";
      get computed(): string {
        return "no";
      }
    }

    expect(saved({ a: "tracking", b: "computed", c: "constructor" }, new Ship())).toEqual({ ...data, a: "T", b: null, c: null });
  });

  it("writes null for what the step did not give", () => {
    expect(saved({ n: "missing", text: "" }, undefined)).toEqual({ ...data, n: null, text: null });
  });

  it("makes the objects on the way, in place of null too", () => {
    expect(saved({ "a.b.c": "tx", "nothing.x": "tx" }, source)).toEqual({ ...data, a: { b: { c: "t-1" } }, nothing: { x: "t-1" } });
  });

  it("replaces an element, and appends to a list, which is made when there is none", () => {
    expect(saved({ "list.0.name": "tx", "list.-": "tx", "new.-": "tx", "rows.-.tx": "tx" }, source)).toEqual({
      ...data,
      list: [{ name: "t-1" }, "t-1"],
      new: ["t-1"],
      rows: [{ tx: "t-1" }],
    });
    expect(saved({ "list.1": "tx" }, source)).toEqual({ ...data, list: [{ name: "a" }, "t-1"] });
  });

  it("writes keys of the data's own where only prototypes have some", () => {
    const after = saved({ "constructor.prototype.tx": "tx", toString: "tx" }, source);

    expect(Object.hasOwn(after as object, "constructor")).toBe(true);
    expect(JSON.parse(JSON.stringify(after))).toEqual({ ...data, constructor: { prototype: { tx: "t-1" } }, toString: "t-1" });
    expect(Object.hasOwn(Object.prototype, "tx")).toBe(false);
  });

  it("comes behind the mappings that are functions", () => {
    const first = (_: unknown, draft: { n: number; text: string }): void => {
      draft.n = 10;
      draft.text = "by the function";
    };

    expect(saved({ n: "deep.list.0" }, source, { outputs: ["first"] }, { first })).toEqual({ ...data, n: 7, text: "by the function" });
  });

  it.each<[string, string, string]>([
    ["a place inside a text", "text.a", 'saveAs of the step "s" cannot write to "text.a": the value at "text" is neither an object nor a list'],
    ["a place further inside", "n.a.b", 'the value at "n" is neither an object nor a list'],
    ["a key of a list", "list.name", 'the value at "list" is a list, which has no place "name"'],
    ["a place behind the end of a list", "list.2", 'the value at "list" is a list, which has no place "2"'],
  ])("fails its step for %s, and writes nothing", (_, target, message) => {
    expect(() => saved({ fresh: "tx", [target]: "tx" }, source)).toThrow(StepExecutionError);
    expect(() => saved({ [target]: "tx" }, source)).toThrow(message);
  });

  it("fails its step for a place inside of what only a codec can carry", () => {
    expect(() => saveValues({ "at.year": "" }, 1, { at: new Map() }, { data: {}, item: undefined, index: undefined }, "saveAs")).toThrow(
      'the value at "at" is neither an object nor a list',
    );
  });

  it("fails its step when the data itself has no fields", () => {
    const { scope, step, ctx } = setting(body("function", { saveAs: { a: "" } }), { data: [1] });

    expect(() => mapOutputs(scope.definition, step, scope.state.data, 1, undefined, ctx, scope.services.payloads)).toThrow(
      'the data is a list, which has no place "a"',
    );
  });
});
