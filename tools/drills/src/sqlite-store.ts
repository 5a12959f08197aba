import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { ClusterPlaces } from "./cluster-places.ts";
import { type Census, censusOf, type ClusterStore, type OpenWait, type OpenWorkflow, statements } from "./cluster-store.ts";

const SQL = statements("wfe_");
/** Hosts that are frozen may hold the write lock for so long. */
const BUSY_TIMEOUT_MS = 10_000;

/** A SQLite file in a folder of its own, which several processes share. */
export class SqliteStore implements ClusterStore {
  readonly places: ClusterPlaces;
  readonly #folder: string;
  /** Of the file. */
  readonly path: string;

  /** @param parent - Where its folder is made. @default that for temporary files */
  constructor(parent: string = tmpdir()) {
    this.#folder = mkdtempSync(join(parent, "wfe-cluster-"));
    this.path = join(this.#folder, "wfe.db");
    this.places = { sqlite: { path: this.path } };
  }

  get hostPlaces(): ClusterPlaces {
    return this.places;
  }

  async census(): Promise<Census> {
    return this.#with((database) => censusOf(database.prepare<[], Record<string, unknown>>(SQL.census).all()));
  }

  async openWaits(): Promise<readonly OpenWait[]> {
    return this.#with((database) => database.prepare<[], OpenWait>(SQL.openWaits).all());
  }

  async openWorkflows(): Promise<readonly OpenWorkflow[]> {
    return this.#with((database) => database.prepare<[], OpenWorkflow>(SQL.openWorkflows).all());
  }

  readonly integrity = async (): Promise<string> => {
    const rows = this.#with((database) => database.pragma("integrity_check") as readonly { readonly integrity_check: string }[]); // of this pragma
    return rows.map(({ integrity_check: line }) => line).join("; ");
  };

  /** Puts all commits into the file itself, so that the next one needs room. */
  checkpoint(): void {
    this.#with((database) => database.pragma("wal_checkpoint(TRUNCATE)"));
  }

  async forget(): Promise<void> {
    this.#with((database) => database.transaction(() => database.exec("DELETE FROM wfe_queue; DELETE FROM wfe_leases")).immediate());
  }

  async dispose(): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #with<T>(look: (database: Database.Database) => T): T {
    const database = new Database(this.path, { timeout: BUSY_TIMEOUT_MS });
    try {
      return look(database);
    } finally {
      database.close();
    }
  }
}
