import { describe, expect, it } from "vitest";
import { checkedDefinition } from "../../src/builder/checked-definition.ts";
import { definitionFromGraph } from "../../src/builder/definition-from-graph.ts";
import { buildWorkflow, WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { DefinitionError } from "../../src/errors/definition-errors.ts";

const fn = (): void => {};
const built = new WorkflowBuilder().thenFn("a", fn).delay("1m").build("w", 2);
const other = new WorkflowBuilder().thenFn("a", fn).endWorkflow().build("w", 2);
const pause = { steps: [{ id: 0, name: "pause", kind: "delay", settings: { durationMs: 1 } }] };

/** The faults of the one error; whatever else is thrown as it is. */
function faultsOf(definition: unknown): readonly string[] {
  try {
    checkedDefinition(definition);
    return [];
  } catch (error) {
    if (error instanceof DefinitionError) return error.faults;
    throw error;
  }
}

describe("checkedDefinition", () => {
  it("gives what was made here back as it is", () => {
    const fromGraph = definitionFromGraph({ id: "w", version: 1, graph: pause as never });
    const fromFunction = buildWorkflow("w", 1, (b) => b.thenFn("a", fn));

    expect(checkedDefinition(built)).toBe(built);
    expect(checkedDefinition(fromGraph)).toBe(fromGraph);
    expect(checkedDefinition(fromFunction)).toBe(fromFunction);
  });

  it("makes a definition of a literal, which is then one made here", () => {
    const literal = { id: "w", version: 1, graph: pause };
    const definition = checkedDefinition(literal);

    expect(definition).toEqual(definitionFromGraph(literal as never));
    expect(checkedDefinition(definition)).toBe(definition);
  });

  it("works out the fingerprint of a copy with another graph anew", () => {
    const forged = checkedDefinition({ ...built, graph: other.graph });

    expect(forged).toEqual(other);
    expect(forged.fingerprint).not.toBe(built.fingerprint);
  });

  it("takes a copy apart from what it was copied from", () => {
    const functions = new Map(built.functions);
    const definition = checkedDefinition({ ...built, functions });
    functions.clear();

    expect(definition).toEqual(built);
    expect(Object.isFrozen(definition.graph.steps)).toBe(true);
  });

  it("refuses a copy that has lost its functions", () => {
    const missing = ['step 0 "a" names "0.run" as its run, which is not among the functions'];

    expect(faultsOf(JSON.parse(JSON.stringify(built)))).toEqual(missing);
    expect(faultsOf({ ...built, functions: undefined })).toEqual(missing);
    expect(faultsOf({ ...built, functions: null })).toEqual(["the functions are neither a Map nor a record"]);
  });

  it("refuses what is no definition", () => {
    expect(faultsOf(null)).toEqual(["null is no definition: it has no id, version and graph"]);
    expect(faultsOf(undefined)).toEqual(["undefined is no definition: it has no id, version and graph"]);
    expect(faultsOf("w")).toEqual(['"w" is no definition: it has no id, version and graph']);
    expect(faultsOf(fn)).toEqual(["[Function: fn] is no definition: it has no id, version and graph"]);
    expect(faultsOf({})).toEqual(["the graph cannot be stored: the value is undefined: use null"]);
    expect(faultsOf({ ...built, id: " ", version: "2" })).toEqual([
      'the id must be text that is not blank: got " "',
      'the version must be a whole number, 1 or more: got "2"',
    ]);
  });

  it("says of a workflow that is not built what is missing", () => {
    const message = "the workflow is not built: call .build(id, version) first";

    expect(() => checkedDefinition(new WorkflowBuilder().thenFn("a", fn))).toThrow(new TypeError(message));
    expect(() => checkedDefinition(new WorkflowBuilder())).toThrow(new TypeError(message));
  });
});
