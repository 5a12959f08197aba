import { isDeepStrictEqual } from "node:util";
import { StepExecutionError } from "../errors/step-errors.ts";
import type { Comparison, Condition, OrderOperator } from "../models/condition.ts";
import { type Place, placeAt } from "../models/data-path.ts";
import type { Expression, ValuePlace } from "../models/expression.ts";
import type { StepExecutionContext } from "../traits/step-execution-context.ts";

/** What expressions see. The item may be decoded each time it is asked for. */
export type ExpressionScope = Pick<StepExecutionContext, "data" | "item" | "index">;

/** The value that an expression selects; a path that leads nowhere gives `null`. */
export function expressionValue(expression: Expression, scope: ExpressionScope): unknown {
  if ("value" in expression) return expression.value;
  if ("list" in expression) return expression.list.map((part) => expressionValue(part, scope));
  if ("object" in expression) return Object.fromEntries(Object.entries(expression.object).map(([key, part]) => [key, expressionValue(part, scope)]));
  return placeOf(expression, scope).value;
}

/**
 * Whether a condition holds.
 *
 * @param what - Names the condition in messages.
 * @throws StepExecutionError when values are compared that have no order, or something is looked for in what is neither a text nor a list.
 */
export function conditionHolds(condition: Condition, scope: ExpressionScope, what: string): boolean {
  const holds = (part: Condition): boolean => conditionHolds(part, scope, what);
  if ("all" in condition) return condition.all.every(holds);
  if ("any" in condition) return condition.any.some(holds);
  if ("none" in condition) return !condition.none.some(holds);
  if ("not" in condition) return !holds(condition.not);
  if ("oneOf" in condition) return isExactlyOne(condition.oneOf, holds);
  return comparisonHolds(condition, scope, what);
}

function isExactlyOne(conditions: readonly Condition[], holds: (condition: Condition) => boolean): boolean {
  let found = 0;
  for (const condition of conditions) {
    if (holds(condition)) found += 1;
    if (found > 1) return false;
  }
  return found === 1;
}

function comparisonHolds(comparison: Comparison, scope: ExpressionScope, what: string): boolean {
  const place = placeOf(comparison, scope);
  const compared = (): unknown => (comparison.operand === undefined ? comparison.value : expressionValue(comparison.operand, scope));
  const { operator } = comparison;
  switch (operator) {
    case "exists":
      return place.found;
    case "notExists":
      return !place.found;
    case "isNull":
      return place.value === null;
    case "isNotNull":
      return place.value !== null;
    case "equals":
      return isDeepStrictEqual(place.value, compared());
    case "notEquals":
      return !isDeepStrictEqual(place.value, compared());
    case "contains":
      return contains(place.value, compared(), () => `${what}: ${shownPlace(comparison)}`);
    case "greaterThan":
    case "greaterThanOrEqual":
    case "lessThan":
    case "lessThanOrEqual":
      return isOrdered(place.value, operator, compared(), () => `${what}: ${shownPlace(comparison)}`);
  }
}

function contains(whole: unknown, part: unknown, what: () => string): boolean {
  if (whole === null) return false;
  if (Array.isArray(whole)) return whole.some((element) => isDeepStrictEqual(element, part));
  if (typeof whole !== "string") throw new StepExecutionError(`${what()} is ${kindOf(whole)}: contains looks into a text or a list`);
  if (part === null) return false;
  if (typeof part !== "string") throw new StepExecutionError(`${what()} is a text, which cannot contain ${kindOf(part)}`);
  return whole.includes(part);
}

function isOrdered(left: unknown, operator: OrderOperator, right: unknown, what: () => string): boolean {
  if (left === null || right === null) return false;
  const comparable = (typeof left === "number" && typeof right === "number") || (typeof left === "string" && typeof right === "string");
  if (!comparable) {
    throw new StepExecutionError(`${what()} is ${kindOf(left)}, compared with ${kindOf(right)}: ${operator} orders two numbers or two texts`);
  }
  switch (operator) {
    case "greaterThan":
      return left > right;
    case "greaterThanOrEqual":
      return left >= right;
    case "lessThan":
      return left < right;
    case "lessThanOrEqual":
      return left <= right;
  }
}

function placeOf(place: Expression | ValuePlace, scope: ExpressionScope): Place {
  if ("path" in place && place.path !== undefined) return placeAt(scope.data, place.path);
  if ("item" in place && place.item !== undefined) return placeAt(scope.item, place.item);
  return placeAt(scope.index, "");
}

function shownPlace(place: ValuePlace): string {
  if (place.path !== undefined) return place.path === "" ? "the data" : `the value at ${JSON.stringify(place.path)}`;
  if (place.item !== undefined) return place.item === "" ? "the item" : `the item's value at ${JSON.stringify(place.item)}`;
  return "the index";
}

/** Not the value itself: messages are stored and sent. */
function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return { string: "a text", number: "a number", boolean: "a boolean" }[typeof value as string] ?? "an object";
}
