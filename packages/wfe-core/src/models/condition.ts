import type { Expression, ValuePlace } from "./expression.ts";
import type { JsonValue } from "./json.ts";

/** Compare with any value: deep equality of JSON; a part of a text, or a member of a list. */
export const VALUE_OPERATORS = ["equals", "notEquals", "contains"] as const;
/** Order two numbers, or two texts by their UTF-16 code units. `null` comes neither before nor after anything. */
export const ORDER_OPERATORS = ["greaterThan", "greaterThanOrEqual", "lessThan", "lessThanOrEqual"] as const;
/** Ask for the place itself: whether there is anything, if only `null`; whether what is there is `null`, or nothing. */
export const PRESENCE_OPERATORS = ["exists", "notExists", "isNull", "isNotNull"] as const;

/** One of {@link VALUE_OPERATORS}. */
export type ValueOperator = (typeof VALUE_OPERATORS)[number];
/** One of {@link ORDER_OPERATORS}. */
export type OrderOperator = (typeof ORDER_OPERATORS)[number];
/** One of {@link PRESENCE_OPERATORS}. */
export type PresenceOperator = (typeof PRESENCE_OPERATORS)[number];

/** Every key that a comparison may have. */
export const COMPARISON_KEYS: readonly string[] = ["path", "item", "index", "operator", "value", "operand"];

/** What a comparison compares with: a fixed `value`, or the `operand` that an expression gives. */
type ComparedWith<TValue> = { readonly value: TValue; readonly operand?: never } | { readonly operand: Expression; readonly value?: never };

/** A question about the value at one place; a place where nothing is counts as `null`, and for this comparison alone. */
export type Comparison = ValuePlace &
  (
    | ({ readonly operator: ValueOperator } & ComparedWith<JsonValue>)
    | ({ readonly operator: OrderOperator } & ComparedWith<number | string>)
    | { readonly operator: PresenceOperator; readonly value?: never; readonly operand?: never }
  );

/**
 * A condition as plain data: a comparison, or `all`, `any`, `none` or exactly `oneOf` of several, or `not` one. Of an empty list `all` and
 * `none` hold, `any` and `oneOf` do not. Asked from left to right, and no further than the answer needs.
 *
 * @see WorkflowCore `StepCondition` of the Rust crate, in which a path that leads nowhere makes the whole condition false.
 */
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly none: readonly Condition[] }
  | { readonly oneOf: readonly Condition[] }
  | { readonly not: Condition }
  | Comparison;
