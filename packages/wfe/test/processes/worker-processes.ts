import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));
/** From where the loader of TypeScript is found. */
const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));

/** What a worker tells. */
export interface WorkerMessage {
  readonly ready?: true;
  readonly started?: number;
  readonly warning?: string;
}

/** A host in a process of its own, running from its sources. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly messages: WorkerMessage[] = [];

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (message) => void this.messages.push(message as WorkerMessage)); // the worker sends nothing else
  }

  /** Resolves when the host has started. */
  static async start(path: string, journal: string, share: number): Promise<WorkerProcess> {
    const worker = new WorkerProcess(
      fork(WORKER, [path, journal, String(share)], {
        cwd: PACKAGE,
        execArgv: ["--import", "tsx", "--conditions=wfe-source"],
        stdio: ["ignore", "ignore", "inherit", "ipc"],
      }),
    );
    await worker.heard(({ ready }) => ready === true);
    return worker;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves when the worker has said so; rejects when it exits before. */
  async heard(what: (message: WorkerMessage) => boolean): Promise<void> {
    while (!this.messages.some(what)) {
      const [event] = (await Promise.race([
        once(this.#child, "message").then(() => ["message"]),
        once(this.#child, "exit").then(() => ["exit"]),
      ])) as [string];
      if (event === "exit" && !this.messages.some(what)) throw new Error(`the worker ${this.pid} has exited with ${String(this.#child.exitCode)}`);
    }
  }

  send(message: "start" | "stop"): void {
    this.#child.send(message);
  }

  /** Ends the process without a farewell. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }

  /** Lets the host stop in order. @returns The exit code. */
  async stop(): Promise<number | null> {
    this.send("stop");
    await once(this.#child, "exit");
    return this.#child.exitCode;
  }
}
