import { describe, expect, it } from "vitest";
import { GrowingDelays } from "../../src/host/growing-delays.ts";

describe("growing delays", () => {
  it("double up to the longest, for each thing by itself", () => {
    const delays = new GrowingDelays(10, 50);

    const ofA = [delays.next("a"), delays.next("a"), delays.next("a"), delays.next("a"), delays.next("a")];

    expect(ofA).toEqual([10, 20, 40, 50, 50]);
    expect(delays.next("b")).toBe(10);
  });

  it("start anew for what went well", () => {
    const delays = new GrowingDelays(10, 50);
    delays.next("a");
    delays.next("a");

    delays.forget("a");

    expect(delays.next("a")).toBe(10);
  });

  it("remember 10,000 things, and forget the one that was put off longest ago", () => {
    const delays = new GrowingDelays(10, 1_000);
    delays.next("old");
    delays.next("kept");
    for (let n = 2; n < 10_000; n += 1) delays.next(String(n));
    delays.next("kept");

    delays.next("one more");

    expect([delays.next("kept"), delays.next("old")]).toEqual([40, 10]);
  });
});
