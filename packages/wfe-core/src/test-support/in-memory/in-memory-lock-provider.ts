import { LockError } from "../../errors/store-errors.ts";
import { type Duration, durationMs } from "../../models/duration.ts";
import { createLease } from "../../runtime/lease.ts";
import { SharedRun } from "../../runtime/shared-run.ts";
import { systemClock } from "../../runtime/system-clock.ts";
import { systemEntropy } from "../../runtime/system-entropy.ts";
import type { Clock } from "../../traits/clock.ts";
import type { Entropy } from "../../traits/entropy.ts";
import type { DistributedLockProvider, Lease, LeaseHolder } from "../../traits/lock-provider.ts";

/** Below so many leases, those that are over are not looked for. */
const SWEEP_FROM = 1024;

/** One run of a provider, from start to stop: the process that holds leases. */
interface Owner {
  /** For people. */
  readonly name: string;
  readonly present: boolean;
}

interface StoredLease {
  readonly token: string;
  owner: Owner;
  endsAt: number;
}

/** Leases that several {@link InMemoryLockProvider} share: the lock server. It counts on its own clock, as a server does. */
export class InMemoryLockStore {
  readonly #clock: Clock;
  readonly #leases = new Map<string, StoredLease>();
  #sweepAt = SWEEP_FROM;
  #owners = 0;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** A name for another run of a provider. */
  nextOwner(): string {
    this.#owners += 1;
    return `run ${this.#owners}`;
  }

  /** Claims a resource that no unexpired lease is on. @returns Whether it did. */
  acquire(resource: string, token: string, ttlMs: number, owner: Owner): boolean {
    if (this.#held(resource) !== undefined) return false;
    this.#leases.set(resource, {
      token,
      owner,
      endsAt: this.#clock.monotonic() + ttlMs,
    });
    if (this.#leases.size >= this.#sweepAt) this.#sweep();
    return true;
  }

  /**
   * Makes the lease of this token last a whole ttl from now; it belongs to this owner then, who may have been started again.
   *
   * @returns Whether it was unexpired and this token's.
   */
  extend(resource: string, token: string, ttlMs: number, owner: Owner): boolean {
    const lease = this.#held(resource);
    if (lease?.token !== token) return false;
    lease.endsAt = this.#clock.monotonic() + ttlMs;
    lease.owner = owner;
    return true;
  }

  /** Removes the lease of this token. @returns Whether it was unexpired and this token's. */
  release(resource: string, token: string): boolean {
    return this.#held(resource)?.token === token && this.#leases.delete(resource);
  }

  /** Whose unexpired lease is on a resource, and how long it lasts. */
  inspect(resource: string): { readonly owner: string; readonly remainingMs: number } | undefined {
    const lease = this.#held(resource);
    return lease === undefined ? undefined : { owner: lease.owner.name, remainingMs: lease.endsAt - this.#clock.monotonic() };
  }

  /** Ends unexpired leases whose owner is gone, and names their resources. */
  orphans(limit: number): readonly string[] {
    const gone: string[] = [];
    for (const [resource, lease] of this.#leases) {
      if (gone.length >= limit) break;
      if (lease.owner.present || this.#held(resource) === undefined) continue;
      this.#leases.delete(resource);
      gone.push(resource);
    }
    return gone;
  }

  #held(resource: string): StoredLease | undefined {
    const lease = this.#leases.get(resource);
    return lease !== undefined && this.#clock.monotonic() < lease.endsAt ? lease : undefined;
  }

  /** Leases that were neither released nor taken again would stay for ever. */
  #sweep(): void {
    for (const resource of this.#leases.keys()) if (this.#held(resource) === undefined) this.#leases.delete(resource);
    this.#sweepAt = Math.max(SWEEP_FROM, 2 * this.#leases.size);
  }
}

/** What an {@link InMemoryLockProvider} can be made with. */
export interface InMemoryLockProviderOptions {
  /** Shared by the providers that compete. @default a new one, on the same clock */
  readonly store?: InMemoryLockStore;
  /** On which the holder counts its leases. @default the clock of the machine */
  readonly clock?: Clock;
  /** @default the randomness of the machine */
  readonly entropy?: Entropy;
}

/** Locks within one process: for tests, and for hosts that need no second process. Has `presence`: its leases are orphans when it is killed or stopped. */
export class InMemoryLockProvider implements DistributedLockProvider {
  readonly #store: InMemoryLockStore;
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #run: SharedRun;
  #owner: { readonly name: string; present: boolean } = { name: "", present: false };
  #killed = false;

  constructor(options: InMemoryLockProviderOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#store = options.store ?? new InMemoryLockStore(this.#clock);
    this.#entropy = options.entropy ?? systemEntropy;
    this.#run = new SharedRun({
      open: () => {
        this.#owner = { name: this.#store.nextOwner(), present: true };
      },
      close: () => {
        this.#owner.present = false;
      },
      notRunning: () => new LockError("the in-memory lock provider is not running: call start() first", { code: "WFE_PROVIDER_NOT_RUNNING" }),
    });
  }

  start(): Promise<void> {
    return this.#run.start();
  }

  stop(): Promise<void> {
    return this.#run.stop();
  }

  async acquireLock(resource: string, options: { readonly ttl: Duration }): Promise<Lease | undefined> {
    this.#check();
    const ttlMs = durationMs(options.ttl, "ttl");
    if (ttlMs < 1) throw new RangeError("ttl must be 1 ms or more");
    const requestedAt = this.#clock.monotonic();
    const token = this.#entropy.id();
    if (!this.#store.acquire(resource, token, ttlMs, this.#owner)) return undefined;
    return createLease({
      resource,
      token,
      ttlMs,
      clock: this.#clock,
      requestedAt,
      extend: async () => {
        this.#check();
        return this.#store.extend(resource, token, ttlMs, this.#owner);
      },
      release: async () => {
        this.#check();
        return this.#store.release(resource, token);
      },
    });
  }

  async orphans(limit: number): Promise<readonly string[]> {
    this.#check();
    return this.#store.orphans(limit);
  }

  async inspect(resource: string): Promise<LeaseHolder | undefined> {
    this.#check();
    const found = this.#store.inspect(resource);
    return found === undefined ? undefined : { owner: found.owner, expiresAt: new Date(this.#clock.now() + found.remainingMs) };
  }

  /** Does to this provider what SIGKILL does to its process: it answers nothing any more, and the store notices that its owner is gone. */
  kill(): void {
    this.#killed = true;
    this.#owner.present = false;
  }

  #check(): void {
    if (this.#killed) throw new LockError("the process of this in-memory lock provider was killed");
    this.#run.check();
  }
}
