import { expect, it } from "vitest";
import { Payloads } from "../../src/runtime/payloads.ts";

/** So many objects in each other, each made storable before the next is put around it: what is inside is shared, and not checked again. */
function grown(levels: number): unknown {
  const payloads = new Payloads();
  let value: unknown = {};
  for (let level = 1; level < levels; level += 1) value = payloads.stored({ value }, "the data");
  return payloads.stored(value, "the data");
}

it("counts the depth of what was checked before: 200 objects in each other are storable, more are not, however they came about", () => {
  expect(JSON.stringify(grown(200)).match(/{/g)).toHaveLength(200);
  for (const levels of [201, 500]) expect(() => grown(levels)).toThrow("is nested more than 200 deep");
});

it("counts the depth of what came from the store", () => {
  const payloads = new Payloads();
  const nested = (levels: number): unknown => payloads.decode('{"a":'.repeat(levels - 1) + "{}" + "}".repeat(levels - 1), "the data");

  expect(payloads.stored({ v: nested(199) }, "the data")).toEqual({ v: nested(199) });
  expect(() => payloads.stored({ v: nested(200) }, "the data")).toThrow("is nested more than 200 deep");
});
