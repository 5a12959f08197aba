import { parseArgs } from "node:util";
import { type Engine, ENGINES } from "./engines.ts";
import { type Workload, WORKLOADS } from "./measured/work.ts";
import { type SizeName, SIZES } from "./sizes.ts";

/** What was asked for. */
export interface BenchCommand {
  readonly engines: readonly Engine[];
  readonly workloads: readonly Workload[];
  readonly size: SizeName;
  readonly repetitions: number;
  /** Folder for the results. @default that of this package */
  readonly output?: string;
}

/** Words that make no sense; its message is for who has written them. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const QUICK_WORKLOADS: readonly Workload[] = ["w1", "w2", "w4"];

export const USAGE = `usage: pnpm bench [options]

options
  --quick            small sizes, one repetition, W1, W2 and W4: a look within three minutes
  --smoke            tiny sizes, one repetition, everything: whether it works; the figures mean nothing
  --workloads a,b    of ${WORKLOADS.join(", ")} (all)
  --engines a,b      of the names below; a name without its store stands for all its stores (all)
  --repetitions N    (3)
  --output FOLDER    where results.jsonl and table.md go (benchmarks/results)
  --help             prints this

engines
${ENGINES.map(({ name, title }) => `  ${name.padEnd(22)} ${title}`).join("\n")}

exit code: 0 all was measured and is right in the store; 1 something is not; 2 the words make no sense`;

/**
 * Reads the words behind the program's name.
 *
 * @returns `undefined` when help is asked for.
 * @throws UsageError that names what makes no sense.
 */
export function parseCommand(words: readonly string[]): BenchCommand | undefined {
  const values = parsed(words);
  if (values.help === true) return undefined;
  if (values.quick === true && values.smoke === true) throw new UsageError("--quick and --smoke are two sizes: give one");
  const size: SizeName = values.quick === true ? "quick" : values.smoke === true ? "smoke" : "full";
  return {
    engines: enginesNamed(values.engines),
    workloads: workloadsNamed(values.workloads ?? (size === "quick" ? QUICK_WORKLOADS.join(",") : WORKLOADS.join(","))),
    size,
    repetitions: values.repetitions === undefined ? SIZES[size].repetitions : count("--repetitions", values.repetitions),
    ...(values.output === undefined ? {} : { output: values.output }),
  };
}

function parsed(words: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      // A script runner hands the mark between its own options and the others over.
      args: words.filter((word) => word !== "--"),
      options: { quick: flag, smoke: flag, workloads: text, engines: text, repetitions: text, output: text, help: flag },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function enginesNamed(words: string | undefined): readonly Engine[] {
  if (words === undefined) return ENGINES;
  const names = words.split(",");
  for (const name of names) {
    if (!ENGINES.some((engine) => isNamed(engine, name))) {
      throw new UsageError(`--engines must be of ${ENGINES.map((engine) => engine.name).join(", ")}: got ${JSON.stringify(name)}`);
    }
  }
  return ENGINES.filter((engine) => names.some((name) => isNamed(engine, name)));
}

function isNamed(engine: Engine, name: string): boolean {
  const isWhole = ENGINES.some((each) => each.name === name);
  return isWhole ? engine.name === name : engine.name.startsWith(`${name}-`);
}

function workloadsNamed(words: string): readonly Workload[] {
  const names = words.toLowerCase().split(",");
  const unknown = names.find((name) => !WORKLOADS.some((workload) => workload === name));
  if (unknown !== undefined) throw new UsageError(`--workloads must be of ${WORKLOADS.join(", ")}: got ${JSON.stringify(unknown)}`);
  return WORKLOADS.filter((workload) => names.includes(workload));
}

function count(option: string, word: string): number {
  const number = /^\d+$/.test(word) ? Number(word) : 0;
  if (number >= 1 && number <= 1_000) return number;
  throw new UsageError(`${option} must be a whole number from 1 to 1000: got ${JSON.stringify(word)}`);
}
