import { createLease, type DistributedLockProvider, type Duration, durationMs, type Lease, LockError, SharedRun } from "wfe-core";
import { lockError } from "./error-mapping.ts";
import { LeaseStore } from "./lease-store.ts";
import { databaseOf, type PostgresDatabase } from "./postgres-database.ts";
import type { PostgresOptions } from "./postgres-options.ts";

/** So many acquisitions after which leases that are over are looked for. */
const SWEEP_EVERY = 1024;
/** Who is absent in two looks so far apart is gone: a connection that was lost is there again by then. */
const ABSENCE_MS = 300;
/** Who has lost its connection does not judge others for so long after: they may have lost theirs with it, and come back a little later. */
const RECOVERY_MS = 3_000;

/**
 * Locks in a table of the database, judged by the clock of the server. Has the capability `presence` with `notifications`: a started provider holds
 * an advisory lock on a connection of its own, so that others know at once when its process is gone, however it ended. A process that is frozen
 * is still present, and its leases run out; so do those of one that has lost its connection and does not get it again.
 */
export class PostgresLockProvider implements DistributedLockProvider {
  /** @see DistributedLockProvider.orphans; absent without `notifications`, as there is no presence then. */
  readonly orphans?: (limit: number) => Promise<readonly string[]>;
  readonly #database: PostgresDatabase;
  readonly #leases: LeaseStore;
  readonly #run: SharedRun;
  /** Presences of this provider that were lost, and whose leases are still to be given to the present one. */
  readonly #former = new Set<number>();
  #presence: number | undefined;
  /** On the monotonic clock. */
  #restoredAtMs = Number.NEGATIVE_INFINITY;
  #leaveSession: (() => void) | undefined;
  #acquisitions = 0;

  /** @param database - A handle of `openPostgres`, or the options of a database of its own. */
  constructor(database: PostgresDatabase | PostgresOptions) {
    this.#database = databaseOf(database);
    this.#leases = new LeaseStore(this.#database);
    if (this.#database.session !== undefined) this.orphans = (limit) => this.#orphans(limit);
    this.#run = new SharedRun({
      open: () => this.#open(),
      close: () => this.#close(),
      notRunning: () => new LockError("the PostgreSQL lock provider is not running: call start() first", { code: "WFE_PROVIDER_NOT_RUNNING" }),
    });
  }

  start(): Promise<void> {
    return this.#run.start();
  }

  stop(): Promise<void> {
    return this.#run.stop();
  }

  async acquireLock(resource: string, options: { readonly ttl: Duration }): Promise<Lease | undefined> {
    this.#run.check();
    const ttlMs = durationMs(options.ttl, "ttl");
    if (ttlMs < 1) throw new RangeError("ttl must be 1 ms or more");
    const { clock, entropy } = this.#database;
    const requestedAt = clock.monotonic();
    const held = { resource, token: entropy.id(), ttlMs: Math.ceil(ttlMs) };
    this.#acquisitions += 1;
    // Only to make room: whether it succeeds shows with the next one.
    if (this.#acquisitions % SWEEP_EVERY === 0) this.#leases.deleteExpired().catch(() => {});
    const acquired = await this.#ask(() => this.#leases.change({ kind: "acquire", ...held }));
    if (!acquired) return undefined;
    return createLease({
      resource,
      token: held.token,
      ttlMs,
      clock,
      requestedAt,
      extend: () => this.#ask(() => this.#leases.change({ kind: "extend", ...held })),
      release: () => this.#ask(() => this.#leases.change({ kind: "release", ...held })),
    });
  }

  #orphans(limit: number): Promise<readonly string[]> {
    return this.#ask(async () => {
      const { clock } = this.#database;
      if (this.#presence === undefined || clock.monotonic() < this.#restoredAtMs + RECOVERY_MS) return [];
      const absent = (await this.#leases.absentOwners()).filter((owner) => owner !== this.#presence && !this.#former.has(owner));
      if (absent.length === 0) return [];
      await new Promise<void>((resolve) => void clock.setTimer(ABSENCE_MS, resolve));
      this.#run.check();
      return await this.#leases.endOrphans(absent, limit);
    });
  }

  async #open(): Promise<void> {
    try {
      await this.#database.start();
    } catch (error) {
      throw lockError(error);
    }
    const { session } = this.#database;
    this.#presence = session?.presence;
    this.#leaveSession = session?.listen({ onRestored: () => this.#onRestored() });
  }

  async #close(): Promise<void> {
    this.#leaveSession?.();
    // Its leases run on, or are found as those of one that is gone.
    this.#presence = undefined;
    this.#former.clear();
    await this.#database.stop();
  }

  /** Leases under a presence that was lost would soon be taken for those of one that is gone. */
  #onRestored(): void {
    const presence = this.#database.session?.presence;
    this.#restoredAtMs = this.#database.clock.monotonic();
    if (presence === undefined) return; // lost again
    if (this.#presence !== undefined) this.#former.add(this.#presence);
    this.#presence = presence;
    const former = [...this.#former];
    this.#leases.own(former, presence).then(
      () => former.forEach((each) => this.#former.delete(each)),
      () => {}, // with the next extension of each
    );
  }

  async #ask<T>(request: () => Promise<T>): Promise<T> {
    this.#run.check();
    try {
      return await request();
    } catch (error) {
      throw lockError(error);
    }
  }
}
