import { existsSync, readdirSync, realpathSync, rmSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import Database from "better-sqlite3";
import { isBusy, sqliteCode, storeError } from "./error-mapping.ts";

/** Ways to show that a holder of locks is there, and to see whether others are. */
export interface PresenceRegister {
  /** Shows the presence of a holder under a new id, which it returns. Called under the write lock of the database. */
  take(newId: () => string): string;
  /** Ends the presence of a holder of this process. What it has left behind stays. */
  release(id: string): void;
  /** Whether a holder is gone for certain. */
  isGone(id: string): boolean;
  /** Removes what a holder that is gone has left. */
  forget(id: string): void;
  /** Removes what holders that are gone, and are none of these, have left. Called under the write lock of the database. */
  forgetOthers(known: ReadonlySet<string>): void;
}

/** Ids are random; a second attempt means that somebody tests with randomness that is none. */
const MOST_ATTEMPTS = 10;

/**
 * Presence as a lock of the operating system on an empty file of the holder's own: freed the moment its process ends, however it ends; kept
 * while it is frozen; and the same in every container that shares the folder. A process id or a heartbeat is none of these.
 */
export class FilePresences implements PresenceRegister {
  /** By path, for the whole process: a connection that nobody refers to is closed by the garbage collection, and its lock is gone. */
  static readonly #held = new Map<string, Database.Database>();
  readonly #path: string;
  #resolved: string | undefined;

  /** @param path - Of the database. */
  constructor(path: string) {
    this.#path = path;
  }

  take(newId: () => string): string {
    this.#resolved = undefined; // where the file is now; from here on it stays, whatever becomes of the file
    for (let attempt = 1; ; attempt += 1) {
      const id = newId();
      const path = this.#prefix + id;
      let file: Database.Database | undefined;
      try {
        file = new Database(path, { timeout: 0 });
        lock(file);
      } catch (error) {
        file?.close();
        if (isBusy(error) && attempt < MOST_ATTEMPTS) continue; // somebody else has this id
        throw storeError(error, path);
      }
      FilePresences.#held.set(path, file);
      return id;
    }
  }

  release(id: string): void {
    const path = this.#prefix + id;
    FilePresences.#held.get(path)?.close();
    FilePresences.#held.delete(path);
  }

  isGone(id: string): boolean {
    const path = this.#prefix + id;
    // A holder keeps its file as long as it lives. Opened by SQLite alone: any other way of closing it in this process would free its lock.
    if (!existsSync(path)) return true;
    let file: Database.Database | undefined;
    try {
      file = new Database(path, { timeout: 0, fileMustExist: true });
      lock(file);
      return true;
    } catch (error) {
      if (sqliteCode(error) === undefined) throw error;
      return false; // mostly it is locked; whatever else was in the way, it is no proof
    } finally {
      file?.close();
    }
  }

  forget(id: string): void {
    try {
      rmSync(this.#prefix + id, { force: true });
    } catch {
      // Its lock is free, which is what counts: whoever looks next at what others have left removes it.
    }
  }

  forgetOthers(known: ReadonlySet<string>): void {
    const prefix = this.#prefix;
    for (const name of readdirSync(dirname(prefix))) {
      if (!name.startsWith(basename(prefix))) continue;
      const id = name.slice(basename(prefix).length);
      // Ours are empty; another file of such a name is somebody else's.
      const isOurs = statSync(prefix + id, { throwIfNoEntry: false })?.size === 0;
      if (isOurs && !known.has(id) && this.isGone(id)) this.forget(id);
    }
  }

  /** Beside the file itself, as SQLite's own companions: another process may come to it by another link. Stays when the file is moved. */
  get #prefix(): string {
    return (this.#resolved ??= `${realpathSync(this.#path)}-host-`);
  }
}

/** @throws SqliteError `SQLITE_BUSY` when another connection has it, of this process or another. */
function lock(file: Database.Database): void {
  file.pragma("journal_mode = MEMORY"); // nothing is written, but a journal would be made beside the file
  file.exec("BEGIN EXCLUSIVE");
}

/** Presence within one process, for a database without a file: nobody else can hold its locks. */
export class MemoryPresences implements PresenceRegister {
  readonly #present = new Set<string>();

  take(newId: () => string): string {
    const id = newId();
    this.#present.add(id);
    return id;
  }

  release(id: string): void {
    this.#present.delete(id);
  }

  isGone(id: string): boolean {
    return !this.#present.has(id);
  }

  forget(): void {}

  forgetOthers(): void {}
}
