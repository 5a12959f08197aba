import { SerializationError, PayloadTooLargeError } from "../errors/value-errors.ts";
import { WfeError } from "../errors/wfe-error.ts";
import type { Codec } from "../traits/codec.ts";

/** Longest encoded payloads, in characters (UTF-16 code units). */
export interface PayloadLimits {
  /** Data of an instance. @default 1048576 */
  readonly data: number;
  /** Payload of an event. @default 262144 */
  readonly event: number;
}

/** The documented limits. */
export const DEFAULT_PAYLOAD_LIMITS: PayloadLimits = {
  data: 1_048_576,
  event: 262_144,
};

const DEEPEST = 200;

/**
 * Objects that are known to be storable (frozen, plain, checked to the bottom), and how deep they are: 1 for one without another in it. A tree is checked again only where it is new, so checking
 * costs what changed, not what there is.
 */
const CHECKED = new WeakMap<object, number>();

/**
 * Turns values into what the store keeps and back. Strict: what would not come back deep-equal is refused, with the path of the offender.
 * With a codec of the user's, what the codec can carry is storable.
 */
export class Payloads {
  readonly #codec: Codec | undefined;
  readonly limits: PayloadLimits;

  constructor(
    options: {
      readonly codec?: Codec | undefined;
      readonly limits?: Partial<PayloadLimits> | undefined;
    } = {},
  ) {
    this.#codec = options.codec;
    this.limits = { ...DEFAULT_PAYLOAD_LIMITS, ...options.limits };
  }

  /**
   * A deeply frozen copy of a value as it will come back from the store: without properties that are `undefined`. Parts that were checked
   * before are shared, not copied.
   *
   * @param what - Names the value in the message, for example `the data`.
   * @param path - Where the value stands in it, for example `[3]`. @default at the top
   * @throws SerializationError for what cannot be stored.
   */
  stored(value: unknown, what: string, path = ""): unknown {
    if (this.#codec !== undefined) return this.decode(this.encode(value, what), what);
    return copyStrictly(value, what, path, 0);
  }

  /**
   * The text of a value.
   *
   * @param limit - Characters at most; none for payloads that have no limit of their own.
   * @throws PayloadTooLargeError beyond the limit, SerializationError when a codec of the user's refuses the value.
   */
  encode(value: unknown, what: string, limit?: number): string {
    let text: string | undefined;
    try {
      text = this.#codec === undefined ? JSON.stringify(value) : this.#codec.encode(value);
    } catch (cause) {
      throw new SerializationError(what, "", `is refused by the codec: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
    if (typeof text !== "string") throw new SerializationError(what, "", "has no encoded form");
    if (limit !== undefined && text.length > limit) throw new PayloadTooLargeError(what, text.length, limit);
    return text;
  }

  /**
   * The value of a text, deeply frozen.
   *
   * @throws WfeError `WFE_PAYLOAD_UNREADABLE` when the text is not this codec's.
   */
  decode(text: string, what: string): unknown {
    try {
      return freezeDeep(this.#codec === undefined ? (JSON.parse(text) as unknown) : this.#codec.decode(text));
    } catch (cause) {
      throw new WfeError("WFE_PAYLOAD_UNREADABLE", `${what} cannot be decoded: was it written with another codec or key?`, { cause });
    }
  }
}

function copyStrictly(value: unknown, what: string, path: string, depth: number): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) throw new SerializationError(what, path, `is ${value}: JSON has no such number; use null or a string`);
      return value === 0 ? 0 : value; // JSON has one zero
    case "bigint":
      throw new SerializationError(what, path, "is a bigint: use a string, or a codec");
    case "function":
      throw new SerializationError(what, path, "is a function: data is plain; keep behavior in steps");
    case "symbol":
      throw new SerializationError(what, path, "is a symbol: leave it out");
    case "undefined":
      throw new SerializationError(what, path, "is undefined: use null");
    case "object":
      break;
  }
  if (value === null) return value;
  const height = CHECKED.get(value);
  if (depth + (height ?? 1) > DEEPEST) throw new SerializationError(what, path, `is nested more than ${DEEPEST} deep, or contains itself`);
  if (height !== undefined) return value;
  const copy = Array.isArray(value) ? copyArray(value, what, path, depth) : copyObject(value as object, what, path, depth);
  CHECKED.set(Object.freeze(copy), 1 + deepest(Object.values(copy)));
  return copy;
}

/** How deep the deepest of these checked values is; 0 when none is an object. */
function deepest(values: readonly unknown[]): number {
  let most = 0;
  for (const value of values) if (typeof value === "object" && value !== null) most = Math.max(most, CHECKED.get(value) ?? 0);
  return most;
}

function copyArray(value: readonly unknown[], what: string, path: string, depth: number): unknown[] {
  const copy: unknown[] = [];
  for (let index = 0; index < value.length; index += 1) {
    const element = value[index];
    const at = `${path}[${index}]`;
    if (element === undefined) throw new SerializationError(what, at, "is undefined: an array cannot hold it; use null");
    copy.push(copyStrictly(element, what, at, depth + 1));
  }
  return copy;
}

function copyObject(value: object, what: string, path: string, depth: number): Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype && !isForeignPlainObject(prototype)) {
    throw new SerializationError(what, path, wayOut(value, prototype));
  }
  if (Object.getOwnPropertySymbols(value).length > 0) throw new SerializationError(what, path, "has a symbol as a key: use a string key");
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const at = /^[A-Za-z_$][\w$]*$/.test(key) ? (path === "" ? key : `${path}.${key}`) : `${path}[${JSON.stringify(key)}]`;
    if (key === "__proto__") throw new SerializationError(what, at, "has the reserved key __proto__: rename it");
    const property = (value as Record<string, unknown>)[key];
    if (property !== undefined) copy[key] = copyStrictly(property, what, at, depth + 1);
  }
  return copy;
}

/** A plain object of another realm (a vm context, a worker) has another `Object.prototype`. */
function isForeignPlainObject(prototype: unknown): boolean {
  return (
    typeof prototype === "object" && prototype !== null && Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "hasOwnProperty")
  );
}

function wayOut(value: object, prototype: unknown): string {
  if (value instanceof Date) return "is a Date: use an ISO string or epoch milliseconds, or a codec";
  if (value instanceof Map) return "is a Map: use a record or an array of pairs, or a codec";
  if (value instanceof Set) return "is a Set: use an array, or a codec";
  if (value instanceof Promise) return "is a promise: await it first";
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return "is binary data: use an artifact, or a base64 string";
  const name = (prototype as { constructor?: { name?: string } }).constructor?.name;
  return `is an instance of ${name === undefined || name === "" ? "a class" : name}: data is plain; copy its fields into an object, or use a codec`;
}

function freezeDeep(value: unknown): unknown {
  if (typeof value !== "object" || value === null || CHECKED.has(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype) return value; // made by a codec: a Date, a Map
  const properties: readonly unknown[] = Object.values(value);
  for (const property of properties) freezeDeep(property);
  CHECKED.set(Object.freeze(value), 1 + deepest(properties));
  return value;
}
