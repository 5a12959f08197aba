import { ActivityDefinition, ActivityToken, AnyDefinition, AnyFunctionStep, AnyStep, ArtifactStore, ArtifactSweep, Chain, ChildRequest, Clock, Codec, CreatedInstance, DefinitionKey, DistributedLockProvider, DurableShape, Duration, EndedWorkflows, Entropy, EventDefinition, EventRow, ExecutionError, ExecutionPointer, ExecutorServices, FinishedWorkflow, HttpClient, JsonValue, Lease, LifecycleEvent, LifecycleEventOf, LifecycleEventType, LifecyclePublisher, LoadedWorkflow, LogSink, MetricSink, Middleware, MiddlewareRunner, MigrateOptions, MigrationPlan, NewWorkflow, Page, PageRequest, Payloads, PendingActivity, PersistenceProvider, PollOptions, PollRules, Providers, PublishOptions, PurgeOptions, QueueProvider, Slots, StartOptions, StepClass, StepRef, StoredEvent, WaitForOptions, WorkItem, WorkflowBuilder, WorkflowClient, WorkflowDefinition, WorkflowDefinitionJson, WorkflowExplanation, WorkflowFilter, WorkflowId, WorkflowInstance, WorkflowRecord, WorkflowRegistry, WorkflowRow, WorkflowStatus } from "wfe-core";
export * from "wfe-core";
interface LifecycleEventsOptions<TType extends LifecycleEventType = LifecycleEventType> {
    readonly workflowId?: string;
    readonly types?: readonly TType[];
    readonly signal?: AbortSignal;
}
interface LifecycleEvents<TEvent extends LifecycleEvent = LifecycleEvent> extends AsyncIterableIterator<TEvent, undefined> {
    readonly gaps: number;
}
interface ResolvedPurge {
    readonly status: EndedWorkflows["status"];
    readonly batchSize: number;
    readonly dryRun: boolean;
    readonly before: (nowMs: number) => Date;
}
declare function purgeWorkflows(persistence: PersistenceProvider, options: PurgeOptions, { artifacts, clock }?: {
    readonly artifacts?: ArtifactStore | undefined;
    readonly clock?: Clock;
}): Promise<number>;
interface PurgeRule extends Pick<PurgeOptions, "status" | "batchSize"> {
    readonly olderThan: Duration;
}
interface HostOptions {
    readonly maxConcurrentWorkflows?: number;
    readonly maxConcurrentStepsPerWorkflow?: number;
    readonly sweepInterval?: Duration;
    readonly takeOverInterval?: Duration;
    readonly lockTtl?: Duration;
    readonly shutdownTimeout?: Duration;
    readonly maxCrashes?: number;
    readonly eventRetention?: Duration;
    readonly purge?: readonly PurgeRule[];
    readonly purgeInterval?: Duration;
    readonly maxDataSize?: number;
    readonly maxEventSize?: number;
    readonly maxOpenPointers?: number;
    readonly maxSubWorkflowDepth?: number;
    readonly codec?: Codec;
    readonly pollEndpoints?: PollOptions;
}
interface ResolvedHostOptions {
    readonly maxConcurrentWorkflows: number;
    readonly maxConcurrentSteps: number;
    readonly sweepIntervalMs: number;
    readonly takeOverIntervalMs: number;
    readonly longestPollMs: number;
    readonly lockTtlMs: number;
    readonly shutdownTimeoutMs: number;
    readonly maxCrashes: number;
    readonly eventRetentionMs: number;
    readonly purge: readonly ResolvedPurge[];
    readonly purgeIntervalMs: number;
    readonly maxDataSize: number;
    readonly maxEventSize: number;
    readonly maxOpenPointers: number;
    readonly maxDepth: number;
    readonly codec: Codec | undefined;
    readonly polls: PollRules;
}
interface HostPlugin {
    readonly middleware?: Middleware;
    readonly metricSink?: MetricSink;
}
interface HostServices {
    readonly persistence: PersistenceProvider;
    readonly queue: QueueProvider;
    readonly registry: WorkflowRegistry;
    readonly clock: Clock;
    readonly entropy: Entropy;
    readonly payloads: Payloads;
    readonly log: LogSink;
    readonly metrics?: MetricSink | undefined;
    readonly artifacts?: ArtifactStore | undefined;
    readonly middleware?: MiddlewareRunner | undefined;
    readonly options: ResolvedHostOptions;
}
type SubmittedFailure = Error | {
    readonly message: string;
    readonly data?: JsonValue;
    readonly retryable?: boolean;
};
interface ActivityEffects {
    assertRunning(): void;
    changed(workflowId: string): void;
}
declare class ActivityController {
    #private;
    constructor(services: HostServices, effects: ActivityEffects);
    offered(activity: string): void;
    stop(): void;
    getPending(name: unknown, workerId: string, options: {
        readonly lease: Duration;
        readonly wait?: Duration;
    }): Promise<PendingActivity<unknown, never> | undefined>;
    success(token: ActivityToken, result: unknown): Promise<void>;
    failure(token: ActivityToken, error: SubmittedFailure): Promise<void>;
    extend(token: ActivityToken, lease: Duration): Promise<boolean>;
    release(token: ActivityToken): Promise<void>;
}
declare class UnderWay {
    #private;
    track<T>(work: Promise<T>): Promise<T>;
    settled(clock: Clock, timeoutMs: number): Promise<void>;
}
declare class CompletionWaiter {
    #private;
    constructor(services: HostServices, isHere?: (workflowId: string) => boolean);
    hearsOf(workflowId: string): boolean;
    start(): void;
    check({ timeout, signal, onSuspended }: WaitForOptions): void;
    wait(workflowId: string, options: WaitForOptions): Promise<FinishedWorkflow<unknown>>;
    committed(row: WorkflowRow): void;
    notify(workflowId: string, status: WorkflowStatus): void;
    stop(): void;
}
declare class InstanceLookup {
    #private;
    constructor(services: Pick<HostServices, "persistence">);
    id(idOrName: string): Promise<string>;
    idOrSame(idOrName: string): Promise<string>;
    loaded(idOrName: string): Promise<LoadedWorkflow>;
    row(idOrName: string): Promise<WorkflowRow>;
    record(idOrName: string): Promise<WorkflowRecord>;
}
interface CommandEffects {
    changed(workflowId: string): void;
    published(event: EventRow): void;
    commanded(): void;
    lifecycle(event: LifecycleEvent): void;
    ended(row: WorkflowRow): void;
}
declare class WorkflowCommands {
    #private;
    constructor(services: HostServices, lookup: InstanceLookup, effects: CommandEffects);
    suspend(idOrName: string): Promise<boolean>;
    resume(idOrName: string): Promise<boolean>;
    terminate(idOrName: string): Promise<boolean>;
    retry(idOrName: string): Promise<boolean>;
}
interface HostSight {
    readonly locks: DistributedLockProvider;
    has(id: string): boolean;
}
interface InstanceToRun extends CreatedInstance {
    readonly lease?: Lease | undefined;
}
interface UnknownInstances extends DefinitionKey {
    readonly instances: number;
}
declare class WorkflowConsumer {
    #private;
    readonly slots: Slots;
    constructor(services: HostServices, executor: ExecutorServices, locks: DistributedLockProvider, lookForDue: () => void);
    dispatch(id: string, { isOrphan }?: {
        readonly isOrphan?: boolean;
    }): void;
    get unknownDefinitions(): readonly UnknownInstances[];
    get isContended(): boolean;
    consume(item: WorkItem): Promise<void>;
    tryReserve(): boolean;
    create(id: string, creation: () => Promise<InstanceToRun | undefined>): Promise<void>;
    schedule(id: string, dueAt: Date): void;
    has(id: string): boolean;
    runs(id: string): boolean;
    written({ id, status }: WorkflowRow): void;
    poke(id: string): boolean;
    start(): void;
    stop(timeoutMs: number): Promise<void>;
}
interface RunsHere {
    readonly consumer: WorkflowConsumer;
    readonly locks: DistributedLockProvider;
}
declare class WorkflowStarter {
    #private;
    constructor(services: HostServices, publish: (event: LifecycleEvent) => void, runsHere?: RunsHere);
    definition(id: string, version: number): AnyDefinition;
    known(definition: AnyDefinition): AnyDefinition;
    start(definition: AnyDefinition, input: unknown, options: StartOptions): Promise<string>;
    newChild({ id, definitionId, version, input, parent, rootWorkflowId, traceContext, signal }: ChildRequest): Promise<NewWorkflow>;
}
declare class WorkflowMigrator {
    #private;
    constructor(services: HostServices, lookup: InstanceLookup, starter: Pick<WorkflowStarter, "known" | "definition">, changed: (workflowId: string) => void);
    migrate(idOrName: string, to: unknown, options: MigrateOptions): Promise<MigrationPlan>;
}
interface ControllerEffects {
    assertRunning(): void;
    published(event: EventRow): void;
    changed(workflowId: string): void;
    readonly host?: HostSight;
}
declare class WorkflowController {
    #private;
    constructor(services: HostServices, starter: WorkflowStarter, waiter: CompletionWaiter, lookup: InstanceLookup, commands: WorkflowCommands, migrator: WorkflowMigrator, effects: ControllerEffects);
    startWorkflow(definition: string | AnyDefinition, args: readonly unknown[]): Promise<string>;
    runWorkflow(definition: string | AnyDefinition, args: readonly unknown[], options: WaitForOptions): Promise<unknown>;
    waitForWorkflow(idOrName: string, options: WaitForOptions): Promise<FinishedWorkflow<unknown>>;
    getWorkflow(idOrName: string): Promise<WorkflowInstance>;
    publishEvent(event: string | EventDefinition<unknown>, key: string, payload: unknown, options: PublishOptions): Promise<string>;
    listWorkflows(filter: WorkflowFilter, page: PageRequest): Promise<Page<WorkflowInstance>>;
    countWorkflows(filter: WorkflowFilter): Promise<number>;
    getErrors(idOrName: string): Promise<readonly ExecutionError[]>;
    command(idOrName: string, command: "suspend" | "resume" | "terminate" | "retry"): Promise<boolean>;
    migrateWorkflow(idOrName: string, to: unknown, options: MigrateOptions<never, unknown> | undefined): Promise<MigrationPlan>;
    getHistory(idOrName: string): Promise<readonly ExecutionPointer[]>;
    explain(idOrName: string): Promise<WorkflowExplanation>;
    getEvent(id: string): Promise<Omit<StoredEvent, "data"> & {
        readonly data: JsonValue | undefined;
    }>;
    purgeWorkflows(options: PurgeOptions): Promise<number>;
    sweepArtifacts(): Promise<ArtifactSweep>;
}
declare abstract class ClientVerbs implements WorkflowClient {
    protected abstract readonly controller: WorkflowController;
    protected abstract readonly activities: ActivityController;
    protected readonly underWay: UnderWay;
    startWorkflow<TData, TInput>(definition: WorkflowDefinition<TData, TInput>, input: NoInfer<TInput>, options?: StartOptions): Promise<WorkflowId<TData>>;
    startWorkflow<TData extends DurableShape<TData>>(definitionId: string, version: number, input: TData, options?: StartOptions): Promise<WorkflowId<unknown>>;
    runWorkflow<TData, TInput>(definition: WorkflowDefinition<TData, TInput>, input: NoInfer<TInput>, options?: StartOptions & WaitForOptions): Promise<TData>;
    waitForWorkflow<TData>(definition: WorkflowDefinition<TData, never>, id: string, options?: WaitForOptions): Promise<FinishedWorkflow<TData>>;
    waitForWorkflow<TData>(id: WorkflowId<TData>, options?: WaitForOptions): Promise<FinishedWorkflow<TData>>;
    getWorkflow<TData>(idOrName: WorkflowId<TData>): Promise<WorkflowInstance<TData>>;
    publishEvent<TPayload>(event: EventDefinition<TPayload>, key: string, payload: NoInfer<TPayload>, options?: PublishOptions): Promise<string>;
    publishEvent<TPayload extends DurableShape<TPayload>>(name: string, key: string, payload: TPayload, options?: PublishOptions): Promise<string>;
    suspendWorkflow(idOrName: string): Promise<boolean>;
    resumeWorkflow(idOrName: string): Promise<boolean>;
    terminateWorkflow(idOrName: string): Promise<boolean>;
    retryWorkflow(idOrName: string): Promise<boolean>;
    migrateWorkflow<TData, TNewData>(idOrName: WorkflowId<TData>, to: WorkflowDefinition<TNewData, never>, options?: MigrateOptions<TData, NoInfer<TNewData>>): Promise<MigrationPlan<TNewData>>;
    migrateWorkflow<TData, TNewData = TData>(idOrName: WorkflowId<TData>, to: number, options?: MigrateOptions<TData, TNewData>): Promise<MigrationPlan<TNewData>>;
    listWorkflows(filter?: WorkflowFilter, page?: PageRequest): Promise<Page<WorkflowInstance>>;
    countWorkflows(filter?: WorkflowFilter): Promise<number>;
    getErrors(idOrName: string): Promise<readonly ExecutionError[]>;
    getHistory(idOrName: string): Promise<readonly ExecutionPointer[]>;
    explain(idOrName: string): Promise<WorkflowExplanation>;
    getEvent(id: string): Promise<Omit<StoredEvent, "data"> & {
        readonly data: JsonValue | undefined;
    }>;
    purgeWorkflows(options: PurgeOptions): Promise<number>;
    sweepArtifacts(): Promise<ArtifactSweep>;
    getPendingActivity<TIn, TOut>(activity: ActivityDefinition<TIn, TOut> | string, workerId: string, options: {
        readonly lease: Duration;
        readonly wait?: Duration;
    }): Promise<PendingActivity<TIn, TOut> | undefined>;
    submitActivitySuccess<TOut>(token: ActivityToken<TOut>, result: NoInfer<TOut>): Promise<void>;
    submitActivityFailure(token: ActivityToken<never>, error: SubmittedFailure): Promise<void>;
    extendActivity(token: ActivityToken<never>, lease: Duration): Promise<boolean>;
    releaseActivity(token: ActivityToken<never>): Promise<void>;
}
interface ClientParts {
    readonly providers: Pick<Providers, "persistence" | "queue">;
    readonly registry: WorkflowRegistry;
    readonly options: ResolvedHostOptions;
    readonly clock: Clock;
    readonly entropy: Entropy;
    readonly log: LogSink;
    readonly metrics?: MetricSink | undefined;
    readonly publisher: LifecyclePublisher | undefined;
    readonly artifacts?: ArtifactStore | undefined;
    readonly middleware?: readonly Middleware[];
}
interface HostParts extends ClientParts {
    readonly providers: Providers;
    readonly http: HttpClient;
}
declare class StandaloneClient extends ClientVerbs implements AsyncDisposable {
    #private;
    protected readonly controller: WorkflowController;
    protected readonly activities: ActivityController;
    constructor(parts: ClientParts);
    start(): Promise<void>;
    stop(): Promise<void>;
    events<TType extends LifecycleEventType = LifecycleEventType>(options?: LifecycleEventsOptions<TType>): LifecycleEvents<LifecycleEventOf<TType>>;
    [Symbol.asyncDispose](): Promise<void>;
}
declare class WorkflowHost extends ClientVerbs implements AsyncDisposable {
    #private;
    protected readonly controller: WorkflowController;
    protected readonly activities: ActivityController;
    constructor(parts: HostParts);
    registerWorkflow<TData, TInput = TData>(id: string, version: number, block: (builder: WorkflowBuilder<TData, TInput>) => Chain): WorkflowDefinition<TData, TInput>;
    registerWorkflowDefinition(definition: WorkflowDefinition<unknown, never> | WorkflowDefinitionJson): void;
    registerStep(step: StepClass<AnyStep> | AnyFunctionStep): void;
    registerStepFactory<TStep extends AnyStep>(step: StepClass<TStep> | StepRef<TStep> | string, create: () => NoInfer<TStep>): void;
    start(): Promise<void>;
    stop(options?: {
        readonly timeout?: Duration;
    }): Promise<void>;
    events<TType extends LifecycleEventType = LifecycleEventType>(options?: LifecycleEventsOptions<TType>): LifecycleEvents<LifecycleEventOf<TType>>;
    [Symbol.asyncDispose](): Promise<void>;
}
declare class WorkflowHostBuilder {
    #private;
    useProviders(providers: Providers): this;
    usePersistence(provider: PersistenceProvider): this;
    useLockProvider(provider: DistributedLockProvider): this;
    useQueueProvider(provider: QueueProvider): this;
    useLifecyclePublisher(publisher: LifecyclePublisher): this;
    useLogSink(sink: LogSink): this;
    useMetricSink(sink: MetricSink): this;
    useArtifactStore(store: ArtifactStore): this;
    useMiddleware(middleware: Middleware): this;
    use({ middleware, metricSink }: HostPlugin): this;
    useRegistry(registry: WorkflowRegistry): this;
    useClock(clock: Clock): this;
    useEntropy(entropy: Entropy): this;
    useHttpClient(client: HttpClient): this;
    withOptions(options: HostOptions): this;
    build(): WorkflowHost;
    buildClient(): StandaloneClient;
    protected make(parts: HostParts): WorkflowHost;
}
declare class InMemoryWorkflowRegistry implements WorkflowRegistry {
    #private;
    register(definition: AnyDefinition): void;
    getDefinition(id: string, version?: number): AnyDefinition | undefined;
    isRegistered(id: string, version: number): boolean;
    deregister(id: string, version: number): boolean;
    getAllDefinitions(): readonly AnyDefinition[];
    keys(): readonly DefinitionKey[];
}
declare function runWorkflowSync(host: WorkflowHost, definitionId: string, version: number, data: unknown, timeout: Duration): Promise<unknown>;
export { type HostOptions, type HostPlugin, InMemoryWorkflowRegistry, type LifecycleEvents, type LifecycleEventsOptions, type PurgeRule, type StandaloneClient, type WorkflowHost, WorkflowHostBuilder, purgeWorkflows, runWorkflowSync };
