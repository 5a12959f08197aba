import type { SimulationOptions, SimulationResult } from "./simulation-options.ts";

const SHOWN_PICKS = 60;

/** The line that runs a schedule again, to be pasted into a shell. */
export function replayLine({ program, seed }: Pick<SimulationResult, "program" | "seed">, options: Omit<SimulationOptions, "seed">): string {
  const { hosts, faultsUntilMs, onlyFaults, seededPicks } = options;
  const words = ["pnpm simulate", `--program ${program}`, `--seed ${seed}`];
  if (hosts !== undefined) words.push(`--hosts ${hosts}`);
  if (faultsUntilMs !== undefined) words.push(`--faults-until ${faultsUntilMs}`);
  if (onlyFaults !== undefined) words.push(`--only-faults ${onlyFaults.length === 0 ? "none" : onlyFaults.join(",")}`);
  if (seededPicks !== undefined) words.push(`--seeded-picks ${seededPicks}`);
  return words.join(" ");
}

/** What there is to know of a schedule that has failed: what was wrong, its faults, its last picks, and the line that runs it again. */
export function failureReport(result: SimulationResult, options: Omit<SimulationOptions, "seed">): string {
  const { program, seed, violations, faults, trace, picks, tookMs } = result;
  return [
    `${program} fails with the seed ${seed}, after ${picks} picks and ${tookMs} ms of virtual time:`,
    ...violations.map(({ invariant, message, atMs }) => `  ${invariant} at ${atMs} ms: ${message}`),
    `with ${faults.length} faults:`,
    ...faults.map(({ index, kind, atMs, where }) => `  ${index}: ${kind} at ${atMs} ms, ${where}`),
    "the last picks:",
    ...trace.slice(-SHOWN_PICKS).map((line) => `  ${line}`),
    `again: ${replayLine(result, options)}`,
  ].join("\n");
}
