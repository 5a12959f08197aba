import { closeSync, openSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { PersistenceError } from "wfe-core";
import { storeError } from "./error-mapping.ts";
import { scopeHas } from "./scope-filter.ts";
import { MEMORY_PATH } from "./sqlite-options.ts";

/**
 * How long SQLite itself waits for a lock, blocking the event loop: a transaction of another process is mostly over by then. What takes
 * longer is tried again from the event loop.
 */
const BUSY_WAIT_MS = 5;
/** Bytes that the write-ahead log keeps of a burst that is over. */
const LARGEST_IDLE_LOG = 16 * 1024 * 1024;

/** A value that SQLite can hold. A `Buffer` is text that UTF-8 cannot carry, see `rows.ts`. */
export type SqlValue = string | number | null | Buffer;

/** A prepared statement whose rows are of this shape. */
export type Statement<TRow = unknown> = Database.Statement<SqlValue[], TRow>;

/** One open connection with its prepared statements. Everything on it is synchronous. */
export class Connection {
  readonly raw: Database.Database;
  readonly #path: string;
  readonly #file: number | undefined;
  readonly #statements = new Map<string, Statement>();
  readonly #synchronous: "FULL" | "NORMAL";
  #awaitsDisk = true;

  constructor(raw: Database.Database, path: string, synchronous: "FULL" | "NORMAL") {
    this.raw = raw;
    this.#path = path;
    this.#synchronous = synchronous;
    this.#file = fileAt(path);
  }

  /**
   * SQLite goes on writing to a file that was moved or deleted, where nobody finds it any more.
   *
   * @throws PersistenceError `WFE_STORE_UNREACHABLE` when the path leads to another file than at the beginning, or to none.
   */
  assertInPlace(): void {
    if (fileAt(this.#path) !== this.#file) {
      throw new PersistenceError(
        "WFE_STORE_UNREACHABLE",
        `the SQLite database ${JSON.stringify(this.#path)} was moved or deleted while it was open: put it back, and start again`,
      );
    }
  }

  /**
   * The prepared statement of a text, prepared once. A limit is written `LIMIT +?`: SQLite prepares a statement again whenever a value that its
   * planner could look at is bound, as that of a bare `LIMIT ?`, which costs twenty times the statement.
   *
   * @typeParam TRow - What the caller knows of the rows of this text.
   * @param shape - Of its rows, always the same for one text: objects, or arrays of their values, which cost less to make.
   */
  sql<TRow = unknown>(text: string, shape: "objects" | "arrays" = "objects"): Statement<TRow> {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.raw.prepare<SqlValue[]>(text);
      if (shape === "arrays") statement.raw(true);
      this.#statements.set(text, statement);
    }
    return statement as Statement<TRow>;
  }

  /**
   * Whether the transactions from now on wait for the disk, where the database does. Not within a transaction. Those that do not are made safe by
   * the next one that does, of whichever process: all are written to one log, in their order, and the whole log is waited for.
   */
  awaitDisk(awaits: boolean): void {
    if (this.#synchronous === "NORMAL" || awaits === this.#awaitsDisk) return;
    // Not kept as a prepared statement: SQLite does this when it prepares it, and nothing when it runs it.
    this.raw.pragma(`synchronous = ${awaits ? "FULL" : "NORMAL"}`);
    this.#awaitsDisk = awaits;
  }

  /** Runs several reads on one snapshot: what others commit meanwhile is not seen. Not within a transaction. */
  snapshot<T>(reads: () => T): T {
    this.sql("BEGIN").run();
    try {
      return reads();
    } finally {
      if (this.raw.inTransaction) this.sql("COMMIT").run();
    }
  }

  /** Gives up the transaction, if one is open: SQLite has ended it already after some errors. */
  rollback(): void {
    if (this.raw.inTransaction) this.sql("ROLLBACK").run();
  }

  close(): void {
    this.#statements.clear();
    this.raw.close();
  }
}

/**
 * Opens a database and sets it up; does not touch its tables.
 *
 * @throws PersistenceError `WFE_STORE_UNREACHABLE`, `WFE_STORE_CORRUPT`, `WFE_STORE_READ_ONLY`, `WFE_STORE_FULL`, or `WFE_STORE_BUSY`, which
 * may be tried again.
 */
export function openConnection(path: string, synchronous: "FULL" | "NORMAL"): Connection {
  if (path !== MEMORY_PATH) refuseBadPath(path);
  let raw: Database.Database | undefined;
  try {
    raw = new Database(path, { timeout: BUSY_WAIT_MS });
    const mode = raw.pragma("journal_mode = WAL", { simple: true });
    if (path !== MEMORY_PATH && mode !== "wal") {
      throw new PersistenceError(
        "WFE_STORE_UNREACHABLE",
        `the SQLite database ${JSON.stringify(path)} stays in journal mode ${String(mode)}: its file system cannot do write-ahead logging`,
      );
    }
    // Said explicitly: the driver is built with NORMAL for WAL databases.
    raw.pragma(`synchronous = ${synchronous}`);
    raw.pragma("foreign_keys = ON");
    raw.pragma("temp_store = MEMORY");
    raw.function("wfe_scope_has", { deterministic: true, directOnly: true }, scopeHas);
    // A file that cannot be written opens without complaint; only the wish to write shows it.
    raw.exec("BEGIN IMMEDIATE; ROLLBACK");
    raw.pragma(`journal_size_limit = ${LARGEST_IDLE_LOG}`);
    return new Connection(raw, path, synchronous);
  } catch (error) {
    raw?.close();
    throw storeError(error, path);
  }
}

/** SQLite says "unable to open database file" to all of these. */
function refuseBadPath(path: string): void {
  const unreachable = (problem: string, cause?: unknown): PersistenceError =>
    new PersistenceError("WFE_STORE_UNREACHABLE", `cannot open ${JSON.stringify(path)}: ${problem}`, { cause });
  const look = (at: string): Stats | undefined => {
    try {
      return statSync(at, { throwIfNoEntry: false });
    } catch (error) {
      throw unreachable(`its path cannot be followed (${(error as NodeJS.ErrnoException).code})`, error); // all that the file system throws
    }
  };
  if (look(dirname(path))?.isDirectory() !== true) throw unreachable("its folder does not exist");
  const found = look(path);
  if (found?.isDirectory() === true) throw unreachable("it is a folder");
  if (found === undefined) makeEmptyFile(path);
}

/** What the file system knows a file by; `undefined` when there is none, or no file at all. */
function fileAt(path: string): number | undefined {
  if (path === MEMORY_PATH) return undefined;
  try {
    return statSync(path, { throwIfNoEntry: false })?.ino;
  } catch {
    return undefined; // it cannot be followed any more
  }
}

/** An empty file is an empty database. */
function makeEmptyFile(path: string): void {
  try {
    closeSync(openSync(path, "ax"));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // all that the file system throws
    if (code === "EEXIST") return; // another process was faster
    const [what, problem] = MAKING_FAILED[code ?? ""] ?? ["WFE_STORE_UNREACHABLE", `its file cannot be made (${code})`];
    throw new PersistenceError(what, `cannot open ${JSON.stringify(path)}: ${problem}`, { cause: error });
  }
}

const FORBIDDEN = ["WFE_STORE_READ_ONLY", "its folder cannot be written"] as const;
const MAKING_FAILED: Readonly<Record<string, readonly [ConstructorParameters<typeof PersistenceError>[0], string]>> = {
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  EROFS: FORBIDDEN,
  ENOSPC: ["WFE_STORE_FULL", "there is no space for it"],
};
