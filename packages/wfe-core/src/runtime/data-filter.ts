import type { WorkflowFilter } from "../models/workflow-filter.ts";

/**
 * Whether encoded data of an instance holds what a filter asks for: equality of JSON scalars at dotted paths, type included. A missing path, and
 * data that is not JSON (a codec's cipher text), match nothing. Providers ask this rather than the JSON of their databases, whose numbers, paths
 * and texts differ.
 */
export function matchesData(data: string, wanted: NonNullable<WorkflowFilter["data"]>): boolean {
  const entries = Object.entries(wanted);
  if (entries.length === 0) return true;
  let root: unknown;
  try {
    root = JSON.parse(data);
  } catch {
    return false;
  }
  return entries.every(([path, expected]) => valueAt(root, path) === expected);
}

function valueAt(root: unknown, path: string): unknown {
  let value = root;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.prototype.propertyIsEnumerable.call(value, key)) return undefined; // not the length of an array
    value = (value as Record<string, unknown>)[key]; // an object that is not null: asked above
  }
  return value;
}
