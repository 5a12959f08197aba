import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { definitionFromGraph } from "../../src/builder/definition-from-graph.ts";
import { DefinitionError } from "../../src/errors/definition-errors.ts";
import { STEP_KINDS } from "../../src/models/step-definition.ts";
import type { AnyDefinition } from "../../src/traits/workflow-registry.ts";
import { builtWithoutFunctions, everyKind, withoutFunctions } from "./every-kind.ts";
import { long } from "./long-chain.test-d.ts";
import { approval, ci, filled, pizza } from "./usage.test-d.ts";

const SCHEMA = JSON.parse(readFileSync(new URL("../../workflow-definition.schema.json", import.meta.url), "utf8")) as Record<string, unknown>;
const validate = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false }).compile(SCHEMA);

/** What the schema says. */
function schemaErrors(definition: unknown): readonly unknown[] {
  return validate(definition) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
}

/** What registering says. */
function faults(definition: unknown): readonly string[] {
  try {
    definitionFromGraph(definition as AnyDefinition);
    return [];
  } catch (error) {
    if (error instanceof DefinitionError) return error.faults;
    throw error;
  }
}

describe("the published schema", () => {
  it("stands in the package under its own address", () => {
    expect(SCHEMA["$schema"]).toBe("https://json-schema.org/draft/2020-12/schema");
    expect(SCHEMA["$id"]).toBe("https://unpkg.com/wfe-core/workflow-definition.schema.json");
  });

  it("knows every kind of step but inline, which is a function", () => {
    const { $defs } = SCHEMA as { $defs: { step: { properties: { kind: { enum: string[] } } } } };

    expect($defs.step.properties.kind.enum).toEqual(STEP_KINDS.filter((kind) => kind !== "inline"));
    expect(new Set(everyKind.graph.steps.map(({ kind }) => kind))).toEqual(new Set($defs.step.properties.kind.enum));
  });

  it.each<[string, unknown]>([
    ["one with everything", everyKind],
    ["one of the builder, as its JSON", JSON.parse(JSON.stringify(builtWithoutFunctions))],
    ["a pizza order", withoutFunctions(pizza)],
    ["an approval", withoutFunctions(approval)],
    ["a pipeline", withoutFunctions(ci)],
    ["one with initial data", withoutFunctions(filled)],
    ["one of 200 steps", withoutFunctions(long)],
  ])("takes a definition without functions, as registering does: %s", (_name, definition) => {
    expect(schemaErrors(definition)).toEqual([]);
    expect(faults(definition)).toEqual([]);
  });

  it("takes a class by its key where the builder has left one", () => {
    const definition = {
      id: "w",
      version: 1,
      graph: { steps: [{ id: 0, name: "a", kind: "step", stepType: "A", stepForm: "class", functions: { body: "0.body" } }] },
    };

    expect(schemaErrors(definition)).toEqual([]);
    expect(faults(definition)).toEqual([]);
  });
});

/** Faults of what leads where, and of what names what: no schema can see them. */
const BEYOND_A_SCHEMA =
  /cannot be reached|leads to step|leads back|ids are positions|no step has that id|cannot go to|has no steps|have the same id|must stand behind|has no key for|stands in a compensator|has two blocks|has an onTimeout block but no timeout|which is a part of it|cannot have expressions\.key\.|has both a fixed key for|which is no place for data|which another step/;

describe("the schema and registering agree", () => {
  const replacements: readonly unknown[] = [null, true, 5, -1, 0, "", "x", [], ["x"], {}, { x: 1 }];

  it("on whatever is changed in a good definition: a value, a key left out, a key too many", { timeout: 120_000 }, () => {
    const disagreements: string[] = [];
    let refusals = 0;
    const look = (changed: unknown, what: string): void => {
      const bySchema = schemaErrors(changed);
      const byUs = faults(changed);
      if (byUs.length > 0) refusals += 1;
      if (bySchema.length > 0 && byUs.length === 0) disagreements.push(`${what}: the schema alone says ${bySchema.join("; ")}`);
      if (bySchema.length === 0 && byUs.some((fault) => !BEYOND_A_SCHEMA.test(fault)))
        disagreements.push(`${what}: only registering says ${byUs.join("; ")}`);
    };

    for (const [name, source] of Object.entries({ everyKind, builtWithoutFunctions: { id: "b", version: 1, graph: builtWithoutFunctions.graph } })) {
      for (const { at, change } of changesOf(source, replacements)) look(change(), `${name}${at}`);
    }

    expect(disagreements.slice(0, 20)).toEqual([]);
    expect(refusals).toBeGreaterThan(1000);
  });

  const step = (more: object, kind = "delay"): unknown => ({
    id: "w",
    version: 1,
    graph: { steps: [{ id: 0, name: "a", kind, ...(kind === "delay" ? { settings: { durationMs: 1 } } : {}), ...more }] },
  });
  const when = (condition: unknown): unknown => step({ expressions: { when: condition } });

  it.each<[string, unknown, string]>([
    ["no definition", 5, "is no definition"],
    ["an inline step", step({ functions: { run: "0.run" } }, "inline"), 'names "0.run" as its run, which is not among the functions'],
    ["a function in place of a condition", step({ functions: { when: "0.when" } }), 'names "0.when" as its when'],
    ["a slip in a setting", step({ settings: { durationMs: 1, timeoutMS: 1 } }), "has an unknown setting timeoutMS"],
    ["a slip in a key of a step", step({ nxt: 1 }), "has an unknown nxt"],
    ["a slip in an error behavior", step({ errorBehavior: { kind: "suspend", interval: 1 } }), "has an unknown errorBehavior.interval"],
    [
      "a slip in the graph",
      { id: "w", version: 1, graph: { steps: [{ id: 0, name: "a", kind: "end" }], edges: [] } },
      "the graph has an unknown edges",
    ],
    ["neither a fixed duration nor one selected", step({ settings: {} }), "has neither a fixed durationMs nor a function or expression"],
    ["both", step({ expressions: { duration: { path: "x" } } }), "has both a fixed durationMs and expressions.duration"],
    ["no condition", step({ blocks: [{ role: "then", entry: 1 }] }, "if"), 'has no function or expression "condition"'],
    ["a role that the kind does not have", step({ expressions: { items: { path: "x" } } }), "cannot have expressions.items"],
    ["a condition on what holds blocks", step({ expressions: { when: { all: [] } } }, "outcome"), "cannot have expressions.when"],
    ["a body's key elsewhere", step({ stepType: "x" }), "cannot have stepType"],
    ["an operator that does not exist", when({ path: "x", operator: "eq", value: 1 }), "has expressions.when.operator, which is none of equals,"],
    ["nothing compared with", when({ path: "x", operator: "equals" }), "has expressions.when, where equals needs a value or an operand"],
    [
      "two things compared with",
      when({ path: "x", operator: "equals", value: 1, operand: { path: "y" } }),
      "needs a value or an operand, one of them",
    ],
    ["a value for a presence", when({ path: "x", operator: "isNull", value: 1 }), "it takes neither a value nor an operand"],
    ["an order of booleans", when({ path: "x", operator: "lessThan", value: true }), "has expressions.when.value, which lessThan cannot order"],
    ["two places", when({ path: "x", item: "y", operator: "isNull" }), "which compares no single place"],
    ["no place", when({ operator: "isNull" }), "which compares no single place"],
    ["an unknown key", when({ path: "x", operator: "isNull", not: undefined, note: 1 }), 'with an unknown "note"'],
    [
      "a path with an empty key",
      when({ path: "x..y", operator: "isNull" }),
      'has expressions.when.path, which is no path: keys and positions joined by dots, got "x..y"',
    ],
    ["a bad index", when({ index: 5, operator: "isNull" }), "has expressions.when.index, which can only be true: got 5"],
    ["two combinations", when({ all: [], any: [] }), "has expressions.when with all and any"],
    ["a combination of no list", when({ all: { path: "x", operator: "isNull" } }), "has expressions.when.all, which is no list of conditions"],
    [
      "a fault deep inside",
      when({ all: [{ not: { any: [{ path: 5, operator: "isNull" }] } }] }),
      "has expressions.when.all[0].not.any[0].path, which is no path",
    ],
    ["a condition that is none", when(true), "has expressions.when, which is no condition: got true"],
    [
      "an item where a step is looked at as a whole",
      step({ expressions: { cancelWhen: { item: "x", operator: "isNull" } } }),
      "has expressions.cancelWhen.item, but looks at the data alone",
    ],
    ["an expression that is none", step({ settings: {}, expressions: { duration: "5m" } }), "has expressions.duration, which is no expression"],
    [
      "an expression that is two",
      step({ settings: {}, expressions: { duration: { path: "x", value: 1 } } }),
      "it has exactly one of path, item, index, value, object, list",
    ],
    [
      "a list of no expressions",
      step({ settings: {}, expressions: { duration: { list: 5 } } }),
      "has expressions.duration.list, which is no list of expressions",
    ],
    [
      "an object of no expressions",
      step({ settings: {}, expressions: { duration: { object: [] } } }),
      "has expressions.duration.object, which is no record of expressions",
    ],
    [
      "a fault in a composition",
      step({ settings: {}, expressions: { duration: { list: [{ object: { x: {} } }] } } }),
      "has expressions.duration.list[0].object.x, which is no expression",
    ],
    ["expressions that are no record", step({ expressions: [] }), "step 0 has expressions that are no record"],
    [
      "fields of a class that are none",
      step({ stepType: "A", stepForm: "class", expressions: { input: { path: "x" } } }, "step"),
      "which is no { object }: its keys are the fields of the class",
    ],
    [
      "the method of a class for a field",
      step({ stepType: "A", stepForm: "class", expressions: { input: { object: { run: { path: "x" } } } } }, "step"),
      "has expressions.input.object.run, which is no field of a step",
    ],
    ["saveAs where nothing is given", step({ saveAs: { x: "" } }), "cannot have saveAs"],
    ["saveAs that is no record", step({ saveAs: "x" }), "step 0 has a saveAs that is no record"],
    ["saveAs to nowhere", step({ stepType: "A", stepForm: "class", saveAs: { "": "x" } }, "step"), 'has saveAs[""], which is no path in the data'],
    ["saveAs from nowhere", step({ stepType: "A", stepForm: "class", saveAs: { x: "a..b" } }, "step"), 'has saveAs["x"], which takes from no path'],
    ["saveAs from no expression", step({ stepType: "A", stepForm: "class", saveAs: { x: 5 } }, "step"), 'has saveAs["x"], which is no expression'],
  ])("to refuse %s", (_name, definition, fault) => {
    expect(faults(definition).join("\n")).toContain(fault);
    expect(schemaErrors(definition)).not.toEqual([]);
  });
});

describe("registering alone refuses", () => {
  const charge = (more: object): unknown => ({
    id: "w",
    version: 1,
    graph: { steps: [{ id: 0, name: "a", kind: "step", stepType: "a", stepForm: "function", ...more }] },
  });
  const nested = (levels: number, of: (inner: unknown) => unknown, leaf: unknown): unknown =>
    levels === 0 ? leaf : nested(levels - 1, of, of(leaf));

  it.each<[string, unknown, string]>([
    [
      "saveAs to a place and a part of it",
      charge({ saveAs: { a: "x", "a.b": "y" } }),
      'step 0 "a" has saveAs["a"] and saveAs["a.b"], which is a part of it',
    ],
    [
      "saveAs to what is no place for data",
      charge({ saveAs: { "a.__proto__.b": "x" } }),
      'step 0 "a" has saveAs["a.__proto__.b"], which is no place for data',
    ],
    [
      "conditions that are too deep to be stored",
      charge({ expressions: { when: nested(90, (not) => ({ not }), { all: [] }) } }),
      "which is nested more than 90 deep",
    ],
    [
      "expressions that are too deep to be stored",
      charge({ expressions: { input: nested(45, (inner) => ({ list: [{ object: { inner } }] }), { path: "" }) } }),
      "which is nested more than 90 deep",
    ],
  ])("%s", (_name, definition, fault) => {
    expect(faults(definition).join("\n")).toContain(fault);
  });

  it("what has both a function and an expression", () => {
    const both = {
      id: "w",
      version: 1,
      graph: {
        steps: [
          {
            id: 0,
            name: "a",
            kind: "step" as const,
            stepType: "a",
            stepForm: "function" as const,
            functions: { when: "w" },
            inputs: ["w"],
            expressions: { when: { all: [] }, input: { path: "" } },
          },
        ],
      },
    };

    expect(() => definitionFromGraph(both, { w: () => true })).toThrow(
      /- step 0 "a" has both a function and expressions\.when\n- step 0 "a" has both a function and expressions\.input$/,
    );
  });

  it("a wait for any with a fixed and a selected key, and one for an event that it does not have", () => {
    const both = {
      id: "w",
      version: 1,
      graph: {
        steps: [
          {
            id: 0,
            name: "a",
            kind: "waitForAny",
            settings: { events: { x: "e" }, keys: { x: "k" } },
            expressions: { "key.x": { path: "k" }, "key.y": { path: "k" } },
          },
        ],
      },
    };

    expect(faults(both)).toEqual(['step 0 "a" has both a fixed key for "x" and expressions.key.x', 'step 0 "a" cannot have expressions.key.y']);
  });

  it("a wait for any whose label only every object has for a key", () => {
    const wait = { id: 0, name: "a", kind: "waitForAny", settings: { events: { constructor: "e" }, keys: {} } };
    const graphOf = (step: object): unknown => ({ id: "w", version: 1, graph: { steps: [step] } });

    expect(faults(graphOf(wait))).toEqual(['step 0 "a" has no key for "constructor"']);
    expect(faults(graphOf({ ...wait, expressions: { "key.constructor": { path: "k" } } }))).toEqual([]);
  });
});

interface Change {
  readonly at: string;
  readonly change: () => unknown;
}

/** Every change of one place: each value replaced, each key and element left out, a key too many in each object. */
function changesOf(root: unknown, replacements: readonly unknown[]): readonly Change[] {
  const changes: Change[] = [];
  const visit = (value: unknown, keys: readonly string[]): void => {
    const at = keys.map((key) => `/${key}`).join("");
    const edit = (work: (holder: Record<string, unknown>, key: string) => void) => (): unknown => {
      const holder = { root: structuredClone(root) };
      let inside = holder as Record<string, unknown>;
      const path = ["root", ...keys];
      for (const key of path.slice(0, -1)) inside = inside[key] as Record<string, unknown>;
      work(inside, path.at(-1) as string);
      return holder.root;
    };
    for (const other of replacements) changes.push({ at: `${at} = ${JSON.stringify(other)}`, change: edit((holder, key) => (holder[key] = other)) });
    if (typeof value !== "object" || value === null) return;
    if (keys.length > 0 && !Array.isArray(value))
      changes.push({ at: `${at} + a key`, change: edit((holder, key) => ((holder[key] as Record<string, unknown>)["tooMany"] = 1)) });
    for (const [key, part] of Object.entries(value)) {
      changes.push({
        at: `${at} - ${key}`,
        change: edit((holder, name) => {
          const own = holder[name] as Record<string, unknown> | unknown[];
          if (Array.isArray(own)) own.splice(Number(key), 1);
          else delete own[key];
        }),
      });
      visit(part, [...keys, key]);
    }
  };
  visit(root, []);
  return changes;
}
