import { describe, expect, it } from "vitest";
import { median, percentile } from "../src/measured/percentiles.ts";

describe("percentile", () => {
  it("is the nearest rank of values in any order", () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);

    expect([percentile(values, 0), percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1)]).toEqual([1, 50, 99, 100]);
  });

  it("refuses an empty list", () => {
    expect(() => percentile([], 0.5)).toThrow(RangeError);
  });
});

describe("median", () => {
  it("is the value in the middle", () => {
    expect([median([7]), median([3, 1, 2])]).toEqual([7, 2]);
  });

  it("is the mean of the two in the middle of an even number", () => {
    expect([median([1, 2]), median([4, 1, 3, 2])]).toEqual([1.5, 2.5]);
  });
});
