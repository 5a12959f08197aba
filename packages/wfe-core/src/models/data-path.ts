import type { DataPath } from "./expression.ts";

/** What stands at a path; without `found` there is nothing. */
export interface Place {
  readonly found: boolean;
  /** `null` when there is nothing. */
  readonly value: unknown;
}

const NOWHERE: Place = { found: false, value: null };
const POSITION = /^(?:0|[1-9]\d*)$/;

/** The keys of a path. */
export function keysOf(path: DataPath): readonly string[] {
  return path === "" ? [] : path.split(".");
}

/** Whether a path can be written down: text, none of its keys empty. */
export function isDataPath(path: unknown): path is DataPath {
  return typeof path === "string" && keysOf(path).every((key) => key !== "");
}

/** Whether a key is a position in an array. */
export function isPosition(key: string): boolean {
  return POSITION.test(key);
}

/** What stands at a path of a value. `undefined` counts as nothing. */
export function placeAt(root: unknown, path: DataPath): Place {
  let value = root;
  for (const key of keysOf(path)) {
    if (typeof value !== "object" || value === null || (Array.isArray(value) && !isPosition(key)) || !Object.hasOwn(value, key)) return NOWHERE;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return value === undefined ? NOWHERE : { found: true, value };
}
