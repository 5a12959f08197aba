import type { SimulatedProcess } from "./simulated-process.ts";
import type { Violations } from "./violations.ts";

/** A lease as its holder must count it. */
interface HeldLease {
  readonly process: SimulatedProcess;
  readonly resource: string;
  readonly token: string;
  /** In virtual time, from before the request. */
  endsAtMs: number;
  /** A fault has ended it early, which its holder cannot know. */
  isTaken: boolean;
}

/** Who holds which lease until when, written down beside the lock provider and the engine, to be compared with what they do. */
export class LeaseLedger {
  readonly #held = new Map<string, HeldLease>();
  readonly #violations: Violations;

  constructor(violations: Violations) {
    this.#violations = violations;
  }

  /** The lock server has given a lease, of which its holder is to hear. */
  given(process: SimulatedProcess, resource: string, token: string, endsAtMs: number, nowMs: number): void {
    for (const other of this.#held.values()) {
      if (other.resource === resource && !other.isTaken && !other.process.isGone && other.endsAtMs > nowMs)
        this.#violations.add(
          "I6",
          `${process.name} was given the lease on ${resource}, which ${other.process.name} holds until ${other.endsAtMs} ms`,
        );
    }
    this.#held.set(token, { process, resource, token, endsAtMs, isTaken: false });
  }

  extended(token: string, endsAtMs: number): void {
    const lease = this.#held.get(token);
    if (lease !== undefined) lease.endsAtMs = Math.max(lease.endsAtMs, endsAtMs);
  }

  ended(token: string): void {
    this.#held.delete(token);
  }

  /** A fault has ended it at the server alone. */
  taken(token: string): void {
    const lease = this.#held.get(token);
    if (lease !== undefined) lease.isTaken = true;
  }

  /** How a process holds a resource by its own count. */
  holding(process: SimulatedProcess, resource: string, nowMs: number): "held" | "taken" | undefined {
    let holding: "held" | "taken" | undefined;
    for (const lease of this.#held.values()) {
      if (lease.process !== process || lease.resource !== resource || lease.endsAtMs <= nowMs) continue;
      if (!lease.isTaken) return "held";
      holding = "taken";
    }
    return holding;
  }

  /** Leases that a fault could end now. */
  takeable(nowMs: number): readonly { readonly resource: string; readonly token: string }[] {
    return [...this.#held.values()].filter(({ isTaken, endsAtMs }) => !isTaken && endsAtMs > nowMs);
  }
}
