import { describe, expect, it } from "vitest";
import { atPath } from "../../src/runtime/json-path.ts";

const value = { a: { b: [{ c: 1 }, null], "": 0, $: 2 }, text: "abc", $: { x: 3 } };

describe("a dotted path", () => {
  it.each([
    ["a.b.0.c", 1],
    ["$.a.b.0.c", 1],
    ["a.b.1", null],
    ["a.$", 2],
    ["$.$.x", 3],
    ["$", value],
  ])("%s leads to own properties and elements", (path, found) => {
    expect(atPath(value, path)).toEqual(found);
  });

  it.each(["b", "a.b.2", "a.b.length", "a.b.00", "text.0", "text.length", "a.b.1.x", "constructor", "__proto__", "a.toString", "a.b.map"])(
    "%s leads to nothing",
    (path) => {
      expect(atPath(value, path)).toBeUndefined();
    },
  );
});
