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
  /** The last lease that each process was given, by resource. */
  readonly #last = new Map<SimulatedProcess, Map<string, string>>();
  /** Leases that were given back before their end. */
  readonly #released = new Set<string>();
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
    const last = this.#last.get(process) ?? new Map<string, string>();
    this.#last.set(process, last.set(resource, token));
    this.#held.set(token, { process, resource, token, endsAtMs, isTaken: false });
  }

  /** Its holder has heard that it goes on. One that has ended meanwhile by the holder's own count stays so. */
  extended(token: string, endsAtMs: number, nowMs: number): void {
    const lease = this.#held.get(token);
    if (lease !== undefined && lease.endsAtMs > nowMs) lease.endsAtMs = Math.max(lease.endsAtMs, endsAtMs);
  }

  /** Its holder gives it back. */
  released(token: string, nowMs: number): void {
    if (!this.isLost(token, nowMs)) this.#released.add(token);
    this.ended(token);
  }

  /** It was lost, and not given back. */
  isLost(token: string, nowMs: number): boolean {
    const lease = this.#held.get(token);
    return lease === undefined ? !this.#released.has(token) : lease.isTaken || lease.endsAtMs <= nowMs;
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

  /**
   * The token of the lease under which a process works on a resource: of those that are not over by its own count, the one that it was given first.
   * It may be given another one when the first was taken, or is over and it has not noticed yet: for a repeated start, which gives it back at once.
   */
  workedUnder(process: SimulatedProcess, resource: string, nowMs: number): string | undefined {
    return [...this.#held.values()].find((lease) => lease.process === process && lease.resource === resource && lease.endsAtMs > nowMs)?.token;
  }

  /** Whether anybody holds a resource. */
  isHeld(resource: string, nowMs: number): boolean {
    return [...this.#held.values()].some((lease) => lease.resource === resource && !lease.process.isGone && lease.endsAtMs > nowMs);
  }

  /** The token of the last lease on a resource that a process was given, over or not. */
  lastToken(process: SimulatedProcess, resource: string): string | undefined {
    return this.#last.get(process)?.get(resource);
  }

  /** Leases that a fault could end now. */
  takeable(nowMs: number): readonly { readonly resource: string; readonly token: string }[] {
    return [...this.#held.values()].filter(({ isTaken, endsAtMs }) => !isTaken && endsAtMs > nowMs);
  }
}
