import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Refusal } from "./watched-persistence.ts";

/** From where the loader of TypeScript is found. */
const PACKAGE = fileURLToPath(new URL("..", import.meta.url));

/** What a worker tells. */
export interface WorkerMessage {
  /** It is there, and waits for its start. */
  readonly loaded?: true;
  readonly ready?: true;
  /** Why its host could not start. */
  readonly failed?: string;
  readonly started?: number;
  readonly warning?: string;
  /** What the warning is about. */
  readonly cause?: string;
  /** The instance of a commit that the store has refused, and why. */
  readonly refused?: Refusal;
}

/** A host in a process of its own, running from its sources. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly messages: WorkerMessage[] = [];
  #output = "";
  #isKilled = false;
  #isStopping = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.setMaxListeners(20);
    child.on("message", (message) => void this.messages.push(message as WorkerMessage)); // the worker sends nothing else
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (this.#output += chunk.toString()));
  }

  /** @param script - A program in TypeScript. */
  static fork(script: URL, args: readonly string[]): WorkerProcess {
    return new WorkerProcess(
      fork(fileURLToPath(script), args, {
        cwd: PACKAGE,
        execArgv: ["--import", "tsx", "--conditions=wfe-source"],
        stdio: ["ignore", "pipe", "pipe", "ipc"],
      }),
    );
  }

  /** Whether its host has started. */
  get isReady(): boolean {
    return this.messages.some(({ ready }) => ready);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it has written to its streams, which a worker that is well does not do. */
  get output(): string {
    return this.#output;
  }

  /** What a host has said that could not start. */
  get failure(): string | undefined {
    return this.messages.find(({ failed }) => failed !== undefined)?.failed;
  }

  /** The exit code or the signal of one that has ended though nobody here has asked it to. */
  get endedByItself(): number | string | undefined {
    return this.#isKilled || this.#isStopping ? undefined : (this.#child.exitCode ?? this.#child.signalCode ?? undefined);
  }

  get #isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Resolves when the worker has said so; rejects when it exits before. */
  async heard(what: (message: WorkerMessage) => boolean): Promise<void> {
    while (!this.messages.some(what)) {
      if (!this.#isOver) await Promise.race([once(this.#child, "message"), once(this.#child, "exit")]);
      if (this.#isOver && !this.messages.some(what)) {
        throw new Error(`the worker ${this.pid} has exited with ${String(this.#child.exitCode ?? this.#child.signalCode)}: ${this.#output}`);
      }
    }
  }

  send(message: "start" | "stop"): void {
    this.#child.send(message);
  }

  /** Stops it where it stands. */
  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  /** Ends {@link freeze}. */
  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  /** Ends the process without a farewell. */
  async kill(): Promise<void> {
    if (this.#isOver) return;
    this.#isKilled = true;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }

  /** Lets the host stop in order. @returns The exit code. */
  async stop(): Promise<number | null> {
    if (!this.#isOver) {
      this.#isStopping = true;
      this.send("stop");
    }
    return await this.ended();
  }

  /** Resolves when the process has ended, to its exit code. */
  async ended(): Promise<number | null> {
    if (!this.#isOver) await once(this.#child, "exit");
    return this.#child.exitCode;
  }
}
