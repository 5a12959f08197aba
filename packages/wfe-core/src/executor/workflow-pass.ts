import type { ConflictError } from "../errors/store-errors.ts";
import { isWfeError } from "../errors/wfe-error.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { WorkflowChange } from "../models/workflow-change.ts";
import type { WorkflowRow } from "../models/workflow-row.ts";
import { isFinal } from "../models/workflow-status.ts";
import type { Lease } from "../traits/lock-provider.ts";
import type { LoadedWorkflow, WorkflowSignals } from "../traits/workflow-repository.ts";
import { buildChange, rowAfter } from "./commit-builder.ts";
import { compiled } from "./compiled-definition.ts";
import { decide, type PassInput } from "./decision.ts";
import type { ExecutorServices } from "./executor-services.ts";
import { InstanceState } from "./instance-state.ts";
import { nextDueAt } from "./next-execution.ts";
import type { PassEnd } from "./pass-end.ts";
import type { PassScope } from "./pass-scope.ts";
import { endedBodies, RunningBodies } from "./running-bodies.ts";
import { untilLeaseEnds } from "./until-lease-ends.ts";
import { decodedError } from "./views.ts";
import { Wakeup } from "./wakeup.ts";

/** Commits, and milliseconds, after which a pass gives its slot to others that wait. */
const YIELD_AFTER_COMMITS = 100;
const YIELD_AFTER_MS = 1_000;
/** Commits after which the event loop gets its turn even if the store never waits for it. */
const TURN_AFTER_COMMITS = 16;

/**
 * One go over one instance, under its lease: load, then run what can run, process results, commit, until nothing is left to do now.
 * At most one commit is in flight; what arrives meanwhile rides on the next. A refused commit is rolled back in memory and decided anew
 * from the same inputs.
 */
export class WorkflowPass {
  readonly workflowId: string;
  readonly #services: ExecutorServices;
  readonly #lease: Lease;
  readonly #created: WorkflowRow | undefined;
  readonly #createdPointers: readonly PointerRow[];
  readonly #running = new RunningBodies();
  readonly #wakeup: Wakeup;
  #inputs: PassInput[] = [];
  #scope: PassScope | undefined;
  #poked = false;
  #drains = false;
  #aborted = false;
  #commits = 0;

  /**
   * @param created - The instance as this host has just created it, its first pointer `running`; without it the instance is loaded and taken over.
   */
  constructor(
    services: ExecutorServices,
    workflowId: string,
    lease: Lease,
    created?: { readonly row: WorkflowRow; readonly pointers: readonly PointerRow[] },
  ) {
    this.#services = services;
    this.workflowId = workflowId;
    this.#lease = lease;
    this.#created = created?.row;
    this.#createdPointers = created?.pointers ?? [];
    this.#wakeup = new Wakeup(services.clock);
  }

  /** Runs to the end of the pass. Never rejects; called once. The lease stays the caller's to release. */
  async run(): Promise<PassEnd> {
    const lost = (): void => {
      this.#running.abort("leaseLost");
      this.#wakeup.wake();
    };
    this.#lease.signal.addEventListener("abort", lost, { once: true });
    try {
      return await this.#work();
    } catch (error) {
      this.#running.abort("superseded");
      return { kind: "failed", error };
    } finally {
      this.#lease.signal.removeEventListener("abort", lost);
      this.#wakeup.cancel();
    }
  }

  /** Whether a poke has come that the pass has not followed; after its end, one that came too late. */
  get isPoked(): boolean {
    return this.#poked;
  }

  /** Something may have come for the instance: a delivery, a command. The pass looks at the store soon. */
  poke(): void {
    this.#poked = true;
    this.#wakeup.wake();
  }

  /** What a renewal round has read of this instance. */
  signals(signals: WorkflowSignals): void {
    const row = this.#scope?.state.row;
    if (row !== undefined && (row.controlSeq !== signals.controlSeq || row.inboxSeq !== signals.inboxSeq)) this.poke();
  }

  /** Lets running bodies finish and commits them, and starts no successor. */
  drain(): void {
    this.#drains = true;
    this.#wakeup.wake();
  }

  /** Calls running bodies off, stores their pointers as pending, and ends. They run again when the instance is taken over; no crash is counted. */
  abort(): void {
    this.drain();
    this.#aborted = true;
    this.#inputs.push(...this.#running.abort("shutdown"));
    this.#wakeup.wake();
  }

  async #work(): Promise<PassEnd> {
    const end = this.#created === undefined ? await this.#load() : this.#begin(this.#created, this.#createdPointers);
    if (end !== undefined) return end;
    const scope = this.#scope as PassScope; // set by #load and #begin when they let the pass go on
    const { state } = scope;
    const began = this.#services.clock.monotonic();
    let starting: readonly PointerRow[] = this.#createdPointers.filter((pointer) => pointer.status === "running");
    this.#start(scope, starting);
    for (;;) {
      if (this.#lease.signal.aborted) return this.#lost();
      if (this.#poked) {
        const ended = await this.#refresh(state);
        if (ended !== undefined) return ended;
      }
      const inputs = this.#inputs;
      starting = decide(scope, inputs, this.#services.options.maxConcurrentSteps - this.#running.size + endedBodies(inputs), !this.#drains);
      this.#inputs = [];
      const dueAt = nextDueAt(state, this.#busy(inputs, starting), this.#lease.expiresAt);
      if (state.isDirty || (this.#isQuiet(inputs, starting) && dueAt?.getTime() !== state.row.dueAt?.getTime())) {
        const change = this.#build(scope, dueAt);
        const accepted = change === undefined ? "redo" : await this.#commit(state, change);
        if (accepted === "lost") return this.#lost();
        if (accepted === "redo") {
          this.#inputs = [...inputs, ...this.#inputs];
          continue;
        }
        this.#running.forget(scope, inputs);
        if (isFinal(state.status)) {
          this.#running.abort(state.status === "terminated" ? "terminated" : "cancelled");
          return { kind: "idle" };
        }
        this.#start(scope, starting);
        this.#commits += 1;
        if (this.#commits % TURN_AFTER_COMMITS === 0) await new Promise<void>((resolve) => this.#services.clock.defer(resolve));
        if (this.#services.contended() && (this.#commits >= YIELD_AFTER_COMMITS || this.#services.clock.monotonic() - began > YIELD_AFTER_MS))
          this.drain();
        continue;
      }
      this.#running.forget(scope, inputs);
      if (this.#isOver(state)) return this.#over(state);
      await this.#wait(state);
    }
  }

  async #load(): Promise<PassEnd | undefined> {
    const loaded = await this.#services.persistence.loadForPass(this.workflowId);
    if (loaded === undefined) return { kind: "missing" };
    return this.#begin(loaded.row, loaded.pointers ?? [], loaded);
  }

  #begin(row: WorkflowRow, pointers: readonly PointerRow[], loaded?: LoadedWorkflow): PassEnd | undefined {
    const { registry, payloads } = this.#services;
    if (row.status !== "runnable") return { kind: "idle" };
    const definition = registry.getDefinition(row.definitionId, row.version);
    if (definition === undefined || definition.fingerprint !== row.fingerprint) return { kind: "unknownDefinition" };
    const kinds = compiled(definition);
    const state = new InstanceState(row, payloads.decode(row.data, "the data"), decodedError(row, payloads), pointers, kinds);
    this.#scope = {
      state,
      definition: kinds,
      services: this.#services.context,
      entropy: this.#services.entropy,
      limits: this.#services.options,
      checksSizes: false,
    };
    if (loaded !== undefined) {
      // In this order: a step that is given up in the take-over stays failed.
      this.#inputs.push({ kind: "rearm" }, { kind: "takeOver" });
      this.#receive(loaded);
    }
    return undefined;
  }

  #receive(loaded: { readonly deliveries: LoadedWorkflow["deliveries"] }): void {
    for (const delivery of loaded.deliveries) this.#inputs.push({ kind: "delivery", delivery });
  }

  /** Reads what others have changed: deliveries and commands. Called with nothing uncommitted in memory but inputs. */
  async #refresh(state: InstanceState): Promise<PassEnd | undefined> {
    this.#poked = false;
    const answer = await untilLeaseEnds(this.#services, this.#lease, `reading the workflow ${this.workflowId}`, async () => ({
      loaded: await this.#services.persistence.loadForPass(this.workflowId, { knownRevision: state.row.revision }),
    }));
    if (answer === undefined) return this.#lost();
    const { loaded } = answer;
    if (loaded === undefined) {
      this.#running.abort("cancelled");
      return { kind: "missing" };
    }
    const { row } = loaded;
    if (row.revision !== state.row.revision) return this.#lost();
    const wasSuspended = state.status === "suspended";
    if (row.controlSeq === state.row.controlSeq) state.row = row;
    else state.acceptControl(row, decodedError(row, this.#services.payloads));
    if (isFinal(row.status)) {
      this.#running.abort("terminated");
      return { kind: "idle" };
    }
    if (wasSuspended && row.status === "runnable") this.#inputs.push({ kind: "rearm" });
    this.#receive(loaded);
    return undefined;
  }

  /** The change to commit; `undefined` when the data has outgrown its limit and the decision is to be made again, looking for the culprit. */
  #build(scope: PassScope, dueAt: Date | undefined): WorkflowChange | undefined {
    try {
      return buildChange(scope.state, this.#services.entropy.id(), dueAt, this.#services.payloads);
    } catch (error) {
      if (scope.checksSizes || !isWfeError(error)) throw error;
      scope.state.rollback();
      scope.checksSizes = true;
      return undefined;
    }
  }

  async #commit(state: InstanceState, change: WorkflowChange): Promise<"accepted" | "redo" | "lost"> {
    const { lifecycle } = state.effects;
    try {
      const result = await untilLeaseEnds(this.#services, this.#lease, `a commit of the workflow ${change.workflowId}`, () =>
        this.#services.persistence.persistWorkflow(change, new Date(this.#services.clock.now())),
      );
      if (result === undefined) return "lost";
      state.accept(rowAfter(state.row, change, result));
      this.#receive({ deliveries: result.pendingDeliveries });
      if (this.#scope !== undefined) this.#scope.checksSizes = false;
      this.#services.committed(change);
      for (const event of lifecycle) this.#services.publish(event);
      return "accepted";
    } catch (error) {
      if (!isWfeError(error, "WFE_COMMIT_CONFLICT")) throw error;
      const { reason } = error as ConflictError;
      state.rollback();
      if (reason === "revision" || reason === "missing") return "lost";
      this.#poked = true; // control, inbox: read what came, then decide the same inputs anew
      return "redo";
    }
  }

  /** Starts the bodies that an acknowledged commit has said to run. */
  #start(scope: PassScope, pointers: readonly PointerRow[]): void {
    this.#running.start(scope, this.#services.steps, pointers, (input) => {
      this.#inputs.push(input);
      this.#wakeup.wake();
    });
    if (this.#aborted) this.abort();
  }

  #lost(): PassEnd {
    this.#running.abort(this.#lease.signal.aborted ? "leaseLost" : "superseded");
    return { kind: "lost" };
  }

  /** Whether bodies run, or will once the decision is committed. */
  #busy(inputs: readonly PassInput[], starting: readonly PointerRow[]): boolean {
    return starting.length > 0 || this.#running.size > endedBodies(inputs);
  }

  /** Whether nothing is going on but what the due time says. */
  #isQuiet(inputs: readonly PassInput[], starting: readonly PointerRow[]): boolean {
    return !this.#busy(inputs, starting) && this.#inputs.length === 0;
  }

  #isOver(state: InstanceState): boolean {
    if (this.#running.size > 0 || this.#inputs.length > 0 || this.#poked) return false;
    if (state.status !== "runnable" || this.#drains) return true;
    const nextDue = state.nextDueMs();
    return !state.hasPending() && (nextDue === undefined || nextDue > this.#services.clock.now());
  }

  #over(state: InstanceState): PassEnd {
    if (state.status !== "runnable") return { kind: "idle" };
    if (this.#drains && state.hasPending()) return { kind: "yielded" };
    return { kind: "idle", ...(state.row.dueAt === undefined ? {} : { dueAt: state.row.dueAt }) };
  }

  /** Waits for the next thing to react to. */
  async #wait(state: InstanceState): Promise<void> {
    if (this.#inputs.length > 0 || this.#poked || this.#lease.signal.aborted) return;
    const nextDue = state.status === "runnable" && !this.#drains ? state.nextDueMs() : undefined;
    const delayMs = nextDue === undefined ? undefined : Math.max(0, nextDue - this.#services.clock.now());
    await this.#wakeup.wait(delayMs);
  }
}
