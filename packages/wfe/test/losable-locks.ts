import { createLease, type Clock, type DistributedLockProvider, type Duration, durationMs, type Lease } from "../src/index.ts";

/** Locks that may lose every lease at once, as a server that has lost its data. Holders learn of it when they renew. */
export class LosableLocks implements DistributedLockProvider {
  /** Resources that were asked for, in order. */
  readonly asked: string[] = [];
  readonly #locks: DistributedLockProvider;
  readonly #clock: Clock;
  #held = new Set<Lease>();

  constructor(locks: DistributedLockProvider, clock: Clock) {
    this.#locks = locks;
    this.#clock = clock;
  }

  start(): Promise<void> {
    return this.#locks.start();
  }

  stop(): Promise<void> {
    return this.#locks.stop();
  }

  async acquireLock(resource: string, options: { readonly ttl: Duration }): Promise<Lease | undefined> {
    this.asked.push(resource);
    const requestedAt = this.#clock.monotonic();
    const lease = await this.#locks.acquireLock(resource, options);
    if (lease === undefined) return undefined;
    this.#held.add(lease);
    return createLease({
      resource,
      token: lease.token,
      ttlMs: durationMs(options.ttl, "ttl"),
      clock: this.#clock,
      requestedAt,
      extend: async () => this.#held.has(lease) && (await lease.extend()),
      release: async () => this.#held.delete(lease) && (await lease.release()),
    });
  }

  async loseAll(): Promise<void> {
    const lost = this.#held;
    this.#held = new Set();
    for (const lease of lost) await lease.release();
  }
}
