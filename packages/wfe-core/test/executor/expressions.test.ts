import { describe, expect, it } from "vitest";
import { StepExecutionError } from "../../src/errors/step-errors.ts";
import { conditionHolds, expressionValue, type ExpressionScope } from "../../src/executor/expressions.ts";
import type { Comparison, Condition } from "../../src/models/condition.ts";
import type { Expression } from "../../src/models/expression.ts";

const data = {
  n: 5,
  text: "hello",
  yes: true,
  nothing: null,
  list: [1, { sku: "a" }, null],
  order: { total: 10, "7": "seven" },
  length: "own",
};
const scope: ExpressionScope = { data, item: { sku: "b", at: [9] }, index: 2 };
const value = (expression: Expression, within: ExpressionScope = scope): unknown => expressionValue(expression, within);
const holds = (condition: Condition, within: ExpressionScope = scope): boolean => conditionHolds(condition, within, 'the when of the step "s"');

describe("an expression", () => {
  it.each<[string, Expression, unknown]>([
    ["the whole data", { path: "" }, data],
    ["a field", { path: "order.total" }, 10],
    ["an element of a list", { path: "list.1.sku" }, "a"],
    ["a key that looks like a position", { path: "order.7" }, "seven"],
    ["a key of the data's own that lists have too", { path: "length" }, "own"],
    ["null", { path: "nothing" }, null],
    ["the item", { item: "" }, scope.item],
    ["a part of the item", { item: "at.0" }, 9],
    ["the index", { index: true }, 2],
    ["a fixed value", { value: { a: [1] } }, { a: [1] }],
    ["an object", { object: { a: { path: "n" }, b: { object: {} } } }, { a: 5, b: {} }],
    ["a list", { list: [{ path: "n" }, { item: "sku" }, { list: [] }] }, [5, "b", []]],
  ])("gives %s", (_, expression, expected) => {
    expect(value(expression)).toEqual(expected);
  });

  it.each<[string, Expression]>([
    ["a key that is not there", { path: "missing" }],
    ["a path through what is not there", { path: "missing.a.b" }],
    ["a path through null", { path: "nothing.a" }],
    ["a path through a number", { path: "n.toFixed" }],
    ["a position in a text", { path: "text.0" }],
    ["the length of a text", { path: "text.length" }],
    ["the length of a list", { path: "list.length" }],
    ["a method of lists", { path: "list.map" }],
    ["a position behind the end", { path: "list.3" }],
    ["a negative position", { path: "list.-1" }],
    ["a position that is written otherwise", { path: "list.01" }],
    ["the prototype", { path: "__proto__" }],
    ["what the prototype has", { path: "order.__proto__.constructor" }],
    ["the constructor", { path: "constructor" }],
    ["a method of every object", { path: "order.hasOwnProperty" }],
    ["a part of the item that is not there", { item: "missing" }],
  ])("gives null for %s", (_, expression) => {
    expect(value(expression)).toBeNull();
  });

  it("gives null for item and index outside of a forEach, and for a field that is undefined", () => {
    const outside: ExpressionScope = { data: { set: undefined }, item: undefined, index: undefined };

    expect(value({ list: [{ item: "" }, { item: "a" }, { index: true }, { path: "set" }] }, outside)).toEqual([null, null, null, null]);
  });

  it("asks for the item only when it needs it", () => {
    const unread: ExpressionScope = {
      data,
      get item(): never {
        throw new Error("decoded");
      },
      index: 0,
    };

    expect(value({ path: "n" }, unread)).toBe(5);
    expect(() => value({ item: "" }, unread)).toThrow("decoded");
  });
});

describe("a comparison", () => {
  it.each<[Comparison, boolean]>([
    [{ path: "n", operator: "equals", value: 5 }, true],
    [{ path: "n", operator: "equals", value: "5" }, false],
    [{ path: "order", operator: "equals", value: { "7": "seven", total: 10 } }, true],
    [{ path: "list", operator: "equals", value: [1, { sku: "a" }, null] }, true],
    [{ path: "missing", operator: "equals", value: null }, true],
    [{ path: "missing", operator: "equals", operand: { path: "missing.too" } }, true],
    [{ path: "n", operator: "equals", operand: { list: [] } }, false],
    [{ path: "n", operator: "notEquals", value: 5 }, false],
    [{ path: "missing", operator: "notEquals", value: 5 }, true],
    [{ item: "sku", operator: "equals", value: "b" }, true],
    [{ index: true, operator: "equals", value: 2 }, true],
    [{ path: "n", operator: "greaterThan", value: 4 }, true],
    [{ path: "n", operator: "greaterThan", value: 5 }, false],
    [{ path: "n", operator: "greaterThanOrEqual", value: 5 }, true],
    [{ path: "n", operator: "greaterThanOrEqual", operand: { path: "order.total" } }, false],
    [{ path: "n", operator: "lessThan", value: 5 }, false],
    [{ path: "n", operator: "lessThan", operand: { path: "order.total" } }, true],
    [{ path: "n", operator: "lessThanOrEqual", value: 5 }, true],
    [{ path: "n", operator: "lessThanOrEqual", value: 4.5 }, false],
    [{ path: "text", operator: "greaterThan", value: "hell" }, true],
    [{ path: "text", operator: "lessThan", value: "Hello" }, false],
    [{ path: "missing", operator: "greaterThan", value: 1 }, false],
    [{ path: "missing", operator: "lessThanOrEqual", value: 1 }, false],
    [{ path: "n", operator: "lessThan", operand: { path: "missing" } }, false],
    [{ path: "nothing", operator: "greaterThanOrEqual", operand: { path: "missing" } }, false],
    [{ path: "text", operator: "contains", value: "ell" }, true],
    [{ path: "text", operator: "contains", value: "x" }, false],
    [{ path: "text", operator: "contains", operand: { path: "missing" } }, false],
    [{ path: "list", operator: "contains", value: { sku: "a" } }, true],
    [{ path: "list", operator: "contains", operand: { path: "missing" } }, true],
    [{ path: "list", operator: "contains", value: 2 }, false],
    [{ path: "missing", operator: "contains", value: "a" }, false],
    [{ path: "nothing", operator: "exists" }, true],
    [{ path: "missing", operator: "exists" }, false],
    [{ path: "constructor", operator: "exists" }, false],
    [{ path: "nothing", operator: "notExists" }, false],
    [{ path: "list.7", operator: "notExists" }, true],
    [{ path: "nothing", operator: "isNull" }, true],
    [{ path: "missing", operator: "isNull" }, true],
    [{ path: "yes", operator: "isNull" }, false],
    [{ path: "yes", operator: "isNotNull" }, true],
    [{ path: "missing", operator: "isNotNull" }, false],
  ])("%j: %s", (comparison, expected) => {
    expect(holds(comparison)).toBe(expected);
  });

  it.each<[Comparison, string]>([
    [
      { path: "text", operator: "greaterThan", value: 1 },
      'the value at "text" is a text, compared with a number: greaterThan orders two numbers or two texts',
    ],
    [{ path: "order", operator: "lessThan", value: 1 }, 'the value at "order" is an object, compared with a number: lessThan orders'],
    [{ path: "yes", operator: "lessThanOrEqual", operand: { path: "yes" } }, 'the value at "yes" is a boolean, compared with a boolean'],
    [{ path: "", operator: "greaterThanOrEqual", value: "a" }, "the data is an object, compared with a text"],
    [{ item: "at", operator: "greaterThan", value: 1 }, 'the item\'s value at "at" is a list, compared with a number'],
    [{ item: "", operator: "greaterThan", value: 1 }, "the item is an object"],
    [{ index: true, operator: "greaterThan", value: "a" }, "the index is a number, compared with a text"],
    [{ path: "n", operator: "contains", value: 5 }, 'the value at "n" is a number: contains looks into a text or a list'],
    [{ path: "text", operator: "contains", value: 1 }, 'the value at "text" is a text, which cannot contain a number'],
  ])("fails its step where there is no answer: %j", (comparison, message) => {
    expect(() => holds(comparison)).toThrow(StepExecutionError);
    expect(() => holds(comparison)).toThrow(`the when of the step "s": ${message}`);
  });
});

describe("a combination", () => {
  const yes: Condition = { path: "yes", operator: "equals", value: true };
  const no: Condition = { not: yes };
  /** A comparison whose path leads nowhere. */
  const missing: Condition = { path: "missing.a", operator: "equals", value: 1 };
  const fails: Condition = { path: "text", operator: "lessThan", value: 1 };

  it.each<[string, Condition, boolean]>([
    ["all hold", { all: [yes, yes] }, true],
    ["not all hold", { all: [yes, no] }, false],
    ["all of none", { all: [] }, true],
    ["any holds", { any: [no, yes] }, true],
    ["any of those that do not", { any: [no, no] }, false],
    ["any of none", { any: [] }, false],
    ["none holds", { none: [no, no] }, true],
    ["none, but one does", { none: [no, yes] }, false],
    ["none of none", { none: [] }, true],
    ["exactly one", { oneOf: [no, yes, no] }, true],
    ["two where one is asked for", { oneOf: [yes, no, yes] }, false],
    ["no one where one is asked for", { oneOf: [no] }, false],
    ["one of none", { oneOf: [] }, false],
    ["not", { not: no }, true],
    ["nested", { all: [{ any: [no, { not: { none: [yes] } }] }, { oneOf: [{ all: [] }, { any: [] }] }] }, true],
    ["a path that leads nowhere in any", { any: [missing, yes] }, true],
    ["a path that leads nowhere in not", { not: missing }, true],
    ["a path that leads nowhere in none", { none: [missing] }, true],
    ["a path that leads nowhere in oneOf", { oneOf: [missing, yes] }, true],
    ["no further than all needs", { all: [no, fails] }, false],
    ["no further than any needs", { any: [yes, fails] }, true],
    ["no further than none needs", { none: [yes, fails] }, false],
    ["no further than oneOf needs", { oneOf: [yes, yes, fails] }, false],
  ])("%s", (_, condition, expected) => {
    expect(holds(condition)).toBe(expected);
  });

  it("fails its step when a part of it that is needed does", () => {
    expect(() => holds({ not: { any: [no, fails] } })).toThrow('the value at "text" is a text');
  });
});
