import type { WorkflowRow } from "wfe-core";
import { SIMULATION_START_MS } from "./simulated-clock.ts";
import type { Violations } from "./violations.ts";

/** What a {@link DueLedger} goes by. */
export interface DueLedgerOptions {
  readonly violations: Violations;
  /** Virtual time. */
  readonly nowMs: () => number;
  /** Whether anybody has the lease: a body that runs for longer than one outlasts the due time that is the net under its host. */
  readonly isHeld: (id: string) => boolean;
  /** Whether nothing has gone wrong so far, and time has waited for all that was under way. */
  readonly isSmooth: () => boolean;
}

/**
 * Since when instances are due. The sweep is a net: where nothing goes wrong, hints, timers and passes have gone on with all that is due before it
 * comes, and it finds nothing (I3).
 */
export class DueLedger {
  readonly #options: DueLedgerOptions;
  readonly #since = new Map<string, { readonly dueMs: number | undefined; readonly sinceMs: number }>();

  constructor(options: DueLedgerOptions) {
    this.#options = options;
  }

  /** A row has come to be what it is. */
  seen({ id, dueAt }: WorkflowRow): void {
    const dueMs = dueAt?.getTime();
    if (this.#since.has(id) && this.#since.get(id)?.dueMs === dueMs) return;
    this.#since.set(id, { dueMs, sinceMs: this.#options.nowMs() });
  }

  /** A sweep has found an instance, which has not been seen since. */
  swept(id: string): void {
    const { violations, nowMs, isHeld, isSmooth } = this.#options;
    const known = this.#since.get(id);
    if (known?.dueMs === undefined || isHeld(id) || !isSmooth()) return;
    const lateMs = nowMs() - Math.max(known.sinceMs, known.dueMs - SIMULATION_START_MS);
    violations.expect(
      lateMs <= 0,
      "I3",
      () => `a sweep finds ${id}, which has been due for ${lateMs} ms without a fault: nobody has gone on with it`,
    );
  }
}
