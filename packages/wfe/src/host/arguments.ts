import type { AnyDefinition } from "wfe-core";

/** Bytes of an id or a name: a lock's resource may not be longer. */
const LONGEST = 200;

/** A text that callers give, who may not have a compiler. @throws TypeError when it is none */
export function checkText(value: unknown, what: string): string {
  if (typeof value !== "string") throw new TypeError(`${what} must be a string: got ${shown(value)}`);
  return value;
}

/** A text that names something. @throws TypeError when it is no text, RangeError when it is blank or longer than 200 bytes */
export function checkKey(value: unknown, what: string): string {
  const text = checkText(value, what);
  if (text.trim() === "" || Buffer.byteLength(text) > LONGEST)
    throw new RangeError(`${what} must have 1 to ${LONGEST} bytes, and not only blanks: got ${shown(text)}`);
  return text;
}

/** An instant that callers give. @throws TypeError when it is no `Date`, RangeError when it is an invalid one */
export function checkInstant(value: unknown, what: string): Date {
  if (!(value instanceof Date)) throw new TypeError(`${what} must be a Date: got ${shown(value)}`);
  if (Number.isNaN(value.getTime())) throw new RangeError(`${what} is an invalid Date`);
  return value;
}

/** A signal that callers give, or leave out. @throws TypeError when it is something else */
export function checkSignal(value: unknown): void {
  if (value !== undefined && typeof (value as Partial<AbortSignal> | null)?.addEventListener !== "function")
    throw new TypeError(`signal must be an AbortSignal: got ${shown(value)}`);
}

/** Options that callers give, or leave out. @throws TypeError when they are something else than an object */
export function checkOptions<T extends object>(value: T | null | undefined, what: string): Partial<T> {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object") throw new TypeError(`${what} must be an object: got ${shown(value)}`);
  return value;
}

/** A definition that callers give. @throws TypeError when it is none that was built */
export function checkDefinition(value: unknown): AnyDefinition {
  const { id, version, graph, functions } = (value ?? {}) as Partial<AnyDefinition>;
  const isBuilt = typeof id === "string" && typeof version === "number" && Array.isArray(graph?.steps) && typeof functions?.get === "function";
  if (!isBuilt) throw new TypeError(`a definition is what build(id, version) gives, or its id: got ${shown(value)}`);
  return value as AnyDefinition;
}

/** How a wrong argument is told of. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value);
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
