import { createLease, type Clock, type DistributedLockProvider, type Duration, durationMs, type Lease, type LeaseHolder } from "../src/index.ts";

/** How long a lease lasts that its holder neither releases nor loses in virtual time. */
const REAL_TTL = "1h";

/** Locks of a server that judges leases by its own clock, which end in virtual time all the same: they are released when their time is over. */
export class VirtualLocks implements DistributedLockProvider {
  readonly #locks: DistributedLockProvider;
  readonly #clock: Clock;

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

  async inspect(resource: string): Promise<LeaseHolder | undefined> {
    return this.#locks.inspect?.(resource);
  }

  async acquireLock(resource: string, { ttl }: { readonly ttl: Duration }): Promise<Lease | undefined> {
    const ttlMs = durationMs(ttl, "ttl");
    const clock = this.#clock;
    const requestedAt = clock.monotonic();
    const held = await this.#locks.acquireLock(resource, { ttl: REAL_TTL });
    if (held === undefined) return undefined;
    // When its host is gone nobody else ends it.
    const end = (): void => void held.release().catch(() => {}); // of a provider that is stopped: the test is over
    let timer = clock.setTimer(ttlMs, end);
    return createLease({
      resource,
      token: held.token,
      ttlMs,
      clock,
      requestedAt,
      extend: async () => {
        const isHeld = await held.extend();
        timer.cancel();
        if (isHeld) timer = clock.setTimer(ttlMs, end);
        return isHeld;
      },
      release: () => {
        timer.cancel();
        return held.release();
      },
    });
  }
}
