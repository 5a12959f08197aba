import { describe, expect, it } from "vitest";
import { durationMs } from "../../src/models/duration.ts";

describe("durationMs", () => {
  it.each([
    [0, 0],
    [1, 1],
    [0.2, 1],
    ["250ms", 250],
    ["30s", 30_000],
    ["5m", 300_000],
    ["1.5h", 5_400_000],
    [".5s", 500],
    ["7d", 604_800_000],
    [8.64e15, 8.64e15],
  ] as const)("reads %s as %d ms", (duration, ms) => {
    expect(durationMs(duration)).toBe(ms);
  });

  it.each([-1, Number.NaN, Infinity, 8.64e15 + 2, "", "5", "5 s", "-5s", "5w", "1e3ms", null, undefined, {}, 5n])(
    "refuses %s, and names the option",
    (duration) => {
      expect(() => durationMs(duration as never, "sweepInterval")).toThrow(RangeError);
      expect(() => durationMs(duration as never, "sweepInterval")).toThrow(/^sweepInterval must be milliseconds/);
    },
  );
});
