/**
 * What stands at a dotted path of a JSON value: own properties, and indices of arrays. A leading `$` is the value itself. `undefined` when there
 * is nothing.
 */
export function atPath(value: unknown, path: string): unknown {
  const names = path.split(".");
  if (names[0] === "$") names.shift();
  let at = value;
  for (const name of names) {
    // Enumerable: an array's `length` is no part of its JSON.
    if (typeof at !== "object" || at === null || !Object.prototype.propertyIsEnumerable.call(at, name)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return at;
}

/** Whether a text is a path for {@link atPath}. Brackets are refused: they are another language's. */
export function isPath(path: unknown): path is string {
  return typeof path === "string" && path.split(".").every((name) => name !== "" && !/[[\]]/.test(name));
}
