import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type BenchCommand, parseCommand, USAGE, UsageError } from "./command-line.ts";
import { canCountFsyncs, countFsyncs } from "./count-fsyncs.ts";
import { type Engine, whyNot } from "./engines.ts";
import { isBusy, machineLines } from "./machine.ts";
import { sizeOf, type Work } from "./measured/work.ts";
import { report } from "./report.ts";
import type { Result } from "./result.ts";
import { runMeasurement } from "./run-measurement.ts";
import { Servers } from "./servers.ts";
import { SIZES } from "./sizes.ts";

/** Of a run that counts fsyncs: enough that start and warm-up do not show. */
const COUNTED_WORKFLOWS_AT_MOST = 200;

/** The program: runs everything that was asked for, writes each result as it comes and the tables in the end. */
function command(): BenchCommand | undefined {
  try {
    return parseCommand(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
}

/** One run. */
class Bench {
  readonly #command: BenchCommand;
  readonly #servers: Servers;
  readonly #results: Result[] = [];
  readonly #file: string;
  readonly #began = performance.now();

  constructor(asked: BenchCommand, servers: Servers, folder: string) {
    this.#command = asked;
    this.#servers = servers;
    this.#file = join(folder, "results.jsonl");
    writeFileSync(this.#file, "");
  }

  /** @param repeated - Told after each repetition how many there were, with all results so far. */
  async run(repeated: (repetitions: number, results: readonly Result[]) => void): Promise<readonly Result[]> {
    const { engines, workloads, repetitions, size } = this.#command;
    const works = workloads.flatMap((workload) => SIZES[size].works[workload]);
    for (const work of works) this.#sayWhoCannot(work);
    for (let repetition = 1; repetition <= repetitions; repetition += 1) {
      for (const work of works) {
        // Another one begins each time: what the one before leaves behind in the machine does not always meet the same.
        for (const engine of rotated(engines, repetition - 1)) await this.#measure(engine, work, repetition);
      }
      repeated(repetition, this.#results);
    }
    if (canCountFsyncs() && workloads.includes("w1")) await this.#countFsyncs();
    return this.#results;
  }

  #sayWhoCannot(work: Work): void {
    for (const engine of this.#command.engines) {
      const reason = whyNot(engine, work.workload, sizeOf(work));
      if (reason !== undefined) this.#add({ kind: "cannot", workload: work.workload, size: sizeOf(work), engine: engine.name, reason });
    }
  }

  async #measure(engine: Engine, work: Work, repetition: number): Promise<void> {
    const size = sizeOf(work);
    if (whyNot(engine, work.workload, size) !== undefined) return;
    try {
      const result = await runMeasurement(this.#servers, engine, work, repetition);
      this.#add(result);
      const { stepsPerSecond, p50Ms, elapsedMs } = result.figures;
      const figure = stepsPerSecond === undefined ? `${(p50Ms ?? elapsedMs ?? 0).toFixed(2)} ms` : `${Math.round(stepsPerSecond)} steps/s`;
      this.#tell(`${work.workload} ${size}, ${repetition}: ${engine.name} ${figure}${result.isRight ? "" : ", NOT RIGHT in the store"}`);
    } catch (error) {
      this.#failed(engine, work, repetition, error);
    }
  }

  async #countFsyncs(): Promise<void> {
    const [work] = SIZES[this.#command.size].works.w1;
    const workflows = Math.min(COUNTED_WORKFLOWS_AT_MOST, work === undefined ? 0 : sizeOf(work));
    for (const engine of this.#command.engines.filter(({ store }) => store === "sqlite")) {
      try {
        const count = await countFsyncs(this.#servers, engine, workflows);
        this.#add(count);
        this.#tell(`fsyncs, counted apart: ${engine.name} ${(count.fsyncs / count.steps).toFixed(3)} per step`);
      } catch (error) {
        this.#failed(engine, { workload: "w1", workflows }, 1, error);
      }
    }
  }

  #failed(engine: Engine, work: Work, repetition: number, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#add({ kind: "failed", workload: work.workload, size: sizeOf(work), engine: engine.name, repetition, error: message });
    this.#tell(`${work.workload} ${sizeOf(work)}, ${repetition}: ${engine.name} FAILED: ${message}`);
  }

  #add(result: Result): void {
    this.#results.push(result);
    appendFileSync(this.#file, `${JSON.stringify(result)}\n`);
  }

  #tell(line: string): void {
    console.log(`${((performance.now() - this.#began) / 1_000).toFixed(1).padStart(7)} s  ${line}`);
  }
}

function rotated<T>(list: readonly T[], by: number): readonly T[] {
  const from = by % Math.max(1, list.length);
  return [...list.slice(from), ...list.slice(0, from)];
}

async function main(asked: BenchCommand): Promise<number> {
  // This runs in the package's folder; a path is meant from where the command was given.
  const folder = asked.output === undefined ? resolve("results") : resolve(process.env["INIT_CWD"] ?? ".", asked.output);
  mkdirSync(folder, { recursive: true });
  const wasBusy = isBusy();
  if (wasBusy) console.error("others use this machine: the figures of this run mean nothing");
  const servers = await Servers.start();
  try {
    const machine = await machineLines(servers, asked.engines);
    // After each repetition: a run that is broken off keeps what it has.
    const write = (repetitions: number, results: readonly Result[]): string => {
      const run = `size ${asked.size}, ${repetitions} of ${asked.repetitions} ${asked.repetitions === 1 ? "repetition" : "repetitions"}, ${new Date().toISOString().slice(0, 10)}`;
      const text = report([...machine, run], results, asked.size === "full" && !wasBusy);
      writeFileSync(join(folder, "table.md"), text);
      return text;
    };
    const results = await new Bench(asked, servers, folder).run(write);
    console.log(`\n${write(asked.repetitions, results)}`);
    return results.every((result) => result.kind !== "failed" && (result.kind !== "measured" || result.isRight)) ? 0 : 1;
  } finally {
    await servers.dispose();
  }
}

const asked = command();
if (asked === undefined) console.log(USAGE);
else process.exitCode = await main(asked);
