import Database from "better-sqlite3";
import { LockError, PersistenceError, QueueError, WfeError } from "wfe-core";

/** Result code of SQLite, for example `SQLITE_BUSY_SNAPSHOT`; `undefined` for any other error. */
export function sqliteCode(error: unknown): string | undefined {
  return error instanceof Database.SqliteError ? error.code : undefined;
}

function isOneOf(code: string | undefined, families: readonly string[]): boolean {
  return code !== undefined && families.some((family) => code === family || code.startsWith(`${family}_`));
}

/** Whether another connection was in the way, so that the same statement may succeed in a moment. */
export function isBusy(error: unknown): boolean {
  // PROTOCOL: the start of a read lost a race for the index of the write-ahead log many times in a row.
  return isOneOf(sqliteCode(error), ["SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL"]);
}

/** Whether an error belongs to one operation (a constraint, a value) and not to the store as a whole (full, unreadable, gone). */
export function isOperationsOwn(error: unknown): boolean {
  const code = sqliteCode(error);
  return (
    code === undefined ||
    isOneOf(code, ["SQLITE_CONSTRAINT", "SQLITE_TOOBIG", "SQLITE_MISMATCH", "SQLITE_RANGE", "SQLITE_ERROR", "SQLITE_MISUSE", "SQLITE_SCHEMA"])
  );
}

/**
 * The typed error for what SQLite or its driver threw; errors of the engine stay as they are.
 *
 * @param path - Of the database, for the message.
 * @param retryable - Overrides what the code says.
 */
export function storeError(error: unknown, path: string, retryable?: boolean): WfeError {
  if (error instanceof WfeError) return error;
  const code = sqliteCode(error);
  const store = `the SQLite database ${JSON.stringify(path)}`;
  const make = (what: ConstructorParameters<typeof PersistenceError>[0], message: string, mayRetry: boolean): PersistenceError =>
    new PersistenceError(what, message, { cause: error, retryable: retryable ?? mayRetry });
  if (isBusy(error)) return make("WFE_STORE_BUSY", `${store} is locked by another connection`, true);
  if (isOneOf(code, ["SQLITE_FULL"])) return make("WFE_STORE_FULL", `${store} cannot grow: the disk, or the file's own limit, is full`, true);
  if (code === "SQLITE_READONLY_DBMOVED") return make("WFE_STORE_UNREACHABLE", `${store} was moved or deleted while it was open`, false);
  if (isOneOf(code, ["SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH"])) {
    return make("WFE_STORE_READ_ONLY", `${store} cannot be written: check the permissions of the file and of its folder`, false);
  }
  if (isOneOf(code, ["SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT"])) {
    return make("WFE_STORE_CORRUPT", `${store} is not a sound SQLite database: ${message(error)}`, false);
  }
  if (isOneOf(code, ["SQLITE_CANTOPEN", "SQLITE_IOERR"])) return make("WFE_STORE_UNREACHABLE", `${store} cannot be reached: ${message(error)}`, true);
  const passing = isOneOf(code, ["SQLITE_NOMEM", "SQLITE_INTERRUPT", "SQLITE_ABORT"]);
  return make("WFE_PERSISTENCE_FAILED", `${store} refused an operation: ${message(error)}`, passing);
}

/** The error of a lock provider for a failure of the store. */
export function lockError(error: unknown): WfeError {
  if (error instanceof LockError || !(error instanceof WfeError)) return error as WfeError; // the database maps everything else before
  return new LockError(error.message, { cause: error, retryable: error.retryable });
}

/** The error of a queue provider for a failure of the store. */
export function queueError(error: unknown): WfeError {
  if (error instanceof QueueError || !(error instanceof WfeError)) return error as WfeError; // the database maps everything else before
  return new QueueError(error.message, { cause: error, retryable: error.retryable });
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
