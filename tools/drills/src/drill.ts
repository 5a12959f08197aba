import { type DrillCommand, parseCommand, USAGE, UsageError } from "./command-line.ts";
import { DRILLS } from "./drills/drills.ts";
import { report } from "./report.ts";
import { CannotRunHereError } from "./small-disk.ts";

/** The program: runs one drill, prints what it has come to, and exits with 0, 1 or 2. */
const EVERY_MS = 1_000;

function command(): DrillCommand | undefined {
  try {
    return parseCommand(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
}

async function run({ drill, store, seconds, json, ...rest }: DrillCommand): Promise<number> {
  const began = performance.now();
  const print = json ? console.error : console.log;
  const tell = (line: string): void => print(`${((performance.now() - began) / 1_000).toFixed(1).padStart(6)} s  ${line}`);
  const onStart = (dispose: () => Promise<void>): void => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void dispose().then(() => process.exit(130)));
  };
  tell(`drill ${drill} on ${store}: everything it needs is being made`);
  try {
    const outcome = await DRILLS[drill]({ ...rest, store, limitMs: seconds * 1_000, everyMs: EVERY_MS, tell, onStart });
    const title = { drill, store, hosts: rest.hosts, workflows: rest.workflows };
    console.log(json ? JSON.stringify({ ...title, ...outcome }, undefined, 2) : report(title, outcome));
    return outcome.isGood ? 0 : 1;
  } catch (error) {
    if (!(error instanceof CannotRunHereError)) throw error;
    console.error(`the drill ${drill} cannot be run here: ${error.message}`);
    return 2;
  }
}

const asked = command();
if (asked === undefined) console.log(USAGE);
else process.exitCode = await run(asked);
