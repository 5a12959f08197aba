import { type DistributedLockProvider, type Lease, type Timer, writeLog } from "wfe-core";
import { sweepArtifacts } from "../artifact-pins.ts";
import { purgeBatches } from "../purger.ts";
import { type HostServices, warn } from "./host-services.ts";

/** Longer than any id of an instance, so that it is nobody's lease. */
const RESOURCE = "wfe.purge".padEnd(201, ".");
/** Longest pause after a batch. */
const LONGEST_PAUSE_MS = 1_000;

/**
 * Removes what is over, now and then, by the rules of the option `purge`; one host of all that share the locks at a time. After each batch it rests as
 * long as that has taken, so that it has half of the store's time at most.
 */
export class ScheduledPurge {
  readonly #services: HostServices;
  readonly #locks: DistributedLockProvider;
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;
  #stopped = true;

  constructor(services: HostServices, locks: DistributedLockProvider) {
    this.#services = services;
    this.#locks = locks;
  }

  /** Purges at once, then goes on by itself; without rules it does nothing. */
  start(): void {
    if (this.#services.options.purge.length === 0) return;
    this.#stopped = false;
    this.#running = this.#run();
  }

  /** Resolves after the batch that is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#wake?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { options, clock } = this.#services;
    try {
      const lease = await this.#locks.acquireLock(RESOURCE, { ttl: options.lockTtlMs });
      if (lease !== undefined) {
        try {
          await this.#purge(lease);
        } finally {
          await lease.release();
        }
      }
    } catch (error) {
      warn(this.#services, `the removal of old workflows has failed; it is tried again in ${options.purgeIntervalMs} ms`, error);
    }
    if (this.#stopped) return;
    this.#timer = clock.setTimer(options.purgeIntervalMs, () => {
      this.#running = this.#run();
    });
  }

  async #purge(lease: Lease): Promise<void> {
    const { options, persistence, artifacts, clock, log } = this.#services;
    for (const { status, before, batchSize } of options.purge) {
      let removed = 0;
      let begunMs = clock.monotonic();
      for await (const count of purgeBatches(persistence, { status, before: before(clock.now()) }, batchSize, artifacts)) {
        removed += count;
        if (!(await this.#mayGoOn(lease, clock.monotonic() - begunMs))) break;
        begunMs = clock.monotonic();
      }
      if (removed > 0)
        writeLog(log, {
          at: new Date(clock.now()),
          level: "info",
          message: `${removed} ${status} workflows were removed`,
          fields: { status, removed },
        });
      if (this.#stopped || lease.signal.aborted) return;
    }
    if (artifacts !== undefined) await sweepArtifacts(persistence, artifacts, clock);
  }

  /** Rests, and then says whether this host is still the one. */
  async #mayGoOn(lease: Lease, tookMs: number): Promise<boolean> {
    if (this.#stopped) return false;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#timer = this.#services.clock.setTimer(Math.min(Math.ceil(tookMs), LONGEST_PAUSE_MS), resolve);
    });
    this.#timer?.cancel();
    return !this.#stopped && (await lease.extend());
  }
}
