import { mkdir, open, rename, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { MetricSinks, PersistenceError, type Provider } from "wfe-core";
import { storeError } from "./error-mapping.ts";
import { lockFile, textOrNone } from "./file-lock.ts";
import type { State } from "./state.ts";
import { stateOf, textOf } from "./state-text.ts";
import { WriteQueue } from "./write-queue.ts";

type Change = (state: State) => unknown;

/** What the providers of this process share that are on one file. */
interface Shared {
  readonly queue: WriteQueue<Change>;
  readonly metrics: MetricSinks;
}

const SHARED = new Map<string, Shared>();

/**
 * The database: a file that is read whole and written whole. A change is one synchronous function on what was read, under a lock that one writer of
 * all processes has, and has happened when the file is replaced: whole or not at all. A reader needs no lock.
 */
export class JsonFile implements Provider {
  readonly #path: string;
  readonly #busyTimeoutMs: number;
  readonly #queue: WriteQueue<Change>;
  /** Told of every batch, whichever provider of this process wrote it. */
  readonly metrics: MetricSinks;

  constructor(path: string, busyTimeoutMs: number) {
    this.#path = resolve(path);
    this.#busyTimeoutMs = busyTimeoutMs;
    const shared = SHARED.get(this.#path) ?? { queue: new WriteQueue(), metrics: new MetricSinks() };
    SHARED.set(this.#path, shared);
    this.#queue = shared.queue;
    this.metrics = shared.metrics;
  }

  /** Makes the folder and the file, when they are not there. */
  async start(): Promise<void> {
    await this.#mapped(() => mkdir(dirname(this.#path), { recursive: true }));
    await this.write(() => {});
  }

  /** Resolves when the writes that were asked for are done. */
  stop(): Promise<void> {
    return this.#queue.settled();
  }

  /**
   * Answers a question.
   *
   * @param ask - Gets a state of its own, and may hand out any part of it.
   * @throws PersistenceError when the file cannot be read; what `ask` throws.
   */
  read<T>(ask: (state: State) => T): Promise<T> {
    return this.#mapped(async () => ask(stateOf(await textOrNone(this.#path))));
  }

  /**
   * Changes the state; what changes nothing writes nothing.
   *
   * @param change - What it does follows from the state alone: it is called again, on a fresh one, when another change of its batch has thrown. When
   * it throws, nothing of it is left.
   * @throws PersistenceError when the file cannot be read or written, or locked in time; what `change` throws.
   */
  async write<T>(change: (state: State) => T): Promise<T> {
    const value = await this.#queue.add(change, (batch) => this.#mapped(() => this.#writeLocked(batch)));
    return value as T; // what this very change has returned
  }

  async #writeLocked(batch: readonly Change[]): Promise<readonly PromiseSettledResult<unknown>[]> {
    const release = await lockFile(`${this.#path}.lock`, Date.now() + this.#busyTimeoutMs);
    try {
      const before = await textOrNone(this.#path);
      const { state, outcomes } = this.#applied(batch, before);
      const after = textOf(state);
      if (after !== before) {
        await this.#replace(after);
        this.metrics.record({ kind: "batchWritten", store: "json-file", size: batch.length });
      }
      return outcomes;
    } finally {
      await release();
    }
  }

  /** Applies each change to what those before it have left. */
  #applied(
    batch: readonly Change[],
    before: string | undefined,
  ): { readonly state: State; readonly outcomes: readonly PromiseSettledResult<unknown>[] } {
    let state = stateOf(before);
    const done: Change[] = [];
    const outcomes = batch.map((change): PromiseSettledResult<unknown> => {
      try {
        const value = change(state);
        done.push(change);
        return { status: "fulfilled", value };
      } catch (error) {
        // It may have come half-way.
        state = stateOf(before);
        for (const former of done) former(state);
        return { status: "rejected", reason: storeError(error, this.#path) };
      }
    });
    return { state, outcomes };
  }

  /** A crash before the rename leaves the old file, and beside it one that the next writer overwrites. */
  async #replace(text: string): Promise<void> {
    const next = `${this.#path}.next`;
    await writeFile(next, text, { flush: true });
    await rename(next, this.#path);
    if (process.platform !== "win32") await this.#syncFolder(); // where folders cannot be opened
  }

  /** Without it a power cut could undo the rename. */
  async #syncFolder(): Promise<void> {
    try {
      const folder = await open(dirname(this.#path));
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    } catch (cause) {
      // Not to be sent again blindly: everybody sees the change already.
      throw new PersistenceError("WFE_STORE_UNREACHABLE", `the file ${JSON.stringify(this.#path)} was written, but may not survive a power cut`, {
        cause,
      });
    }
  }

  async #mapped<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw storeError(error, this.#path);
    }
  }
}
