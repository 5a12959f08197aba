import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";

/** A process of its own that runs one of the scripts beside this file on the sources of the packages. */
export class Child {
  readonly process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /** @param script - For example `lock-holder.ts`. */
  constructor(script: string, ...args: readonly string[]) {
    const folder = import.meta.dirname;
    this.process = spawn(
      process.execPath,
      ["--conditions=wfe-source", `--import=${path.join(folder, "typescript-loader.mjs")}`, path.join(folder, script), ...args],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    if (this.process.stdout === null) throw new Error("the output of the process is a pipe");
    this.#lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  /** The next line that it writes. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error("the process has ended without a word");
    return value;
  }

  /** Writes it a line. */
  tell(line: string): void {
    this.process.stdin?.write(`${line}\n`);
  }

  /** Takes the process away; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, "exit");
    this.process.kill("SIGKILL");
    await gone;
  }
}
