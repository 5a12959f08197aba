import { describe, expect, it } from "vitest";
import type { ProgramFactory } from "../../src/test-support/index.ts";
import { retries } from "./programs/retries.ts";
import { simulationRuns } from "./simulation-runs.ts";

/** Never content. */
const unfair: ProgramFactory = (bodies) => ({ ...retries(bodies), name: "unfair", verdict: () => ["not good enough"] });
const programs = { retries: () => retries, unfair: () => unfair };

async function run(...args: readonly string[]): Promise<{ readonly code: number; readonly printed: string }> {
  const printed: string[] = [];
  const code = await simulationRuns(args, programs, (text) => void printed.push(text));
  return { code, printed: printed.join("\n") };
}

describe("the command line of simulations", () => {
  it("runs so many schedules, and says what they did", async () => {
    const { code, printed } = await run("--seeds", "3", "--from", "2", "--program", "retries");

    expect({ code, printed }).toEqual({ code: 0, printed: expect.stringMatching(/^3 schedules .*, 0 have failed\n.* picks, .* commits/) });
  });

  it("ends with the first failure, made small, and the line that runs it again", { timeout: 60_000 }, async () => {
    const { code, printed } = await run("--seeds", "20");

    expect(code).toBe(1);
    expect(printed).toContain("pnpm simulate --program unfair --seed 1\n");
    expect(printed).toContain("again: pnpm simulate --program unfair --seed 1 --hosts 1 --only-faults none --seeded-picks 0");
    expect(printed).toContain("1 schedules");
  });

  it("runs one schedule again, with all its picks", async () => {
    const words = ["--program", "unfair", "--seed", "1", "--hosts", "1", "--only-faults", "none", "--seeded-picks", "0"];

    const [again, whole] = [
      await run(...words),
      await run("--program", "retries", "--seed", "1", "--only-faults", "3,4", "--faults-until", "500", "--trace"),
    ];

    expect({ code: again.code, printed: again.printed }).toEqual({ code: 1, printed: expect.stringContaining("end at ") });
    expect({ code: whole.code, printed: whole.printed }).toEqual({ code: 0, printed: expect.stringContaining("runs first (r1/1/1)") });
  });

  it("goes on behind failures where it is told to", { timeout: 60_000 }, async () => {
    const { code, printed } = await run("--seeds", "4", "--program", "unfair", "--keep-going");

    expect({ code, printed }).toEqual({ code: 1, printed: expect.stringContaining("4 schedules") });
  });

  it.each([
    ["--seeds", "many"],
    ["--program", "none"],
    ["--colour", "red"],
  ])("refuses %s %s", async (...args) => {
    expect(await run(...args)).toEqual({ code: 2, printed: expect.stringContaining(args[1] === "red" ? "colour" : (args[1] ?? "")) });
  });

  it("explains itself", async () => {
    expect(await run("--help")).toEqual({ code: 0, printed: expect.stringContaining("--program NAME       retries, unfair") });
  });
});
