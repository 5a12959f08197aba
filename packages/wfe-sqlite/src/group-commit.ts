import { type Clock, type Entropy, type MetricSink, WfeError } from "wfe-core";
import type { Connection } from "./connection.ts";
import { isBusy, isOperationsOwn, storeError } from "./error-mapping.ts";

/**
 * A write, run within a transaction that it shares with others. It may run more than once, so it changes nothing but the database. It throws
 * a `WfeError` only before its first change; any other error may come at any point.
 */
export type Operation<T> = (connection: Connection) => T;

/** What a {@link GroupCommit} works with. */
export interface GroupCommitOptions {
  readonly connection: () => Connection;
  /** Of the database, for messages. */
  readonly path: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Told of every transaction that was committed. Never throws. */
  readonly metrics: MetricSink;
  /** How long an operation is tried again while another process holds the write lock. */
  readonly busyTimeoutMs: number;
}

/** What a write is told. */
export interface WriteOptions {
  /**
   * Whether its answer waits for the disk, where the database does. A transaction whose writes all say no is not waited for: a power cut may
   * take it back, together with whatever came after it, and nothing else can; what comes later and is waited for makes it safe, too.
   *
   * @default true
   */
  readonly awaitsDisk?: boolean;
}

interface Pending {
  readonly operation: Operation<unknown>;
  readonly awaitsDisk: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** On the monotonic clock. */
  readonly deadlineMs: number;
}

type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** Longest pause between two attempts at the write lock. */
const LONGEST_PAUSE_MS = 50;
/** Writes of one transaction: more of them would keep the event loop, and other processes, waiting for no gain. */
const LARGEST_BATCH = 1_000;

/**
 * Runs all writes that are wanted in one turn of the event loop in one transaction, and answers their callers after its commit: what it
 * costs to be durable is paid once. A write that fails is taken back alone and fails its own caller only; a store that fails, fails all.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #pending: Pending[] = [];
  #scheduled = false;
  #attempt = 0;
  #idle: (() => void)[] = [];

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /**
   * Runs a write in the next transaction.
   *
   * @returns What the operation returned, once it is committed, and durable unless it does not wait for that.
   * @throws What the operation threw, mapped; `WFE_STORE_BUSY` (retryable) when the write lock did not come free in time; and a retryable error
   * when it is not known whether the commit has happened.
   */
  write<T>(operation: Operation<T>, { awaitsDisk = true }: WriteOptions = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#pending.push({
        operation,
        awaitsDisk,
        resolve: resolve as (value: unknown) => void, // gets what `operation` returns
        reject,
        deadlineMs: this.#options.clock.monotonic() + this.#options.busyTimeoutMs,
      });
      if (this.#scheduled) return;
      this.#scheduled = true;
      this.#options.clock.defer(() => this.#flush());
    });
  }

  /** Whether there is a write that has not been answered. */
  get isPending(): boolean {
    return this.#scheduled;
  }

  /** Resolves when every write has been answered. */
  async idle(): Promise<void> {
    if (this.#scheduled) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #flush(): void {
    const batch = this.#pending.splice(0, LARGEST_BATCH);
    let outcomes: readonly Outcome[];
    try {
      outcomes = this.#commit(batch);
      this.#options.metrics.record({ kind: "batchWritten", store: "sqlite", size: batch.length });
    } catch (error) {
      if (isBusy(error)) return this.#later(batch, error);
      outcomes = batch.map(() => ({ error }));
    }
    this.#attempt = 0;
    this.#scheduled = this.#pending.length > 0;
    if (this.#scheduled) this.#options.clock.defer(() => this.#flush());
    batch.forEach(({ resolve, reject }, index) => {
      const outcome = outcomes[index] as Outcome; // one for each of the batch
      if ("value" in outcome) resolve(outcome.value);
      else reject(storeError(outcome.error, this.#options.path));
    });
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (!this.#scheduled) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** The batch waits for another process to end its transaction; what is wanted meanwhile joins it. */
  #later(batch: readonly Pending[], error: unknown): void {
    const { clock, entropy, path } = this.#options;
    const now = clock.monotonic();
    const waiting: Pending[] = [];
    for (const pending of batch) {
      if (pending.deadlineMs > now) waiting.push(pending);
      else pending.reject(storeError(error, path));
    }
    this.#pending = [...waiting, ...this.#pending];
    if (this.#pending.length === 0) {
      // Everybody has had enough.
      this.#attempt = 0;
      this.#scheduled = false;
      this.#tellIdle();
      return;
    }
    const longest = Math.min(LONGEST_PAUSE_MS, 2 ** this.#attempt);
    this.#attempt += 1;
    // With jitter: processes that met once would meet again.
    clock.setTimer(Math.ceil(longest * (0.5 + 0.5 * entropy.random())), () => this.#flush());
  }

  #commit(batch: readonly Pending[]): readonly Outcome[] {
    const connection = this.#options.connection();
    connection.assertInPlace();
    connection.awaitDisk(batch.some(({ awaitsDisk }) => awaitsDisk));
    // Savepoints cost two statements an operation and are hardly ever used: without them first, and again with them when one fails half-way.
    return this.#transaction(connection, () => allPlain(connection, batch)) ?? this.#transaction(connection, () => allGuarded(connection, batch));
  }

  /** Commits what the operations have written, unless they answer `undefined`. */
  #transaction<T>(connection: Connection, operations: () => T): T {
    connection.sql("BEGIN IMMEDIATE").run();
    try {
      const outcomes = operations();
      if (outcomes !== undefined) this.#commitTransaction(connection);
      return outcomes;
    } finally {
      connection.rollback(); // does nothing after the commit
    }
  }

  #commitTransaction(connection: Connection): void {
    try {
      connection.sql("COMMIT").run();
    } catch (error) {
      if (isBusy(error)) throw error;
      // Whether it has happened is not known; every caller may ask again.
      throw storeError(error, this.#options.path, true);
    }
  }
}

/** @returns `undefined` when an operation failed half-way and has no savepoint to go back to. */
function allPlain(connection: Connection, batch: readonly Pending[]): readonly Outcome[] | undefined {
  const outcomes: Outcome[] = [];
  for (const { operation } of batch) {
    const outcome = runPlain(connection, operation);
    if (outcome === undefined) return undefined;
    outcomes.push(outcome);
  }
  return outcomes;
}

function allGuarded(connection: Connection, batch: readonly Pending[]): readonly Outcome[] {
  return batch.map(({ operation }) => runGuarded(connection, operation));
}

function runPlain(connection: Connection, operation: Operation<unknown>): Outcome | undefined {
  try {
    return { value: operation(connection) };
  } catch (error) {
    if (error instanceof WfeError) return { error };
    if (isOperationsOwn(error)) return undefined;
    throw error;
  }
}

function runGuarded(connection: Connection, operation: Operation<unknown>): Outcome {
  connection.sql("SAVEPOINT operation").run();
  try {
    const value = operation(connection);
    connection.sql("RELEASE operation").run();
    return { value };
  } catch (error) {
    if (!(error instanceof WfeError) && !isOperationsOwn(error)) throw error;
    connection.sql("ROLLBACK TO operation").run();
    connection.sql("RELEASE operation").run();
    return { error };
  }
}
