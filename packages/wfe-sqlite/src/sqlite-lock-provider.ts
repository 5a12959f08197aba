import { createLease, type DistributedLockProvider, type Duration, durationMs, type Lease, type LeaseHolder, LockError, SharedRun } from "wfe-core";
import { lockError } from "./error-mapping.ts";
import type { Operation } from "./group-commit.ts";
import {
  deleteExpiredLeases,
  deleteHost,
  deleteLease,
  endLeases,
  extendLease,
  holderOf,
  hostIds,
  insertHost,
  insertLease,
  isHeld,
  ownsLeases,
} from "./lease-store.ts";
import { databaseOf, type SqliteDatabase } from "./sqlite-database.ts";
import type { SqliteOptions } from "./sqlite-options.ts";

/** So many acquisitions after which leases that are over are looked for. */
const SWEEP_EVERY = 1024;

/**
 * Locks in a table of the database, judged by the wall clock of the machine that all processes on it share. Has the capability `presence`: a
 * started provider holds an operating-system lock on an empty file `<path>-host-<id>`, so that others know at once when its process is gone,
 * however it ended. A process that is frozen is still present, and its leases run out.
 */
export class SqliteLockProvider implements DistributedLockProvider {
  readonly #database: SqliteDatabase;
  readonly #run: SharedRun;
  #hostId: string | undefined;
  #acquisitions = 0;

  /** @param database - A handle of `openSqlite`, or the options of a database of its own. */
  constructor(database: SqliteDatabase | SqliteOptions) {
    this.#database = databaseOf(database);
    this.#run = new SharedRun({
      open: () => this.#open(),
      close: () => this.#close(),
      notRunning: () => new LockError("the SQLite lock provider is not running: call start() first", { code: "WFE_PROVIDER_NOT_RUNNING" }),
    });
  }

  /** Names its presence, from start to stop: `<path>-host-<id>` is its file. */
  get hostId(): string | undefined {
    return this.#hostId;
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
    const token = entropy.id();
    const owner = this.#owner;
    const acquired = await this.#ask(async () => {
      // Without asking for the write lock when the answer is no; where it is asked for anyway, the write answers.
      const isAlone = !this.#database.isWriting;
      if (isAlone && (await this.#database.read((connection) => isHeld(connection, resource, clock.now())))) return false;
      this.#acquisitions += 1;
      const isSweep = this.#acquisitions % SWEEP_EVERY === 0;
      return this.#write((connection) => {
        const now = clock.now();
        if (isSweep) deleteExpiredLeases(connection, now);
        return insertLease(connection, { resource, token, owner, expiresAt: now + Math.ceil(ttlMs) }, now);
      });
    });
    if (!acquired) return undefined;
    return createLease({
      resource,
      token,
      ttlMs,
      clock,
      requestedAt,
      extend: () =>
        this.#ask(() => {
          const current = this.#owner; // another than at the beginning when the provider was started again
          return this.#write((connection) => {
            const now = clock.now();
            return extendLease(connection, { resource, token, owner: current, expiresAt: now + Math.ceil(ttlMs) }, now);
          });
        }),
      release: () => this.#ask(() => this.#write((connection) => deleteLease(connection, resource, token, clock.now()))),
    });
  }

  orphans(limit: number): Promise<readonly string[]> {
    return this.#ask(async () => {
      const { presences, clock } = this.#database;
      const others = await this.#database.read((connection) => connection.snapshot(() => hostIds(connection)));
      const gone = [...others].filter((id) => id !== this.#hostId && presences.isGone(id));
      const named: string[] = [];
      for (const owner of gone) {
        if (named.length >= limit) break;
        const rest = limit - named.length;
        named.push(...(await this.#write((connection) => endLeases(connection, owner, rest, clock.now()))));
        if (!(await this.#database.read((connection) => ownsLeases(connection, owner)))) presences.forget(owner);
      }
      return named;
    });
  }

  /** Its owner is the {@link hostId} of the provider that holds it. */
  inspect(resource: string): Promise<LeaseHolder | undefined> {
    return this.#ask(async () => {
      const found = await this.#database.read((connection) => holderOf(connection, resource, this.#database.clock.now()));
      return found === undefined ? undefined : { owner: found.owner, expiresAt: new Date(found.expires_at) };
    });
  }

  /** Called when the provider is known to run. */
  get #owner(): string {
    return this.#hostId as string; // set by `#open`
  }

  async #open(): Promise<void> {
    await this.#database.start();
    const { presences, entropy, clock } = this.#database;
    try {
      await this.#database.write((connection) => {
        // Under the write lock: nobody then takes the file of a holder that is about to lock it for one that was left behind.
        presences.forgetOthers(hostIds(connection));
        this.#hostId ??= presences.take(() => entropy.id()); // the operation may run twice
        insertHost(connection, this.#hostId);
        deleteExpiredLeases(connection, clock.now());
      });
    } catch (error) {
      this.#endPresence();
      await this.#database.stop();
      throw lockError(error);
    }
  }

  async #close(): Promise<void> {
    const id = this.#hostId;
    try {
      if (id !== undefined) await this.#database.write((connection) => deleteHost(connection, id));
    } catch {
      // The entry stays, and the next who looks for orphans removes it.
    }
    try {
      this.#endPresence();
    } finally {
      await this.#database.stop();
    }
  }

  #endPresence(): void {
    const id = this.#hostId;
    if (id === undefined) return;
    this.#hostId = undefined;
    this.#database.presences.release(id);
    this.#database.presences.forget(id);
  }

  /** Nobody waits for the disk: after a power cut all who held leases are gone, and those that have come back are ended like any of theirs. */
  #write<T>(operation: Operation<T>): Promise<T> {
    return this.#database.write(operation, { awaitsDisk: false });
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
