import type { Duration } from "../models/duration.ts";
import type { Provider } from "./provider.ts";

/** A held lock. Ends by itself at `expiresAt` unless extended. */
export interface Lease {
  readonly resource: string;
  /** Random, new for each acquisition. */
  readonly token: string;
  /** When it ends, on the holder's wall clock; moves with `extend`. */
  readonly expiresAt: Date;
  /**
   * Aborts when the lease has ended: at the instant its time is over on the holder's own monotonic clock (counted from before the request),
   * without asking anyone; when `extend` finds that it is lost; and at `release`.
   */
  readonly signal: AbortSignal;
  /**
   * Makes it last a whole ttl from now.
   *
   * @returns Whether it is still held. `false` is final and aborts `signal`: it had ended, even if nobody took it meanwhile.
   * @throws LockError when the store cannot be reached; the lease then runs on until its time is over.
   */
  extend(): Promise<boolean>;
  /** Gives it back. @returns Whether it was still held; `false` changes nothing, also when another holds the resource now. */
  release(): Promise<boolean>;
}

/** Who has a resource, as far as the store of the locks knows. */
export interface LeaseHolder {
  /** Names the run of a lock provider that holds it, in the provider's own way; absent where it keeps none. For people: nothing can be done with it. */
  readonly owner?: string;
  /** When the lease ends unless it is extended, on the wall clock of who asks; milliseconds off where the store counts on a clock of its own. */
  readonly expiresAt: Date;
}

/**
 * Leases on resources: they make double work rare, and are not what keeps state right (the commit's compare-and-set is).
 * Every method may be called concurrently, and rejects with a `LockError` `WFE_PROVIDER_NOT_RUNNING` before `start` and after `stop`.
 * `stop` releases nothing: leases run on until their time is over, or are found as orphans.
 */
export interface DistributedLockProvider extends Provider {
  /**
   * Claims a resource.
   *
   * @param resource - Any string up to 255 bytes; compared byte by byte.
   * @param options.ttl - How long the claim lasts unless extended, 1 ms or more.
   * @returns The lease, or `undefined` when another unexpired one exists, this provider's own included. Never waits for it.
   * @throws RangeError for a ttl that is no duration of 1 ms or more.
   * @throws LockError `WFE_LOCK_BACKEND` when the store cannot be reached.
   */
  acquireLock(resource: string, options: { readonly ttl: Duration }): Promise<Lease | undefined>;
  /**
   * Capability `presence`: resources whose lease has not ended but whose owner is gone for certain, so that its work can be taken over at
   * once. The leases named are ended by this call. Presence shortens a lease, it never prolongs one. A provider without it leaves the
   * method out: take-over then takes a whole ttl.
   *
   * @param limit - Resources at most.
   */
  orphans?(limit: number): Promise<readonly string[]>;
  /**
   * Capability `inspect`: who holds a resource at this moment. Takes and changes nothing, and holds up nobody. A provider without it leaves the
   * method out: `explain` then says that it cannot know.
   *
   * @returns `undefined` when nobody has an unexpired lease on it.
   * @throws LockError `WFE_LOCK_BACKEND` when the store cannot be reached.
   */
  inspect?(resource: string): Promise<LeaseHolder | undefined>;
}
