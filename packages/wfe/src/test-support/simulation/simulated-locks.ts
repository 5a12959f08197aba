import { type Clock, createLease, type DistributedLockProvider, type Duration, durationMs, type Entropy, type Lease } from "wfe-core";
import type { InMemoryLockStore } from "wfe-core/test-support";
import type { HintLedger } from "./hint-ledger.ts";
import type { LeaseLedger } from "./lease-ledger.ts";
import type { CallKind, PortCalls } from "./port-calls.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

const ERRORS = ["errorBefore", "errorAfter"] as const;
const ACQUIRE: CallKind = { port: "locks", method: "acquireLock", faults: ERRORS };
const EXTEND: CallKind = { port: "locks", method: "extend", faults: [...ERRORS, "refusedExtension"], isRare: true };
const RELEASE: CallKind = { port: "locks", method: "release", faults: ERRORS };
const ORPHANS: CallKind = { port: "locks", method: "orphans", faults: ERRORS };
const START: CallKind = { port: "locks", method: "start", faults: [] };
const STOP: CallKind = { port: "locks", method: "stop", faults: [] };

/** What a {@link SimulatedLocks} is made of. */
export interface SimulatedLocksOptions {
  readonly process: SimulatedProcess;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly store: InMemoryLockStore;
  readonly calls: PortCalls;
  readonly ledger: LeaseLedger;
  readonly hints: HintLedger;
  readonly presence: boolean;
  /** Virtual time. */
  readonly nowMs: () => number;
}

/** The lock provider of one host: the lock server is behind the network, the lease is counted by the host itself. */
export class SimulatedLocks implements DistributedLockProvider {
  readonly orphans?: (limit: number) => Promise<readonly string[]>;
  readonly #options: SimulatedLocksOptions;
  /** What the server knows of the process; it notices at once when the process is gone. */
  readonly #owner: { readonly name: string; readonly present: boolean };

  constructor(options: SimulatedLocksOptions) {
    this.#options = options;
    const { process, calls, store } = options;
    this.#owner = {
      name: "a simulated process",
      get present() {
        return !process.isGone;
      },
    };
    if (options.presence) this.orphans = (limit) => calls.call(process, ORPHANS, async () => store.orphans(limit));
  }

  start(): Promise<void> {
    return this.#options.calls.call(this.#options.process, START, async () => undefined);
  }

  stop(): Promise<void> {
    return this.#options.calls.call(this.#options.process, STOP, async () => undefined);
  }

  async acquireLock(resource: string, options: { readonly ttl: Duration }): Promise<Lease | undefined> {
    const { process, entropy, hints } = this.#options;
    const token = entropy.id();
    hints.set(process, resource, token, "asks");
    try {
      const lease = await this.#acquired(resource, token, options);
      hints.set(process, resource, token, lease === undefined ? undefined : "holds");
      return lease;
    } catch (error) {
      hints.set(process, resource, token, undefined);
      throw error;
    }
  }

  async #acquired(resource: string, token: string, options: { readonly ttl: Duration }): Promise<Lease | undefined> {
    const { process, clock, store, calls, ledger, hints, nowMs } = this.#options;
    const ttlMs = durationMs(options.ttl, "ttl");
    const [requestedAt, requestedAtMs] = [clock.monotonic(), nowMs()];
    const isGiven = await calls.call(process, ACQUIRE, async () => {
      const given = store.acquire(resource, token, ttlMs, this.#owner);
      if (given) ledger.given(process, resource, token, requestedAtMs + ttlMs, nowMs());
      return given;
    });
    if (!isGiven) return undefined;
    const lease = createLease({
      resource,
      token,
      ttlMs,
      clock,
      requestedAt,
      extend: async () => {
        const askedAtMs = nowMs();
        const held = await calls.call(process, EXTEND, async (fault) => {
          if (fault?.kind !== "refusedExtension") return store.extend(resource, token, ttlMs, this.#owner);
          store.release(resource, token);
          ledger.taken(token);
          return false;
        });
        if (held) ledger.extended(token, askedAtMs + ttlMs, nowMs());
        else ledger.ended(token);
        return held;
      },
      release: () => {
        ledger.released(token, nowMs());
        hints.set(process, resource, token, "asks"); // to be rid of it; it works no more
        return calls.call(process, RELEASE, async () => store.release(resource, token));
      },
    });
    return releasing(lease, () => hints.set(process, resource, token, undefined));
  }
}

/** The same lease, whose holder is done with it when it has heard of its release. */
function releasing(lease: Lease, released: () => void): Lease {
  return {
    resource: lease.resource,
    token: lease.token,
    get expiresAt() {
      return lease.expiresAt;
    },
    get signal() {
      return lease.signal;
    },
    extend: () => lease.extend(),
    release: () => lease.release().finally(released),
  };
}
