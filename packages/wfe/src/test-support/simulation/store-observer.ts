import {
  type AnyDefinition,
  type ControlCommand,
  isFinal,
  type NewWorkflow,
  type PersistenceProvider,
  type PointerRow,
  type WorkflowChange,
  type WorkflowRow,
} from "wfe-core";
import type { InMemoryStore, KeptWorkflow } from "wfe-core/test-support";
import { type CommitAnswer, type CommitBefore, CommitInvariants } from "./commit-invariants.ts";
import { CommitOrigins } from "./commit-origins.ts";
import { DueLedger } from "./due-ledger.ts";
import { EventInvariants } from "./event-invariants.ts";
import type { LeaseLedger } from "./lease-ledger.ts";
import { checkPointer } from "./pointer-invariants.ts";
import type { RunInvariants } from "./run-invariants.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { Violations } from "./violations.ts";

const NO_POINTERS: ReadonlyMap<string, PointerRow> = new Map();
const FROM: Readonly<Record<ControlCommand, readonly string[]>> = {
  suspend: ["runnable"],
  resume: ["suspended"],
  terminate: ["runnable", "suspended"],
  retry: ["suspended", "terminated"],
};

/** What a {@link StoreObserver} goes by. */
export interface StoreObserverOptions {
  readonly store: InMemoryStore;
  readonly violations: Violations;
  readonly runs: RunInvariants;
  readonly definitions: readonly AnyDefinition[];
  /** A lease, and how wrong clocks may be. */
  readonly netMs: number;
  readonly nowMs: () => number;
  /** The latest that any wall clock has shown so far, in milliseconds since the epoch. */
  readonly latestNowMs: () => number;
  /** Whether anybody has the lease on an instance. */
  readonly isHeld: (id: string) => boolean;
  /** Whether nothing has gone wrong so far, and time has waited for all that was under way. */
  readonly isSmooth: () => boolean;
}

/** Stands around the store of a simulation, knows nothing of the engine, and compares what each call finds and leaves. */
export class StoreObserver {
  readonly events: EventInvariants;
  readonly #options: StoreObserverOptions;
  readonly #commitInvariants: CommitInvariants;
  readonly #origins: CommitOrigins;
  readonly #due: DueLedger;
  /** The rows as they were last seen: they are replaced, never changed. */
  readonly #rows = new Map<string, WorkflowRow>();
  readonly #pointers = new Map<string, Map<string, PointerRow>>();
  /** By instance: the `controlSeq` that the last suspension by a command has left. */
  readonly #suspensions = new Map<string, number>();
  #commits = 0;
  #refused = 0;

  constructor(options: StoreObserverOptions) {
    this.#options = options;
    this.events = new EventInvariants(options.violations, options.store);
    this.#commitInvariants = new CommitInvariants(options.violations, options.store, options.netMs, options.latestNowMs);
    this.#origins = new CommitOrigins(options.violations);
    this.#due = new DueLedger(options);
  }

  /** Accepted commits. */
  get commits(): number {
    return this.#commits;
  }

  /** Refused commits. */
  get refused(): number {
    return this.#refused;
  }

  /** Whether an instance is suspended, and by a command: not by a failure. */
  isSuspendedByCommand(id: string): boolean {
    const row = this.#options.store.workflows.get(id)?.row;
    return row?.status === "suspended" && row.controlSeq === this.#suspensions.get(id);
  }

  /** A host asks for a commit, which is yet to arrive. */
  asked(change: WorkflowChange, process: SimulatedProcess, ledger: LeaseLedger): void {
    this.#origins.asked(change, process, ledger);
  }

  /** The provider, observed. */
  around(provider: PersistenceProvider): PersistenceProvider {
    return new Proxy(provider, {
      get: (target, property) => {
        const member: unknown = Reflect.get(target, property, target);
        if (typeof member !== "function" || typeof property !== "string") return member;
        const method = member.bind(target) as (...args: unknown[]) => Promise<unknown>;
        if (property === "persistWorkflow")
          return (change: WorkflowChange, now: Date) => this.#persist(change, () => target.persistWorkflow(change, now));
        return (...args: unknown[]) => {
          const answer = method(...args);
          // At once: a call in memory has done what it does when it returns, and others are yet to come.
          this.#look(property, args);
          return answer;
        };
      },
    });
  }

  async #persist<T extends object>(change: WorkflowChange, commit: () => Promise<T>): Promise<T> {
    const { store, violations, runs, latestNowMs } = this.#options;
    const { workflowId } = change;
    const kept = store.workflows.get(workflowId);
    const known = this.#pointers.get(workflowId) ?? NO_POINTERS;
    const given = new Map([...(kept?.subscriptions ?? [])].map(([id, subscription]) => [id, subscription.given?.inboxSeq]));
    const before: CommitBefore = { row: kept?.row, pointers: known, given };
    let answer: { readonly result: T } | { readonly error: unknown };
    try {
      answer = { result: await commit() };
    } catch (error) {
      answer = { error };
    }
    if (this.#commitInvariants.check(change, before, answer as CommitAnswer)) {
      this.#commits += 1;
      this.#origins.accepted(change);
      runs.results.committed(workflowId, change.pointers);
      const wasSuspended = before.row?.status === "suspended";
      const hasStarted = (pointerId: string, attempt: number): boolean => runs.hasStarted(workflowId, pointerId, attempt);
      const isMigrated = change.definition !== undefined;
      if (isMigrated)
        runs.results.interrupted(
          workflowId,
          change.pointers.filter(({ id, status }) => status === "pending" && known.get(id)?.status === "running"),
        );
      const isBody = (stepId: number): boolean => this.#isBody(store.workflows.get(workflowId)?.row, stepId);
      const write = { workflowId, wasSuspended, isMigrated, latestNowMs: latestNowMs(), isBody, hasStarted };
      for (const pointer of change.pointers) checkPointer(violations, write, known.get(pointer.id), pointer);
      this.#remember(store.workflows.get(workflowId), change.pointers);
      for (const child of change.children) if (!this.#rows.has(child.id)) this.#remember(store.workflows.get(child.id));
      this.events.committed(change);
    } else {
      this.#refused += 1;
      if ("error" in answer) this.#origins.refused(change, answer.error);
    }
    this.#look("persistWorkflow", []);
    if ("error" in answer) throw answer.error as Error; // whatever it is, it goes on as it came
    return answer.result;
  }

  #isBody(row: WorkflowRow | undefined, stepId: number): boolean {
    const definition = this.#options.definitions.find(
      ({ id, version, fingerprint }) => id === row?.definitionId && version === row.version && fingerprint === row.fingerprint,
    );
    const kind = definition?.graph.steps[stepId]?.kind;
    return kind === "step" || kind === "inline";
  }

  /** Compares all rows with what they were. */
  #look(method: string, args: readonly unknown[]): void {
    const { store, violations } = this.#options;
    const { workflows } = store;
    for (const [id, kept] of workflows) {
      const before = this.#rows.get(id);
      if (before === kept.row) continue;
      if (before === undefined) this.#created(method, args, kept);
      else this.#moved(method, args, before, kept);
    }
    if (workflows.size < this.#rows.size) {
      for (const [id, { status }] of this.#rows) {
        if (workflows.has(id)) continue;
        violations.expect(method === "deleteWorkflows" && isFinal(status), "I2", () => `${method} has removed ${id}, which was ${status}`);
        this.#rows.delete(id);
        this.#pointers.delete(id);
      }
    }
    if (method === "deliverEvents" || method === "command" || method === "createEvent" || method === "publishEvent") this.events.look();
  }

  #created(method: string, [workflow]: readonly unknown[], kept: KeptWorkflow): void {
    const { row } = kept;
    const isAsked = method === "createNewWorkflow" && (workflow as NewWorkflow).id === row.id;
    this.#options.violations.expect(
      isAsked && row.revision === 0 && row.controlSeq === 0 && row.inboxSeq === 0 && row.status === "runnable" && row.dueAt !== undefined,
      "I2",
      () => `${method} has made ${row.id} with revision ${row.revision}, ${row.status}`,
    );
    this.#remember(kept);
  }

  #moved(method: string, args: readonly unknown[], before: WorkflowRow, kept: KeptWorkflow): void {
    const { violations } = this.#options;
    const { row } = kept;
    const shown = `${method} has moved ${row.id}`;
    violations.expect(row.revision === before.revision, "I2", () => `${shown} to revision ${row.revision}`);
    const isDelivered = row.inboxSeq !== before.inboxSeq;
    const isCommanded = row.controlSeq !== before.controlSeq;
    // Topics, each a delivery of its own.
    const deliveries = method === "publishEvent" ? 1 : method === "deliverEvents" ? (args[0] as readonly unknown[]).length : 0;
    const gain = row.inboxSeq - before.inboxSeq;
    violations.expect(gain >= 0 && gain <= deliveries, "I3", () => `${shown} from inboxSeq ${before.inboxSeq} to ${row.inboxSeq}`);
    violations.expect(
      !isCommanded || (method === "command" && row.controlSeq === before.controlSeq + 1),
      "I5",
      () => `${shown} to controlSeq ${row.controlSeq}`,
    );
    violations.expect(isCommanded || row.status === before.status, "I5", () => `${shown} from ${before.status} to ${row.status}`);
    violations.expect(
      !isDelivered || row.status !== "runnable" || (row.dueAt !== undefined && row.dueAt.getTime() <= (args[1] as Date).getTime()),
      "I3",
      () => `${shown}, which is not due now`,
    );
    if (method === "claimDueInstances") this.#due.swept(row.id);
    this.#due.seen(row);
    if (isCommanded) this.#commanded(args[1] as ControlCommand, before, kept, shown);
    this.#rows.set(row.id, row);
  }

  #commanded(command: ControlCommand, before: WorkflowRow, kept: KeptWorkflow, shown: string): void {
    const { violations } = this.#options;
    const { row } = kept;
    violations.expect(FROM[command].includes(before.status), "I5", () => `${shown}: ${command} from ${before.status}`);
    if (command === "suspend") this.#suspensions.set(row.id, row.controlSeq);
    if (command === "terminate") {
      violations.expect(kept.open.size === 0 && kept.subscriptions.size === 0, "I5", () => `${shown}: it is terminated, and something of it is open`);
      this.events.terminated(row.id);
      this.#options.runs.results.terminated(row.id);
    }
    violations.expect(row.status !== "runnable" || row.dueAt !== undefined, "I3", () => `${shown}: it is runnable, and not due`);
    this.#remember(kept);
  }

  /** Keeps an instance as it is now. @param changed - Its pointers that differ; all, unless given. */
  #remember(kept: KeptWorkflow | undefined, changed?: readonly PointerRow[]): void {
    if (kept === undefined) return;
    const { id } = kept.row;
    this.#rows.set(id, kept.row);
    this.#due.seen(kept.row);
    const known = changed === undefined ? new Map<string, PointerRow>() : (this.#pointers.get(id) ?? new Map<string, PointerRow>());
    // As the store has them: they are replaced, never changed.
    for (const pointer of changed ?? kept.pointers.values()) known.set(pointer.id, kept.pointers.get(pointer.id) ?? pointer);
    this.#pointers.set(id, known);
    this.#options.violations.expect(
      known.size === kept.pointers.size,
      "I2",
      () => `${id} has ${kept.pointers.size} pointers, and ${known.size} were committed`,
    );
  }
}
