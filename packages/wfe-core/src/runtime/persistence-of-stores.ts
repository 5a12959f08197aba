import { PersistenceError } from "../errors/store-errors.ts";
import type { EventSubscription, Topic } from "../models/event-subscription.ts";
import type { EventRow, StoredEvent } from "../models/event.ts";
import type { ExecutionErrorRow } from "../models/execution-error.ts";
import type { PointerQuery, PointerRow } from "../models/pointer-row.ts";
import type { ScheduledCommand } from "../models/scheduled-command.ts";
import type { CommitResult, WorkflowChange } from "../models/workflow-change.ts";
import type { DefinitionKey } from "../models/workflow-definition.ts";
import type { EndedWorkflows, Page, PageRequest, WorkflowFilter } from "../models/workflow-filter.ts";
import type { NewWorkflow, WorkflowRecord, WorkflowRow } from "../models/workflow-row.ts";
import type { CommandRepository } from "../traits/command-repository.ts";
import type { EventPublication, EventRepository, RunnableEvent } from "../traits/event-repository.ts";
import type { InspectionRepository, InspectionRequest, WorkflowInspection } from "../traits/inspection-repository.ts";
import type { PersistenceProvider } from "../traits/persistence-provider.ts";
import type { MetricSink } from "../traits/metric-sink.ts";
import type { Provider } from "../traits/provider.ts";
import type { SubscriptionRepository } from "../traits/subscription-repository.ts";
import type { CommandOptions, ControlCommand, LoadedWorkflow, WorkflowRepository, WorkflowSignals } from "../traits/workflow-repository.ts";
import type { MetricSinks } from "./metric-sinks.ts";
import { SharedRun } from "./shared-run.ts";

/** The parts of a persistence provider; each deals with one noun, and may be called while the database is open. */
export interface PersistenceStores {
  readonly workflows: Pick<
    WorkflowRepository,
    | "persistWorkflow"
    | "getWorkflowInstance"
    | "getWorkflowInstanceByName"
    | "getWorkflowInstances"
    | "readSignals"
    | "nextDefinitionSequence"
    | "deleteWorkflows"
  > & {
    createNewWorkflow(workflow: NewWorkflow): Promise<string>;
    loadForPass(id: string, knownRevision: number | undefined): Promise<LoadedWorkflow | undefined>;
  };
  readonly pointers: Pick<WorkflowRepository, "getPointers">;
  readonly control: Pick<WorkflowRepository, "claimDueInstances"> & {
    command(id: string, command: ControlCommand, now: Date, options: CommandOptions): Promise<boolean | undefined>;
  };
  readonly query: Pick<WorkflowRepository, "listWorkflows" | "countWorkflows" | "getEndedWorkflows">;
  readonly events: EventRepository;
  readonly subscriptions: SubscriptionRepository;
  readonly commands: CommandRepository;
  readonly errors: Pick<PersistenceProvider, "getErrors">;
  readonly inspection: InspectionRepository;
}

/** What a {@link PersistenceOfStores} is made of. */
export interface PersistenceOfStoresOptions {
  /** What to call it in messages: "the SQLite persistence provider". */
  readonly what: string;
  /** Opened by the first start and closed by the last stop; its own start brings the tables up to date. */
  readonly database: Provider;
  readonly stores: PersistenceStores;
  /** Told by the database of what it writes together (`batchWritten`); shared by all providers on one store. A new one where nothing is. */
  readonly metrics: MetricSinks;
}

/**
 * A persistence provider over a database: refuses calls while it does not run, a retry without a revision and a reservation of no numbers, and passes
 * the rest on to its stores. The others of the arguments that make no sense are for the stores to refuse: the limit of `getPointers`, and what a
 * listing asks for, which {@link listFound} does.
 */
export abstract class PersistenceOfStores implements PersistenceProvider {
  readonly #database: Provider;
  readonly #stores: PersistenceStores;
  readonly #metrics: MetricSinks;
  readonly #run: SharedRun;

  constructor({ what, database, stores, metrics }: PersistenceOfStoresOptions) {
    this.#metrics = metrics;
    this.#database = database;
    this.#stores = stores;
    this.#run = new SharedRun({
      open: () => database.start(),
      close: () => database.stop(),
      notRunning: () => new PersistenceError("WFE_PROVIDER_NOT_RUNNING", `${what} is not running: call start() first`),
    });
  }

  recordMetrics(sink: MetricSink): () => void {
    return this.#metrics.add(sink);
  }

  /** Opens the database and brings its tables up to date. @throws PersistenceError what the database throws that cannot be opened */
  start(): Promise<void> {
    return this.#run.start();
  }

  stop(): Promise<void> {
    return this.#run.stop();
  }

  /** A start and a stop of the database: brings its tables up to date, and leaves nothing open. A step of a deploy can be made of it. */
  async ensureStoreExists(): Promise<void> {
    await this.#database.start();
    await this.#database.stop();
  }

  async createNewWorkflow(workflow: NewWorkflow, _now: Date): Promise<string> {
    this.#run.check();
    return this.#stores.workflows.createNewWorkflow(workflow);
  }

  async persistWorkflow(change: WorkflowChange, now: Date): Promise<CommitResult> {
    this.#run.check();
    return this.#stores.workflows.persistWorkflow(change, now);
  }

  async loadForPass(id: string, options?: { readonly knownRevision?: number }): Promise<LoadedWorkflow | undefined> {
    this.#run.check();
    return this.#stores.workflows.loadForPass(id, options?.knownRevision);
  }

  async getWorkflowInstance(id: string): Promise<WorkflowRecord | undefined> {
    this.#run.check();
    return this.#stores.workflows.getWorkflowInstance(id);
  }

  async getWorkflowInstanceByName(name: string): Promise<WorkflowRecord | undefined> {
    this.#run.check();
    return this.#stores.workflows.getWorkflowInstanceByName(name);
  }

  async getWorkflowInstances(ids: readonly string[]): Promise<readonly WorkflowRecord[]> {
    this.#run.check();
    return this.#stores.workflows.getWorkflowInstances(ids);
  }

  async getPointers(workflowId: string, query: PointerQuery): Promise<readonly PointerRow[]> {
    this.#run.check();
    return this.#stores.pointers.getPointers(workflowId, query);
  }

  async claimDueInstances(
    asAt: Date,
    options: { readonly definitions: readonly DefinitionKey[]; readonly limit: number; readonly claimUntil: Date },
  ): Promise<readonly string[]> {
    this.#run.check();
    return this.#stores.control.claimDueInstances(asAt, options);
  }

  async command(id: string, command: ControlCommand, now: Date, options: CommandOptions = {}): Promise<boolean | undefined> {
    this.#run.check();
    if (command === "retry" && options.revision === undefined) throw new RangeError("a retry needs the revision that it expects");
    return this.#stores.control.command(id, command, now, options);
  }

  async readSignals(ids: readonly string[]): Promise<readonly WorkflowSignals[]> {
    this.#run.check();
    return this.#stores.workflows.readSignals(ids);
  }

  async nextDefinitionSequence(definitionId: string, count: number): Promise<number> {
    this.#run.check();
    if (!(Number.isInteger(count) && count >= 1)) throw new RangeError(`count must be a whole number, 1 or more: got ${count}`);
    return this.#stores.workflows.nextDefinitionSequence(definitionId, count);
  }

  async listWorkflows(filter: WorkflowFilter, page: PageRequest): Promise<Page<WorkflowRow>> {
    this.#run.check();
    return this.#stores.query.listWorkflows(filter, page);
  }

  async countWorkflows(filter: WorkflowFilter): Promise<number> {
    this.#run.check();
    return this.#stores.query.countWorkflows(filter);
  }

  async getEndedWorkflows(ended: EndedWorkflows, limit: number): Promise<readonly string[]> {
    this.#run.check();
    return this.#stores.query.getEndedWorkflows(ended, limit);
  }

  async deleteWorkflows(ids: readonly string[], only?: EndedWorkflows): Promise<number> {
    this.#run.check();
    return this.#stores.workflows.deleteWorkflows(ids, only);
  }

  async createEvent(event: EventRow, now: Date): Promise<string> {
    this.#run.check();
    return this.#stores.events.createEvent(event, now);
  }

  async publishEvent(event: EventRow, now: Date): Promise<EventPublication> {
    this.#run.check();
    const { events } = this.#stores;
    if (events.publishEvent !== undefined) return events.publishEvent(event, now);
    await events.createEvent(event, now);
    return { reached: [], delivered: false };
  }

  async getEvent(id: string): Promise<StoredEvent | undefined> {
    this.#run.check();
    return this.#stores.events.getEvent(id);
  }

  async isEventConsumed(id: string): Promise<boolean> {
    this.#run.check();
    return this.#stores.events.isEventConsumed(id);
  }

  async getEvents(name: string, key: string, asOf: Date): Promise<readonly string[]> {
    this.#run.check();
    return this.#stores.events.getEvents(name, key, asOf);
  }

  async getRunnableEvents(asAt: Date, options: { readonly limit: number; readonly claimUntil: Date }): Promise<readonly RunnableEvent[]> {
    this.#run.check();
    return this.#stores.events.getRunnableEvents(asAt, options);
  }

  async deliverEvents(topics: readonly Topic[], now: Date): Promise<readonly string[]> {
    this.#run.check();
    return this.#stores.events.deliverEvents(topics, now);
  }

  async deleteDeliveredEvents(storedBefore: Date, limit: number): Promise<number> {
    this.#run.check();
    return this.#stores.events.deleteDeliveredEvents(storedBefore, limit);
  }

  async getSubscription(id: string): Promise<EventSubscription | undefined> {
    this.#run.check();
    return this.#stores.subscriptions.getSubscription(id);
  }

  async getSubscriptions(name: string, key: string, asOf: Date): Promise<readonly EventSubscription[]> {
    this.#run.check();
    return this.#stores.subscriptions.getSubscriptions(name, key, asOf);
  }

  async getFirstOpenSubscription(activity: string, now: Date): Promise<EventSubscription | undefined> {
    this.#run.check();
    return this.#stores.subscriptions.getFirstOpenSubscription(activity, now);
  }

  async setSubscriptionToken(id: string, token: string, workerId: string, expiresAt: Date, now: Date): Promise<boolean> {
    this.#run.check();
    return this.#stores.subscriptions.setSubscriptionToken(id, token, workerId, expiresAt, now);
  }

  async extendSubscriptionToken(id: string, token: string, expiresAt: Date, now: Date): Promise<boolean> {
    this.#run.check();
    return this.#stores.subscriptions.extendSubscriptionToken(id, token, expiresAt, now);
  }

  async clearSubscriptionToken(id: string, token: string): Promise<boolean> {
    this.#run.check();
    return this.#stores.subscriptions.clearSubscriptionToken(id, token);
  }

  async scheduleCommand(command: ScheduledCommand): Promise<void> {
    this.#run.check();
    return this.#stores.commands.scheduleCommand(command);
  }

  async processCommands(
    asAt: Date,
    options: { readonly limit: number; readonly claimUntil: Date },
    handler: (command: ScheduledCommand) => Promise<void>,
  ): Promise<number> {
    this.#run.check();
    return this.#stores.commands.processCommands(asAt, options, handler);
  }

  async getErrors(workflowId: string): Promise<readonly ExecutionErrorRow[]> {
    this.#run.check();
    return this.#stores.errors.getErrors(workflowId);
  }

  async inspectWorkflow(id: string, request: InspectionRequest): Promise<WorkflowInspection> {
    this.#run.check();
    return this.#stores.inspection.inspectWorkflow(id, request);
  }
}
