import { parseArgs } from "node:util";
import { STORE_NAMES, type StoreName } from "./store-name.ts";

export const DRILL_NAMES = ["kill", "freeze", "flush", "restart", "disk-full"] as const;
export type DrillName = (typeof DRILL_NAMES)[number];

/** What was asked for. */
export interface DrillCommand {
  readonly drill: DrillName;
  readonly store: StoreName;
  readonly workflows: number;
  readonly hosts: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly json: boolean;
}

/** Words that make no sense; its message is for who has written them. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const USAGE = `usage: pnpm drill <drill> --store <store> [options]

drills
  kill       a random host is killed by SIGKILL every second, and started again
  freeze     hosts are stopped by SIGSTOP for longer than their leases last, and go on
  flush      all hints and leases are removed under running hosts (Redis: FLUSHALL)
  restart    the server is restarted, also by a crash (SQLite: all hosts are killed at once)
  disk-full  the disk of the store is full for a while (Linux, as root)

stores
  sqlite, postgres, postgres+redis

options
  --workflows N  how many are run (400)
  --hosts N      how many processes run them (4)
  --seconds N    how long they may take (600)
  --rounds N     how often a long step loses its host, in kill and freeze (5)
  --json         prints the outcome as JSON, and progress to the standard error
  --help         prints this

exit code: 0 all is as it must be; 1 something is not; 2 it could not be run`;

/**
 * Reads the words behind the program's name.
 *
 * @returns `undefined` when help is asked for.
 * @throws UsageError that names what makes no sense.
 */
export function parseCommand(words: readonly string[]): DrillCommand | undefined {
  const { values, positionals } = parsed(words);
  if (values.help === true) return undefined;
  const [drill, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`one drill at a time: got ${positionals.join(", ")}`);
  return {
    drill: oneOf("a drill", DRILL_NAMES, drill),
    store: oneOf("--store", STORE_NAMES, values.store),
    workflows: count("--workflows", values.workflows ?? "400"),
    hosts: count("--hosts", values.hosts ?? "4", 2),
    seconds: count("--seconds", values.seconds ?? "600"),
    rounds: count("--rounds", values.rounds ?? "5"),
    json: values.json ?? false,
  };
}

function parsed(words: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      // A script runner hands the mark between its own options and the others over.
      args: words.filter((word) => word !== "--"),
      options: { store: text, workflows: text, hosts: text, seconds: text, rounds: text, json: flag, help: flag },
      allowPositionals: true,
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function oneOf<T extends string>(what: string, known: readonly T[], word: string | undefined): T {
  const found = known.find((each) => each === word);
  if (found !== undefined) return found;
  throw new UsageError(`${what} must be one of ${known.join(", ")}: got ${word === undefined ? "none" : JSON.stringify(word)}`);
}

function count(option: string, word: string, least = 1): number {
  const number = /^\d+$/.test(word) ? Number(word) : Number.NaN;
  if (number >= least && number <= 1_000_000) return number;
  throw new UsageError(`${option} must be a whole number, ${least} or more: got ${JSON.stringify(word)}`);
}
