import {
  type AnyDefinition,
  isFinal,
  isOpen,
  type NewWorkflow,
  type PointerRow,
  type StepExecutionContext,
  type WorkflowChange,
  type WorkflowRow,
} from "wfe-core";
import type { InMemoryStore } from "wfe-core/test-support";
import type { LeaseLedger } from "./lease-ledger.ts";
import { ResultLedger } from "./result-ledger.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { SimulatedRun } from "./simulated-program.ts";
import type { Violations } from "./violations.ts";

/** Several leases: within one, whoever renews it hears of commands, unless the store was away at that moment. */
const LONGEST_UNHEARD_MS = 15_000;

/** What {@link RunInvariants} looks at. */
export interface RunInvariantsOptions {
  readonly violations: Violations;
  readonly store: InMemoryStore;
  readonly ledger: LeaseLedger;
  /** Of a program that is made when its bodies can be watched. */
  readonly definitions: () => readonly AnyDefinition[];
  /** Virtual time. */
  readonly nowMs: () => number;
}

/** Compares each start of a body with what the store holds and with what its host was told: I4 and I6. */
export class RunInvariants {
  readonly runs: SimulatedRun[] = [];
  readonly results: ResultLedger;
  readonly #options: RunInvariantsOptions;
  /** Starts that the store has said to a host. */
  readonly #acknowledged = new Map<SimulatedProcess, Set<string>>();
  readonly #started = new Set<string>();
  /** Bodies that have begun and not ended. */
  readonly #active = new Map<StepExecutionContext, SimulatedProcess>();
  /** Since when bodies run on that are not theirs any more who run them: cancelled, or terminated with their instance. */
  readonly #forlornSinceMs = new Map<StepExecutionContext, number>();
  /** By run: its key. */
  readonly #keys = new Map<string, string>();
  /** By key: its run. */
  readonly #runsOfKeys = new Map<string, string>();

  constructor(options: RunInvariantsOptions) {
    this.#options = options;
    this.results = new ResultLedger(options.violations, options.ledger, options.nowMs);
  }

  /** Bodies that run on hosts which live. */
  get active(): number {
    return [...this.#active.values()].filter(({ isGone }) => !isGone).length;
  }

  /** A host has heard that its commit was accepted. */
  acknowledged(process: SimulatedProcess, { workflowId, pointers, children }: WorkflowChange): void {
    this.#mark(process, workflowId, pointers);
    for (const child of children) this.created(process, child);
  }

  /** A host has heard that the instance it creates is stored. */
  created(process: SimulatedProcess, { id, pointers }: NewWorkflow): void {
    this.#mark(process, id, pointers);
  }

  /** Whether a body has started with this attempt. */
  hasStarted(workflowId: string, pointerId: string, attempt: number): boolean {
    return this.#started.has(`${workflowId}/${pointerId}/${attempt}`);
  }

  /** The body of a step begins to run. */
  starts(process: SimulatedProcess, ctx: StepExecutionContext): void {
    const { violations, store, ledger, nowMs } = this.#options;
    const { attempt, idempotencyKey, pointer, step } = ctx;
    const workflowId = ctx.workflow.id;
    const start = `${workflowId}/${pointer.id}/${attempt}`;
    const shown = `the body of ${step.name} (${start}) starts on ${process.name}`;
    this.#active.set(ctx, process);
    this.runs.push({ host: process.name, workflowId, pointerId: pointer.id, step: step.name, attempt, idempotencyKey });

    violations.expect(!this.#started.has(start), "I4", () => `${shown} a second time`);
    this.#started.add(start);
    violations.expect(this.#acknowledged.get(process)?.has(start) === true, "I4", () => `${shown} before a commit that says so is acknowledged`);
    this.results.begins(process, ctx);
    const holding = ledger.holding(process, workflowId, nowMs());
    if (holding !== "taken") this.results.starts(ctx, shown); // another host may have gone on, and its result is the one that counts
    violations.expect(holding !== undefined, "I6", () => `${shown}, which holds no lease any more`);
    const kept = store.workflows.get(workflowId);
    const row = kept?.pointers.get(pointer.id);
    if (kept === undefined || row === undefined) {
      violations.add("I4", `${shown}, of which the store knows nothing`);
      return;
    }
    // Where a fault has taken the lease, another host may have gone on meanwhile; and a command needs no lease, nor does a migration.
    const isCalledOff = isFinal(kept.row.status) || this.results.isInterrupted(workflowId, pointer.id, attempt);
    const isTheirs = row.status === "running" && row.attempt === attempt;
    violations.expect(
      isTheirs || holding === "taken" || isCalledOff,
      "I4",
      () => `${shown}, but is stored as ${row.status} with attempt ${row.attempt}`,
    );
    if (isTheirs) this.#checkKey(`${workflowId}/${pointer.id}/${row.resultCount}`, idempotencyKey, shown);
    const isFork = (stepId: number): boolean => this.#isFork(kept.row, stepId);
    this.#checkPredecessor(row, kept.pointers, isFork, shown);
  }

  /** The body of a step has ended, for its host. @param isWell - Whether it has thrown nothing. */
  ends(process: SimulatedProcess, ctx: StepExecutionContext, isWell: boolean): void {
    this.#active.delete(ctx);
    this.#forlornSinceMs.delete(ctx);
    const row = this.#options.store.workflows.get(ctx.workflow.id)?.pointers.get(ctx.pointer.id);
    // A commit that its host has not heard of yet may have cancelled it, with the end of the instance perhaps, which a retry undoes: no result counts then.
    if (isWell && row !== undefined && isOpen(row.status)) this.results.heard(process, ctx);
  }

  /** Looks at all bodies that run, when everything of this instant has happened that their hosts can do by themselves. */
  look(): void {
    const { violations, ledger, nowMs } = this.#options;
    for (const [ctx, process] of this.#active) {
      if (process.isGone) this.#active.delete(ctx);
      else if (!process.isFrozen && process.due.length === 0 && !ctx.signal.aborted) {
        const { id } = ctx.workflow;
        const isHeld = ledger.holding(process, id, nowMs()) !== undefined;
        violations.expect(isHeld, "I6", () => `the body of ${ctx.step.name} of ${id} goes on at ${process.name}, whose lease has ended`);
        this.#lookForCommand(ctx, process);
      } else this.#forlornSinceMs.delete(ctx);
    }
  }

  /** Hosts learn of commands with the renewals of their leases, some of which fail. */
  #lookForCommand(ctx: StepExecutionContext, process: SimulatedProcess): void {
    const { violations, store, nowMs } = this.#options;
    const row = store.workflows.get(ctx.workflow.id)?.pointers.get(ctx.pointer.id);
    if (row?.status === "running" && row.attempt === ctx.attempt) return;
    const sinceMs = this.#forlornSinceMs.get(ctx) ?? nowMs();
    this.#forlornSinceMs.set(ctx, sinceMs);
    const shown = (): string => `the body of ${ctx.step.name} of ${ctx.workflow.id} goes on at ${process.name}, and is ${row?.status ?? "gone"}`;
    violations.expect(nowMs() - sinceMs <= LONGEST_UNHEARD_MS, "I5", shown);
  }

  #mark(process: SimulatedProcess, workflowId: string, pointers: readonly PointerRow[]): void {
    const known = this.#acknowledged.get(process) ?? new Set();
    this.#acknowledged.set(process, known);
    for (const { id, status, attempt } of pointers) if (status === "running") known.add(`${workflowId}/${id}/${attempt}`);
  }

  /** A key stays for the attempts of one run, and no other run has it. */
  #checkKey(run: string, key: string, shown: string): void {
    const { violations } = this.#options;
    const known = this.#keys.get(run);
    violations.expect(known === undefined || known === key, "I4", () => `${shown} with the key ${key} in place of ${known}`);
    const other = this.#runsOfKeys.get(key);
    violations.expect(other === undefined || other === run, "I4", () => `${shown} with the key of another run, ${other}`);
    this.#keys.set(run, key);
    this.#runsOfKeys.set(key, run);
  }

  /** Whether a step has its result at once, and stays open for what it has begun. */
  #isFork({ definitionId, version, fingerprint }: WorkflowRow, stepId: number): boolean {
    const definition = this.#options
      .definitions()
      .find((each) => each.id === definitionId && each.version === version && each.fingerprint === fingerprint);
    const kind = definition?.graph.steps.find((step) => step.id === stepId)?.kind;
    return kind === "schedule" || kind === "recur";
  }

  #checkPredecessor(
    { predecessorId, scope, compensates }: PointerRow,
    pointers: ReadonlyMap<string, PointerRow>,
    isFork: (stepId: number) => boolean,
    shown: string,
  ): void {
    if (predecessorId === undefined || predecessorId === compensates || scope.includes(predecessorId)) return;
    const predecessor = pointers.get(predecessorId);
    this.#options.violations.expect(
      predecessor !== undefined && (!isOpen(predecessor.status) || isFork(predecessor.stepId)),
      "I4",
      () => `${shown}, but the result of ${predecessorId} is not committed: ${predecessor?.status ?? "unknown"}`,
    );
  }
}
