import strict from "node:assert/strict";

/**
 * `node:assert/strict` for the cases, but for `deepEqual`: that compares plain objects, arrays and dates by what they hold, not by the realm
 * they were made in. jest runs tests in a context of its own, where what `structuredClone` or a native driver makes has other prototypes.
 */
export const assert: typeof strict = Object.assign(((value, message) => strict(value, message)) as typeof strict, strict, { deepEqual });

function deepEqual(actual: unknown, expected: unknown, message?: string | Error): void {
  try {
    strict.deepEqual(ofThisRealm(actual), ofThisRealm(expected), message);
  } catch (error) {
    if (error instanceof Error) Error.captureStackTrace(error, deepEqual); // the reader looks for the line of the case
    throw error;
  }
}

/** A copy whose plain objects, arrays and dates are of this realm; all else is left as it is. */
function ofThisRealm(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Array.from(value, ofThisRealm);
  if (Object.prototype.toString.call(value) === "[object Date]") return new Date(Number(value));
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return isPlain ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, ofThisRealm(inner)])) : value;
}
