import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";

/** A process of its own that runs one of the scripts beside this file on the sources of the package. */
export class Child {
  readonly process: ChildProcess;
  /** The lines that it has written. */
  readonly lines: string[] = [];
  readonly #ended: Promise<unknown>;
  #onLine = (): void => {};

  /** @param nodeOptions - For example `--expose-gc`. */
  constructor(script: string, args: readonly string[], nodeOptions: readonly string[] = []) {
    const folder = import.meta.dirname;
    this.process = spawn(process.execPath, ["--conditions=wfe-source", "--import=tsx", ...nodeOptions, path.join(folder, script), ...args], {
      cwd: folder, // from where the loader is found
      stdio: ["pipe", "pipe", "inherit"],
    });
    if (this.process.stdout === null) throw new Error("the output of the process is a pipe");
    const lines = createInterface({ input: this.process.stdout });
    lines.on("line", (line) => {
      this.lines.push(line);
      this.#onLine();
    });
    this.#ended = Promise.all([once(this.process, "exit"), once(lines, "close")]);
    void this.#ended.then(() => this.#onLine());
  }

  /** Waits until it has written so many lines. */
  async hasWritten(count: number): Promise<void> {
    while (this.lines.length < count) {
      if (this.process.exitCode !== null || this.process.signalCode !== null)
        throw new Error(`the process has ended after ${this.lines.length} lines`);
      await new Promise<void>((resolve) => (this.#onLine = resolve));
    }
  }

  /** Writes it a line. */
  tell(line: string): void {
    this.process.stdin?.write(`${line}\n`);
  }

  /** Waits for its end. @returns Its exit code. */
  async ended(): Promise<number | null> {
    await this.#ended;
    return this.process.exitCode;
  }

  /** Takes the process away; resolves when it is gone, and all that it has written is here. */
  async kill(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill("SIGKILL");
    await this.#ended;
  }
}
