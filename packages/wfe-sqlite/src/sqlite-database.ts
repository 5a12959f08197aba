import { resolve } from "node:path";
import {
  type Clock,
  durationMs,
  type Entropy,
  type IndexedPath,
  indexedPaths,
  isWfeError,
  MetricSinks,
  PersistenceError,
  SharedRun,
  systemClock,
  systemEntropy,
} from "wfe-core";
import { type Connection, openConnection } from "./connection.ts";
import { makeDataIndexes } from "./data-index.ts";
import { isBusy, storeError } from "./error-mapping.ts";
import { GroupCommit, type Operation, type WriteOptions } from "./group-commit.ts";
import { migrate } from "./migrate.ts";
import { MIGRATIONS } from "./migrations/migrations.ts";
import { FilePresences, MemoryPresences, type PresenceRegister } from "./presence.ts";
import { QueueSignals } from "./queue-signals.ts";
import { MEMORY_PATH, type SqliteOptions } from "./sqlite-options.ts";

/** Pause between two attempts at something that another process is in the way of. */
const PAUSE_MS = 10;

/**
 * One database and one connection to it, shared by the providers that are made over it: opened by the first start among them, closed by the
 * last stop. Make it with {@link openSqlite}.
 */
export class SqliteDatabase {
  /** Absolute path of the file, or `":memory:"`. */
  readonly path: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Who is told of batches. @internal */
  readonly metrics: MetricSinks = new MetricSinks();
  /** Longest pause between two looks for what other processes have queued. @internal */
  readonly pollIntervalMs: number;
  /** Wakes those of this process who wait for queued work. @internal */
  readonly queueSignals: QueueSignals;
  /** Paths into the data that are indexed. @internal */
  readonly indexedData: readonly IndexedPath[];
  /** Who holds locks. @internal */
  readonly presences: PresenceRegister;
  readonly #synchronous: "FULL" | "NORMAL";
  readonly #busyTimeoutMs: number;
  readonly #run: SharedRun;
  readonly #commits: GroupCommit;
  #connection: Connection | undefined;

  /** @throws RangeError when an option makes no sense. */
  constructor(options: SqliteOptions) {
    const { path, synchronous = "FULL" } = options;
    if (path === "") throw new RangeError('path must name a file, or be ":memory:"');
    if (synchronous !== "FULL" && synchronous !== "NORMAL")
      throw new RangeError(`synchronous must be "FULL" or "NORMAL": got ${String(synchronous)}`);
    this.path = path === MEMORY_PATH ? path : resolve(path);
    // The driver would trim it, and the files beside the database would have another name than the database.
    if (path !== path.trim() || this.path !== this.path.trim())
      throw new RangeError(`path may not begin or end with blanks: got ${JSON.stringify(path)}`);
    this.clock = options.clock ?? systemClock;
    this.entropy = options.entropy ?? systemEntropy;
    this.#synchronous = synchronous;
    this.#busyTimeoutMs = durationMs(options.busyTimeout ?? "10s", "busyTimeout");
    this.pollIntervalMs = durationMs(options.pollInterval ?? "100ms", "pollInterval");
    if (this.pollIntervalMs < 10) throw new RangeError(`pollInterval must be 10 ms or more: got ${this.pollIntervalMs} ms`);
    this.indexedData = indexedPaths(options.indexedData);
    this.queueSignals = new QueueSignals(this);
    this.presences = this.isMemory ? new MemoryPresences() : new FilePresences(this.path);
    this.#run = new SharedRun({
      open: () => this.#open(),
      close: () => this.#close(),
      notRunning: () => new PersistenceError("WFE_PROVIDER_NOT_RUNNING", "the SQLite database is not open: call start() first"),
    });
    this.#commits = new GroupCommit({
      connection: () => this.connection,
      path: this.path,
      clock: this.clock,
      entropy: this.entropy,
      metrics: this.metrics,
      busyTimeoutMs: this.#busyTimeoutMs,
    });
  }

  /** Whether the database has no file, and so no other process. */
  get isMemory(): boolean {
    return this.path === MEMORY_PATH;
  }

  /** The open connection. @throws PersistenceError `WFE_PROVIDER_NOT_RUNNING` when it is closed. @internal */
  get connection(): Connection {
    if (this.#connection === undefined) this.#run.check();
    return this.#connection as Connection; // set as long as the run's check passes
  }

  /** Opens the database and brings its tables up to date. Counted: as many stops close it. */
  start(): Promise<void> {
    return this.#run.start();
  }

  /** Closes the database after what is under way, when nobody uses it any more. The data of `":memory:"` stays. */
  stop(): Promise<void> {
    return this.#run.stop();
  }

  /** Runs a write in a transaction shared with others, see {@link GroupCommit.write}. @internal */
  write<T>(operation: Operation<T>, options?: WriteOptions): Promise<T> {
    return this.#commits.write(operation, options);
  }

  /** Whether a write is wanted already, with which another would travel. @internal */
  get isWriting(): boolean {
    return this.#commits.isPending;
  }

  /** Runs reads at once; several of them see one state within `connection.snapshot`. @internal */
  async read<T>(operation: Operation<T>): Promise<T> {
    // The write-ahead log keeps readers and writers apart, but for moments: recovery after a crash, and the last connection's farewell.
    return this.#whileBusy(() => operation(this.connection));
  }

  async #open(): Promise<void> {
    if (this.#connection !== undefined) return; // a memory database stays open
    const connection = await this.#whileBusy(() => openConnection(this.path, this.#synchronous));
    try {
      await this.#whileBusy(() => migrate(connection, MIGRATIONS, this.path, this.clock.now()));
      await this.#whileBusy(() => makeDataIndexes(connection, this.indexedData));
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#connection = connection;
  }

  async #close(): Promise<void> {
    await this.#commits.idle();
    if (this.isMemory) return;
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #whileBusy<T>(action: () => T): Promise<T> {
    const deadlineMs = this.clock.monotonic() + this.#busyTimeoutMs;
    for (;;) {
      try {
        return action();
      } catch (error) {
        const busy = isBusy(error) || isWfeError(error, "WFE_STORE_BUSY");
        if (!busy || this.clock.monotonic() >= deadlineMs) throw storeError(error, this.path);
        await new Promise<void>((wake) => this.clock.setTimer(Math.ceil(PAUSE_MS * (0.5 + this.entropy.random())), wake));
      }
    }
  }
}

/**
 * A database for several providers, to be shared by them: `new SqlitePersistenceProvider(database)`. Nothing is opened before a provider starts.
 *
 * @throws RangeError when an option makes no sense.
 */
export function openSqlite(options: SqliteOptions): SqliteDatabase {
  return new SqliteDatabase(options);
}

/** The database of a provider: the one it was given, or one of its own. */
export function databaseOf(from: SqliteDatabase | SqliteOptions): SqliteDatabase {
  return from instanceof SqliteDatabase ? from : new SqliteDatabase(from);
}
