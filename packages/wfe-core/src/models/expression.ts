import type { JsonValue } from "./json.ts";

/**
 * Where a value stands: keys and positions, joined by dots, for example `order.lines.0.sku`; empty for the whole. Only what an object or an
 * array holds itself is found, an array by position alone. A path that leads nowhere gives `null`. A key that is empty or has a dot cannot be
 * named.
 */
export type DataPath = string;

/** A place to take a value from: a path into the data, a path into the item of the innermost `forEach`, or the position of that item. */
export type ValuePlace =
  | { readonly path: DataPath; readonly item?: never; readonly index?: never }
  | { readonly item: DataPath; readonly path?: never; readonly index?: never }
  | { readonly index: true; readonly path?: never; readonly item?: never };

/**
 * Selects a value, as plain data, where a selector would be a function: from a place, a fixed one, or an object or a list put together from
 * others. Outside of a `forEach`, item and index are `null`.
 */
export type Expression =
  | { readonly path: DataPath }
  | { readonly item: DataPath }
  | { readonly index: true }
  | { readonly value: JsonValue }
  | { readonly object: { readonly [key: string]: Expression } }
  | { readonly list: readonly Expression[] };
