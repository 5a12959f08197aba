import type { Lease, Timer, WorkflowPass } from "wfe-core";
import { type HostServices, warn } from "./host-services.ts";

interface Held {
  readonly lease: Lease;
  readonly pass: WorkflowPass;
  /** Whether a renewal of it has no answer yet. */
  isRenewing: boolean;
}

/**
 * Renews the leases of the passes that run here, three times in a ttl, all in one round; and reads in one query what others have changed of
 * these instances, and tells their passes. A lease that cannot be renewed ends by itself, on this host's own clock. A call that gets no answer
 * holds up no other lease, and no other round.
 */
export class LeaseKeeper {
  readonly #services: HostServices;
  readonly #held = new Map<string, Held>();
  #timer: Timer | undefined;
  #isReading = false;

  constructor(services: HostServices) {
    this.#services = services;
  }

  add(lease: Lease, pass: WorkflowPass): void {
    this.#held.set(pass.workflowId, { lease, pass, isRenewing: false });
    this.#arm();
  }

  remove(workflowId: string): void {
    this.#held.delete(workflowId);
    if (this.#held.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#held.size === 0) return;
    this.#timer = this.#services.clock.setTimer(Math.floor(this.#services.options.lockTtlMs / 3), () => {
      this.#timer = undefined;
      this.#arm();
      for (const held of this.#held.values()) void this.#renew(held);
      void this.#read();
    });
  }

  async #renew(held: Held): Promise<void> {
    if (held.isRenewing) return;
    held.isRenewing = true;
    const { lease } = held;
    try {
      await lease.extend();
    } catch (error) {
      const end = `it ends at ${lease.expiresAt.toISOString()} unless the next try succeeds`;
      warn(this.#services, `the lease on ${lease.resource} could not be renewed; ${end}`, error);
    } finally {
      held.isRenewing = false;
    }
  }

  async #read(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      for (const signals of await this.#services.persistence.readSignals([...this.#held.keys()])) this.#held.get(signals.id)?.pass.signals(signals);
    } catch (error) {
      warn(this.#services, "commands and events for running workflows could not be read; the next renewal asks again", error);
    } finally {
      this.#isReading = false;
    }
  }
}
