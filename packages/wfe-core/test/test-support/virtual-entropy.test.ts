import { describe, expect, it } from "vitest";
import { VirtualEntropy } from "../../src/test-support/virtual-entropy.ts";

describe("VirtualEntropy", () => {
  it("is the same for the same seed, and another for another", () => {
    const draw = (seed?: number): unknown[] => {
      const entropy = new VirtualEntropy(seed);
      return [entropy.random(), entropy.id(), entropy.random(), entropy.id()];
    };

    expect(draw(5)).toEqual(draw(5));
    expect(draw(5)).not.toEqual(draw(6));
    expect(draw()).toEqual(draw(1));
  });

  it("makes ids that look like UUIDs and do not repeat", () => {
    const entropy = new VirtualEntropy(0);

    const ids = Array.from({ length: 10_000 }, () => entropy.id());

    expect(new Set(ids).size).toBe(10_000);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it("draws evenly from 0 to 1", () => {
    const entropy = new VirtualEntropy(9);

    const draws = Array.from({ length: 10_000 }, () => entropy.random());

    expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true);
    expect(draws.reduce((sum, draw) => sum + draw, 0) / draws.length).toBeCloseTo(0.5, 1);
  });
});
