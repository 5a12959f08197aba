import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { InputInvalidError, SerializationError, type StandardSchema, WorkflowBuilder } from "../../src/index.ts";
import { initialDataOf, inputDigest, validInput } from "../../src/host/start-input.ts";

type Issues = readonly { readonly message: string; readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] }[];

/** A schema that turns text into a number, or finds these issues. */
const schema = (issues?: Issues): StandardSchema<string, number> => ({
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => Promise.resolve(issues === undefined ? { value: Number(value) } : { issues }),
  },
});
const noop = (): void => {};
const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("the data an instance starts with", () => {
  it("is the input, as it is", async () => {
    const input = { n: 1 };

    expect(await initialDataOf(new WorkflowBuilder<{ n: number }>().thenFn("a", noop).build("w", 1), input)).toBe(input);
  });

  it("is what the schema makes of the input, and initialData of that", async () => {
    const definition = new WorkflowBuilder<{ n: number }>()
      .initialData((n: number) => ({ n: n + 1 }))
      .thenFn("a", noop)
      .build("w", 1);
    const functions = new Map([...definition.functions, ["inputSchema", schema()]]);

    expect([await initialDataOf(definition, 7), await initialDataOf({ ...definition, functions }, "7")]).toEqual([{ n: 8 }, { n: 8 }]);
  });

  it("is not made of an input that the schema refuses", async () => {
    const definition = new WorkflowBuilder<{ n: number }>().thenFn("a", noop).build("w", 1);
    const functions = new Map<string, unknown>([["inputSchema", schema([{ message: "is no number" }])]]);

    await expect(initialDataOf({ ...definition, functions }, "x")).rejects.toEqual(
      new InputInvalidError('the input of the workflow "w"', ["is no number"]),
    );
  });
});

describe("the issues of a schema", () => {
  it("are told with their paths, one line each", async () => {
    const issues: Issues = [
      { message: "is wrong" },
      { message: "is wrong as a whole", path: [] },
      { message: "is no date", path: ["lines", 3, "at"] },
      { message: "is missing", path: [{ key: "order" }, { key: 0 }] },
    ];

    await expect(validInput(schema(issues), "x", "the payload")).rejects.toEqual(
      new InputInvalidError("the payload", ["is wrong", "is wrong as a whole", "lines.3.at: is no date", "order.0: is missing"]),
    );
  });
});

describe("the digest of an input", () => {
  it("is that of its canonical JSON: the order of keys does not count, that of a list does", () => {
    expect(inputDigest({ b: [1, 2], a: { d: 1, c: null } })).toBe(digestOf('{"a":{"c":null,"d":1},"b":[1,2]}'));
    expect(inputDigest({ a: { c: null, d: 1 }, b: [1, 2] })).toBe(inputDigest({ b: [1, 2], a: { d: 1, c: null } }));
    expect(inputDigest([1, 2])).not.toBe(inputDigest([2, 1]));
  });

  it("is one for no input at all", () => {
    expect(inputDigest(undefined)).toBe(digestOf(""));
  });

  it.each<[string, unknown, string]>([
    ["an error", new Error("no JSON here"), "no JSON here"],
    ["anything else", "no JSON here", "no JSON here"],
  ])("cannot be had of an input whose toJSON throws %s", (_, thrown, message) => {
    const input = {
      toJSON: (): never => {
        throw thrown;
      },
    };

    expect(() => inputDigest(input)).toThrow(new SerializationError("the input", "", `has no JSON: ${message}`));
  });
});
