import { COMPARISON_KEYS, ORDER_OPERATORS, PRESENCE_OPERATORS, VALUE_OPERATORS } from "../models/condition.ts";
import { isDataPath } from "../models/data-path.ts";
import { isRecord, shownValue } from "./shown-value.ts";

const EXPRESSION_KEYS: readonly string[] = ["path", "item", "index", "value", "object", "list"];
const COMBINATIONS: readonly string[] = ["all", "any", "none", "oneOf", "not"];
const OPERATORS: readonly unknown[] = [...VALUE_OPERATORS, ...ORDER_OPERATORS, ...PRESENCE_OPERATORS];
/** Levels of a condition or an expression at most: each takes two of the 200 that can be stored. */
const DEEPEST = 90;

/** What an expression or a condition may name. */
export interface Named {
  /** Whether there may be an item of a `forEach`. */
  readonly items: boolean;
}

/**
 * What is wrong with an expression, one phrase each, with the place.
 *
 * @param at - Where it stands, for example `expressions.items`.
 */
export function expressionProblems(expression: unknown, at: string, named: Named, depth = 1): readonly string[] {
  if (depth > DEEPEST) return [`has ${at}, which is nested more than ${DEEPEST} deep`];
  const keys = isRecord(expression) ? Object.keys(expression) : [];
  const [kind] = keys;
  if (!isRecord(expression) || keys.length !== 1 || kind === undefined || !EXPRESSION_KEYS.includes(kind))
    return [`has ${at}, which is no expression: it has exactly one of ${EXPRESSION_KEYS.join(", ")}, got ${shownValue(expression)}`];
  const given = expression[kind];
  switch (kind) {
    case "value":
      return [];
    case "object":
      if (!isRecord(given)) return [`has ${at}.object, which is no record of expressions`];
      return Object.entries(given).flatMap(([key, part]) => expressionProblems(part, `${at}.object.${key}`, named, depth + 1));
    case "list":
      if (!Array.isArray(given)) return [`has ${at}.list, which is no list of expressions`];
      return given.flatMap((part: unknown, index) => expressionProblems(part, `${at}.list[${index}]`, named, depth + 1));
    default:
      return placeProblems(expression, kind, at, named);
  }
}

/** What is wrong with a condition, one phrase each, with the place. */
export function conditionProblems(condition: unknown, at: string, named: Named, depth = 1): readonly string[] {
  if (depth > DEEPEST) return [`has ${at}, which is nested more than ${DEEPEST} deep`];
  if (!isRecord(condition)) return [`has ${at}, which is no condition: got ${shownValue(condition)}`];
  const keys = Object.keys(condition);
  const combination = keys.find((key) => COMBINATIONS.includes(key));
  if (combination === undefined) return comparisonProblems(condition, at, named, depth);
  if (keys.length > 1) return [`has ${at} with ${keys.join(" and ")}: a condition has one of them, or is a comparison`];
  const given = condition[combination];
  if (combination === "not") return conditionProblems(given, `${at}.not`, named, depth + 1);
  if (!Array.isArray(given)) return [`has ${at}.${combination}, which is no list of conditions`];
  return given.flatMap((part: unknown, index) => conditionProblems(part, `${at}.${combination}[${index}]`, named, depth + 1));
}

function comparisonProblems(comparison: Readonly<Record<string, unknown>>, at: string, named: Named, depth: number): readonly string[] {
  const problems: string[] = [];
  const { operator, value, operand } = comparison;
  const places = ["path", "item", "index"].filter((key) => comparison[key] !== undefined);
  const [kind] = places;
  if (kind === undefined || places.length > 1) problems.push(`has ${at}, which compares no single place: it has exactly one of path, item, index`);
  else problems.push(...placeProblems(comparison, kind, at, named));
  for (const key of Object.keys(comparison)) if (!COMPARISON_KEYS.includes(key)) problems.push(`has ${at} with an unknown ${JSON.stringify(key)}`);
  if (!OPERATORS.includes(operator))
    return [...problems, `has ${at}.operator, which is none of ${OPERATORS.join(", ")}: got ${shownValue(operator)}`];
  const given = [value, operand].filter((side) => side !== undefined).length;
  if ((PRESENCE_OPERATORS as readonly unknown[]).includes(operator)) {
    if (given > 0) problems.push(`has ${at}, where ${String(operator)} compares with nothing: it takes neither a value nor an operand`);
    return problems;
  }
  if (given !== 1) problems.push(`has ${at}, where ${String(operator)} needs a value or an operand, one of them`);
  if (operand !== undefined) problems.push(...expressionProblems(operand, `${at}.operand`, named, depth + 1));
  if ((ORDER_OPERATORS as readonly unknown[]).includes(operator) && value !== undefined && typeof value !== "number" && typeof value !== "string")
    problems.push(`has ${at}.value, which ${String(operator)} cannot order: it must be a number or a text, got ${shownValue(value)}`);
  return problems;
}

function placeProblems(place: Readonly<Record<string, unknown>>, kind: string, at: string, named: Named): string[] {
  if (kind !== "path" && !named.items) return [`has ${at}.${kind}, but looks at the data alone`];
  const given = place[kind];
  if (kind === "index") return given === true ? [] : [`has ${at}.index, which can only be true: got ${shownValue(given)}`];
  return isDataPath(given) ? [] : [`has ${at}.${kind}, which is no path: keys and positions joined by dots, got ${shownValue(given)}`];
}
