import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { SerializationError } from "../../src/errors/value-errors.ts";
import { Payloads } from "../../src/runtime/payloads.ts";

const strict = new Payloads();
const refusal = (value: unknown): string => {
  try {
    strict.stored(value, "the data");
  } catch (error) {
    if (error instanceof SerializationError) return `${error.code} at ${JSON.stringify(error.path)}: ${error.message}`;
    throw error;
  }
  return "stored";
};
function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

describe("what can be stored", () => {
  it.each([
    "",
    "\u0000 and \ud800",
    0,
    -1.5e300,
    true,
    null,
    [],
    {},
    [[null, { a: [] }]],
    { b: 1, a: { "": 2 } },
    Object.assign(Object.create(null) as object, { bare: 1 }),
    nested(199),
  ])("%# comes back as it went in", (value) => {
    const stored = strict.stored(value, "the data");

    expect(stored).toEqual(value);
    expect(strict.decode(strict.encode(stored, "the data"), "the data")).toEqual(value);
  });

  it("is copied and frozen to the bottom, once", () => {
    const value = { list: [{ n: 1 }] };

    const stored = strict.stored(value, "the data") as typeof value;

    expect(Object.isFrozen(stored) && Object.isFrozen(stored.list) && Object.isFrozen(stored.list[0])).toBe(true);
    expect(Object.isFrozen(value)).toBe(false);
    expect(strict.stored(stored, "the data")).toBe(stored);
    expect((strict.stored({ more: stored }, "the data") as { more: unknown }).more).toBe(stored);
  });

  it("loses properties that are undefined, and the sign of zero", () => {
    expect(Object.keys(strict.stored({ a: undefined, b: 1 }, "the data") as object)).toEqual(["b"]);
    expect(Object.is(strict.stored(-0, "the data"), 0)).toBe(true);
  });

  it("takes plain objects of another realm", () => {
    expect(strict.stored(runInNewContext("({ a: [1, { b: 2 }] })"), "the data")).toEqual({ a: [1, { b: 2 }] });
  });
});

describe("what cannot be stored is refused with its path and the way out", () => {
  class Order {
    total = 1;
  }
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  it.each([
    [undefined, "", "is undefined: use null"],
    [{ at: new Date(0) }, "at", "is a Date: use an ISO string"],
    [{ lines: [1, { "2nd": new Map() }] }, 'lines[1]["2nd"]', "is a Map: use a record"],
    [new Set(), "", "is a Set: use an array"],
    [[undefined], "[0]", "is undefined: an array cannot hold it"],
    // A hole, which JSON would turn into null.
    [Object.assign(Array.from<number>({ length: 0 }), { length: 2 }), "[0]", "is undefined"],
    [{ n: Number.NaN }, "n", "is NaN"],
    [{ n: -Infinity }, "n", "is -Infinity"],
    [{ big: 1n }, "big", "is a bigint: use a string"],
    [{ run: () => {} }, "run", "is a function"],
    [{ s: Symbol("s") }, "s", "is a symbol"],
    [{ [Symbol("key")]: 1 }, "", "has a symbol as a key"],
    [JSON.parse('{"__proto__": 1}'), "__proto__", "has the reserved key"],
    [{ order: new Order() }, "order", "is an instance of Order"],
    [{ o: new (class {})() }, "o", "is an instance of a class"],
    [Promise.resolve(1), "", "is a promise: await it first"],
    [new Uint8Array(1), "", "is binary data"],
    [new ArrayBuffer(1), "", "is binary data"],
    [nested(201), "[0]".repeat(200), "is nested more than 200 deep"],
    [cycle, Array.from({ length: 200 }, () => "self").join("."), "or contains itself"],
  ])("%#", (value, path, message) => {
    const said = refusal(value);

    expect(said).toContain(`WFE_VALUE_NOT_STORABLE at ${JSON.stringify(path)}`);
    expect(said).toContain(message);
  });
});

describe("encoded payloads", () => {
  it("are refused beyond their limit, with both sizes", () => {
    expect(() => strict.encode("x".repeat(100), "the data", 101)).toThrow(
      expect.objectContaining({ code: "WFE_PAYLOAD_TOO_LARGE", size: 102, limit: 101 }) as Error,
    );
    expect(strict.encode("x".repeat(99), "the data", 101)).toHaveLength(101);
  });

  it("have the documented limits unless told otherwise", () => {
    expect(strict.limits).toEqual({ data: 1_048_576, event: 262_144 });
    expect(new Payloads({ limits: { data: 5 } }).limits).toEqual({ data: 5, event: 262_144 });
  });

  it("that are not readable say so", () => {
    expect(() => strict.decode("{", "the data")).toThrow(expect.objectContaining({ code: "WFE_PAYLOAD_UNREADABLE" }) as Error);
  });

  it("come back frozen", () => {
    const value = strict.decode('{"a":[{"b":1}]}', "the data") as { a: [{ b: number }] };

    expect(Object.isFrozen(value) && Object.isFrozen(value.a) && Object.isFrozen(value.a[0])).toBe(true);
  });

  it("that have no text at all are refused", () => {
    expect(() => strict.encode(undefined, "the data")).toThrow(expect.objectContaining({ code: "WFE_VALUE_NOT_STORABLE" }) as Error);
  });
});

describe("a codec", () => {
  const dates = new Payloads({
    codec: {
      encode: (value) => {
        if (typeof value === "bigint") throw new Error("no bigints");
        return JSON.stringify(value, function (this: Record<string, unknown>, key, plain: unknown) {
          return this[key] instanceof Date ? { $date: this[key].getTime() } : plain;
        });
      },
      decode: (text) =>
        JSON.parse(text, (_, plain: unknown) =>
          typeof plain === "object" && plain !== null && "$date" in plain ? new Date(plain.$date as number) : plain,
        ) as unknown,
    },
  });

  it("makes storable what it can carry", () => {
    const value = { at: new Date(7), list: [new Date(8)] };

    expect(dates.stored(value, "the data")).toEqual(value);
    expect(dates.decode(dates.encode(value, "the data"), "the data")).toEqual(value);
  });

  it("that refuses a value is told of, with its own error as the cause", () => {
    expect(() => dates.encode(1n, "the data")).toThrow(
      expect.objectContaining({ code: "WFE_VALUE_NOT_STORABLE", cause: expect.objectContaining({ message: "no bigints" }) as Error }) as Error,
    );
  });

  it("shortens the path of a value that contains itself in the message, not in the error", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;

    let error: unknown;
    try {
      strict.stored(cycle, "the data");
    } catch (thrown) {
      error = thrown;
    }

    expect((error as SerializationError).path).toHaveLength(200 * 5 - 1);
    expect((error as SerializationError).message).toBe(
      `the data cannot be stored: ${"self.".repeat(16)}… is nested more than 200 deep, or contains itself`,
    );
  });
});
