import type { PointerRow, StepExecutionContext } from "wfe-core";
import type { LeaseLedger } from "./lease-ledger.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { Violations } from "./violations.ts";

/** A body that has ended well, and whose result is to be committed. */
interface HeardResult {
  readonly key: string;
  readonly process: SimulatedProcess;
  /** Of the lease under which it has run. */
  readonly token: string | undefined;
  /** Its host stops, has no time left, and has not reached the store. */
  isGivenUp: boolean;
}

/**
 * Results that hosts have heard of their bodies. One is lost with its host, or with the lease, or by a host whose time to stop is over and which does not
 * reach the store; who goes on as before commits it, so that the body is not run again (I4).
 */
export class ResultLedger {
  readonly #violations: Violations;
  readonly #ledger: LeaseLedger;
  readonly #nowMs: () => number;
  /** By instance and pointer. */
  readonly #heard = new Map<string, Map<string, HeardResult>>();
  /** Of the leases under which bodies have begun: when they end, their host may have been given another one, for something else. */
  readonly #leases = new WeakMap<StepExecutionContext, string>();
  /** By instance and pointer: the last attempt that a migration has called off. */
  readonly #interrupted = new Map<string, number>();

  constructor(violations: Violations, ledger: LeaseLedger, nowMs: () => number) {
    this.#violations = violations;
    this.#ledger = ledger;
    this.#nowMs = nowMs;
  }

  /** A body has ended well. */
  heard(process: SimulatedProcess, ctx: StepExecutionContext): void {
    const { workflow, pointer, attempt, idempotencyKey, signal } = ctx;
    if (signal.aborted || this.isInterrupted(workflow.id, pointer.id, attempt)) return; // nobody listens any more
    const results = this.#heard.get(workflow.id) ?? new Map<string, HeardResult>();
    this.#heard.set(workflow.id, results.set(pointer.id, { key: idempotencyKey, process, token: this.#leases.get(ctx), isGivenUp: false }));
  }

  /** A host has heard that it cannot read or commit an instance now: tries that again, unless its time to stop is over. */
  unreachable(process: SimulatedProcess, workflowId: string): void {
    if (process.drainsUntilMs === undefined || process.drainsUntilMs > this.#nowMs()) return;
    for (const result of this.#heard.get(workflowId)?.values() ?? []) result.isGivenUp ||= result.process === process;
  }

  /** A commit was accepted: what came of these pointers is known. */
  committed(workflowId: string, pointers: readonly PointerRow[]): void {
    const results = this.#heard.get(workflowId);
    for (const { id, status } of pointers) if (status !== "running" && status !== "pending") results?.delete(id);
  }

  /** A migration has called off the bodies of these pointers: what they give does not count. */
  interrupted(workflowId: string, pointers: readonly PointerRow[]): void {
    for (const { id, attempt } of pointers) {
      this.#interrupted.set(`${workflowId}/${id}`, attempt);
      this.#heard.get(workflowId)?.delete(id);
    }
  }

  /** Whether a migration has called this attempt off, of which its host may not have heard yet. */
  isInterrupted(workflowId: string, pointerId: string, attempt: number): boolean {
    return attempt <= (this.#interrupted.get(`${workflowId}/${pointerId}`) ?? 0);
  }

  /** A command has ended the instance: no result counts any more. */
  terminated(workflowId: string): void {
    this.#heard.delete(workflowId);
  }

  /** A body begins to run on a host. */
  begins(process: SimulatedProcess, ctx: StepExecutionContext): void {
    const token = this.#ledger.workedUnder(process, ctx.workflow.id, this.#nowMs());
    if (token !== undefined) this.#leases.set(ctx, token);
  }

  /** A body starts that nobody else may have gone on with. */
  starts({ workflow, pointer, idempotencyKey }: StepExecutionContext, shown: string): void {
    const result = this.#heard.get(workflow.id)?.get(pointer.id);
    if (result === undefined || result.key !== idempotencyKey) return;
    const { process, isGivenUp, token } = result;
    const isLost = process.isGone || isGivenUp || token === undefined || this.#ledger.isLost(token, this.#nowMs());
    this.#violations.expect(isLost, "I4", () => `${shown} although ${process.name} has its result, and has lost nothing`);
  }
}
