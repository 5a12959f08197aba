import {
  type AnyDefinition,
  type ArtifactSweep,
  decodedInstance,
  EventNotFoundError,
  type EventDefinition,
  type EventPublication,
  type EventRow,
  errorView,
  type ExecutionError,
  type ExecutionPointer,
  type FinishedWorkflow,
  isEngineEvent,
  type JsonValue,
  type MigrateOptions,
  type MigrationPlan,
  type Page,
  type PageRequest,
  pointerView,
  type PublishOptions,
  type PurgeOptions,
  type StartContext,
  type StartOptions,
  type StoredEvent,
  type WaitForOptions,
  WfeError,
  type WorkflowExplanation,
  type WorkflowFilter,
  type WorkflowInstance,
  WorkflowTerminatedError,
} from "wfe-core";
import { sweepArtifacts } from "../artifact-pins.ts";
import { purgeWorkflows } from "../purger.ts";
import { checkDefinition, checkInstant, checkKey, checkOptions, checkText } from "./arguments.ts";
import type { CompletionWaiter } from "./completion-waiter.ts";
import { checkFilter } from "./filter-check.ts";
import type { HostServices } from "./host-services.ts";
import type { InstanceLookup } from "./instance-lookup.ts";
import { validInput } from "./start-input.ts";
import type { WorkflowCommands } from "./workflow-commands.ts";
import { type HostSight, WorkflowExplainer } from "./workflow-explainer.ts";
import type { WorkflowMigrator } from "./workflow-migrator.ts";
import type { WorkflowStarter } from "./workflow-starter.ts";

/** Pointers of an instance that are read at once. */
const HISTORY_PAGE = 1_000;

/** What a controller leaves to its process: a host does it itself, a client asks the hosts through the queue. */
export interface ControllerEffects {
  /** Throws unless the process is started. */
  assertRunning(): void;
  /** An event was stored: deliver it. */
  published(event: EventRow): void;
  /** An instance was changed from outside: look at it. */
  changed(workflowId: string): void;
  /** Absent for a client. */
  readonly host?: HostSight;
}

/** What the verbs of a `WorkflowClient` do, over a store. */
export class WorkflowController {
  readonly #services: HostServices;
  readonly #starter: WorkflowStarter;
  readonly #waiter: CompletionWaiter;
  readonly #effects: ControllerEffects;
  readonly #lookup: InstanceLookup;
  readonly #commands: WorkflowCommands;
  readonly #explainer: WorkflowExplainer;
  readonly #migrator: WorkflowMigrator;

  constructor(
    services: HostServices,
    starter: WorkflowStarter,
    waiter: CompletionWaiter,
    lookup: InstanceLookup,
    commands: WorkflowCommands,
    migrator: WorkflowMigrator,
    effects: ControllerEffects,
  ) {
    this.#services = services;
    this.#lookup = lookup;
    this.#commands = commands;
    this.#migrator = migrator;
    this.#starter = starter;
    this.#waiter = waiter;
    this.#effects = effects;
    this.#explainer = new WorkflowExplainer(services, lookup, effects.host);
  }

  async startWorkflow(definition: string | AnyDefinition, args: readonly unknown[]): Promise<string> {
    this.#effects.assertRunning();
    if (typeof definition !== "string") {
      return this.#start(this.#starter.known(checkDefinition(definition)), args[0], args[1]);
    }
    const [version, input, options] = args;
    if (typeof version !== "number") throw new TypeError(`a definition that is started by its id needs a version: startWorkflow(id, version, input)`);
    return this.#start(this.#starter.definition(definition, version), input, options);
  }

  async #start(definition: AnyDefinition, input: unknown, given: unknown): Promise<string> {
    const around = this.#services.middleware?.aroundStart;
    if (around === undefined) return this.#starter.start(definition, input, startOptions(given));
    // The same at each `next()`: one whose answer was lost has started it, perhaps.
    const ownId = this.#services.entropy.id();
    const ctx: StartContext = { definitionId: definition.id, version: definition.version, input, options: { ...startOptions(given) } };
    return around(ctx, async () => {
      this.#effects.assertRunning(); // much may have happened meanwhile
      const options = startOptions(ctx.options);
      return this.#starter.start(definition, input, options.id === undefined ? { ...options, id: ownId } : options);
    });
  }

  /** Starts nothing when it could not wait for it. */
  async runWorkflow(definition: string | AnyDefinition, args: readonly unknown[], options: WaitForOptions): Promise<unknown> {
    this.#waiter.check(options);
    const end = await this.waitForWorkflow(await this.startWorkflow(definition, args), options);
    if (end.status === "terminated") throw new WorkflowTerminatedError(end.id, end.error);
    return end.data;
  }

  async waitForWorkflow(idOrName: string, options: WaitForOptions): Promise<FinishedWorkflow<unknown>> {
    this.#effects.assertRunning();
    const id = this.#waiter.hearsOf(idOrName) ? idOrName : await this.#lookup.id(idOrName);
    return this.#waiter.wait(id, checkOptions(options, "the options of a wait"));
  }

  async getWorkflow(idOrName: string): Promise<WorkflowInstance> {
    this.#effects.assertRunning();
    return decodedInstance(await this.#lookup.row(idOrName), this.#services.payloads);
  }

  async publishEvent(event: string | EventDefinition<unknown>, key: string, payload: unknown, options: PublishOptions): Promise<string> {
    this.#effects.assertRunning();
    const name: unknown = typeof event === "object" ? (event as EventDefinition<unknown> | null)?.name : event;
    checkEvent(name, key, options);
    const schema = typeof event === "string" ? undefined : event.schema;
    const checked = schema === undefined ? payload : await validInput(schema, payload, `the payload of the event ${JSON.stringify(name)}`);
    const { clock, entropy, payloads } = this.#services;
    const now = new Date(clock.now());
    const time = options.time ?? now;
    const row: EventRow = {
      id: options.id ?? entropy.id(),
      name,
      key,
      time,
      // No payload at all becomes null: the wait that it wakes has to see that something came.
      data: payloads.encode(checked === undefined ? null : payloads.stored(checked, "the event"), "the event", payloads.limits.event),
      ...(time > now ? { eligibleAt: time } : {}),
    };
    const { reached, delivered } = await this.#publish(row, now);
    for (const workflowId of reached) this.#effects.changed(workflowId);
    if (!delivered) this.#effects.published(row);
    return row.id;
  }

  async #publish(row: EventRow, now: Date): Promise<EventPublication> {
    const { persistence, middleware } = this.#services;
    // Who stands around deliveries gets them as a call of their own.
    const isDelivered = row.eligibleAt === undefined && middleware?.aroundDelivery === undefined;
    if (isDelivered && persistence.publishEvent !== undefined) return persistence.publishEvent(row, now);
    await persistence.createEvent(row, now);
    return { reached: [], delivered: false };
  }

  async listWorkflows(filter: WorkflowFilter, page: PageRequest): Promise<Page<WorkflowInstance>> {
    this.#effects.assertRunning();
    const { items, cursor } = await this.#services.persistence.listWorkflows(checkFilter(filter), checkOptions(page, "the page"));
    const decoded = items.map((row) => decodedInstance(row, this.#services.payloads));
    return cursor === undefined ? { items: decoded } : { items: decoded, cursor };
  }

  async countWorkflows(filter: WorkflowFilter): Promise<number> {
    this.#effects.assertRunning();
    return this.#services.persistence.countWorkflows(checkFilter(filter));
  }

  async getErrors(idOrName: string): Promise<readonly ExecutionError[]> {
    this.#effects.assertRunning();
    const id = await this.#lookup.id(idOrName);
    return (await this.#services.persistence.getErrors(id)).map((row) => errorView(row, this.#services.payloads));
  }

  /** @returns Whether the status allowed it. @throws WorkflowNotFoundError */
  async command(idOrName: string, command: "suspend" | "resume" | "terminate" | "retry"): Promise<boolean> {
    this.#effects.assertRunning();
    return this.#commands[command](idOrName);
  }

  async migrateWorkflow(idOrName: string, to: unknown, options: MigrateOptions<never, unknown> | undefined): Promise<MigrationPlan> {
    this.#effects.assertRunning();
    return this.#migrator.migrate(idOrName, to, checkOptions(options as MigrateOptions | undefined, "the options of a migration"));
  }

  async getHistory(idOrName: string): Promise<readonly ExecutionPointer[]> {
    this.#effects.assertRunning();
    const { id } = await this.#lookup.row(idOrName);
    const history: ExecutionPointer[] = [];
    // A page at a time: an instance may have more pointers than one answer of a database can hold.
    for (let after = 0; ; ) {
      const page = await this.#services.persistence.getPointers(id, { after, limit: HISTORY_PAGE });
      for (const row of page) history.push(pointerView(row, this.#services.payloads));
      const last = page.at(-1);
      if (last === undefined || page.length < HISTORY_PAGE) return history;
      after = last.seq;
    }
  }

  async explain(idOrName: string): Promise<WorkflowExplanation> {
    this.#effects.assertRunning();
    return this.#explainer.explain(idOrName);
  }

  async getEvent(id: string): Promise<Omit<StoredEvent, "data"> & { readonly data: JsonValue | undefined }> {
    this.#effects.assertRunning();
    const event = await this.#services.persistence.getEvent(checkText(id, "an event's id"));
    if (event === undefined) throw new EventNotFoundError(id);
    return { ...event, data: event.data === undefined ? undefined : (this.#services.payloads.decode(event.data, "the event") as JsonValue) };
  }

  async purgeWorkflows(options: PurgeOptions): Promise<number> {
    this.#effects.assertRunning();
    const { persistence, artifacts, clock } = this.#services;
    return purgeWorkflows(persistence, options, { artifacts, clock });
  }

  async sweepArtifacts(): Promise<ArtifactSweep> {
    this.#effects.assertRunning();
    const { persistence, artifacts, clock } = this.#services;
    if (artifacts === undefined)
      throw new WfeError("WFE_ARTIFACT_STORE_MISSING", "there is no artifact store to sweep: useArtifactStore of the builder");
    return sweepArtifacts(persistence, artifacts, clock);
  }
}

function startOptions(options: unknown): StartOptions {
  return checkOptions(options as StartOptions | undefined, "the options of a start");
}

function checkEvent(name: unknown, key: unknown, options: PublishOptions): asserts name is string {
  const { id, time } = checkOptions(options, "the options of an event");
  if (checkText(name, "an event's name") === "" || isEngineEvent(name as string)) {
    throw new RangeError(`an event needs a name, and those that start with "wfe." are the engine's own: got ${JSON.stringify(name)}`);
  }
  checkText(key, "an event's key");
  if (id !== undefined && isEngineEvent(checkKey(id, "an event's id")))
    throw new RangeError(`ids of events that start with "wfe." are the engine's own: got ${JSON.stringify(id)}`);
  if (time !== undefined) checkInstant(time, "the event's time");
}
