import { parseArgs } from "node:util";
import {
  failureReport,
  type FaultKind,
  type ProgramFactory,
  replayLine,
  shrink,
  simulate,
  type SimulationOptions,
  type SimulationResult,
} from "../../src/test-support/index.ts";

const PROGRESS_EVERY = 200;
const USAGE = (programs: Programs): string => `Runs workflows on several simulated hosts, in the order and with the faults that a seed chooses.

  pnpm simulate --seeds 10000 --from 1      many schedules, each program in turn
  pnpm simulate --program saga --seed 7     one schedule; with --trace all its picks

  --program NAME       ${Object.keys(programs).join(", ")}
  --hosts N            hosts (2 to 4, as the seed says)
  --faults-until MS    no more faults from this virtual time on (12000)
  --only-faults N,N    faults out of those that the seed gives, by their numbers, or none
  --seeded-picks N     picks that the seed makes; those behind them are in order
  --keep-going         do not end with the first failure`;

/** Programs by the name that replay lines give them; some are another one for each seed. */
export type Programs = Readonly<Record<string, (seed: number) => ProgramFactory>>;

/** What was asked for on the command line. */
interface Wishes {
  readonly first: number;
  readonly count: number;
  readonly program: string | undefined;
  readonly options: Omit<SimulationOptions, "seed">;
  readonly keepsGoing: boolean;
}

/** @throws Error that says which argument is wrong. */
function wishesOf(args: readonly string[], programs: Programs): Wishes | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: "string" },
      from: { type: "string" },
      seed: { type: "string" },
      program: { type: "string" },
      hosts: { type: "string" },
      "faults-until": { type: "string" },
      "only-faults": { type: "string" },
      "seeded-picks": { type: "string" },
      trace: { type: "boolean" },
      "keep-going": { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) return undefined;
  const { seed, program, hosts, trace = false } = values;
  if (program !== undefined && !(program in programs)) throw new Error(`no program is called ${program}: ${Object.keys(programs).join(", ")}`);
  const [faultsUntil, onlyFaults, seededPicks] = [values["faults-until"], values["only-faults"], values["seeded-picks"]];
  const faults = onlyFaults === "none" ? [] : onlyFaults?.split(",").map((index) => wholeNumber("only-faults", index));
  return {
    first: wholeNumber("seed", seed ?? values.from ?? "1"),
    count: seed === undefined ? wholeNumber("seeds", values.seeds ?? "1000") : 1,
    program,
    keepsGoing: values["keep-going"] ?? false,
    options: {
      keepsTrace: trace,
      ...(hosts === undefined ? {} : { hosts: wholeNumber("hosts", hosts) }),
      ...(faultsUntil === undefined ? {} : { faultsUntilMs: wholeNumber("faults-until", faultsUntil) }),
      ...(faults === undefined ? {} : { onlyFaults: faults }),
      ...(seededPicks === undefined ? {} : { seededPicks: wholeNumber("seeded-picks", seededPicks) }),
    },
  };
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d+$/.test(text.trim())) throw new Error(`--${name} takes a whole number: got ${JSON.stringify(text)}`);
  return Number(text);
}

/** Adds up what many schedules have done. */
class Tally {
  readonly #began = process.uptime();
  readonly #faults = new Map<FaultKind, number>();
  #schedules = 0;
  #picks = 0;
  #commits = 0;
  #refused = 0;
  failures = 0;

  add({ picks, commits, refusedCommits, faultsByKind, violations }: SimulationResult): void {
    this.#schedules += 1;
    this.#picks += picks;
    this.#commits += commits;
    this.#refused += refusedCommits;
    if (violations.length > 0) this.failures += 1;
    for (const [kind, count] of Object.entries(faultsByKind)) this.#faults.set(kind as FaultKind, (this.#faults.get(kind as FaultKind) ?? 0) + count); // its keys are kinds
  }

  get isProgress(): boolean {
    return this.#schedules % PROGRESS_EVERY === 0;
  }

  toString(): string {
    const seconds = process.uptime() - this.#began;
    const faults = [...this.#faults].sort(([, a], [, b]) => b - a).map(([kind, count]) => `${kind} ${count}`);
    return [
      `${this.#schedules} schedules in ${seconds.toFixed(1)} s (${(this.#schedules / seconds).toFixed(0)}/s), ${this.failures} have failed`,
      `${this.#picks} picks, ${this.#commits} commits, ${this.#refused} refused`,
      `faults: ${faults.join(", ")}`,
    ].join("\n  ");
  }
}

/** The program of a seed, where none is named: each in turn. */
function programOf(seed: number, programs: Programs): string {
  const names = Object.keys(programs);
  return names[seed % names.length] ?? "";
}

async function run({ first, count, program, options, keepsGoing }: Wishes, programs: Programs, print: (text: string) => void): Promise<number> {
  const tally = new Tally();
  for (let seed = first; seed < first + count; seed += 1) {
    const factory = programs[program ?? programOf(seed, programs)]?.(seed);
    if (factory === undefined) throw new Error("there is no program");
    const result = await simulate(factory, { ...options, seed });
    tally.add(result);
    const [violation] = result.violations;
    if (violation !== undefined) {
      print(`${result.program}, seed ${seed}: ${violation.invariant} ${violation.message}\n${replayLine(result, options)}\n`);
      if (!keepsGoing || count === 1) {
        const smallest = options.onlyFaults === undefined ? await shrink(factory, { ...options, seed }, result) : { options, result };
        print(failureReport(smallest.result, smallest.options));
        break;
      }
    } else if (options.keepsTrace === true) print(result.trace.join("\n"));
    if (tally.isProgress) print(String(tally));
  }
  print(String(tally));
  return tally.failures === 0 ? 0 : 1;
}

/**
 * Runs what the arguments ask for.
 *
 * @returns 0 when all is well, 1 when a schedule has failed, 2 for arguments that make no sense.
 */
export async function simulationRuns(args: readonly string[], programs: Programs, print: (text: string) => void): Promise<number> {
  try {
    const wishes = wishesOf(args, programs);
    if (wishes !== undefined) return await run(wishes, programs, print);
    print(USAGE(programs));
    return 0;
  } catch (error) {
    print(error instanceof Error ? error.message : String(error));
    return 2;
  }
}
