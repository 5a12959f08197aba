import { readFile } from "node:fs/promises";
import { afterAll, describe, expect, it } from "vitest";
import { type ProgramFactory, shrink, simulate, type SimulationOptions, type Violation } from "../../src/test-support/index.ts";
import { hostMutations } from "./mutations/host-mutations.ts";
import { mutatedEngine } from "./mutations/mutated-engine.ts";
import { type FoundMutation, writeMutationTable } from "./mutations/mutation-table.ts";
import { passMutations } from "./mutations/pass-mutations.ts";
import { deafHolder, providerMutations } from "./mutations/provider-mutations.ts";
import { raceMutations } from "./mutations/race-mutations.ts";
import { storeMutations } from "./mutations/store-mutations.ts";
import { retries } from "./programs/retries.ts";

const MOST_SEEDS = 60;
/** Of the unchanged engine, that is built in the same way as those that are changed. */
const CONTROL_SEEDS = 10;
const TIMEOUT = { timeout: 60_000 };
const faultyProviders = [...providerMutations, ...raceMutations];
const engineMutations = [...passMutations, ...hostMutations, ...storeMutations];
const found: FoundMutation[] = [];

afterAll(() => writeMutationTable(found));

/** The first violation from the seed 1 on, and how many schedules it has taken. */
async function firstViolation(
  run: typeof simulate,
  program: (seed: number) => ProgramFactory,
  options: Omit<SimulationOptions, "seed">,
): Promise<{ readonly violation: Violation | undefined; readonly schedules: number }> {
  for (let seed = 1; ; seed += 1) {
    const [violation] = (await run(program(seed), { ...options, seed })).violations;
    if (violation !== undefined || seed === MOST_SEEDS) return { violation, schedules: seed };
  }
}

describe("a fault of a provider, or of what a host hears of it,", () => {
  it.each(faultyProviders)("is found: $name", TIMEOUT, async ({ name, program, faulty, caughtBy }) => {
    const { violation, schedules } = await firstViolation(simulate, () => program, { faulty });

    expect(caughtBy, violation?.message).toContain(violation?.invariant);
    found.push({ name, where: "provider", invariant: violation?.invariant ?? "", schedules });
  });
});

describe("a fault of the engine, or of the store,", () => {
  it.each(engineMutations)("is found: $name", TIMEOUT, async ({ name, program, edits, options = {}, caughtBy }) => {
    const engine = await mutatedEngine(edits);
    const factory = engine.programList[program];
    if (factory === undefined) throw new Error(`there is no program ${program}`);

    const { violation, schedules } = await firstViolation(engine.simulate, factory, options);

    expect(caughtBy, violation?.message).toContain(violation?.invariant);
    found.push({ name, where: edits[0]?.file.split("/").at(-1) ?? "", invariant: violation?.invariant ?? "", schedules });
  });

  const used = [...new Set(engineMutations.map(({ program }) => program))];

  it("is not there without a change: the same build passes the same schedules", TIMEOUT, async () => {
    const engine = await mutatedEngine([]);

    const violations: unknown[] = [];
    for (const options of [{}, { onlyFaults: [] }])
      for (const name of used) {
        for (let seed = 1; seed <= CONTROL_SEEDS; seed += 1) {
          const program = engine.programList[name]?.(seed) ?? retries;
          violations.push(...(await engine.simulate(program, { ...options, seed })).violations);
        }
      }

    expect(violations).toEqual([]);
  });

  it.each([
    ["a text that is not there", { file: "wfe/src/index.ts", from: "no such text", to: "" }, "has 0 times, not once"],
    ["a text that is there more than once", { file: "wfe/src/index.ts", from: "export", to: "" }, "times, not once"],
    ["a file that is not there", { file: "wfe/src/nowhere.ts", from: "a", to: "b" }, "the engine has no file wfe/src/nowhere.ts"],
  ])("cannot be made of %s", async (_, edit, message) => {
    await expect(mutatedEngine([edit])).rejects.toThrow(message);
  });
});

describe("each fault", () => {
  it("has a name of its own, which the documentation lists", async () => {
    const names = [...faultyProviders, ...engineMutations].map(({ name }) => name);
    const documentation = await readFile(new URL("../../../../docs/simulation.md", import.meta.url), "utf8");

    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !documentation.includes(`| ${name} `))).toEqual([]);
  });
});

describe("a failure", () => {
  const faulty = deafHolder;

  it("shrinks to fewer faults, and fails again in the same way", { timeout: 120_000 }, async () => {
    let seed = 1;
    let failed = await simulate(retries, { seed, faulty });
    while (failed.violations.length === 0) failed = await simulate(retries, { seed: ++seed, faulty });

    const { options, result, schedules } = await shrink(retries, { seed, faulty }, failed, { longestMs: 60_000 });
    const again = await simulate(retries, options);

    expect(result.violations[0]?.invariant).toBe(failed.violations[0]?.invariant);
    expect(result.faults.length).toBeLessThan(failed.faults.length);
    expect(again.violations).toEqual(result.violations);
    expect(schedules).toBeLessThanOrEqual(400);
  });
});
