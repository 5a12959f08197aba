import type { Lease, Timer, WorkflowPass } from "wfe-core";
import { type HostServices, warn } from "./host-services.ts";

/**
 * Renews the leases of the passes that run here, three times in a ttl, all in one round; then reads in one query what others have changed
 * of these instances, and tells their passes. A lease that cannot be renewed ends by itself, on this host's own clock.
 */
export class LeaseKeeper {
  readonly #services: HostServices;
  readonly #held = new Map<string, { readonly lease: Lease; readonly pass: WorkflowPass }>();
  #timer: Timer | undefined;

  constructor(services: HostServices) {
    this.#services = services;
  }

  add(lease: Lease, pass: WorkflowPass): void {
    this.#held.set(pass.workflowId, { lease, pass });
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
      void this.#round().finally(() => {
        this.#timer = undefined;
        this.#arm();
      });
    });
  }

  async #round(): Promise<void> {
    const held = [...this.#held.values()];
    await Promise.all(
      held.map(async ({ lease }) => {
        try {
          await lease.extend();
        } catch (error) {
          warn(
            this.#services,
            `the lease on ${lease.resource} could not be renewed; it ends at ${lease.expiresAt.toISOString()} unless the next try succeeds`,
            error,
          );
        }
      }),
    );
    try {
      for (const signals of await this.#services.persistence.readSignals(held.map(({ pass }) => pass.workflowId)))
        this.#held.get(signals.id)?.pass.signals(signals);
    } catch (error) {
      warn(this.#services, "commands and events for running workflows could not be read; the next renewal asks again", error);
    }
  }
}
