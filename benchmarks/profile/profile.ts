import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ENGINES } from "../src/engines.ts";
import { markdownTable } from "../src/markdown.ts";
import { MeasuredProcess } from "../src/measured-process.ts";
import { Servers } from "../src/servers.ts";
import { between, type CpuProfile } from "./cpu-profile.ts";
import { selfTimes } from "./self-times.ts";

/** The program: runs W1 under V8's profiler on each store, and shows where the time goes. */
const USAGE = `usage: pnpm bench:profile [options]

  --engines a,b    of the benchmark's (wfe-sqlite,wfe-postgres,wfe-postgres-redis)
  --workflows N    of ten steps (2000)
  --top N          functions in the text (30)
  --output FOLDER  where the files go (benchmarks/results/profile)
  --help           prints this

writes, for each engine: NAME.html, a flame graph that stands for itself; NAME.cpuprofile, for the developer tools of a browser; NAME.txt, what is
printed, too: the functions with most time in themselves.`;

const SAMPLE_EVERY_US = 250;

interface ProfileCommand {
  readonly engines: readonly string[];
  readonly workflows: number;
  readonly top: number;
  readonly folder: string;
}

function parsed(): ProfileCommand | undefined {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((word) => word !== "--"),
    options: { engines: text, workflows: text, top: text, output: text, help: { type: "boolean" } },
  });
  if (values.help === true) return undefined;
  const count = (option: string, word: string): number => {
    if (/^[1-9]\d{0,6}$/.test(word)) return Number(word);
    throw new Error(`${option} must be a whole number, 1 or more: got ${JSON.stringify(word)}`);
  };
  return {
    engines: (values.engines ?? "wfe-sqlite,wfe-postgres,wfe-postgres-redis").split(","),
    workflows: count("--workflows", values.workflows ?? "2000"),
    top: count("--top", values.top ?? "30"),
    folder: values.output === undefined ? resolve("results", "profile") : resolve(process.env["INIT_CWD"] ?? ".", values.output),
  };
}

/** @returns The path of the profile. */
async function profiled(servers: Servers, name: string, workflows: number, folder: string): Promise<string> {
  const engine = ENGINES.find((each) => each.name === name);
  if (engine === undefined) throw new Error(`--engines must be of ${ENGINES.map((each) => each.name).join(", ")}: got ${JSON.stringify(name)}`);
  const { place, dispose } = await servers.freshPlace(engine.store);
  const written = join(folder, `${name}.parts`);
  rmSync(written, { recursive: true, force: true });
  try {
    const nodeArguments = ["--cpu-prof", `--cpu-prof-dir=${written}`, `--cpu-prof-interval=${SAMPLE_EVERY_US}`];
    const task = { engine: name, work: { workload: "w1", workflows }, place } as const;
    const measured = new MeasuredProcess(engine, task, { nodeArguments });
    let [from, to] = [0, 0];
    try {
      await measured.report("ready");
      from = nowUs();
      measured.order("go");
      await measured.report("measured");
      to = nowUs();
      measured.order("end");
      await measured.end();
    } catch (error) {
      await measured.kill();
      throw error;
    }
    const [file] = readdirSync(written);
    if (file === undefined) throw new Error(`no profile of ${name} was written`);
    const path = join(folder, `${name}.cpuprofile`);
    const whole = JSON.parse(readFileSync(join(written, file), "utf8")) as CpuProfile; // as V8 has written it
    const part = between(whole, from, to);
    if (part.samples.length === 0) throw new Error(`the profile of ${name} has no samples of the work`);
    writeFileSync(path, JSON.stringify(part));
    return path;
  } finally {
    rmSync(written, { recursive: true, force: true });
    await dispose();
  }
}

/** Of the clock that V8 profiles by, which all processes share. */
function nowUs(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

function flameGraph(profile: string, folder: string, name: string): void {
  const program = join(dirname(createRequire(import.meta.url).resolve("cpupro/package.json")), "bin", "cpupro");
  const made = spawnSync(process.execPath, [program, profile, "--no-open", "--output-dir", folder, "--filename", `${name}.html`], {
    encoding: "utf8",
  });
  if (made.status !== 0) throw new Error(`cpupro has failed: ${made.stderr}`);
}

function topFunctions(profile: string, top: number): string {
  const times = selfTimes(JSON.parse(readFileSync(profile, "utf8")) as CpuProfile); // as V8 has written it
  const whole = times.reduce((sum, { microseconds }) => sum + microseconds, 0);
  const rows = times
    .slice(0, top)
    .map(({ name, place, microseconds }) => [name, ((100 * microseconds) / whole).toFixed(1), (microseconds / 1_000).toFixed(1), place]);
  return markdownTable(["function", "% of the work", "self, ms", "where"], rows);
}

async function main({ engines, workflows, top, folder }: ProfileCommand): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const servers = await Servers.start();
  try {
    for (const name of engines) {
      const profile = await profiled(servers, name, workflows, folder);
      flameGraph(profile, folder, name);
      const text = `${name}: ${workflows} workflows of ten steps\n\n${topFunctions(profile, top)}\n`;
      writeFileSync(join(folder, `${name}.txt`), text);
      console.log(`${text}\nflame graph: ${join(folder, `${name}.html`)}\n`);
    }
  } finally {
    await servers.dispose();
  }
}

const asked = parsed();
if (asked === undefined) console.log(USAGE);
else await main(asked);
