import {
  type Clock,
  durationMs,
  type Entropy,
  type IndexedPath,
  indexedPaths,
  MetricSinks,
  Pauses,
  PersistenceError,
  SharedRun,
  systemClock,
  systemEntropy,
} from "wfe-core";
import { runOnPool, type SqlValue, StatementFailure, statementName, transactionOnPool } from "./connection.ts";
import { Connections } from "./connections.ts";
import { makeDataIndexes } from "./data-index.ts";
import { isConnectionLoss, isTransient, mayHaveHappened, mayKeepConnection, storeError } from "./error-mapping.ts";
import { migrate, type MigrationTarget } from "./migrate.ts";
import { MIGRATIONS } from "./migrations/migrations.ts";
import type { PostgresOptions } from "./postgres-options.ts";
import { type RoutineName, type SchemaNames, schemaNames } from "./schema-names.ts";
import { refuseSettings, SERVER_SETTINGS, type ServerSettings } from "./server-settings.ts";
import { Session } from "./session.ts";

/** Longest time of one statement that changes the schema, such as a new index on a table that has grown. */
const MIGRATION_TIMEOUT_MS = 60 * 60_000;

/** Values of a statement; they may depend on whether it may have been carried out before, its answer lost. */
export type SqlValues = readonly SqlValue[] | ((repeated: boolean) => readonly SqlValue[]);

/** How an operation is run. */
export interface OperationOptions {
  /** Whether it may be carried out twice; one that may not is not tried again when it may have happened. @default true */
  readonly repeatable?: boolean;
}

/**
 * One schema of one database, shared by the providers that are made over it: connected by the first start among them, closed by the last stop.
 * Make it with {@link openPostgres}. Everything may be called concurrently.
 */
export class PostgresDatabase {
  /** @internal */
  readonly names: SchemaNames;
  /** What timers go by. */
  readonly clock: Clock;
  /** Where ids and tokens come from. */
  readonly entropy: Entropy;
  /** Who is told of batches. @internal */
  readonly metrics: MetricSinks = new MetricSinks();
  /** Longest pause between two looks for what others have queued. @internal */
  readonly pollIntervalMs: number;
  /** Paths into the data that are indexed. @internal */
  readonly indexedData: readonly IndexedPath[];
  /** The connection that is kept; `undefined` without notifications. @internal */
  readonly session: Session | undefined;
  /** How long an operation is tried again. @internal */
  readonly retryTimeoutMs: number;
  /** What to call it in messages: without secrets. @internal */
  readonly store: string;
  readonly #options: PostgresOptions;
  readonly #hasOwnClock: boolean;
  readonly #queryTimeoutMs: number;
  readonly #run: SharedRun;
  readonly #calls = new Map<RoutineName, string>();
  /** Of operations that wait to be tried again. */
  readonly #pauses: Pauses;
  #connections: Connections | undefined;

  /** @throws RangeError when an option makes no sense. */
  constructor(options: PostgresOptions) {
    const { connectionString, pool, poolSize = 10, notifications = true } = options;
    if ((connectionString === undefined) === (pool === undefined)) throw new RangeError("give either connectionString or pool");
    if (!(Number.isSafeInteger(poolSize) && poolSize >= 1)) throw new RangeError(`poolSize must be a whole number, 1 or more: got ${poolSize}`);
    if (pool !== undefined && notifications && (pool.options.max ?? 10) < 2) {
      throw new RangeError("with notifications one connection is kept: give a pool of 2 or more, or notifications: false");
    }
    this.#options = options;
    this.names = schemaNames(options.schema, options.tablePrefix);
    this.indexedData = indexedPaths(options.indexedData);
    this.clock = options.clock ?? systemClock;
    this.entropy = options.entropy ?? systemEntropy;
    this.#pauses = new Pauses(this);
    this.#hasOwnClock = options.clock !== undefined;
    this.pollIntervalMs = atLeast(10, options.pollInterval ?? (notifications ? "5s" : "200ms"), "pollInterval");
    this.retryTimeoutMs = durationMs(options.retryTimeout ?? "10s", "retryTimeout");
    this.#queryTimeoutMs = atLeast(1, options.queryTimeout ?? "30s", "queryTimeout");
    this.store = `the PostgreSQL database ${connectionString === undefined ? "of the pool" : placeOf(connectionString)} (schema ${JSON.stringify(this.names.schemaName)})`;
    this.session = notifications
      ? new Session({
          connections: () => this.#current(),
          names: this.names,
          clock: this.clock,
          entropy: this.entropy,
          queryTimeoutMs: this.#queryTimeoutMs,
          store: this.store,
        })
      : undefined;
    this.#run = new SharedRun({
      open: () => this.#open(),
      close: () => this.#close(),
      notRunning: () => new PersistenceError("WFE_PROVIDER_NOT_RUNNING", "the PostgreSQL database is not open: call start() first"),
    });
  }

  /**
   * Connects and brings the tables up to date. Counted: as many stops close it. A start that has failed leaves nothing open, and may be tried again.
   *
   * @throws PersistenceError `WFE_STORE_UNREACHABLE` when the server stays away for `retryTimeout` (retryable), or refuses access (not);
   * `WFE_STORE_NEWER` when a newer version has changed the tables; `WFE_STORE_SESSION_REQUIRED` when a pooler keeps no sessions for `notifications`;
   * `WFE_PERSISTENCE_FAILED` when `default_transaction_isolation` is not `read committed`, the database is not in UTF8, or the server older than 14.
   * @throws RangeError when others that use a caller's pool keep all of its connections but one.
   */
  start(): Promise<void> {
    return this.#run.start();
  }

  /**
   * Closes the connections, when nobody uses the database any more; those of a caller's pool are given back. Our own to a server that does not answer are
   * ended by force after 2 seconds. What still waits to be tried again rejects.
   */
  stop(): Promise<void> {
    return this.#run.stop();
  }

  /**
   * What leases and the queue are judged by: epoch milliseconds of the clock that was given, or `null`, for which the functions of the schema take
   * the server's.
   *
   * @internal
   */
  get judgedNow(): number | null {
    return this.#hasOwnClock ? this.clock.now() : null;
  }

  /** Calls a function of the schema: one round trip, one transaction. @internal */
  call<TRow>(routine: RoutineName, values: readonly SqlValue[], options?: OperationOptions): Promise<readonly TRow[]> {
    let text = this.#calls.get(routine);
    if (text === undefined) {
      text = `SELECT * FROM ${this.names.routine[routine]}(${values.map((_, index) => `$${index + 1}`).join(", ")})`;
      this.#calls.set(routine, text);
    }
    // Only where it is known that every connection keeps its session: through a pooler, the next statement may find another one.
    return this.#sent<TRow>(text, values, options, this.session === undefined ? undefined : statementName(text));
  }

  /** Runs one statement in a transaction of its own. @internal */
  query<TRow>(text: string, values: SqlValues, options?: OperationOptions): Promise<readonly TRow[]> {
    return this.#sent<TRow>(text, values, options);
  }

  #sent<TRow>(text: string, values: SqlValues, options: OperationOptions | undefined, name?: string): Promise<readonly TRow[]> {
    return this.#tried((repeated) => {
      const given = typeof values === "function" ? values(repeated) : values;
      return runOnPool<TRow>(this.#current(), text, given, { timeoutMs: this.#queryTimeoutMs, mayKeep: mayKeepConnection, name });
    }, options);
  }

  /** The typed error for what a session has thrown. @internal */
  errorOf(error: unknown): Error {
    return storeError(error, this.store);
  }

  /**
   * Runs an operation until it succeeds, fails for good, or the time for it is over.
   *
   * @param operation - Is told whether it may have been carried out before.
   */
  async #tried<T>(operation: (repeated: boolean) => Promise<T>, { repeatable = true }: OperationOptions = {}): Promise<T> {
    let repeated = false;
    // Counted from the first failure: what takes long to fail is tried again, too.
    let deadlineMs: number | undefined;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await operation(repeated);
      } catch (error) {
        if (!(error instanceof StatementFailure)) throw storeError(error, this.store);
        repeated ||= mayHaveHappened(error);
        deadlineMs ??= this.clock.monotonic() + this.retryTimeoutMs;
        const passing = isConnectionLoss(error.cause) || isTransient(error.cause);
        if (!passing || (repeated && !repeatable) || this.clock.monotonic() >= deadlineMs) throw storeError(error, this.store, repeated);
      }
      await this.#pauses.backOff(attempt);
      this.#current();
    }
  }

  #current(): Connections {
    if (this.#connections === undefined) this.#run.check();
    return this.#connections as Connections; // set as long as the run's check passes
  }

  async #open(): Promise<void> {
    const { pool, connectionString, poolSize = 10 } = this.#options;
    const max = poolSize + (this.session === undefined ? 0 : 1);
    const connections =
      pool === undefined
        ? Connections.to(connectionString, max, this.clock, this.#queryTimeoutMs)
        : Connections.of(pool, this.clock, this.#queryTimeoutMs);
    this.#connections = connections;
    try {
      if (this.session !== undefined) connections.keepOne();
      const [settings] = await this.query<ServerSettings>(SERVER_SETTINGS, []);
      if (settings !== undefined) refuseSettings(settings, this.store);
      const target: MigrationTarget = {
        names: this.names,
        store: this.store,
        run: (text, values = []) => runOnPool(connections, text, values, { timeoutMs: this.#queryTimeoutMs, mayKeep: mayKeepConnection }),
        // What is changed once may take as long as it takes.
        transaction: (work) => transactionOnPool(connections, Math.max(this.#queryTimeoutMs, MIGRATION_TIMEOUT_MS), work),
      };
      await this.#tried(() => migrate(target, MIGRATIONS, this.clock.now()));
      await this.#tried(() => makeDataIndexes(target, this.indexedData));
      const { session } = this;
      if (session !== undefined) await this.#tried(() => session.start());
    } catch (error) {
      await this.#leave();
      throw error;
    }
  }

  async #close(): Promise<void> {
    await this.session?.stop();
    await this.#leave();
  }

  async #leave(): Promise<void> {
    const connections = this.#connections;
    this.#connections = undefined;
    this.#pauses.end();
    await connections?.close();
  }
}

/**
 * A database for several providers, to be shared by them: `new PostgresPersistenceProvider(database)`. Nothing is connected before a provider
 * starts.
 *
 * @throws RangeError when an option makes no sense.
 */
export function openPostgres(options: PostgresOptions): PostgresDatabase {
  return new PostgresDatabase(options);
}

/** The database of a provider: the one it was given, or one of its own. */
export function databaseOf(from: PostgresDatabase | PostgresOptions): PostgresDatabase {
  return from instanceof PostgresDatabase ? from : new PostgresDatabase(from);
}

function atLeast(leastMs: number, duration: Parameters<typeof durationMs>[0], what: string): number {
  const ms = durationMs(duration, what);
  if (ms < leastMs) throw new RangeError(`${what} must be ${leastMs} ms or more: got ${ms} ms`);
  return ms;
}

/** Host, port and database of a connection string. */
function placeOf(connectionString: string): string {
  try {
    const { host, pathname } = new URL(connectionString);
    return JSON.stringify(`${host}${pathname}`);
  } catch {
    return "of the connection string"; // a socket's path, say
  }
}
