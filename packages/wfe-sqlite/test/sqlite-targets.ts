import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import type { DistributedLockProvider, PersistenceProvider, Provider, QueueProvider } from "wfe-core";
import { type QueueOpenOptions, type SuiteStore, type SuiteTarget, VirtualClock } from "wfe-core/test-support";
import { openSqlite, type SqliteDatabase } from "../src/sqlite-database.ts";
import { SqliteLockProvider } from "../src/sqlite-lock-provider.ts";
import { SqlitePersistenceProvider } from "../src/sqlite-persistence-provider.ts";
import { SqliteQueueProvider } from "../src/sqlite-queue-provider.ts";

/** A fresh folder for databases. */
export function newFolder(): { readonly path: (name: string) => string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "wfe-sqlite-"));
  return {
    path: (name) => join(folder, name),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

interface Opened<TProvider> {
  readonly provider: TProvider;
  readonly database: SqliteDatabase;
}

type Make<TProvider, TOptions> = (database: SqliteDatabase, options: TOptions | undefined) => TProvider;

/** Two opens are two connections to one file, as in two processes. */
function onFile<TProvider extends Provider, TOptions>(
  make: Make<TProvider, TOptions>,
  kill?: (opened: Opened<TProvider>) => void,
): SuiteTarget<TProvider, TOptions>["createStore"] {
  return async (): Promise<SuiteStore<TProvider, TOptions>> => {
    const folder = newFolder();
    const databases = new Map<TProvider, SqliteDatabase>();
    return {
      open: async (options) => {
        const database = openSqlite({ path: folder.path("wfe.db") });
        const provider = make(database, options);
        databases.set(provider, database);
        return provider;
      },
      elapse: (ms) => sleep(ms),
      // One writer at a time: who holds a row holds them all.
      hold: async () => {
        const session = new Database(folder.path("wfe.db"));
        session.exec("BEGIN IMMEDIATE");
        return async () => void session.close();
      },
      kill: async (provider) => {
        const database = databases.get(provider) as SqliteDatabase; // the suite kills what it has opened
        kill?.({ provider, database });
        database.connection.close();
      },
      dispose: async () => folder.remove(),
    };
  };
}

/** Two opens share one database, as they have to. */
function inMemory<TProvider extends Provider, TOptions>(
  make: Make<TProvider, TOptions>,
  kill?: (opened: Opened<TProvider>) => void,
): SuiteTarget<TProvider, TOptions>["createStore"] {
  return async (): Promise<SuiteStore<TProvider, TOptions>> => {
    const database = openSqlite({ path: ":memory:" });
    return {
      open: async (options) => make(database, options),
      elapse: (ms) => sleep(ms),
      kill: async (provider) => kill?.({ provider, database }),
      dispose: async () => {},
    };
  };
}

const makeLocks = (database: SqliteDatabase): DistributedLockProvider => new SqliteLockProvider(database);
const makePersistence = (database: SqliteDatabase): PersistenceProvider => new SqlitePersistenceProvider(database);
const makeQueue = (database: SqliteDatabase, options: QueueOpenOptions | undefined): QueueProvider =>
  new SqliteQueueProvider(database, options?.visibilityMs === undefined ? {} : { visibility: options.visibilityMs });

/** What the operating system does when a process dies: its file lock is gone, and its file stays. */
function loseProcess({ provider, database }: Opened<DistributedLockProvider>): void {
  const { hostId } = provider as SqliteLockProvider; // made by `makeLocks`
  if (hostId !== undefined) database.presences.release(hostId);
}

export const lockTargetOnFile: SuiteTarget<DistributedLockProvider> = {
  createStore: onFile(makeLocks, loseProcess),
  capabilities: ["presence", "inspect"],
  unitMs: 70,
};
export const lockTargetInMemory: SuiteTarget<DistributedLockProvider> = {
  createStore: inMemory(makeLocks, loseProcess),
  capabilities: ["presence", "inspect"],
};
export const queueTargetOnFile: SuiteTarget<QueueProvider, QueueOpenOptions> = {
  createStore: onFile(makeQueue),
  capabilities: ["lateness"],
  unitMs: 70, // its cases run one after the other, and wait for more than those of the locks
};
export const queueTargetInMemory: SuiteTarget<QueueProvider, QueueOpenOptions> = { createStore: inMemory(makeQueue), capabilities: ["lateness"] };
/** Paths that the suite asks for. */
const INDEXED_DATA = ["x", "order.customer.name", "order.customer", "order", "total", "constructor", "__proto__"];
export const persistenceTargetOfData: SuiteTarget<PersistenceProvider> = {
  createStore: async () => {
    const folder = newFolder();
    return {
      open: async () => new SqlitePersistenceProvider({ path: folder.path("wfe.db"), synchronous: "NORMAL", indexedData: INDEXED_DATA }),
      elapse: (ms) => sleep(ms),
      dispose: async () => folder.remove(),
    };
  },
};
export const persistenceTargetOnFile: SuiteTarget<PersistenceProvider> = { createStore: onFile(makePersistence), capabilities: ["hold"] };
export const persistenceTargetInMemory: SuiteTarget<PersistenceProvider> = { createStore: inMemory(makePersistence) };

/** Two opens are two connections to one file, whose time is virtual. */
function inVirtualTimeOnFile<TProvider extends Provider, TOptions>(make: Make<TProvider, TOptions>): SuiteTarget<TProvider, TOptions> {
  return {
    createStore: async () => {
      const folder = newFolder();
      const clock = new VirtualClock();
      return {
        // What is asked here is not what a power cut leaves.
        open: async (options) => make(openSqlite({ path: folder.path("wfe.db"), clock, synchronous: "NORMAL" }), options),
        elapse: (ms) => clock.advance(ms),
        now: () => clock.now(),
        dispose: async () => folder.remove(),
      };
    },
  };
}

export const inVirtualTime: { readonly locks: SuiteTarget<DistributedLockProvider>; readonly queue: SuiteTarget<QueueProvider, QueueOpenOptions> } = {
  locks: inVirtualTimeOnFile(makeLocks),
  queue: inVirtualTimeOnFile(makeQueue),
};
