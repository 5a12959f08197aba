import { PersistenceError } from "../../errors/store-errors.ts";
import type { EventRow, StoredEvent } from "../../models/event.ts";
import type { EventSubscription, Topic } from "../../models/event-subscription.ts";
import type { ExecutionErrorRow } from "../../models/execution-error.ts";
import type { PointerQuery, PointerRow } from "../../models/pointer-row.ts";
import type { ScheduledCommand } from "../../models/scheduled-command.ts";
import type { CommitResult, WorkflowChange } from "../../models/workflow-change.ts";
import type { DefinitionKey } from "../../models/workflow-definition.ts";
import type { EndedWorkflows, Page, PageRequest, WorkflowFilter } from "../../models/workflow-filter.ts";
import type { NewWorkflow, WorkflowRecord, WorkflowRow } from "../../models/workflow-row.ts";
import { isFinal } from "../../models/workflow-status.ts";
import { SharedRun } from "../../runtime/shared-run.ts";
import type { EventPublication, RunnableEvent } from "../../traits/event-repository.ts";
import type { InspectionRequest, WorkflowInspection } from "../../traits/inspection-repository.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import type { CommandOptions, ControlCommand, LoadedWorkflow, WorkflowSignals } from "../../traits/workflow-repository.ts";
import { applyChange } from "./in-memory-commit.ts";
import { applyCommand } from "./in-memory-control.ts";
import { deliver, publish } from "./in-memory-delivery.ts";
import { inspect } from "./in-memory-inspection.ts";
import { deliveriesOf, InMemoryStore, type KeptSubscription, type KeptWorkflow, passPointersOf, recordOf } from "./in-memory-store.ts";
import { pointersOf } from "./in-memory-pointer-query.ts";
import { countWorkflows, endedWorkflows, hasEnded, listWorkflows } from "./in-memory-workflow-query.ts";

/** What an {@link InMemoryPersistenceProvider} can be made with. */
export interface InMemoryPersistenceProviderOptions {
  /** Shared by the providers that work on one store. @default a new one */
  readonly store?: InMemoryStore;
}

/** A store within one process, gone with it: for tests, and the reference reading of the trait. */
export class InMemoryPersistenceProvider implements PersistenceProvider {
  readonly #store: InMemoryStore;
  readonly #run = new SharedRun({
    open: () => {},
    close: () => {},
    notRunning: () => new PersistenceError("WFE_PROVIDER_NOT_RUNNING", "the in-memory persistence provider is not running: call start() first"),
  });

  constructor(options: InMemoryPersistenceProviderOptions = {}) {
    this.#store = options.store ?? new InMemoryStore();
  }

  start(): Promise<void> {
    return this.#run.start();
  }

  stop(): Promise<void> {
    return this.#run.stop();
  }

  async ensureStoreExists(): Promise<void> {}

  async createNewWorkflow(workflow: NewWorkflow, _now: Date): Promise<string> {
    const store = this.#running();
    store.refuseTaken(workflow);
    store.addWorkflow(workflow);
    return workflow.id;
  }

  async persistWorkflow(change: WorkflowChange, now: Date): Promise<CommitResult> {
    return applyChange(this.#running(), change, now);
  }

  async loadForPass(id: string, options: { readonly knownRevision?: number } = {}): Promise<LoadedWorkflow | undefined> {
    const kept = this.#running().workflows.get(id);
    if (kept === undefined) return undefined;
    return {
      row: structuredClone(kept.row),
      deliveries: deliveriesOf(kept),
      ...(kept.row.revision === options.knownRevision ? {} : { pointers: passPointersOf(kept) }),
    };
  }

  async getWorkflowInstance(id: string): Promise<WorkflowRecord | undefined> {
    const kept = this.#running().workflows.get(id);
    return kept === undefined ? undefined : recordOf(kept);
  }

  async getWorkflowInstanceByName(name: string): Promise<WorkflowRecord | undefined> {
    const id = this.#running().workflowIdsByName.get(name);
    return id === undefined ? undefined : this.getWorkflowInstance(id);
  }

  async getWorkflowInstances(ids: readonly string[]): Promise<readonly WorkflowRecord[]> {
    return this.#found(ids).map(recordOf);
  }

  async getPointers(workflowId: string, query: PointerQuery): Promise<readonly PointerRow[]> {
    const store = this.#running();
    const { limit } = query;
    if (!(Number.isSafeInteger(limit) && limit >= 1)) throw new RangeError(`limit must be a whole number, 1 or more: got ${limit}`);
    const kept = store.workflows.get(workflowId);
    return kept === undefined ? [] : pointersOf(kept, query);
  }

  async claimDueInstances(
    asAt: Date,
    options: { readonly definitions: readonly DefinitionKey[]; readonly limit: number; readonly claimUntil: Date },
  ): Promise<readonly string[]> {
    const known = new Set(options.definitions.map(definitionText));
    const due: { readonly kept: KeptWorkflow; readonly at: number }[] = [];
    for (const kept of this.#running().workflows.values()) {
      const { status, dueAt, definitionId, version, fingerprint } = kept.row;
      if (status !== "runnable" || dueAt === undefined || dueAt.getTime() > asAt.getTime()) continue;
      if (known.has(definitionText({ id: definitionId, version, fingerprint }))) due.push({ kept, at: dueAt.getTime() });
    }
    const claimed = due.sort((a, b) => a.at - b.at).slice(0, options.limit);
    for (const { kept } of claimed) kept.row = { ...kept.row, dueAt: new Date(options.claimUntil) };
    return claimed.map(({ kept }) => kept.row.id);
  }

  async command(id: string, command: ControlCommand, now: Date, options: CommandOptions = {}): Promise<boolean | undefined> {
    const store = this.#running();
    if (command === "retry" && options.revision === undefined) throw new RangeError("a retry needs the revision that it expects");
    const kept = store.workflows.get(id);
    return kept === undefined ? undefined : applyCommand(store, kept, command, now, options);
  }

  async readSignals(ids: readonly string[]): Promise<readonly WorkflowSignals[]> {
    return this.#found(ids).map(({ row: { id, status, revision, controlSeq, inboxSeq } }) => ({ id, status, revision, controlSeq, inboxSeq }));
  }

  async nextDefinitionSequence(definitionId: string, count: number): Promise<number> {
    const store = this.#running();
    if (!(Number.isInteger(count) && count >= 1)) throw new RangeError(`count must be a whole number, 1 or more: got ${count}`);
    return store.reserve(definitionId, count);
  }

  async listWorkflows(filter: WorkflowFilter, page: PageRequest): Promise<Page<WorkflowRow>> {
    return listWorkflows(this.#running(), filter, page);
  }

  async countWorkflows(filter: WorkflowFilter): Promise<number> {
    return countWorkflows(this.#running(), filter);
  }

  async getEndedWorkflows(ended: EndedWorkflows, limit: number): Promise<readonly string[]> {
    return endedWorkflows(this.#running(), ended, limit);
  }

  async deleteWorkflows(ids: readonly string[], only?: EndedWorkflows): Promise<number> {
    const over = new Set(this.#found(ids).filter(({ row }) => isFinal(row.status) && (only === undefined || hasEnded(row, only))));
    for (const kept of over) this.#store.removeWorkflow(kept);
    return over.size;
  }

  async createEvent(event: EventRow, now: Date): Promise<string> {
    this.#running().addEvent(event, now);
    return event.id;
  }

  async publishEvent(event: EventRow, now: Date): Promise<EventPublication> {
    return publish(this.#running(), event, now);
  }

  async getEvent(id: string): Promise<StoredEvent | undefined> {
    return structuredClone(this.#running().events.get(id)?.event);
  }

  async isEventConsumed(id: string): Promise<boolean> {
    const { events, workflows } = this.#running();
    const arrival = events.get(id)?.event.arrival;
    return arrival !== undefined && [...workflows.values()].some(({ consumed }) => consumed.has(arrival));
  }

  async getEvents(name: string, key: string, asOf: Date): Promise<readonly string[]> {
    const { events } = this.#running().topic({ name, key });
    return events.filter(({ event }) => event.time.getTime() >= asOf.getTime()).map(({ event }) => event.id);
  }

  async getRunnableEvents(asAt: Date, options: { readonly limit: number; readonly claimUntil: Date }): Promise<readonly RunnableEvent[]> {
    const runnable = [...this.#running().undelivered]
      .filter(({ visibleAt }) => visibleAt <= asAt.getTime())
      .sort((a, b) => a.event.time.getTime() - b.event.time.getTime() || a.event.arrival - b.event.arrival)
      .slice(0, options.limit);
    for (const kept of runnable) kept.visibleAt = options.claimUntil.getTime();
    return runnable.map(({ event: { id, name, key } }) => ({ id, name, key }));
  }

  async deliverEvents(topics: readonly Topic[], now: Date): Promise<readonly string[]> {
    const store = this.#running();
    const reached = topics.flatMap((topic) => [...deliver(store, topic, now)]);
    return [...new Set(reached.map(({ row }) => row.id))];
  }

  async deleteDeliveredEvents(storedBefore: Date, limit: number): Promise<number> {
    const store = this.#running();
    const old = [...store.events.values()]
      // One that a subscription holds and has not used yet is still needed.
      .filter(({ event, holders }) => event.delivered && holders === 0 && event.storedAt.getTime() < storedBefore.getTime())
      .sort((a, b) => a.event.storedAt.getTime() - b.event.storedAt.getTime())
      .slice(0, limit);
    for (const kept of old) store.removeEvent(kept);
    return old.length;
  }

  async getSubscription(id: string): Promise<EventSubscription | undefined> {
    return structuredClone(this.#running().subscriptions.get(id)?.subscription);
  }

  async getSubscriptions(name: string, key: string, asOf: Date): Promise<readonly EventSubscription[]> {
    return structuredClone(this.#reached(name, key, asOf).map(({ subscription }) => subscription));
  }

  async getFirstOpenSubscription(activity: string, now: Date): Promise<EventSubscription | undefined> {
    // The map has them in order of creation.
    const offered = [...this.#running().subscriptions.values()].find(
      (kept) => kept.subscription.activity === activity && kept.given === undefined && kept.owner.row.status === "runnable" && !isClaimed(kept, now),
    );
    return structuredClone(offered?.subscription);
  }

  async setSubscriptionToken(id: string, token: string, workerId: string, expiresAt: Date, now: Date): Promise<boolean> {
    const kept = this.#running().subscriptions.get(id);
    if (kept === undefined || kept.given !== undefined || isClaimed(kept, now)) return false;
    kept.subscription = { ...kept.subscription, token, workerId, tokenExpiresAt: new Date(expiresAt) };
    return true;
  }

  async extendSubscriptionToken(id: string, token: string, expiresAt: Date, now: Date): Promise<boolean> {
    const kept = this.#running().subscriptions.get(id);
    if (kept === undefined || kept.given !== undefined || kept.subscription.token !== token || !isClaimed(kept, now)) return false;
    kept.subscription = { ...kept.subscription, tokenExpiresAt: new Date(expiresAt) };
    return true;
  }

  async clearSubscriptionToken(id: string, token: string): Promise<boolean> {
    const kept = this.#running().subscriptions.get(id);
    if (kept?.subscription.token !== token) return false;
    const { token: _token, workerId: _workerId, tokenExpiresAt: _tokenExpiresAt, ...unclaimed } = kept.subscription;
    kept.subscription = unclaimed;
    return true;
  }

  async scheduleCommand(command: ScheduledCommand): Promise<void> {
    this.#running().commands.schedule(command);
  }

  async processCommands(
    asAt: Date,
    options: { readonly limit: number; readonly claimUntil: Date },
    handler: (command: ScheduledCommand) => Promise<void>,
  ): Promise<number> {
    const claimed = this.#running().commands.claim(asAt, options);
    // Each by itself: one that fails does not hold up the others.
    const handled = await Promise.allSettled(
      claimed.map(async ({ command, finish }) => {
        await handler(command);
        finish();
      }),
    );
    return handled.filter(({ status }) => status === "fulfilled").length;
  }

  async getErrors(workflowId: string): Promise<readonly ExecutionErrorRow[]> {
    return structuredClone(this.#running().workflows.get(workflowId)?.errors ?? []);
  }

  async inspectWorkflow(id: string, request: InspectionRequest): Promise<WorkflowInspection> {
    return inspect(this.#running(), id, request);
  }

  #running(): InMemoryStore {
    this.#run.check();
    return this.#store;
  }

  #found(ids: readonly string[]): readonly KeptWorkflow[] {
    const { workflows } = this.#running();
    return ids.map((id) => workflows.get(id)).filter((kept) => kept !== undefined);
  }

  /** Open subscriptions that an event of this time, arriving now, would reach. */
  #reached(name: string, key: string, asOf: Date): readonly KeptSubscription[] {
    const { open } = this.#running().topic({ name, key });
    return [...open].filter(({ subscription: { bound } }) => !("effectiveDate" in bound) || bound.effectiveDate.getTime() <= asOf.getTime());
  }
}

function isClaimed({ subscription }: KeptSubscription, now: Date): boolean {
  return subscription.tokenExpiresAt !== undefined && subscription.tokenExpiresAt.getTime() > now.getTime();
}

function definitionText({ id, version, fingerprint }: DefinitionKey): string {
  return JSON.stringify([id, version, fingerprint]);
}
