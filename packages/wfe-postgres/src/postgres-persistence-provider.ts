import {
  type CommandOptions,
  type CommitResult,
  type ControlCommand,
  type DefinitionKey,
  type EventRow,
  type EventSubscription,
  type ExecutionErrorRow,
  type LoadedWorkflow,
  type NewWorkflow,
  type Page,
  type PageRequest,
  PersistenceError,
  type PersistenceProvider,
  type PointerQuery,
  type PointerRow,
  type RunnableEvent,
  type ScheduledCommand,
  SharedRun,
  type StoredEvent,
  type Topic,
  type WorkflowChange,
  type WorkflowFilter,
  type WorkflowRecord,
  type WorkflowRow,
  type WorkflowSignals,
} from "wfe-core";
import { CommandStore } from "./command-store.ts";
import { ErrorLogStore } from "./error-log-store.ts";
import { EventStore } from "./event-store.ts";
import { PointerStore } from "./pointer-store.ts";
import { databaseOf, type PostgresDatabase } from "./postgres-database.ts";
import type { PostgresOptions } from "./postgres-options.ts";
import { SubscriptionStore } from "./subscription-store.ts";
import { WorkflowControl } from "./workflow-control.ts";
import { WorkflowQuery } from "./workflow-query.ts";
import { WorkflowStore } from "./workflow-store.ts";

/**
 * The store in a schema of a PostgreSQL database, for any number of processes on any number of machines. Commits, loads, creations and events
 * that are wanted at the same moment travel in one call, which is one transaction. Operations that may be done twice are tried again when the connection
 * is lost, the server restarts or fails over, or the transaction was ended because of others; a command (`suspend` and the like) is not, once
 * it may have happened: it rejects with `WFE_STORE_UNREACHABLE`, and the status of the instance tells.
 */
export class PostgresPersistenceProvider implements PersistenceProvider {
  readonly #run: SharedRun;
  readonly #database: PostgresDatabase;
  readonly #workflows: WorkflowStore;
  readonly #pointers: PointerStore;
  readonly #control: WorkflowControl;
  readonly #query: WorkflowQuery;
  readonly #events: EventStore;
  readonly #subscriptions: SubscriptionStore;
  readonly #commands: CommandStore;
  readonly #errors: ErrorLogStore;

  /**
   * @param database - A handle of `openPostgres`, or the options of a database of its own.
   * @throws RangeError when an option makes no sense.
   */
  constructor(database: PostgresDatabase | PostgresOptions) {
    this.#database = databaseOf(database);
    this.#workflows = new WorkflowStore(this.#database);
    this.#pointers = new PointerStore(this.#database);
    this.#control = new WorkflowControl(this.#database);
    this.#query = new WorkflowQuery(this.#database);
    this.#events = new EventStore(this.#database);
    this.#subscriptions = new SubscriptionStore(this.#database);
    this.#commands = new CommandStore(this.#database);
    this.#errors = new ErrorLogStore(this.#database);
    this.#run = new SharedRun({
      open: () => this.#database.start(),
      close: () => this.#database.stop(),
      notRunning: () => new PersistenceError("WFE_PROVIDER_NOT_RUNNING", "the PostgreSQL persistence provider is not running: call start() first"),
    });
  }

  /** @throws PersistenceError what {@link PostgresDatabase.start} throws. */
  start(): Promise<void> {
    return this.#run.start();
  }

  stop(): Promise<void> {
    return this.#run.stop();
  }

  /** A start and a stop: connects, brings the tables up to date, and leaves nothing open. A step of a deploy can be made of it. */
  async ensureStoreExists(): Promise<void> {
    await this.#database.start();
    await this.#database.stop();
  }

  async createNewWorkflow(workflow: NewWorkflow, _now: Date): Promise<string> {
    this.#run.check();
    return this.#workflows.createNewWorkflow(workflow);
  }

  async persistWorkflow(change: WorkflowChange, now: Date): Promise<CommitResult> {
    this.#run.check();
    return this.#workflows.persistWorkflow(change, now);
  }

  async loadForPass(id: string, options?: { readonly knownRevision?: number }): Promise<LoadedWorkflow | undefined> {
    this.#run.check();
    return this.#workflows.loadForPass(id, options?.knownRevision);
  }

  async getWorkflowInstance(id: string): Promise<WorkflowRecord | undefined> {
    this.#run.check();
    return this.#workflows.getWorkflowInstance(id);
  }

  async getWorkflowInstanceByName(name: string): Promise<WorkflowRecord | undefined> {
    this.#run.check();
    return this.#workflows.getWorkflowInstanceByName(name);
  }

  async getWorkflowInstances(ids: readonly string[]): Promise<readonly WorkflowRecord[]> {
    this.#run.check();
    return this.#workflows.getWorkflowInstances(ids);
  }

  async getPointers(workflowId: string, query: PointerQuery): Promise<readonly PointerRow[]> {
    this.#run.check();
    return this.#pointers.getPointers(workflowId, query);
  }

  async claimDueInstances(
    asAt: Date,
    options: { readonly definitions: readonly DefinitionKey[]; readonly limit: number; readonly claimUntil: Date },
  ): Promise<readonly string[]> {
    this.#run.check();
    return this.#control.claimDueInstances(asAt, options);
  }

  async command(id: string, command: ControlCommand, now: Date, options: CommandOptions = {}): Promise<boolean | undefined> {
    this.#run.check();
    if (command === "retry" && options.revision === undefined) throw new RangeError("a retry needs the revision that it expects");
    return this.#control.command(id, command, now, options);
  }

  async readSignals(ids: readonly string[]): Promise<readonly WorkflowSignals[]> {
    this.#run.check();
    return this.#workflows.readSignals(ids);
  }

  async nextDefinitionSequence(definitionId: string, count: number): Promise<number> {
    this.#run.check();
    if (!(Number.isInteger(count) && count >= 1)) throw new RangeError(`count must be a whole number, 1 or more: got ${count}`);
    return this.#workflows.nextDefinitionSequence(definitionId, count);
  }

  async listWorkflows(filter: WorkflowFilter, page: PageRequest): Promise<Page<WorkflowRow>> {
    this.#run.check();
    return this.#query.listWorkflows(filter, page);
  }

  async countWorkflows(filter: WorkflowFilter): Promise<number> {
    this.#run.check();
    return this.#query.countWorkflows(filter);
  }

  async deleteWorkflows(ids: readonly string[]): Promise<number> {
    this.#run.check();
    return this.#workflows.deleteWorkflows(ids);
  }

  async createEvent(event: EventRow, now: Date): Promise<string> {
    this.#run.check();
    return this.#events.createEvent(event, now);
  }

  async getEvent(id: string): Promise<StoredEvent | undefined> {
    this.#run.check();
    return this.#events.getEvent(id);
  }

  async getEvents(name: string, key: string, asOf: Date): Promise<readonly string[]> {
    this.#run.check();
    return this.#events.getEvents(name, key, asOf);
  }

  async getRunnableEvents(asAt: Date, options: { readonly limit: number; readonly claimUntil: Date }): Promise<readonly RunnableEvent[]> {
    this.#run.check();
    return this.#events.getRunnableEvents(asAt, options);
  }

  async deliverEvents(topics: readonly Topic[], now: Date): Promise<readonly string[]> {
    this.#run.check();
    return this.#events.deliverEvents(topics, now);
  }

  async deleteDeliveredEvents(storedBefore: Date, limit: number): Promise<number> {
    this.#run.check();
    return this.#events.deleteDeliveredEvents(storedBefore, limit);
  }

  async getSubscription(id: string): Promise<EventSubscription | undefined> {
    this.#run.check();
    return this.#subscriptions.getSubscription(id);
  }

  async getSubscriptions(name: string, key: string, asOf: Date): Promise<readonly EventSubscription[]> {
    this.#run.check();
    return this.#subscriptions.getSubscriptions(name, key, asOf);
  }

  async getFirstOpenSubscription(activity: string, now: Date): Promise<EventSubscription | undefined> {
    this.#run.check();
    return this.#subscriptions.getFirstOpenSubscription(activity, now);
  }

  async setSubscriptionToken(id: string, token: string, workerId: string, expiresAt: Date, now: Date): Promise<boolean> {
    this.#run.check();
    return this.#subscriptions.setSubscriptionToken(id, token, workerId, expiresAt, now);
  }

  async extendSubscriptionToken(id: string, token: string, expiresAt: Date, now: Date): Promise<boolean> {
    this.#run.check();
    return this.#subscriptions.extendSubscriptionToken(id, token, expiresAt, now);
  }

  async clearSubscriptionToken(id: string, token: string): Promise<boolean> {
    this.#run.check();
    return this.#subscriptions.clearSubscriptionToken(id, token);
  }

  async scheduleCommand(command: ScheduledCommand): Promise<void> {
    this.#run.check();
    return this.#commands.scheduleCommand(command);
  }

  async processCommands(
    asAt: Date,
    options: { readonly limit: number; readonly claimUntil: Date },
    handler: (command: ScheduledCommand) => Promise<void>,
  ): Promise<number> {
    this.#run.check();
    return this.#commands.processCommands(asAt, options, handler);
  }

  async getErrors(workflowId: string): Promise<readonly ExecutionErrorRow[]> {
    this.#run.check();
    return this.#errors.getErrors(workflowId);
  }
}
