import { fromText } from "./text.ts";

/**
 * Whether encoded data holds what a filter asks for: equality of JSON scalars at dotted paths, type included. A missing path, and data that
 * is not JSON (a codec's cipher text), match nothing. In JavaScript rather than in SQLite's JSON functions, whose numbers and paths differ.
 *
 * @param data - Encoded data of an instance.
 * @param filter - JSON of a list of [path, scalar].
 * @returns 1 or 0, as SQL has it.
 */
export function matchesData(data: unknown, filter: unknown): 0 | 1 {
  const conditions = JSON.parse(String(filter)) as readonly (readonly [string, unknown])[]; // written by `workflow-query.ts`
  let root: unknown;
  try {
    root = JSON.parse(fromText(data as string | Buffer)); // a column of text
  } catch {
    return 0;
  }
  return conditions.every(([path, expected]) => valueAt(root, path) === expected) ? 1 : 0;
}

function valueAt(root: unknown, path: string): unknown {
  let value = root;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.prototype.propertyIsEnumerable.call(value, key)) return undefined; // not the length of an array
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
