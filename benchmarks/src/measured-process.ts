import { type ChildProcess, fork } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine } from "./engines.ts";
import type { Order, Report, Task } from "./measured/protocol.ts";

const PROGRAM = fileURLToPath(new URL("../dist/measured/measure.js", import.meta.url));
/** The longest that a measurement may take, with all that comes before the clock starts. */
const TIMEOUT_MS = 60 * 60 * 1_000;
/** Of a process that has been told to end. */
const END_TIMEOUT_MS = 30_000;
const LAST_WORDS = 4_000;

/** How a measured process is started. */
export interface ProcessOptions {
  /** A program that runs the process, with its arguments. @default none */
  readonly under?: readonly string[];
  /** Of Node.js, besides the usual ones. @default none */
  readonly nodeArguments?: readonly string[];
}

/** The Node.js that an engine runs on: this one, or the one that is installed beside the peers. */
export function nodeOf(engine: Engine): string {
  if (engine.node === 20) return process.execPath;
  return join(dirname(createRequire(import.meta.url).resolve("node/package.json")), "bin", "node");
}

/** One process that measures one engine. */
export class MeasuredProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #timer: NodeJS.Timeout;
  readonly #reports: Report[] = [];
  #heard = (): void => {};
  #output = "";
  #isOver = false;

  constructor(engine: Engine, task: Task, { under = [], nodeArguments = [] }: ProcessOptions = {}) {
    const node = nodeOf(engine);
    const flags = ["--expose-gc", ...nodeArguments];
    const [program, ...programArguments] = [...under, node];
    this.#child = fork(PROGRAM, [JSON.stringify(task)], {
      execPath: program ?? node,
      execArgv: [...programArguments, ...flags],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: { ...process.env, NODE_ENV: "production", NODE_OPTIONS: "" },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (chunk: Buffer) => (this.#output = (this.#output + chunk.toString()).slice(-LAST_WORDS)));
    }
    this.#ended = new Promise((resolve) => {
      const over = (): void => {
        this.#isOver = true;
        this.#heard();
        resolve();
      };
      this.#child.once("close", over);
      this.#child.once("error", (error) => {
        this.#output += error.message;
        over();
      });
    });
    this.#child.on("message", (report) => {
      this.#reports.push(report as Report); // of our own program
      this.#heard();
    });
    this.#timer = setTimeout(() => this.#child.kill("SIGKILL"), TIMEOUT_MS);
  }

  /** Waits for what the process says next. @throws Error with its last words when it ends before that. */
  async report<K extends Report["kind"]>(kind: K): Promise<Extract<Report, { readonly kind: K }>> {
    for (;;) {
      const report = this.#reports.shift();
      if (report?.kind === kind) return report as Extract<Report, { readonly kind: K }>; // as was asked
      if (report !== undefined) throw new Error(`the measured process has said ${report.kind}, not ${kind}`);
      if (this.#isOver) throw new Error(`the measured process has ended: ${this.#output.trim() || "without a word"}`);
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  order(order: Order): void {
    this.#child.send(order);
  }

  /** Waits until it has ended in order; a process that does not is killed, which is no failure of what was measured. */
  async end(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), END_TIMEOUT_MS);
    await this.#ended;
    clearTimeout(timer);
    clearTimeout(this.#timer);
  }

  /** Ends it now. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.end();
  }
}
