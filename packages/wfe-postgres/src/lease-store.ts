import { Batches } from "./batches.ts";
import { mayBeOnes } from "./error-mapping.ts";
import type { PostgresDatabase } from "./postgres-database.ts";
import { fromText, toText } from "./text.ts";

/** Leases that are changed in one call at most. */
const LARGEST_BATCH = 500;
/** Leases that are over, removed at once at most. */
const LARGEST_SWEEP = 1_000;

/** What is wanted of a lease. */
export interface LeaseChange {
  readonly kind: "acquire" | "extend" | "release";
  readonly resource: string;
  readonly token: string;
  readonly ttlMs: number;
}

/** Leases in a table of the database, judged by the server's clock; changes that are wanted at the same moment travel in one call. */
export class LeaseStore {
  readonly #database: PostgresDatabase;
  readonly #changes: Batches<LeaseChange, boolean>;

  constructor(database: PostgresDatabase) {
    this.#database = database;
    this.#changes = new Batches({
      clock: database.clock,
      limit: LARGEST_BATCH,
      concurrency: 2,
      keyOf: ({ resource }) => resource,
      send: (changes) => this.#send(changes),
      mayBeOnes,
    });
  }

  /** @returns Whether it was done: acquired for nobody else held it, extended or released for it was held by this token. */
  change(change: LeaseChange): Promise<boolean> {
    return this.#changes.request(change);
  }

  async #send(changes: readonly LeaseChange[]): Promise<readonly { readonly value: boolean }[]> {
    const rows = await this.#database.call<{ place: number }>("change_leases_v1", [
      this.#database.judgedNow,
      this.#database.session?.presence ?? null,
      changes.map(({ kind }) => kind),
      changes.map(({ resource }) => toText(resource)),
      changes.map(({ token }) => token),
      changes.map(({ ttlMs }) => ttlMs),
    ]);
    const done = new Set(rows.map(({ place }) => place));
    return changes.map((_, index) => ({ value: done.has(index + 1) }));
  }

  /** Gives leases of former presences to another one. */
  async own(former: readonly number[], presence: number): Promise<void> {
    await this.#database.call("own_leases_v1", [former, presence]);
  }

  /** Removes leases that are over, which nobody released or took again; some at a time. */
  async deleteExpired(): Promise<void> {
    const { leases } = this.#database.names.table;
    await this.#database.query(
      `DELETE FROM ${leases} WHERE resource IN (
         SELECT resource FROM ${leases} WHERE expires_at <= coalesce($1::bigint, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)
         LIMIT ${LARGEST_SWEEP} FOR UPDATE SKIP LOCKED)`,
      [this.#database.judgedNow],
    );
  }

  /** Presences of holders that are not there. */
  async absentOwners(): Promise<readonly number[]> {
    const rows = await this.#database.call<{ owner: number }>("absent_owners_v1", [this.#database.names.presenceSpace]);
    return rows.map(({ owner }) => owner);
  }

  /**
   * Ends leases of those of these holders that are not there now either.
   *
   * @returns The resources of those that were not over, so many at most.
   */
  async endOrphans(owners: readonly number[], limit: number): Promise<readonly string[]> {
    const { judgedNow, names } = this.#database;
    const rows = await this.#database.call<{ resource: string }>("end_orphans_v1", [judgedNow, names.presenceSpace, owners, limit]);
    return rows.map(({ resource }) => fromText(resource));
  }
}
