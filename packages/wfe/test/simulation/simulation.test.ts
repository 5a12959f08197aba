import { describe, expect, it } from "vitest";
import { FAULT_KINDS, failureReport, type FaultKind, simulate } from "../../src/test-support/index.ts";
import { programList } from "./program-list.ts";

const SEEDS = 100;
const programs = Object.entries(programList).map(([name, factory]) => ({ name, factory }));
/** Another one for each seed, which has a file of its own. */
const RANDOM = "random";
const written = programs.filter(({ name }) => name !== RANDOM);

describe("hosts in an order that a seed chooses, with faults that it chooses", () => {
  const happened = new Set<FaultKind>();
  let commits = 0;

  it.each(written)("bring $name to its end, and keep every invariant on the way", { timeout: 120_000 }, async ({ factory }) => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const result = await simulate(factory(seed), { seed });
      for (const { kind } of result.faults) happened.add(kind);
      commits += result.commits;

      if (result.violations.length > 0) expect.fail(failureReport(result, {}));
    }
  });

  it("have every kind of fault, and something to lose by it", () => {
    expect([...happened].toSorted()).toEqual(FAULT_KINDS.toSorted());
    expect(commits).toBeGreaterThan(20 * SEEDS);
  });
});

describe("a schedule", () => {
  it.each(programs)(
    "of $name is the same each time, to the last pick, and another one for another seed",
    { timeout: 60_000 },
    async ({ factory }) => {
      const [first, again, other] = [
        await simulate(factory(7), { seed: 7, keepsTrace: true }),
        await simulate(factory(7), { seed: 7, keepsTrace: true }),
        await simulate(factory(8), { seed: 8, keepsTrace: true }),
      ];

      expect(again.trace.join("\n")).toBe(first.trace.join("\n"));
      expect(again).toEqual(first);
      expect(other.trace.join("\n")).not.toBe(first.trace.join("\n"));
    },
  );
});
