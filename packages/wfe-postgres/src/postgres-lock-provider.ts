import {
  createLease,
  type DistributedLockProvider,
  type Duration,
  durationMs,
  type Lease,
  type LeaseHolder,
  LockError,
  Pauses,
  SharedRun,
} from "wfe-core";
import { Batches } from "./batches.ts";
import { lockError, mayBeOnes } from "./error-mapping.ts";
import { absentOwners, endLeases, holderOf, type LeaseKey, type LeaseOwner, type LeaseRequest, leaseTurn, ownLeases } from "./lease-store.ts";
import { databaseOf, type PostgresDatabase } from "./postgres-database.ts";
import type { PostgresOptions } from "./postgres-options.ts";
import type { Session } from "./session.ts";

/** So many acquisitions after which leases that are over are looked for. */
const SWEEP_EVERY = 1024;
const REQUESTS_PER_CALL = 500;
/** One that waits for a connection that is lost does not hold back the extensions of others. */
const CALLS = 2;
/**
 * An owner has to be absent in two looks so far apart: one whose connection was lost comes back at once under another presence, and then needs a
 * moment to take its leases over.
 */
const SECOND_LOOK_MS = 300;

/** So long after a connection was lost nobody is judged absent: longer than others, who may have lost theirs as well, pause between attempts. */
const CALM_MS = 5_000;
/** A release may be lost in a crash of the server until so long after: three times its `wal_writer_delay` of 200 ms, and some more. */
const RELEASE_UNSAFE_MS = 2_000;

/**
 * Locks in a table of the database, judged by the clock of the server, which all machines share. Has the capability `presence`, unless
 * `notifications` is false: a started provider holds an advisory lock through a connection of its own, so that others know at once when its
 * process is gone, however it ended. A process that is frozen is still present, and its leases run out.
 */
export class PostgresLockProvider implements DistributedLockProvider {
  /** Only with `notifications`: without a connection that is kept nobody's presence can be told. */
  readonly orphans?: (limit: number) => Promise<readonly string[]>;
  readonly #database: PostgresDatabase;
  readonly #requests: Batches<LeaseRequest, boolean>;
  readonly #pauses: Pauses;
  readonly #run: SharedRun;
  /** Presences that leases of this provider may bear. */
  readonly #owners = new Set<number>();
  /** Leases that were taken or extended while there was no presence, by token. */
  readonly #ownerless = new Map<string, LeaseKey>();
  /** The last releases, which a crash of the server may have undone, and when they were answered on the monotonic clock. */
  #released: { readonly request: LeaseRequest; readonly atMs: number }[] = [];
  #isOwning = false;
  #unlisten: (() => void) | undefined;
  #acquisitions = 0;
  #isSweepDue = false;

  /**
   * @param database - A handle of `openPostgres`, or the options of a database of its own.
   * @throws RangeError when an option makes no sense.
   */
  constructor(database: PostgresDatabase | PostgresOptions) {
    this.#database = databaseOf(database);
    const { clock, session } = this.#database;
    this.#pauses = new Pauses(this.#database);
    this.#requests = new Batches({
      clock,
      limit: REQUESTS_PER_CALL,
      concurrency: CALLS,
      keyOf: ({ resource }) => resource,
      send: (requests) => this.#send(requests),
      mayBeOnes,
    });
    this.#run = new SharedRun({
      open: async () => {
        await this.#database.start();
        this.#unlisten = session?.listen({ onRestored: () => this.#onRestored() });
      },
      close: async () => {
        this.#unlisten?.();
        this.#pauses.end();
        // What still bears them is extended under the next one, or found as orphaned.
        this.#owners.clear();
        this.#ownerless.clear();
        this.#released = [];
        await this.#database.stop();
      },
      notRunning: () => new LockError("the PostgreSQL lock provider is not running: call start() first", { code: "WFE_PROVIDER_NOT_RUNNING" }),
    });
    if (session !== undefined) this.orphans = (limit) => this.#ask(() => this.#orphans(session, limit));
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
    // Nobody waits for a release as those do who start something at this moment.
    const request = (kind: LeaseRequest["kind"]): Promise<boolean> =>
      this.#ask(() => this.#requests.request({ kind, resource, token, ttlMs }, { isPatient: kind === "release" }));
    this.#acquisitions += 1;
    if (this.#acquisitions % SWEEP_EVERY === 0) this.#isSweepDue = true;
    if (!(await request("acquire"))) return undefined;
    return createLease({
      resource,
      token,
      ttlMs,
      clock,
      requestedAt,
      extend: () => request("extend"),
      release: async () => {
        const isReleased = await request("release");
        if (isReleased && this.orphans !== undefined) this.#noteRelease({ kind: "release", resource, token, ttlMs });
        return isReleased;
      },
    });
  }

  /** Its owner is the presence of the provider that holds it: the second half of the key of an advisory lock, to be found in `pg_locks` as `objid`. */
  inspect(resource: string): Promise<LeaseHolder | undefined> {
    return this.#ask(async () => {
      const found = await holderOf(this.#database, resource);
      if (found === undefined) return undefined;
      const expiresAt = new Date(this.#database.clock.now() + found.remaining);
      return found.owner === null ? { expiresAt } : { owner: String(found.owner >>> 0), expiresAt };
    });
  }

  #noteRelease(request: LeaseRequest): void {
    const atMs = this.#database.clock.monotonic();
    const first = this.#released.findIndex((each) => each.atMs > atMs - RELEASE_UNSAFE_MS);
    if (first !== 0) this.#released.splice(0, first < 0 ? this.#released.length : first);
    this.#released.push({ request, atMs });
  }

  #onRestored(): void {
    // What a crash has brought back is held by nobody, and would count as this provider's until its time is over.
    for (const { request } of this.#released) this.#requests.request(request).catch(() => {});
    this.#own();
  }

  async #send(requests: readonly LeaseRequest[]): Promise<readonly { readonly value: boolean }[]> {
    const owner = this.#owner;
    const sweep = this.#isSweepDue;
    this.#isSweepDue = false;
    const granted = await leaseTurn(this.#database, { requests, owner, sweep });
    if (this.orphans !== undefined) this.#note(requests, granted, owner);
    return granted.map((value) => ({ value }));
  }

  /** The presence of now. */
  get #owner(): LeaseOwner | undefined {
    const { presence: id, server } = this.#database.session ?? {};
    return id === undefined || server === undefined ? undefined : { id, server };
  }

  /** Sees to it that leases bear the presence of now, or get the next one. */
  #note(requests: readonly LeaseRequest[], granted: readonly boolean[], owner: LeaseOwner | undefined): void {
    const isOf = this.#owner?.id === owner?.id ? owner : undefined; // changed while the answer was under way
    if (owner !== undefined) this.#owners.add(owner.id);
    requests.forEach(({ kind, resource, token }, index) => {
      if (isOf === undefined && kind !== "release" && granted[index] === true) this.#ownerless.set(token, { resource, token });
      else this.#ownerless.delete(token);
    });
    this.#own();
  }

  /** Gives leases of former presences, and those that have none, that of now; when there is none, the next one brings this about again. */
  #own(): void {
    if (this.#isOwning) return;
    this.#isOwning = true;
    void this.#ownAll().then(() => {
      this.#isOwning = false;
    });
  }

  /** Never rejects. */
  async #ownAll(): Promise<void> {
    for (let owner = this.#owner; owner !== undefined; owner = this.#owner) {
      const { id } = owner;
      const formers = [...this.#owners].filter((former) => former !== id);
      const leases = [...this.#ownerless.values()];
      if (formers.length + leases.length === 0) return;
      // Taken off before: what an answer that comes meanwhile adds is for the next round.
      for (const former of formers) this.#owners.delete(former);
      this.#ownerless.clear();
      this.#owners.add(id);
      try {
        await ownLeases(this.#database, owner, formers, leases);
      } catch {
        // With the next answer, or the next presence; what is extended until then is taken over by that.
        for (const former of formers) this.#owners.add(former);
        for (const lease of leases) this.#ownerless.set(lease.token, lease);
        return;
      }
    }
  }

  async #orphans(session: Session, limit: number): Promise<readonly string[]> {
    const { presence } = session;
    // Others may have lost their connections together with this one.
    if (presence === undefined || session.calmMs < CALM_MS) return [];
    const absent = (await absentOwners(this.#database)).filter((owner) => !this.#owners.has(owner));
    if (absent.length === 0) return [];
    await this.#pauses.wait(SECOND_LOOK_MS);
    if (!this.#run.running || session.presence !== presence) return [];
    // What it is told is its own from then on, as its leases are.
    this.#owners.add(presence);
    return await endLeases(this.#database, absent, { id: this.#database.entropy.id(), finder: presence, limit });
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
