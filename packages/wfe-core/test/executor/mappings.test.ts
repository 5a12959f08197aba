import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { NonRetryableError, StepExecutionError } from "../../src/errors/step-errors.ts";
import { SerializationError } from "../../src/errors/value-errors.ts";
import { evaluate, mapInputs, mapOutputs } from "../../src/executor/mappings.ts";
import { contextOf } from "../../src/executor/pass-scope.ts";
import { ExecutionResult } from "../../src/models/execution-result.ts";
import type { StepDefinition } from "../../src/models/step-definition.ts";
import { Payloads } from "../../src/runtime/payloads.ts";
import type { AnyDefinition } from "../../src/traits/workflow-registry.ts";
import { runningPointer, scopeOf, stepOf } from "./scope-of.ts";

interface Data {
  n: number;
  list: { name: string }[];
  same: { kept: boolean };
}
const data: Data = { n: 1, list: [{ name: "a" }], same: { kept: true } };
const asynchronous = () => Promise.reject(new Error("nobody may hear of this")) as never;

class Body {
  n = 0;
  index = -1;
  readonly run = () => ExecutionResult.next();
}

/** The setting of a mapping: the data, and the context of its step. */
function setting(definition: AnyDefinition) {
  const scope = scopeOf(definition, { data });
  const step = stepOf(definition);
  return { scope, step, ctx: contextOf(scope, step, runningPointer({ index: 3 })), tree: scope.state.data };
}

/** The data after a step's output mappings. */
function outputs(definition: AnyDefinition, source: unknown, patch?: unknown) {
  const { scope, step, ctx, tree } = setting(definition);
  const after = mapOutputs(scope.definition, step, tree, source, patch, ctx, scope.services.payloads);
  return { after: after as Data, before: tree as Data };
}

const builder = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();

describe("a selector", () => {
  it("gets the data and the context", () => {
    const { scope, step, ctx } = setting(
      builder()
        .delay((of, { index }) => of.n + (index ?? 0))
        .build("w", 1),
    );

    expect(evaluate(scope.definition, step, "0.duration", ctx)).toBe(4);
  });

  it.each([
    ["a promise", asynchronous],
    ["an object with a then of its own", () => ({ then: () => {} }) as never], // oxlint-disable-line unicorn/no-thenable -- the very thing refused
    ["a function with a then of its own", () => Object.assign(() => {}, { then: () => {} }) as never], // oxlint-disable-line unicorn/no-thenable -- see above
  ])("that gives %s is refused, with the way out", (_, selector) => {
    const { scope, step, ctx } = setting(builder().delay(selector).build("w", 1));

    expect(() => evaluate(scope.definition, step, "0.duration", ctx)).toThrow(
      new StepExecutionError('the mapping or condition 0.duration of the step "delay" is asynchronous: await in the step, map its result'),
    );
  });
});

describe("input mappings", () => {
  it("set the fields of a step object, in order", () => {
    const { scope, step, ctx } = setting(
      builder()
        .then(Body)
        .input((body, of) => void (body.n = of.n))
        .input((body, _, { index = 0 }) => void (body.index = body.n + index))
        .build("w", 1),
    );
    const body = new Body();

    mapInputs(scope.definition, step, body, ctx);

    expect([body.n, body.index]).toEqual([1, 4]);
  });

  it("that are asynchronous are refused", () => {
    const { scope, step, ctx } = setting(builder().then(Body).input(asynchronous).build("w", 1));

    expect(() => mapInputs(scope.definition, step, new Body(), ctx)).toThrow(StepExecutionError);
  });
});

describe("output mappings", () => {
  it("write to a draft, in order, and leave the former data and its untouched parts alone", () => {
    const definition = builder()
      .thenFn("s", () => 5)
      .output((value, of) => void (of.n = value))
      .output((value, of, { index = 0 }) => void of.list.push({ name: `${value}${of.n}${index}` }))
      .build("w", 1);

    const { after, before } = outputs(definition, 5);

    expect([before, after]).toEqual([data, { n: 5, list: [{ name: "a" }, { name: "553" }], same: { kept: true } }]);
    expect(after.same).toBe(before.same);
    expect(after.list[0]).toBe(before.list[0]);
    expect(Object.isFrozen(after.list[1])).toBe(true);
  });

  it("copy what they take from the step, which may go on changing it", () => {
    const item = { name: "b" };
    const definition = builder()
      .thenFn("s", () => item)
      .output((value, of) => void of.list.push(value))
      .build("w", 1);

    const { after } = outputs(definition, item);
    item.name = "changed";

    expect(after.list[1]).toEqual({ name: "b" });
  });

  it("that change nothing leave the very same tree", () => {
    const definition = builder()
      .thenFn("s", () => {})
      .output((_, of) => void (of.n = 1))
      .build("w", 1);

    const { after, before } = outputs(definition, undefined);

    expect(after).toBe(before);
  });

  it("are dropped as a whole when one of them throws, is asynchronous, or leaves what JSON cannot carry", () => {
    const then = (map: (value: void, of: Data) => void) =>
      builder()
        .thenFn("s", () => {})
        .output((_, of) => void (of.n = 2))
        .output(map)
        .build("w", 1);
    const { scope, ctx, tree } = setting(then(() => {}));
    const run = (definition: AnyDefinition, step: StepDefinition) =>
      mapOutputs(setting(definition).scope.definition, step, tree, undefined, undefined, ctx, scope.services.payloads);
    const failing = (map: (value: void, of: Data) => void) => {
      const definition = then(map);
      return () => run(definition, stepOf(definition));
    };

    expect(
      failing(() => {
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(failing(asynchronous)).toThrow(StepExecutionError);
    expect(failing((_, of) => void (of.n = Number.NaN))).toThrow(SerializationError);
    expect(tree).toEqual(data);
  });
});

describe("the output of a result", () => {
  const plain = builder()
    .thenFn("s", () => {})
    .build("w", 1);

  it("is merged into the data key by key, after the output mappings", () => {
    const mapped = builder()
      .thenFn("s", () => {})
      .output((_, of) => void (of.n = 2))
      .build("w", 1);

    expect(outputs(plain, undefined, { n: 3 }).after).toEqual({ ...data, n: 3 });
    expect(outputs(mapped, undefined, { n: 3, list: [] }).after).toEqual({ n: 3, list: [], same: { kept: true } });
  });

  it.each([
    ["a list", [1]],
    ["a number", 7],
    ["null", null],
  ])("cannot be merged into data that is %s", (_, tree) => {
    const { scope, step, ctx } = setting(plain);

    expect(() => mapOutputs(scope.definition, step, tree, undefined, { n: 1 }, ctx, new Payloads())).toThrow(
      new StepExecutionError('the step "s" gave an output, but the data is no object that it could merge into'),
    );
  });

  it.each([
    ["a list", ["n"]],
    ["text", "n"],
    ["null", null],
  ])("cannot be merged when it is %s, and no retry mends that", (_, patch) => {
    expect(() => outputs(plain, undefined, patch)).toThrow(
      new NonRetryableError('the step "s" gave an output that is no object: it is merged into the data key by key'),
    );
  });
});
