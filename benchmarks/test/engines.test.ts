import { describe, expect, it } from "vitest";
import { ENGINES, whyNot } from "../src/engines.ts";
import { ENGINE_STARTERS } from "../src/measured/engine-starters.ts";

describe("engines", () => {
  it("are the ones that a measured process can start", () => {
    expect(ENGINES.map(({ name }) => name).toSorted()).toEqual(Object.keys(ENGINE_STARTERS).toSorted());
  });

  it("say why they cannot do a workload, or not at this size", () => {
    const reason = (name: string, size: number): string | undefined => {
      const engine = ENGINES.find((each) => each.name === name);
      return engine === undefined ? "unknown" : whyNot(engine, "w3", size);
    };

    expect([reason("pg-boss-postgres", 10), reason("openworkflow-sqlite", 1_001)]).toEqual([
      expect.stringContaining("no join"),
      expect.stringContaining("1,000 steps"),
    ]);
    expect([reason("openworkflow-sqlite", 1_000), reason("wfe-sqlite", 10_000)]).toEqual([undefined, undefined]);
  });
});
