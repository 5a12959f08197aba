import { InMemoryStore, VirtualClock } from "wfe-core/test-support";
import { ActivityDefinition, ActivityToken, AnyDefinition, AnyFunctionStep, AnyStep, ArtifactStore, ArtifactSweep, Chain, ChildRequest, Clock, Codec, CreatedInstance, DefinitionKey, DistributedLockProvider, DurableShape, Duration, EndedWorkflows, Entropy, EventDefinition, EventRow, ExecutionError, ExecutionErrorRow, ExecutionPointer, ExecutorServices, FinishedWorkflow, HttpClient, JsonValue, Lease, LifecycleEvent, LifecycleEventOf, LifecycleEventType, LifecyclePublisher, LoadedWorkflow, LogEntry, LogSink, MetricSink, Middleware, MiddlewareRunner, MigrateOptions, MigrationPlan, NewWorkflow, Page, PageRequest, Payloads, PendingActivity, PersistenceProvider, PointerStatus, PollOptions, PollRules, Providers, PublishOptions, PurgeOptions, QueueProvider, Slots, StartOptions, StepClass, StepExecutionContext, StepRef, StepResult, StoredEvent, WaitForOptions, WorkItem, WorkflowBuilder, WorkflowClient, WorkflowDefinition, WorkflowDefinitionJson, WorkflowExplanation, WorkflowFilter, WorkflowId, WorkflowInstance, WorkflowRecord, WorkflowRegistry, WorkflowRow, WorkflowStatus } from "wfe-core";
export * from "wfe-core/test-support";
interface ResolvedPurge {
    readonly status: EndedWorkflows["status"];
    readonly batchSize: number;
    readonly dryRun: boolean;
    readonly before: (nowMs: number) => Date;
}
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
interface LifecycleEventsOptions<TType extends LifecycleEventType = LifecycleEventType> {
    readonly workflowId?: string;
    readonly types?: readonly TType[];
    readonly signal?: AbortSignal;
}
interface LifecycleEvents<TEvent extends LifecycleEvent = LifecycleEvent> extends AsyncIterableIterator<TEvent, undefined> {
    readonly gaps: number;
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
type MockBody = (ctx: StepExecutionContext) => unknown;
interface StepMock {
    readonly calls: readonly StepExecutionContext[];
    restore(): void;
}
declare class StepMocks implements Middleware {
    #private;
    add(step: string, body: MockBody): StepMock;
    has(step: string): boolean;
    aroundStep(ctx: StepExecutionContext, next: () => Promise<StepResult>): Promise<StepResult>;
}
declare class DueWork {
    #private;
    constructor(store: InMemoryStore, queue: QueueProvider);
    nextAfter(instantMs: number): number;
    hint(instantMs: number): Promise<void>;
}
type StepStatuses = Readonly<Record<string, PointerStatus | readonly PointerStatus[]>>;
interface TestParts<TClock extends Clock> {
    readonly clock: TClock;
    readonly due: DueWork;
    readonly mocks: StepMocks;
    readonly logged: readonly LogEntry[];
}
declare class TestHost<TClock extends Clock = VirtualClock> extends WorkflowHost {
    #private;
    readonly clock: TClock;
    readonly logged: readonly LogEntry[];
    constructor(parts: HostParts, { clock, due, mocks, logged }: TestParts<TClock>);
    start(): Promise<void>;
    stop(options?: {
        readonly timeout?: Duration;
    }): Promise<void>;
    runUntilIdle(): Promise<void>;
    advance(duration: Duration): Promise<void>;
    advanceTo(instant: Date): Promise<void>;
    runToEnd<TData = unknown>(idOrName: WorkflowId<TData> | string, options?: {
        readonly within?: Duration;
    }): Promise<FinishedWorkflow<TData>>;
    waitForSubscription(event: Pick<EventDefinition<unknown>, "name"> | string, key: string): Promise<void>;
    mockStep(step: string, body: MockBody): StepMock;
    assertSteps(idOrName: string, expected: StepStatuses): Promise<void>;
    assertStatus(idOrName: string, expected: WorkflowStatus): Promise<void>;
}
interface TestHostOptions<TClock extends Clock = VirtualClock> {
    readonly definitions?: readonly (WorkflowDefinition<unknown, never> | WorkflowDefinitionJson)[];
    readonly mocks?: Readonly<Record<string, MockBody>>;
    readonly clock?: TClock;
    readonly seed?: number;
    readonly options?: HostOptions;
    readonly waitForBodies?: boolean;
    readonly prepare?: (builder: WorkflowHostBuilder) => void;
    readonly setUp?: (host: TestHost<TClock>) => void;
}
declare function createTestHost<TClock extends Clock = VirtualClock>(options?: TestHostOptions<TClock>): Promise<TestHost<TClock>>;
declare const CALL_FAULTS: readonly [
    "crashBefore",
    "crashAfter",
    "errorBefore",
    "errorAfter",
    "slowRequest",
    "slowAnswer",
    "lostHint",
    "duplicatedHint",
    "delayedHint",
    "refusedExtension"
];
declare const WORLD_FAULTS: readonly [
    "crash",
    "restart",
    "pause",
    "takenLease",
    "suspendAndResume",
    "eventStorm",
    "repeatedStimulus",
    "clockSkew"
];
type FaultKind = (typeof CALL_FAULTS)[number] | (typeof WORLD_FAULTS)[number];
declare const FAULT_KINDS: readonly FaultKind[];
type FaultWeights = Readonly<Record<FaultKind, number>>;
declare const DEFAULT_FAULT_WEIGHTS: FaultWeights;
interface Fault {
    readonly index: number;
    readonly kind: FaultKind;
    readonly atMs: number;
    readonly where: string;
}
interface SimulatedBodies {
    pause(ctx: StepExecutionContext): Promise<void>;
    sleep(ctx: StepExecutionContext, ms: number): Promise<void>;
    crash(ctx: StepExecutionContext): Promise<never>;
}
interface Stimulus {
    readonly name?: string;
    readonly atMs: number;
    readonly act: (client: WorkflowClient) => Promise<unknown>;
    readonly after?: readonly string[];
    readonly isRepeatable?: boolean;
    readonly everyMs?: number;
}
interface SimulatedProgram {
    readonly name: string;
    readonly definitions: readonly AnyDefinition[];
    readonly definitionsAt?: (place: number) => readonly AnyDefinition[];
    readonly stimuli: readonly Stimulus[];
    readonly http?: HttpClient;
    readonly hostOptions?: HostOptions;
    readonly withoutFaults?: readonly FaultKind[];
    readonly workflowIds: readonly string[];
    readonly isOver?: (record: WorkflowRecord) => boolean;
    readonly calmMs?: number;
    verdict(final: FinalState): readonly string[];
}
type ProgramFactory = (bodies: SimulatedBodies) => SimulatedProgram;
interface SimulatedConsumption {
    readonly workflowId: string;
    readonly pointerId: string;
    readonly eventId: string;
}
interface SimulatedRun {
    readonly host: string;
    readonly workflowId: string;
    readonly pointerId: string;
    readonly step: string;
    readonly attempt: number;
    readonly idempotencyKey: string;
}
type StimulusAnswer = {
    readonly stimulus: string;
} & ({
    readonly value: unknown;
} | {
    readonly error: unknown;
});
interface FinalState {
    readonly records: ReadonlyMap<string, WorkflowRecord>;
    readonly errors?: ReadonlyMap<string, readonly ExecutionErrorRow[]>;
    readonly events: readonly StoredEvent[];
    readonly consumed: readonly SimulatedConsumption[];
    readonly runs: readonly SimulatedRun[];
    readonly answers: readonly StimulusAnswer[];
}
type InvariantName = "I1" | "I2" | "I3" | "I4" | "I5" | "I6" | "I7" | "I8" | "I9" | "end" | "rest";
interface Violation {
    readonly invariant: InvariantName;
    readonly message: string;
    readonly atMs: number;
    readonly atPick: number;
}
interface FaultyParts {
    readonly persistence?: (provider: PersistenceProvider, store: InMemoryStore) => PersistenceProvider;
    readonly requests?: (provider: PersistenceProvider, store: InMemoryStore) => PersistenceProvider;
    readonly locks?: (provider: DistributedLockProvider) => DistributedLockProvider;
    readonly queue?: (provider: QueueProvider) => QueueProvider;
}
interface SimulationOptions {
    readonly seed: number;
    readonly hosts?: number;
    readonly faultsUntilMs?: number;
    readonly faults?: Partial<FaultWeights>;
    readonly onlyFaults?: readonly number[];
    readonly seededPicks?: number;
    readonly maxPicks?: number;
    readonly keepsTrace?: boolean;
    readonly faulty?: FaultyParts;
}
interface SimulationResult {
    readonly seed: number;
    readonly program: string;
    readonly violations: readonly Violation[];
    readonly picks: number;
    readonly commits: number;
    readonly refusedCommits: number;
    readonly starts: number;
    readonly faults: readonly Fault[];
    readonly faultsByKind: Readonly<Partial<Record<FaultKind, number>>>;
    readonly calls: Readonly<Record<string, number>>;
    readonly tookMs: number;
    readonly trace: readonly string[];
    readonly final: FinalState;
}
declare function replayLine({ program, seed }: Pick<SimulationResult, "program" | "seed">, options: Omit<SimulationOptions, "seed">): string;
declare function failureReport(result: SimulationResult, options: Omit<SimulationOptions, "seed">): string;
interface ShrinkLimits {
    readonly mostSchedules?: number;
    readonly longestMs?: number;
}
interface ShrunkFailure {
    readonly options: SimulationOptions;
    readonly result: SimulationResult;
    readonly schedules: number;
}
declare function shrink(factory: ProgramFactory, options: SimulationOptions, result: SimulationResult, limits?: ShrinkLimits): Promise<ShrunkFailure>;
declare function simulate(factory: ProgramFactory, options: SimulationOptions): Promise<SimulationResult>;
export { CALL_FAULTS, DEFAULT_FAULT_WEIGHTS, FAULT_KINDS, type Fault, type FaultKind, type FaultWeights, type FaultyParts, type FinalState, type InvariantName, type MockBody, type ProgramFactory, type ShrinkLimits, type ShrunkFailure, type SimulatedBodies, type SimulatedConsumption, type SimulatedProgram, type SimulatedRun, type SimulationOptions, type SimulationResult, type StepMock, type StepStatuses, type Stimulus, type StimulusAnswer, type TestHost, type TestHostOptions, type Violation, WORLD_FAULTS, createTestHost, failureReport, replayLine, shrink, simulate };
