import {
  type AnyDefinition,
  type AnyFunctionStep,
  type AnyStep,
  buildWorkflow,
  checkedDefinition,
  type Chain,
  createdRow,
  type Duration,
  durationMs,
  type EventRow,
  type ExecutorServices,
  instanceEvent,
  type LifecycleEvent,
  type LifecycleEventOf,
  type LifecycleEventType,
  MiddlewareRunner,
  Payloads,
  type Provider,
  type StepClass,
  type StepRef,
  StepNotRegisteredError,
  StepRegistry,
  WfeError,
  type WorkflowBuilder,
  type WorkflowDefinition,
  type WorkflowDefinitionJson,
  type WorkflowRow,
} from "wfe-core";
import { CommandConsumer } from "./command-consumer.ts";
import { ActivityController } from "./activity-controller.ts";
import { ClientVerbs } from "./client-verbs.ts";
import { CompletionWaiter } from "./completion-waiter.ts";
import type { ConsumerLoop } from "./consumer-loop.ts";
import { eventLoop, workflowLoop } from "./consumer-loops.ts";
import { EventConsumer } from "./event-consumer.ts";
import type { HostParts } from "./host-parts.ts";
import { type HostServices, warn } from "./host-services.ts";
import { InstanceLookup } from "./instance-lookup.ts";
import { LifecycleBus } from "./lifecycle-bus.ts";
import { checkEventsOptions, type LifecycleEvents, type LifecycleEventsOptions } from "./lifecycle-events.ts";
import { OneAtATime } from "./one-at-a-time.ts";
import { startAll, stopAll } from "./provider-lifecycle.ts";
import { StoreMetrics } from "./store-metrics.ts";
import { Sweeper } from "./sweeper.ts";
import { WorkflowConsumer } from "./workflow-consumer.ts";
import { WorkflowCommands } from "./workflow-commands.ts";
import { WorkflowController } from "./workflow-controller.ts";
import { WorkflowMigrator } from "./workflow-migrator.ts";
import { WorkflowStarter } from "./workflow-starter.ts";

/**
 * Runs workflows inside your application. Any number of hosts, in any number of processes, may share a store; each works on the definitions
 * registered with it. Every method may be called concurrently. Made by {@link WorkflowHostBuilder}.
 */
export class WorkflowHost extends ClientVerbs implements AsyncDisposable {
  /** @internal */
  protected readonly controller: WorkflowController;
  /** @internal */
  protected readonly activities: ActivityController;
  readonly #parts: HostParts;
  readonly #steps = new StepRegistry();
  readonly #bus: LifecycleBus;
  readonly #workflows: WorkflowConsumer;
  readonly #events: EventConsumer;
  readonly #commands: CommandConsumer;
  readonly #sweeper: Sweeper;
  readonly #waiter: CompletionWaiter;
  readonly #loops: readonly ConsumerLoop[];
  #state: "stopped" | "starting" | "running" | "stopping" = "stopped";
  readonly #changes = new OneAtATime();
  #storeMetrics: StoreMetrics | undefined;

  /** @internal */
  constructor(parts: HostParts) {
    super();
    const { providers, clock, entropy, registry, options, log, metrics, artifacts } = parts;
    const payloads = new Payloads({ codec: options.codec, limits: { data: options.maxDataSize, event: options.maxEventSize } });
    const middleware = new MiddlewareRunner(parts.middleware ?? [], (message, error) => warn(parts, message, error));
    const services: HostServices = { ...providers, registry, clock, entropy, payloads, log, metrics, artifacts, middleware, options };
    this.#parts = parts;
    this.#waiter = new CompletionWaiter(services, (id) => this.#workflows.runs(id));
    const lifecycle = (event: LifecycleEvent): void => this.#bus.publish(event);
    const written = (row: WorkflowRow): void => {
      this.#workflows.written(row);
      this.#bus.written(row);
    };
    const executor: ExecutorServices = {
      ...services,
      steps: this.#steps,
      context: {
        payloads,
        clock,
        log,
        metrics,
        client: this,
        newChild: (child) => starter.newChild(child),
        polls: { ...options.polls, fetch: parts.http, clock },
        artifacts,
        middleware,
      },
      contended: () => this.#workflows.isContended,
      committed: (change, row, { delivered }) => {
        written(row);
        this.#waiter.committed(row);
        for (const event of change.events) if (delivered?.includes(event.id) !== true) this.#events.deliver(event);
        for (const child of change.children) {
          lifecycle(instanceEvent("started", createdRow(child), child.createdAt));
          this.#workflows.dispatch(child.id);
        }
        if (change.commands.length > 0) this.#commands.soon();
        for (const { activity } of change.openSubscriptions) if (activity !== undefined) this.activities.offered(activity);
      },
      publish: (event) => this.#bus.publish(event),
      warn: (message, error) => warn(services, message, error),
    };
    this.#workflows = new WorkflowConsumer(services, executor, providers.locks, () => this.#sweeper.lookForInstances());
    const dispatch = (id: string): void => this.#workflows.dispatch(id);
    this.#events = new EventConsumer(services, dispatch, () => this.#sweeper.lookForEvents());
    const starter = new WorkflowStarter(services, lifecycle, { consumer: this.#workflows, locks: providers.locks });
    const lookup = new InstanceLookup(services);
    this.#bus = new LifecycleBus(services, parts.publisher, (idOrName) => this.underWay.track(lookup.idOrSame(idOrName)));
    const published = (event: EventRow): void =>
      event.eligibleAt === undefined ? this.#events.deliver(event) : this.#events.schedule(event, event.eligibleAt);
    const commands = new WorkflowCommands(services, lookup, {
      changed: dispatch,
      published,
      commanded: () => this.#commands.soon(),
      lifecycle,
      ended: (row) => {
        written(row);
        this.#waiter.notify(row.id, row.status);
      },
    });
    this.#commands = new CommandConsumer(services, commands);
    this.#sweeper = new Sweeper(services, providers.locks, this.#workflows, this.#events, this.#commands);
    this.#loops = [workflowLoop(services, this.#workflows), eventLoop(services, this.#events)];
    const host = { locks: providers.locks, has: (id: string) => this.#workflows.has(id) };
    const effects = { assertRunning: () => this.#assertRunning(), published, changed: dispatch, host };
    const migrator = new WorkflowMigrator(services, lookup, starter, dispatch);
    this.controller = new WorkflowController(services, starter, this.#waiter, lookup, commands, migrator, effects);
    this.activities = new ActivityController(services, effects);
  }

  /**
   * Builds a definition in place and registers it.
   *
   * @throws DefinitionError, DefinitionExistsError, StepKeyTakenError; StepNotRegisteredError on a started host.
   */
  registerWorkflow<TData, TInput = TData>(
    id: string,
    version: number,
    block: (builder: WorkflowBuilder<TData, TInput>) => Chain,
  ): WorkflowDefinition<TData, TInput> {
    const definition = buildWorkflow(id, version, block);
    this.registerWorkflowDefinition(definition as AnyDefinition);
    return definition;
  }

  /**
   * Adds a definition, and the steps it names: a built one, or plain JSON that was parsed, which has no functions. The same one again does
   * nothing; it takes part from the next sweep.
   *
   * @throws DefinitionError for what is no definition that can run, TypeError for a workflow that is not built; DefinitionExistsError when another graph has its
   * id and version, StepKeyTakenError;
   * StepNotRegisteredError on a started host.
   */
  registerWorkflowDefinition(definition: WorkflowDefinition<unknown, never> | WorkflowDefinitionJson): void {
    const checked = checkedDefinition(definition);
    this.#steps.allOrNothing(() => {
      this.#steps.registerStepsOf(checked);
      if (this.#state !== "stopped") this.#assertSteps([checked]);
      this.#parts.registry.register(checked);
    });
  }

  /** Adds a step, under its key; the same one again does nothing. @throws StepKeyTakenError when another step has it; TypeError for what is no step */
  registerStep(step: StepClass<AnyStep> | AnyFunctionStep): void {
    this.#steps.register(step);
  }

  /**
   * Says how to make a step: a class with constructor parameters, or one named by {@link stepRef}. Asked before each run, for a fresh object.
   *
   * @throws StepKeyTakenError when another step, or another factory, has the key; TypeError for what names no step or makes none
   */
  registerStepFactory<TStep extends AnyStep>(step: StepClass<TStep> | StepRef<TStep> | string, create: () => NoInfer<TStep>): void {
    this.#steps.registerFactory(step, create);
  }

  /**
   * Starts the providers and begins to work; resolves when the host is ready. Idempotent, and possible again after `stop`.
   *
   * @throws StepNotRegisteredError naming every step that cannot be made; the providers' errors; for a registry of your own also what
   * `registerWorkflowDefinition` throws. The host is stopped then.
   */
  start(): Promise<void> {
    return this.#changes.run(async () => {
      if (this.#state === "running") return;
      // Those of a registry of the user's came here by no registration.
      const definitions = this.#parts.registry.getAllDefinitions();
      for (const definition of definitions) this.#steps.registerStepsOf(definition);
      this.#assertSteps(definitions);
      this.#state = "starting";
      try {
        await startAll(this.#providers(), (error) => warn(this.#parts, "a provider could not be stopped after the failed start", error));
      } catch (error) {
        this.#state = "stopped";
        throw error;
      }
      this.#workflows.start();
      this.#waiter.start();
      this.#state = "running";
      await this.#sweeper.start();
      for (const loop of this.#loops) loop.start();
    });
  }

  /**
   * Takes no new work, lets running bodies finish and commits them, then calls the rest off: they run again with the next host, and no crash
   * is counted. Starts no successor. Waits for the answers to what was asked, then stops the providers. Idempotent; the host may be started again.
   *
   * @param options.timeout - How long bodies may take. @default the option `shutdownTimeout`
   * @throws RangeError for a bad timeout: nothing is stopped then; what a provider throws that cannot be stopped; the host and the other providers are stopped all the same.
   */
  async stop(options: { readonly timeout?: Duration } = {}): Promise<void> {
    const timeoutMs = options.timeout === undefined ? this.#parts.options.shutdownTimeoutMs : durationMs(options.timeout, "timeout");
    return this.#changes.run(async () => {
      if (this.#state === "stopped") return;
      this.#state = "stopping";
      const endsAt = this.#parts.clock.monotonic() + timeoutMs;
      this.#waiter.stop();
      this.activities.stop();
      this.#events.limit(timeoutMs);
      // The loops first: what they have taken goes back to the queue, not round and round.
      const loops = this.#loops.map((loop) => loop.stop());
      await Promise.all([...loops, this.#workflows.stop(timeoutMs), this.#sweeper.stop()]);
      await Promise.all([this.#events.stop(), this.#commands.settled()]);
      this.#state = "stopped";
      await this.#bus.stop(Math.max(0, endsAt - this.#parts.clock.monotonic()));
      await this.underWay.settled(this.#parts.clock, timeoutMs);
      await stopAll(this.#stores().reverse());
    });
  }

  /**
   * Lifecycle events of this host's commits from now on; with a publisher, those of all hosts and clients that have one. Ends with `signal`, and with
   * the host. They are notifications: see {@link LifecycleEvents.gaps} for what a reader may lose.
   *
   * @throws TypeError, RangeError that name the option; WfeError `WFE_HOST_NOT_RUNNING` for one instance on a host that is not running. The iterator
   * rejects with what the publisher says to the subscription, and the store to a name.
   */
  events<TType extends LifecycleEventType = LifecycleEventType>(options?: LifecycleEventsOptions<TType>): LifecycleEvents<LifecycleEventOf<TType>> {
    const wanted = checkEventsOptions(options);
    if (wanted.workflowId !== undefined) this.#assertRunning(); // which is looked up in the store
    return this.#bus.events(wanted) as LifecycleEvents<LifecycleEventOf<TType>>; // of those types alone
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #stores(): Provider[] {
    const { providers, metrics } = this.#parts;
    const { persistence, locks, queue } = providers;
    return [persistence, locks, queue, ...(metrics === undefined ? [] : [(this.#storeMetrics ??= new StoreMetrics(persistence, metrics))])];
  }

  #providers(): Provider[] {
    return [...this.#stores(), ...(this.#parts.publisher === undefined ? [] : [this.#parts.publisher])];
  }

  #assertSteps(definitions: readonly AnyDefinition[]): void {
    const missing = [...new Set(definitions.flatMap((definition) => this.#steps.missing(definition)))];
    if (missing.length > 0) throw new StepNotRegisteredError(missing);
  }

  #assertRunning(): void {
    // Steps that finish while the host stops may still publish and start.
    if (this.#state === "running" || this.#state === "stopping") return;
    throw new WfeError("WFE_HOST_NOT_RUNNING", "the host is not running: call host.start() first");
  }
}
