import { describe, expect, it } from "vitest";
import { indexedPaths, indexedValue } from "../../src/runtime/indexed-data.ts";

describe("indexedPaths", () => {
  it("gives the keys of each path, and a name that is always the same, and another for another path", () => {
    const [id, nested] = indexedPaths(["id", "customer.first-name"]);

    expect(id).toEqual({ path: "id", keys: ["id"], name: "a56145270ce6b3be" });
    expect(nested).toMatchObject({ path: "customer.first-name", keys: ["customer", "first-name"] });
    expect(nested?.name).toMatch(/^[0-9a-f]{16}$/);
    expect(nested?.name).not.toBe(id?.name);
  });

  it("gives none when none are asked for", () => {
    expect(indexedPaths()).toEqual([]);
    expect(indexedPaths([])).toEqual([]);
  });

  it("takes 16 paths of 200 characters", () => {
    expect(indexedPaths(Array.from({ length: 16 }, (_, index) => `p${index}`.padEnd(200, "x")))).toHaveLength(16);
  });

  it.each([
    ["id", TypeError, "indexedData must be a list of paths: got id"],
    [[1], TypeError, "indexedData must be a list of paths: got 1 in it"],
    [Array.from({ length: 17 }, (_, index) => `p${index}`), RangeError, "indexedData may have 16 paths: got 17"],
    [["a", "b", "a"], RangeError, 'indexedData has the path "a" twice'],
    [[""], RangeError, 'got ""'],
    [["a..b"], RangeError, 'got "a..b"'],
    [["a b"], RangeError, 'got "a b"'],
    [["a'); DROP TABLE wfe_workflows; --"], RangeError, 'got "a\'); DROP TABLE wfe_workflows; --"'],
    [["0"], RangeError, 'got "0"'],
    [["ä"], RangeError, 'got "ä"'],
    [["x".repeat(201)], RangeError, "200 characters at most"],
  ])("refuses %j", (paths, kind, message) => {
    const make = (): unknown => indexedPaths(paths as readonly string[]);

    expect(make).toThrow(kind);
    expect(make).toThrow(message);
  });
});

describe("indexedValue", () => {
  const paths = indexedPaths(["id", "customer.id"]);

  it("is that of the first path which the filter asks for and an index has", () => {
    expect(indexedValue({ "customer.id": 7, other: true }, paths)).toMatchObject({ path: "customer.id", value: 7 });
    expect(indexedValue({ "customer.id": 7, id: null }, paths)).toMatchObject({ path: "id", value: null });
    expect(indexedValue({ other: true }, paths)).toBeUndefined();
    expect(indexedValue({}, paths)).toBeUndefined();
    expect(indexedValue({ id: 1 }, [])).toBeUndefined();
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 5e-324, -1e-300, "\ud800", "a\udc00"])(
    "is none for %j, which databases write in another way",
    (value) => {
      expect(indexedValue({ id: value, "customer.id": 7 }, paths)).toMatchObject({ path: "customer.id" });
      expect(indexedValue({ id: value }, paths)).toBeUndefined();
    },
  );

  it.each([0, -0, 1e-289, -2.5, 1e308, "", "\u0000", "😀", true, false])("is %j", (value) => {
    expect(indexedValue({ id: value }, paths)).toMatchObject({ path: "id", value });
  });
});
