import type { PointerRow } from "../models/pointer-row.ts";
import type { WorkflowRow } from "../models/workflow-row.ts";
import { knownDefinition } from "../runtime/known-definition.ts";
import { leaseHasEnded, onLeaseEnd } from "../runtime/lease.ts";
import { isFinal } from "../models/workflow-status.ts";
import type { Lease } from "../traits/lock-provider.ts";
import type { LoadedWorkflow, WorkflowSignals } from "../traits/workflow-repository.ts";
import { AroundPass } from "./around-pass.ts";
import { changeOf } from "./commit-builder.ts";
import { CompensationQuestions } from "./compensation-questions.ts";
import { compiled } from "./compiled-definition.ts";
import { type CreatedInstance, ownStartEndsAt } from "./created-instance.ts";
import { decide } from "./decision.ts";
import { EventLoopTurn } from "./event-loop-turn.ts";
import type { ExecutorServices } from "./executor-services.ts";
import { InstanceState } from "./instance-state.ts";
import { LeaseAttempts } from "./lease-attempts.ts";
import { isBehind, isMigrated, loadChanged } from "./load-changed.ts";
import { nextDueAt } from "./next-execution.ts";
import type { PassEnd } from "./pass-end.ts";
import type { PassInput } from "./pass-input.ts";
import { passScope, type PassScope } from "./pass-scope.ts";
import { RunningBodies } from "./running-bodies.ts";
import { SlotTurn } from "./slot-turn.ts";
import { storeChange } from "./store-change.ts";
import { decodedError, instanceView } from "./views.ts";
import { Wakeup } from "./wakeup.ts";

/**
 * One go over one instance, under its lease: load, then run what can run, process results, commit, until nothing is left to do now.
 * At most one commit is in flight; what arrives meanwhile rides on the next. A refused commit is rolled back in memory and decided anew
 * from the same inputs.
 */
export class WorkflowPass {
  readonly workflowId: string;
  readonly #services: ExecutorServices;
  readonly #lease: Lease;
  readonly #created: CreatedInstance | undefined;
  readonly #isOrphan: boolean;
  readonly #running = new RunningBodies();
  readonly #wakeup: Wakeup;
  readonly #around: AroundPass | undefined;
  readonly #attempts: LeaseAttempts;
  #inputs: PassInput[] = [];
  #scope: PassScope | undefined;
  #questions: CompensationQuestions | undefined;
  #poked = false;
  #drains = false;
  #aborted = false;
  readonly #turn: SlotTurn;
  readonly #loopTurn: EventLoopTurn;

  /**
   * @param created - Of an instance that this host has just created, its first pointer `running`; any other is loaded and taken over.
   * @param isOrphan - Whether who had its lease is gone for certain.
   */
  constructor(services: ExecutorServices, workflowId: string, lease: Lease, created?: CreatedInstance, isOrphan = false) {
    this.#services = services;
    this.workflowId = workflowId;
    this.#lease = lease;
    this.#created = created;
    this.#isOrphan = isOrphan;
    this.#turn = new SlotTurn(services.clock, () => services.contended());
    this.#loopTurn = new EventLoopTurn(services.clock);
    this.#wakeup = new Wakeup(services.clock);
    this.#attempts = new LeaseAttempts(services, lease, () => this.#aborted);
    const { aroundWorkflow } = services.context.middleware ?? {};
    this.#around = aroundWorkflow === undefined ? undefined : new AroundPass(aroundWorkflow, services);
  }

  /** Runs to the end of the pass. Never rejects; called once. The lease stays the caller's to release. */
  async run(): Promise<PassEnd> {
    const lost = (): void => {
      this.#running.abort("leaseLost");
      this.#around?.abort("leaseLost");
      this.#attempts.end();
      this.#wakeup.wake();
    };
    const unheard = onLeaseEnd(this.#lease, lost);
    try {
      const end = await this.#work().catch((error: unknown): PassEnd => ({ kind: "failed", error }));
      if (end.kind === "failed") this.#running.abort("failed");
      return end;
    } finally {
      unheard();
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
    if (isBehind(this.#scope?.state.row, signals)) this.poke();
    if (this.#scope !== undefined && isFinal(signals.status)) this.#around?.abort("terminated");
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
    this.#around?.abort("shutdown");
    this.#wakeup.wake();
  }

  async #work(): Promise<PassEnd> {
    const fresh = this.#created?.isLeased === true ? this.#created : undefined;
    const end = fresh === undefined ? await this.#load() : this.#begin(fresh.row, fresh.pointers);
    if (end !== undefined) return end;
    const scope = this.#scope as PassScope; // set by #load and #begin when they let the pass go on
    const marked = fresh?.pointers.filter(({ status }) => status === "running") ?? [];
    const loop = (): Promise<PassEnd> => this.#attempts.orEnd(this.#loop(scope, marked), () => this.#lost());
    if (this.#around === undefined) return loop();
    const giveUp = async (): Promise<PassEnd> => {
      this.drain();
      return marked.length === 0 ? { kind: "yielded" } : loop();
    };
    const { row, data, error } = scope.state;
    return this.#around.run(instanceView(row, data, error), { begin: loop, giveUp });
  }

  /** @param marked - What is stored as running, and begins with the pass. */
  async #loop(scope: PassScope, marked: readonly PointerRow[]): Promise<PassEnd> {
    const { state } = scope;
    if (leaseHasEnded(this.#lease)) return this.#lost();
    // Much may have come while a middleware has kept the pass waiting.
    const ended = this.#around !== undefined && this.#poked ? await this.#refresh(state) : undefined;
    if (ended !== undefined) return ended;
    if (state.status === "runnable") this.#start(scope, marked);
    else this.#notStarted(marked);
    for (;;) {
      if (leaseHasEnded(this.#lease)) return this.#lost();
      if (this.#poked) {
        const ended = await this.#refresh(state);
        if (ended !== undefined) return ended;
      }
      this.#turn.look(this.#running.active);
      const inputs = this.#inputs;
      const starting = decide(scope, inputs, this.#services.options.maxConcurrentSteps - this.#running.active, this.#starts);
      this.#inputs = [];
      // While the store is asked what is to be undone, nothing else in the instance says that it is to be looked at again.
      const busy = starting.length > 0 || this.#running.active > 0 || scope.undo.size > 0 || this.#questions?.open !== 0 || this.#questions.isLeft;
      const dueAt = nextDueAt(state, busy, this.#lease.expiresAt);
      if (state.isDirty || (!busy && dueAt?.getTime() !== state.row.dueAt?.getTime())) {
        const change = changeOf(scope, dueAt);
        const answer = change === undefined ? "undecided" : await storeChange(this.#services, this.#attempts, scope, change);
        if (answer === undefined) return this.#lost();
        if (typeof answer === "string") {
          if (answer === "refused") this.#poked = true; // read what came, then decide the same inputs anew
          this.#inputs = [...inputs, ...this.#inputs];
          continue;
        }
        this.#receive({ deliveries: answer.pendingDeliveries });
        if (isFinal(state.status)) {
          this.#running.abort(state.status === "terminated" ? "terminated" : "cancelled");
          return { kind: "idle" };
        }
        this.#running.forget(scope, inputs);
        if (leaseHasEnded(this.#lease)) return this.#lost();
        this.#start(scope, starting);
        this.#questions?.ask(inputs);
        const loopTurn = this.#loopTurn.committed(state.sequence);
        if (loopTurn !== undefined) await loopTurn;
        this.#turn.committed();
        // To decide once more would cost as much as the decision before, and nothing would come of it.
        if (this.#running.active > 0 && state.isAtRest(this.#services.clock.now())) await this.#wait(state);
        continue;
      }
      this.#running.forget(scope, inputs);
      this.#questions?.ask(inputs);
      if (this.#isOver(state)) return this.#over(state);
      await this.#wait(state);
    }
  }

  /** Whether bodies and engine steps may start: not while the host stops, nor while the pass gives its slot back. */
  get #starts(): boolean {
    return !this.#drains && !this.#turn.isOver;
  }

  async #load(): Promise<PassEnd | undefined> {
    const loaded = await this.#attempts.orEnd(this.#services.persistence.loadForPass(this.workflowId), () => undefined);
    if (loaded === undefined) return leaseHasEnded(this.#lease) ? this.#lost() : { kind: "missing" };
    const dueAt = this.#created !== undefined || this.#isOrphan ? undefined : ownStartEndsAt(loaded, this.#services);
    if (dueAt !== undefined) return { kind: "idle", dueAt };
    return this.#begin(loaded.row, loaded.pointers ?? [], loaded);
  }

  #begin(row: WorkflowRow, pointers: readonly PointerRow[], loaded?: LoadedWorkflow): PassEnd | undefined {
    const { registry, payloads } = this.#services;
    if (row.status !== "runnable") return { kind: "idle" };
    const definition = knownDefinition(registry, row);
    if (definition === undefined) return { kind: "unknownDefinition", row, pointers };
    const kinds = compiled(definition);
    const state = new InstanceState(row, payloads.decode(row.data, "the data"), decodedError(row, payloads), pointers, kinds);
    const { context, entropy, options } = this.#services;
    this.#scope = passScope({ state, definition: kinds, services: context, entropy, limits: options });
    this.#questions = new CompensationQuestions(this.#scope, this.#services, this.#attempts, (input) => this.#hear(input));
    if (loaded !== undefined) {
      // What this host has created and nobody has moved since was started by nobody.
      if (this.#created !== undefined && row.revision === 0) this.#notStarted(pointers.filter(({ status }) => status === "running"));
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
    const read = (): Promise<LoadedWorkflow | undefined> => loadChanged(this.#services.persistence, state.row);
    const answer = await this.#attempts.untilEnd(`reading the workflow ${this.workflowId}`, read, (loaded) => ({ loaded }));
    if (answer === undefined) return this.#lost();
    const { loaded } = answer;
    if (loaded === undefined) {
      this.#running.abort("cancelled");
      return { kind: "missing" };
    }
    const { row } = loaded;
    this.#poked ||= isMigrated(state.row, row); // there is nobody else whose pass it is then
    if (row.revision !== state.row.revision) return this.#lost();
    const wasSuspended = state.status === "suspended";
    if (isFinal(row.status)) {
      this.#running.abort("terminated");
      return { kind: "idle" };
    }
    if (row.controlSeq === state.row.controlSeq) state.row = row;
    // A retry changes pointers, too.
    else state.acceptControl(row, decodedError(row, this.#services.payloads), loaded.pointers);
    // Before what has come since: a step that fails now has not been resumed.
    if (wasSuspended && row.status === "runnable") this.#inputs.unshift({ kind: "rearm" });
    this.#receive(loaded);
    return undefined;
  }

  /** Starts the bodies that an acknowledged commit has said to run; none when the host has begun to stop meanwhile. */
  #start(scope: PassScope, pointers: readonly PointerRow[]): void {
    if (this.#drains) return this.#notStarted(pointers);
    this.#running.start(scope, this.#services.steps, pointers, (input) => this.#hear(input));
  }

  #hear(input?: PassInput): void {
    if (input !== undefined) this.#inputs.push(input);
    this.#wakeup.wake();
  }

  #notStarted(pointers: readonly PointerRow[]): void {
    for (const { id, attempt } of pointers) this.#inputs.push({ kind: "notStarted", pointerId: id, attempt });
  }

  #lost(): PassEnd {
    this.#running.abort(leaseHasEnded(this.#lease) ? "leaseLost" : this.#aborted ? "shutdown" : "superseded");
    return { kind: "lost" };
  }

  #isOver(state: InstanceState): boolean {
    if (this.#running.active > 0 || this.#questions?.open !== 0 || this.#inputs.length > 0 || this.#poked) return false;
    if (state.status !== "runnable" || !this.#starts) return true;
    const nextDue = state.nextDueMs();
    return !state.hasPending() && (nextDue === undefined || nextDue > this.#services.clock.now());
  }

  #over(state: InstanceState): PassEnd {
    if (state.status !== "runnable") return { kind: "idle" };
    if (this.#questions?.isLeft === true || (!this.#starts && state.hasPending())) return { kind: "yielded" };
    return { kind: "idle", ...(state.row.dueAt === undefined ? {} : { dueAt: state.row.dueAt }) };
  }

  /** Waits for the next thing to react to. */
  #wait(state: InstanceState): Promise<void> {
    if (this.#inputs.length > 0 || this.#poked || leaseHasEnded(this.#lease)) return Promise.resolve();
    const nextDue = state.status === "runnable" && this.#starts ? state.nextDueMs() : undefined;
    const dueMs = nextDue === undefined ? Infinity : nextDue - this.#services.clock.now();
    const delayMs = Math.min(dueMs, this.#turn.remainingMs(this.#running.active) ?? Infinity);
    return this.#wakeup.wait(delayMs === Infinity ? undefined : Math.max(0, delayMs));
  }
}
