/** A value that JSON can carry. An optional property may be `undefined`; it is stored as absent. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined };

/**
 * Types that the host's `codec` makes storable, by module augmentation:
 * `declare module "wfe-core" { interface CodecTypes { date: Date } }`.
 */
// An interface, because users merge into it.
export interface CodecTypes {}

type NotJson<TWhat extends string, TWayOut extends string> = `${TWhat} cannot be stored: ${TWayOut}`;

/**
 * `T` where `T` survives a round trip through JSON; else a type that differs from `T` exactly at the offending path, and whose
 * literal there says the way out. Use it as a constraint (`T extends DurableShape<T>`): the compiler then prints the path.
 * An optional property may be `undefined` (it is stored as absent); an array element may not.
 */
export type Durable<T> = 0 extends 1 & T
  ? T // any
  : unknown extends T
    ? T // unknown: only the check at run time can say
    : T extends JsonValue | undefined | CodecTypes[keyof CodecTypes] // oxlint-disable-line no-redundant-type-constituents -- `never` until a codec is declared
      ? T // also what ends the recursion through JsonValue itself
      : T extends bigint
        ? NotJson<"a bigint", "use a string, or a codec">
        : T extends symbol
          ? NotJson<"a symbol", "leave it out">
          : T extends Date
            ? NotJson<"a Date", "use an ISO string or epoch milliseconds, or a codec">
            : T extends ReadonlyMap<unknown, unknown>
              ? NotJson<"a Map", "use a record or an array of pairs, or a codec">
              : T extends ReadonlySet<unknown>
                ? NotJson<"a Set", "use an array, or a codec">
                : T extends ArrayBufferView | ArrayBuffer
                  ? NotJson<"binary data", "use an artifact, or a base64 string">
                  : T extends (...args: never[]) => unknown
                    ? NotJson<"a function", "data is plain; keep behavior in steps">
                    : T extends PromiseLike<unknown>
                      ? NotJson<"a promise", "await it first">
                      : T extends readonly unknown[]
                        ? { [K in keyof T]: DurableElement<T[K]> }
                        : {
                            [K in keyof T]: K extends symbol ? NotJson<"a symbol key", "use a string key"> : Durable<T[K]>;
                          };

/**
 * {@link Durable} in the form that may bound its own parameter: `T extends DurableShape<T>`. A mapped type, because a conditional
 * type there is TS2313 (circular constraint). What a codec can carry stays as it is, also as the whole value. Known gap: a bare `bigint` or
 * `symbol` as the whole value; the run-time check has it.
 */
export type DurableShape<T> = { [K in keyof T]: T extends CodecTypes[keyof CodecTypes] ? T[K] : Durable<T[K]> };

type DurableElement<T> = undefined extends T ? (unknown extends T ? T : NotJson<"undefined in an array", "use null">) : Durable<T>;

/** A value, or a promise of it. */
export type MaybePromise<T> = T | Promise<T>;
