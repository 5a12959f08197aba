import { isWfeError, type ConflictError, type WorkflowChange } from "wfe-core";
import type { LeaseLedger } from "./lease-ledger.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { Violations } from "./violations.ts";

/** Under which lease commits were asked for. Who holds a lease is alone with the revision: it is never refused for its own commit (I2). */
export class CommitOrigins {
  readonly #violations: Violations;
  readonly #tokens = new WeakMap<WorkflowChange, string>();
  /** By instance: the lease under which its last commit was made. */
  readonly #last = new Map<string, string | undefined>();

  constructor(violations: Violations) {
    this.#violations = violations;
  }

  /** A host asks for a commit. */
  asked(change: WorkflowChange, process: SimulatedProcess, ledger: LeaseLedger): void {
    // A migration needs no lease: who holds one is refused for it, though both come from one host.
    if (change.definition !== undefined) return;
    const token = ledger.lastToken(process, change.workflowId);
    if (token !== undefined) this.#tokens.set(change, token);
  }

  accepted(change: WorkflowChange): void {
    this.#last.set(change.workflowId, this.#tokens.get(change));
  }

  refused(change: WorkflowChange, error: unknown): void {
    if (!isWfeError(error, "WFE_COMMIT_CONFLICT") || (error as ConflictError).reason !== "revision") return;
    const token = this.#tokens.get(change);
    this.#violations.expect(
      token === undefined || token !== this.#last.get(change.workflowId),
      "I2",
      () => `a commit of ${change.workflowId} was refused for one that was made under the same lease: its answer was lost, and it was made anew`,
    );
  }
}
