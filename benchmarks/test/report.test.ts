import { describe, expect, it } from "vitest";
import type { Figures } from "../src/measured/protocol.ts";
import { expectedCounts, measuredSteps, sizeOf, type Work } from "../src/measured/work.ts";
import { Measurements } from "../src/measurements.ts";
import { report } from "../src/report.ts";
import type { Measurement } from "../src/result.ts";

const W1: Work = { workload: "w1", workflows: 100 };

function measured(engine: string, repetition: number, figures: Figures, isRight = true, work: Work = W1): Measurement {
  const expected = expectedCounts(work);
  const stored = isRight ? expected : { ...expected, steps: expected.steps - 1 };
  const head = { kind: "measured", workload: work.workload, size: sizeOf(work), steps: measuredSteps(work), node: "v20.20.2" } as const;
  return { ...head, engine, repetition, figures, stored, expected, isRight };
}

describe("Measurements", () => {
  it("compares the two engines of each repetition, and takes the middle", () => {
    const rates = [
      [100, 10],
      [300, 10],
      [90, 1],
    ];
    const all = new Measurements(
      rates.flatMap(([wfe = 0, other = 0], index) => [
        measured("wfe-postgres", index + 1, { stepsPerSecond: wfe }),
        measured("dbos-postgres", index + 1, { stepsPerSecond: other }),
      ]),
    );

    expect(all.ratio("wfe-postgres", "dbos-postgres", "w1", "stepsPerSecond")).toBe(30);
  });

  it("divides costs by the steps that were measured", () => {
    expect(new Measurements([measured("wfe-postgres", 1, { walBytes: 5_000 })]).perStep("wfe-postgres", "w1", "walBytes")).toBe(5);
  });

  it("divides the syncs of a log by all steps of the process", () => {
    expect(new Measurements([measured("wfe-postgres", 1, { walSyncs: 1_000 })]).syncsPerStep("wfe-postgres", "w1")).toBe(0.5);
  });

  it("leaves out what is not right in the store", () => {
    const all = new Measurements([measured("wfe-postgres", 1, { stepsPerSecond: 100 }, false)]);

    expect(all.median("wfe-postgres", "w1", "stepsPerSecond")).toBeUndefined();
  });
});

describe("report", () => {
  const results = [measured("wfe-postgres", 1, { stepsPerSecond: 1_000 }), measured("dbos-postgres", 1, { stepsPerSecond: 50 })];

  it("says which targets are met and which are missed", () => {
    const text = report(["a machine"], [...results, measured("pg-boss-postgres", 1, { stepsPerSecond: 1_000 })], true);

    expect(text).toMatch(/W1 Postgres: steps\/s against DBOS +\| ≥ 12 × +\| +20\.0 × +\| met/);
    expect(text).toMatch(/W1 Postgres: steps\/s against pg-boss's chain +\| ≥ 1\.5 × +\| +1\.00 × +\| \*\*missed\*\*/);
    expect(text).toMatch(/W2 SQLite FULL: p50 +\| ≤ 1 ms +\| +— +\| not measured/);
  });

  it("gives no verdict on a run that is too small", () => {
    expect(report(["a machine"], results, false)).toMatch(/against DBOS +\| ≥ 12 × +\| +20\.0 × +\| no verdict/);
  });

  it("tells what is not right in the store, what has failed and what was not measured", () => {
    const text = report(
      ["a machine"],
      [
        measured("wfe-postgres", 2, { stepsPerSecond: 1_000 }, false),
        { kind: "failed", workload: "w1", size: 100, engine: "wfe-sqlite", repetition: 1, error: "the disk is full" },
        { kind: "cannot", workload: "w4", size: 5, engine: "bullmq-redis", reason: "no events" },
      ],
      true,
    );

    expect(text).toContain('wfe-postgres, w1 (100), repetition 2: in the store {"complete":200,"steps":1999,"sleeping":0}');
    expect(text).toContain("wfe-sqlite, w1 (100): the disk is full");
    expect(text).toMatch(/BullMQ.* \| w4 \(5\) +\| no events/);
  });
});
