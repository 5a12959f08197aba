interface EventRow {
    readonly id: string;
    readonly name: string;
    readonly key: string;
    readonly data?: string;
    readonly time: Date;
    readonly eligibleAt?: Date;
}
interface StoredEvent extends EventRow {
    readonly arrival: number;
    readonly delivered: boolean;
    readonly storedAt: Date;
}
type SubscriptionBound = {
    readonly storedAfter: "creation";
} | {
    readonly effectiveDate: Date;
};
interface NewSubscription {
    readonly id: string;
    readonly pointerId: string;
    readonly name: string;
    readonly key: string;
    readonly bound: SubscriptionBound;
    readonly activity?: string;
    readonly input?: string;
}
interface EventSubscription extends NewSubscription {
    readonly workflowId: string;
    readonly eventId?: string;
    readonly token?: string;
    readonly workerId?: string;
    readonly tokenExpiresAt?: Date;
}
interface Delivery$1 {
    readonly subscriptionId: string;
    readonly pointerId: string;
    readonly eventId: string;
    readonly data?: string;
}
interface Topic {
    readonly name: string;
    readonly key: string;
}
type WorkflowId<TData = unknown> = string & {
    readonly "~data"?: TData;
};
interface ExecutionErrorRow {
    readonly workflowId: string;
    readonly pointerId: string;
    readonly step: string;
    readonly attempt: number;
    readonly at: Date;
    readonly code: string;
    readonly message: string;
    readonly stack?: string;
    readonly data?: string;
}
interface StepOfEvent {
    readonly step: string;
    readonly stepId: number;
    readonly pointerId: string;
    readonly attempt: number;
}
declare const INSTANCE_EVENT_TYPES: readonly [
    "started",
    "resumed",
    "suspended",
    "completed",
    "terminated"
];
declare const STEP_EVENT_TYPES: readonly [
    "stepStarted",
    "stepCompleted",
    "stepRetrying",
    "stepSkipped",
    "stepCompensated"
];
type LifecycleEvent = {
    readonly workflowId: WorkflowId;
    readonly definitionId: string;
    readonly version: number;
    readonly reference?: string;
    readonly at: Date;
} & ({
    readonly type: (typeof INSTANCE_EVENT_TYPES)[number];
} | ({
    readonly type: "error";
    readonly error: {
        readonly code: string;
        readonly message: string;
    };
} & Partial<StepOfEvent>) | ({
    readonly type: (typeof STEP_EVENT_TYPES)[number];
} & StepOfEvent));
declare const WORKFLOW_STATUSES: readonly [
    "runnable",
    "suspended",
    "complete",
    "terminated"
];
type WorkflowStatus = (typeof WORKFLOW_STATUSES)[number];
declare const POINTER_STATUSES: readonly [
    "pending",
    "running",
    "sleeping",
    "waitingForEvent",
    "complete",
    "skipped",
    "failed",
    "compensated",
    "cancelled"
];
type PointerStatus = (typeof POINTER_STATUSES)[number];
interface PointerQuery {
    readonly scope?: string;
    readonly compensable?: {
        readonly stepIds: readonly number[];
    };
    readonly after?: number;
    readonly limit: number;
}
interface PointerRow {
    readonly id: string;
    readonly seq: number;
    readonly stepId: number;
    readonly stepName?: string | undefined;
    readonly status: PointerStatus;
    readonly scope: readonly string[];
    readonly attempt: number;
    readonly retryCount: number;
    readonly crashCount: number;
    readonly resultCount: number;
    readonly predecessorId?: string | undefined;
    readonly dueAt?: Date | undefined;
    readonly startedAt?: Date | undefined;
    readonly endedAt?: Date | undefined;
    readonly endSeq?: number | undefined;
    readonly item?: string | undefined;
    readonly index?: number | undefined;
    readonly persistenceData?: string | undefined;
    readonly outcome?: string | undefined;
    readonly eventName?: string | undefined;
    readonly eventKey?: string | undefined;
    readonly eventData?: string | undefined;
    readonly compensates?: string | undefined;
    readonly error?: string | undefined;
}
interface ScheduledCommand {
    readonly name: string;
    readonly data: string;
    readonly executeAt: Date;
}
type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;
interface DefinitionKey {
    readonly id: string;
    readonly version: number;
    readonly fingerprint: string;
}
type TraceContext = {
    readonly [name: string]: string;
};
interface ParentReference {
    readonly workflowId: string;
    readonly pointerId: string;
    readonly depth: number;
}
interface NewWorkflow {
    readonly id: string;
    readonly name: string;
    readonly definitionId: string;
    readonly version: number;
    readonly fingerprint: string;
    readonly data: string;
    readonly inputDigest: string;
    readonly createdAt: Date;
    readonly dueAt?: Date;
    readonly reference?: string;
    readonly description?: string;
    readonly parent?: ParentReference;
    readonly rootWorkflowId?: string;
    readonly traceContext?: TraceContext;
    readonly pointers: readonly PointerRow[];
}
interface Counters {
    readonly revision: number;
    readonly controlSeq: number;
    readonly inboxSeq: number;
}
interface WorkflowRow extends Omit<NewWorkflow, "pointers">, Counters {
    readonly status: WorkflowStatus;
    readonly sequence: number;
    readonly error?: string;
    readonly completedAt?: Date;
    readonly commitId?: string;
}
interface WorkflowRecord extends WorkflowRow {
    readonly pointers: readonly PointerRow[];
}
interface Consumption {
    readonly subscriptionId: string;
    readonly eventId: string;
}
interface WorkflowChange {
    readonly workflowId: string;
    readonly commitId: string;
    readonly expected: {
        readonly revision: number;
        readonly controlSeq: number;
        readonly inboxSeq?: number;
    };
    readonly seenInboxSeq: number;
    readonly status: WorkflowStatus;
    readonly definition?: Omit<DefinitionKey, "id">;
    readonly data?: string;
    readonly sequence: number;
    readonly dueAt?: Date;
    readonly error?: string;
    readonly completedAt?: Date;
    readonly pointers: readonly PointerRow[];
    readonly openSubscriptions: readonly NewSubscription[];
    readonly consume: readonly Consumption[];
    readonly closeSubscriptions: readonly string[];
    readonly children: readonly NewWorkflow[];
    readonly events: readonly EventRow[];
    readonly commands: readonly ScheduledCommand[];
    readonly errors: readonly ExecutionErrorRow[];
}
interface CommitResult {
    readonly revision: number;
    readonly inboxSeq: number;
    readonly pendingDeliveries: readonly Delivery$1[];
    readonly delivered?: readonly string[];
}
declare function instant(ms?: number): Date;
declare const SAMPLE_DEFINITION: DefinitionKey;
declare function samplePointer(changes?: Partial<PointerRow>): PointerRow;
declare function sampleWorkflow(id: string, changes?: Partial<NewWorkflow>): NewWorkflow;
declare function sampleChange(workflowId: string, commitId: string, changes?: Partial<WorkflowChange>, counters?: Counters): WorkflowChange;
declare function sampleSubscription(id: string, changes?: Partial<NewSubscription>): NewSubscription;
declare function sampleEvent(id: string, changes?: Partial<EventRow>): EventRow;
declare function sampleExecutionError(workflowId: string, changes?: Partial<ExecutionErrorRow>): ExecutionErrorRow;
declare function sampleLifecycleEvent(workflowId: string, version?: number): LifecycleEvent;
declare function sampleLifecycleEvents(workflowId: string): readonly LifecycleEvent[];
interface Timer {
    cancel(): void;
}
interface Clock {
    now(): number;
    monotonic(): number;
    setTimer(delayMs: number, callback: () => void): Timer;
    defer(callback: () => void): void;
}
interface EventuallyOptions {
    readonly what?: string;
    readonly timeout?: Duration;
    readonly interval?: Duration;
    readonly clock?: Clock;
}
declare function eventually<T>(probe: () => T | Promise<T>, options?: EventuallyOptions): Promise<NonNullable<Exclude<T, false>>>;
type ArtifactDigest = `sha256:${string}`;
interface ArtifactInfo {
    readonly digest: ArtifactDigest;
    readonly size: number;
    readonly mediaType: string;
    readonly createdAt: Date;
    readonly expiresAt: Date | undefined;
    readonly pinnedBy: readonly string[];
}
interface ArtifactStoreLimits {
    readonly expiry?: Duration | "never";
    readonly maxBlobBytes?: number;
}
type ArtifactContent = Uint8Array | AsyncIterable<Uint8Array>;
interface PutArtifactOptions {
    readonly mediaType?: string;
    readonly pinnedBy?: string;
    readonly signal?: AbortSignal;
}
interface ArtifactSweep {
    readonly artifacts: number;
    readonly bytes: number;
}
interface ArtifactStore {
    put(content: ArtifactContent, options?: PutArtifactOptions): Promise<ArtifactInfo>;
    get(digest: ArtifactDigest): AsyncIterable<Uint8Array>;
    stat(digest: ArtifactDigest): Promise<ArtifactInfo | undefined>;
    pin(digests: readonly ArtifactDigest[], owner: string): Promise<readonly ArtifactDigest[]>;
    unpin(owners: readonly string[]): Promise<void>;
    owners(options: {
        readonly pinnedBefore: Date;
    }): AsyncIterable<string>;
    list(): AsyncIterable<ArtifactInfo>;
    delete(digest: ArtifactDigest): Promise<boolean>;
    sweep(): Promise<ArtifactSweep>;
}
interface KeptArtifact {
    readonly digest: ArtifactDigest;
    readonly bytes: Uint8Array;
    readonly mediaType: string;
    readonly createdAt: number;
    readonly expiresAt: number | undefined;
    readonly pins: ReadonlyMap<string, number>;
}
declare class InMemoryArtifacts {
    readonly kept: Map<string, KeptArtifact>;
    damage(digest: string): void;
}
interface InMemoryArtifactStoreOptions extends ArtifactStoreLimits {
    readonly artifacts?: InMemoryArtifacts;
    readonly clock?: Clock;
}
declare class InMemoryArtifactStore implements ArtifactStore {
    #private;
    constructor(options?: InMemoryArtifactStoreOptions);
    put(content: ArtifactContent, options?: PutArtifactOptions): Promise<ArtifactInfo>;
    get(digest: ArtifactDigest): AsyncIterable<Uint8Array>;
    stat(digest: ArtifactDigest): Promise<ArtifactInfo | undefined>;
    pin(digests: readonly ArtifactDigest[], owner: string): Promise<readonly ArtifactDigest[]>;
    unpin(owners: readonly string[]): Promise<void>;
    owners({ pinnedBefore }: {
        readonly pinnedBefore: Date;
    }): AsyncGenerator<string, void>;
    list(): AsyncGenerator<ArtifactInfo, void>;
    delete(digest: ArtifactDigest): Promise<boolean>;
    sweep(): Promise<ArtifactSweep>;
}
interface Provider {
    start(): Promise<void>;
    stop(): Promise<void>;
}
interface LifecyclePublisher extends Provider {
    publish(event: LifecycleEvent): Promise<void>;
    subscribe(listener: (event: LifecycleEvent) => void, onGap?: () => void): Promise<() => void>;
}
interface Subscriber {
    readonly listener: (event: LifecycleEvent) => void;
    readonly onError: (error: unknown) => void;
}
declare class InMemoryLifecycleBus {
    #private;
    subscribe(subscriber: Subscriber): () => void;
    publish(event: LifecycleEvent): void;
}
interface InMemoryLifecyclePublisherOptions {
    readonly bus?: InMemoryLifecycleBus;
    readonly onListenerError?: (error: unknown) => void;
}
declare class InMemoryLifecyclePublisher implements LifecyclePublisher {
    #private;
    constructor(options?: InMemoryLifecyclePublisherOptions);
    start(): Promise<void>;
    stop(): Promise<void>;
    publish(event: LifecycleEvent): Promise<void>;
    subscribe(listener: (event: LifecycleEvent) => void): Promise<() => void>;
}
interface Entropy {
    random(): number;
    id(): string;
}
interface Lease {
    readonly resource: string;
    readonly token: string;
    readonly expiresAt: Date;
    readonly signal: AbortSignal;
    extend(): Promise<boolean>;
    release(): Promise<boolean>;
}
interface LeaseHolder {
    readonly owner?: string;
    readonly expiresAt: Date;
}
interface DistributedLockProvider extends Provider {
    acquireLock(resource: string, options: {
        readonly ttl: Duration;
    }): Promise<Lease | undefined>;
    orphans?(limit: number): Promise<readonly string[]>;
    inspect?(resource: string): Promise<LeaseHolder | undefined>;
}
interface Owner {
    readonly name: string;
    readonly present: boolean;
}
declare class InMemoryLockStore {
    #private;
    constructor(clock?: Clock);
    nextOwner(): string;
    acquire(resource: string, token: string, ttlMs: number, owner: Owner): boolean;
    extend(resource: string, token: string, ttlMs: number, owner: Owner): boolean;
    release(resource: string, token: string): boolean;
    inspect(resource: string): {
        readonly owner: string;
        readonly remainingMs: number;
    } | undefined;
    orphans(limit: number): readonly string[];
}
interface InMemoryLockProviderOptions {
    readonly store?: InMemoryLockStore;
    readonly clock?: Clock;
    readonly entropy?: Entropy;
}
declare class InMemoryLockProvider implements DistributedLockProvider {
    #private;
    constructor(options?: InMemoryLockProviderOptions);
    start(): Promise<void>;
    stop(): Promise<void>;
    acquireLock(resource: string, options: {
        readonly ttl: Duration;
    }): Promise<Lease | undefined>;
    orphans(limit: number): Promise<readonly string[]>;
    inspect(resource: string): Promise<LeaseHolder | undefined>;
    kill(): void;
}
interface WorkflowFilter {
    readonly status?: WorkflowStatus | readonly WorkflowStatus[];
    readonly definitionId?: string;
    readonly version?: number;
    readonly name?: string;
    readonly reference?: string;
    readonly createdAfter?: Date;
    readonly createdBefore?: Date;
    readonly completedBefore?: Date;
    readonly hasError?: boolean;
    readonly data?: {
        readonly [path: string]: string | number | boolean | null;
    };
}
interface PageRequest {
    readonly limit?: number;
    readonly cursor?: string;
}
interface Page<T> {
    readonly items: readonly T[];
    readonly cursor?: string;
}
interface EndedWorkflows {
    readonly status: "complete" | "terminated";
    readonly before: Date;
}
interface RunnableEvent extends Topic {
    readonly id: string;
}
interface EventPublication {
    readonly reached: readonly string[];
    readonly delivered: boolean;
}
interface EventRepository {
    createEvent(event: EventRow, now: Date): Promise<string>;
    publishEvent?(event: EventRow, now: Date): Promise<EventPublication>;
    getEvent(id: string): Promise<StoredEvent | undefined>;
    isEventConsumed(id: string): Promise<boolean>;
    getEvents(name: string, key: string, asOf: Date): Promise<readonly string[]>;
    getRunnableEvents(asAt: Date, options: {
        readonly limit: number;
        readonly claimUntil: Date;
    }): Promise<readonly RunnableEvent[]>;
    deliverEvents(topics: readonly Topic[], now: Date): Promise<readonly string[]>;
    deleteDeliveredEvents(storedBefore: Date, limit: number): Promise<number>;
}
interface InspectionRequest {
    readonly pointerIds: readonly string[];
    readonly workflowIds: readonly string[];
}
interface UndeliveredEvent {
    readonly eventId: string;
    readonly eligibleAt?: Date;
}
interface InspectedSubscription extends EventSubscription {
    readonly undelivered?: UndeliveredEvent;
}
interface WorkflowInspection {
    readonly subscriptions: readonly InspectedSubscription[];
    readonly lastErrors: readonly ExecutionErrorRow[];
    readonly workflows: readonly WorkflowRow[];
    readonly commands: readonly ScheduledCommand[];
}
interface InspectionRepository {
    inspectWorkflow(id: string, request: InspectionRequest): Promise<WorkflowInspection>;
}
interface CommandRepository {
    scheduleCommand(command: ScheduledCommand): Promise<void>;
    processCommands(asAt: Date, options: {
        readonly limit: number;
        readonly claimUntil: Date;
    }, handler: (command: ScheduledCommand) => Promise<void>): Promise<number>;
}
declare const QUEUE_TYPES: readonly [
    "workflow",
    "event"
];
type QueueType = (typeof QUEUE_TYPES)[number];
interface MeasuredDefinition {
    readonly definitionId: string;
    readonly version: number;
}
type MeasuredOutcome = "completed" | "continued" | "failed" | "cancelled";
type Measurement = ({
    readonly kind: "workflowStarted";
} & MeasuredDefinition) | ({
    readonly kind: "workflowEnded";
    readonly status: "complete" | "terminated";
    readonly durationMs: number;
} & MeasuredDefinition) | ({
    readonly kind: "workflowSuspended";
} & MeasuredDefinition) | ({
    readonly kind: "stepEnded";
    readonly step: string;
    readonly outcome: MeasuredOutcome;
    readonly durationMs: number;
    readonly errorCode?: string;
} & MeasuredDefinition) | ({
    readonly kind: "stepRetried";
    readonly step: string;
} & MeasuredDefinition) | {
    readonly kind: "queueLag";
    readonly queue: QueueType;
    readonly lagMs: number;
} | {
    readonly kind: "swept";
    readonly found: "dueInstances" | "undeliveredEvents" | "orphans";
    readonly count: number;
} | {
    readonly kind: "leaseLost";
} | {
    readonly kind: "batchWritten";
    readonly store: string;
    readonly size: number;
} | ({
    readonly kind: "unknownDefinitionSeen";
    readonly fingerprint: string;
} & MeasuredDefinition);
interface MetricSink {
    record(measurement: Measurement): void;
}
interface SubscriptionRepository {
    getSubscription(id: string): Promise<EventSubscription | undefined>;
    getSubscriptions(name: string, key: string, asOf: Date): Promise<readonly EventSubscription[]>;
    getFirstOpenSubscription(activity: string, now: Date): Promise<EventSubscription | undefined>;
    setSubscriptionToken(id: string, token: string, workerId: string, expiresAt: Date, now: Date): Promise<boolean>;
    extendSubscriptionToken(id: string, token: string, expiresAt: Date, now: Date): Promise<boolean>;
    clearSubscriptionToken(id: string, token: string): Promise<boolean>;
}
interface LoadedWorkflow {
    readonly row: WorkflowRow;
    readonly pointers?: readonly PointerRow[];
    readonly deliveries: readonly Delivery$1[];
}
interface WorkflowSignals extends Counters {
    readonly id: string;
    readonly status: WorkflowStatus;
}
type ControlCommand = "suspend" | "resume" | "terminate" | "retry";
interface CommandOptions {
    readonly completedEvent?: Omit<EventRow, "time" | "eligibleAt">;
    readonly revision?: number;
    readonly from?: WorkflowStatus;
    readonly pointers?: readonly PointerRow[];
}
interface WorkflowRepository {
    createNewWorkflow(workflow: NewWorkflow, now: Date): Promise<string>;
    persistWorkflow(change: WorkflowChange, now: Date): Promise<CommitResult>;
    loadForPass(id: string, options?: {
        readonly knownRevision?: number;
    }): Promise<LoadedWorkflow | undefined>;
    getWorkflowInstance(id: string): Promise<WorkflowRecord | undefined>;
    getWorkflowInstanceByName(name: string): Promise<WorkflowRecord | undefined>;
    getWorkflowInstances(ids: readonly string[]): Promise<readonly WorkflowRecord[]>;
    getPointers(workflowId: string, query: PointerQuery): Promise<readonly PointerRow[]>;
    claimDueInstances(asAt: Date, options: {
        readonly definitions: readonly DefinitionKey[];
        readonly limit: number;
        readonly claimUntil: Date;
    }): Promise<readonly string[]>;
    command(id: string, command: ControlCommand, now: Date, options?: CommandOptions): Promise<boolean | undefined>;
    readSignals(ids: readonly string[]): Promise<readonly WorkflowSignals[]>;
    nextDefinitionSequence(definitionId: string, count: number): Promise<number>;
    listWorkflows(filter: WorkflowFilter, page: PageRequest): Promise<Page<WorkflowRow>>;
    countWorkflows(filter: WorkflowFilter): Promise<number>;
    getEndedWorkflows(ended: EndedWorkflows, limit: number): Promise<readonly string[]>;
    deleteWorkflows(ids: readonly string[], only?: EndedWorkflows): Promise<number>;
}
interface PersistenceProvider extends Provider, WorkflowRepository, EventRepository, SubscriptionRepository, CommandRepository, InspectionRepository {
    ensureStoreExists(): Promise<void>;
    getErrors(workflowId: string): Promise<readonly ExecutionErrorRow[]>;
    recordMetrics?(sink: MetricSink): () => void;
}
interface ClaimedCommand {
    readonly command: ScheduledCommand;
    readonly finish: () => void;
}
declare class InMemoryCommandStore {
    #private;
    schedule({ name, data, executeAt }: ScheduledCommand): void;
    get(name: string, data: string): ScheduledCommand | undefined;
    claim(asAt: Date, { limit, claimUntil }: {
        readonly limit: number;
        readonly claimUntil: Date;
    }): readonly ClaimedCommand[];
}
interface KeptSubscription {
    subscription: EventSubscription;
    readonly owner: KeptWorkflow;
    given: {
        readonly event: KeptEvent;
        readonly inboxSeq: number;
    } | undefined;
}
interface KeptEvent {
    event: StoredEvent;
    visibleAt: number;
    holders: number;
}
interface KeptWorkflow {
    row: WorkflowRow;
    readonly pointers: Map<string, PointerRow>;
    readonly open: Map<string, PointerRow>;
    readonly subscriptions: Map<string, KeptSubscription>;
    readonly consumed: Set<number>;
    readonly errors: ExecutionErrorRow[];
    readonly createdArrival: number;
}
interface KeptTopic {
    readonly events: KeptEvent[];
    readonly open: Set<KeptSubscription>;
}
declare class InMemoryStore {
    #private;
    readonly workflows: Map<string, KeptWorkflow>;
    readonly workflowIdsByName: Map<string, string>;
    readonly subscriptions: Map<string, KeptSubscription>;
    readonly events: Map<string, KeptEvent>;
    readonly undelivered: Set<KeptEvent>;
    readonly commands: InMemoryCommandStore;
    topic({ name, key }: Topic): KeptTopic;
    refuseTaken({ id, name }: NewWorkflow): void;
    takenOf({ id, name }: Pick<NewWorkflow, "id" | "name">): string | undefined;
    addWorkflow(workflow: NewWorkflow): void;
    putPointer(kept: KeptWorkflow, pointer: PointerRow): void;
    addEvent(event: EventRow, now: Date): boolean;
    removeEvent(kept: KeptEvent): void;
    addSubscription(owner: KeptWorkflow, subscription: EventSubscription): KeptSubscription;
    removeSubscription(kept: KeptSubscription): void;
    removeWorkflow(kept: KeptWorkflow): void;
    reserve(definitionId: string, count: number): number;
}
interface InMemoryPersistenceProviderOptions {
    readonly store?: InMemoryStore;
}
declare class InMemoryPersistenceProvider implements PersistenceProvider {
    #private;
    constructor(options?: InMemoryPersistenceProviderOptions);
    start(): Promise<void>;
    stop(): Promise<void>;
    ensureStoreExists(): Promise<void>;
    createNewWorkflow(workflow: NewWorkflow, _now: Date): Promise<string>;
    persistWorkflow(change: WorkflowChange, now: Date): Promise<CommitResult>;
    loadForPass(id: string, options?: {
        readonly knownRevision?: number;
    }): Promise<LoadedWorkflow | undefined>;
    getWorkflowInstance(id: string): Promise<WorkflowRecord | undefined>;
    getWorkflowInstanceByName(name: string): Promise<WorkflowRecord | undefined>;
    getWorkflowInstances(ids: readonly string[]): Promise<readonly WorkflowRecord[]>;
    getPointers(workflowId: string, query: PointerQuery): Promise<readonly PointerRow[]>;
    claimDueInstances(asAt: Date, options: {
        readonly definitions: readonly DefinitionKey[];
        readonly limit: number;
        readonly claimUntil: Date;
    }): Promise<readonly string[]>;
    command(id: string, command: ControlCommand, now: Date, options?: CommandOptions): Promise<boolean | undefined>;
    readSignals(ids: readonly string[]): Promise<readonly WorkflowSignals[]>;
    nextDefinitionSequence(definitionId: string, count: number): Promise<number>;
    listWorkflows(filter: WorkflowFilter, page: PageRequest): Promise<Page<WorkflowRow>>;
    countWorkflows(filter: WorkflowFilter): Promise<number>;
    getEndedWorkflows(ended: EndedWorkflows, limit: number): Promise<readonly string[]>;
    deleteWorkflows(ids: readonly string[], only?: EndedWorkflows): Promise<number>;
    createEvent(event: EventRow, now: Date): Promise<string>;
    publishEvent(event: EventRow, now: Date): Promise<EventPublication>;
    getEvent(id: string): Promise<StoredEvent | undefined>;
    isEventConsumed(id: string): Promise<boolean>;
    getEvents(name: string, key: string, asOf: Date): Promise<readonly string[]>;
    getRunnableEvents(asAt: Date, options: {
        readonly limit: number;
        readonly claimUntil: Date;
    }): Promise<readonly RunnableEvent[]>;
    deliverEvents(topics: readonly Topic[], now: Date): Promise<readonly string[]>;
    deleteDeliveredEvents(storedBefore: Date, limit: number): Promise<number>;
    getSubscription(id: string): Promise<EventSubscription | undefined>;
    getSubscriptions(name: string, key: string, asOf: Date): Promise<readonly EventSubscription[]>;
    getFirstOpenSubscription(activity: string, now: Date): Promise<EventSubscription | undefined>;
    setSubscriptionToken(id: string, token: string, workerId: string, expiresAt: Date, now: Date): Promise<boolean>;
    extendSubscriptionToken(id: string, token: string, expiresAt: Date, now: Date): Promise<boolean>;
    clearSubscriptionToken(id: string, token: string): Promise<boolean>;
    scheduleCommand(command: ScheduledCommand): Promise<void>;
    processCommands(asAt: Date, options: {
        readonly limit: number;
        readonly claimUntil: Date;
    }, handler: (command: ScheduledCommand) => Promise<void>): Promise<number>;
    getErrors(workflowId: string): Promise<readonly ExecutionErrorRow[]>;
    inspectWorkflow(id: string, request: InspectionRequest): Promise<WorkflowInspection>;
}
interface WorkItem {
    readonly id: string;
    readonly lateMs?: number;
    ack(): Promise<void>;
    retry(delay: Duration): Promise<void>;
}
interface QueueProvider extends Provider {
    queueWork(id: string, type: QueueType, options?: {
        readonly delay?: Duration;
    }): Promise<void>;
    dequeueWork(type: QueueType, options: {
        readonly limit: number;
        readonly wait: Duration;
        readonly signal?: AbortSignal;
    }): Promise<readonly WorkItem[]>;
}
interface Delivery {
    readonly id: string;
    readonly lateMs: number;
    readonly endsAt: number;
}
interface Waiter {
    readonly limit: number;
    readonly visibilityMs: number;
    readonly give: (deliveries: readonly Delivery[]) => void;
}
declare class InMemoryQueueStore {
    #private;
    constructor(clock?: Clock);
    queue(id: string, type: QueueType, delayMs: number): void;
    take(type: QueueType, limit: number, visibilityMs: number): readonly Delivery[];
    finish(delivery: Delivery, type: QueueType, retryMs: number | undefined): void;
    wait(type: QueueType, waiter: Waiter): () => void;
    get size(): number;
}
interface InMemoryQueueProviderOptions {
    readonly store?: InMemoryQueueStore;
    readonly clock?: Clock;
    readonly visibility?: Duration;
}
declare class InMemoryQueueProvider implements QueueProvider {
    #private;
    constructor(options?: InMemoryQueueProviderOptions);
    start(): Promise<void>;
    stop(): Promise<void>;
    queueWork(id: string, type: QueueType, options?: {
        readonly delay?: Duration;
    }): Promise<void>;
    dequeueWork(type: QueueType, options: {
        readonly limit: number;
        readonly wait: Duration;
        readonly signal?: AbortSignal;
    }): Promise<readonly WorkItem[]>;
}
declare function isInBound({ subscription: { bound }, owner }: KeptSubscription, { event }: KeptEvent): boolean;
interface SuiteCase<TContext> {
    readonly name: string;
    readonly requires?: readonly string[];
    readonly run: (context: TContext) => Promise<void>;
}
interface SuiteStore<TProvider, TOptions = never> {
    open(options?: TOptions): Promise<TProvider>;
    elapse(ms: number): Promise<void>;
    now?(): number;
    kill?(provider: TProvider): Promise<void>;
    hold?(workflowId: string): Promise<() => Promise<void>>;
    damage?(digest: string): Promise<void>;
    dispose(): Promise<void>;
}
interface SuiteTarget<TProvider, TOptions = never> {
    createStore(): Promise<SuiteStore<TProvider, TOptions>>;
    readonly capabilities?: readonly string[];
    readonly unitMs?: number;
}
declare class SuiteContext<TProvider extends object, TOptions = never> {
    #private;
    readonly unitMs: number;
    private constructor();
    static create<TProvider extends object, TOptions>(target: SuiteTarget<TProvider, TOptions>): Promise<SuiteContext<TProvider, TOptions>>;
    open(options?: TOptions): Promise<TProvider>;
    start(options?: TOptions): Promise<TProvider>;
    startTwo(options?: TOptions): Promise<readonly [
        TProvider,
        TProvider
    ]>;
    elapse(units: number): Promise<void>;
    now(): number;
    kill(provider: TProvider): Promise<void>;
    hold(workflowId: string): Promise<() => Promise<void>>;
    damage(digest: string): Promise<void>;
    soon<T>(what: string, promise: Promise<T>): Promise<T>;
    until<T>(what: string, probe: () => Promise<T | undefined>, withinUnits?: number): Promise<T>;
    close(): Promise<void>;
}
interface ArtifactOpenOptions {
    readonly expiryMs?: number | "never";
    readonly maxBlobBytes?: number;
}
type ArtifactContext = SuiteContext<ArtifactStore, ArtifactOpenOptions>;
type Register = (name: string, run: () => Promise<void>) => unknown;
interface SuiteRunner {
    readonly describe: (name: string, define: () => void) => unknown;
    readonly it: Register & {
        readonly skip?: Register;
    };
    readonly skip?: Register;
}
interface SuiteRegistration<TContext> {
    readonly name: string;
    readonly cases: readonly SuiteCase<TContext>[];
    readonly capabilities?: readonly string[] | undefined;
    readonly createContext: () => Promise<TContext>;
    readonly closeContext: (context: TContext) => Promise<void>;
    readonly runner?: SuiteRunner | undefined;
}
declare function registerSuite<TContext>(registration: SuiteRegistration<TContext>): void;
declare function runSuiteCase<TContext>(suiteCase: SuiteCase<TContext>, { createContext, closeContext }: Pick<SuiteRegistration<TContext>, "createContext" | "closeContext">): Promise<void>;
type ArtifactStoreSuiteTarget = SuiteTarget<ArtifactStore, ArtifactOpenOptions>;
declare const ARTIFACT_STORE_SUITE_CASES: readonly SuiteCase<ArtifactContext>[];
declare function artifactStoreSuite(name: string, target: ArtifactStoreSuiteTarget, runner?: SuiteRunner): void;
type LifecycleContext = SuiteContext<LifecyclePublisher>;
type LifecycleSuiteTarget = SuiteTarget<LifecyclePublisher>;
declare const LIFECYCLE_SUITE_CASES: readonly SuiteCase<LifecycleContext>[];
declare function lifecycleSuite(name: string, target: LifecycleSuiteTarget, runner?: SuiteRunner): void;
type LockContext = SuiteContext<DistributedLockProvider>;
type LockSuiteTarget = SuiteTarget<DistributedLockProvider>;
declare const LOCK_SUITE_CASES: readonly SuiteCase<LockContext>[];
declare function lockSuite(name: string, target: LockSuiteTarget, runner?: SuiteRunner): void;
type PersistenceContext = SuiteContext<PersistenceProvider>;
type PersistenceSuiteTarget = SuiteTarget<PersistenceProvider>;
declare const PERSISTENCE_SUITE_CASES: readonly SuiteCase<PersistenceContext>[];
declare function persistenceSuite(name: string, target: PersistenceSuiteTarget, runner?: SuiteRunner): void;
interface QueueOpenOptions {
    readonly visibilityMs?: number;
}
type QueueContext = SuiteContext<QueueProvider, QueueOpenOptions>;
type QueueSuiteTarget = SuiteTarget<QueueProvider, QueueOpenOptions>;
declare const QUEUE_SUITE_CASES: readonly SuiteCase<QueueContext>[];
declare function queueSuite(name: string, target: QueueSuiteTarget, runner?: SuiteRunner): void;
interface VirtualClockOptions {
    readonly start?: Date | number;
    readonly monotonicStart?: number;
}
declare class VirtualClock implements Clock {
    #private;
    constructor(options?: VirtualClockOptions);
    now(): number;
    monotonic(): number;
    setTimer(delayMs: number, callback: () => void): Timer;
    defer(callback: () => void): void;
    advance(duration: Duration): Promise<void>;
    advanceTo(instant: Date | number): Promise<void>;
    track<T>(work: Promise<T>): Promise<T>;
    askBeforeMoving(isAtRest: () => Promise<boolean>): () => void;
    settle(): Promise<void>;
    get pendingTimers(): number;
    get nextTimerAt(): Date | undefined;
    get wallSkew(): number;
    setWallClock(instant: Date | number): void;
}
declare class VirtualEntropy implements Entropy {
    #private;
    constructor(seed?: number);
    random(): number;
    id(): string;
}
export { ARTIFACT_STORE_SUITE_CASES, type ArtifactContext, type ArtifactOpenOptions, type ArtifactStoreSuiteTarget, type EventuallyOptions, InMemoryArtifactStore, type InMemoryArtifactStoreOptions, InMemoryArtifacts, InMemoryLifecycleBus, InMemoryLifecyclePublisher, type InMemoryLifecyclePublisherOptions, InMemoryLockProvider, type InMemoryLockProviderOptions, InMemoryLockStore, InMemoryPersistenceProvider, type InMemoryPersistenceProviderOptions, InMemoryQueueProvider, type InMemoryQueueProviderOptions, InMemoryQueueStore, InMemoryStore, type KeptEvent, type KeptSubscription, type KeptTopic, type KeptWorkflow, LIFECYCLE_SUITE_CASES, LOCK_SUITE_CASES, type LifecycleContext, type LifecycleSuiteTarget, type LockContext, type LockSuiteTarget, PERSISTENCE_SUITE_CASES, type PersistenceContext, type PersistenceSuiteTarget, QUEUE_SUITE_CASES, type QueueContext, type QueueOpenOptions, type QueueSuiteTarget, SAMPLE_DEFINITION, type SuiteCase, SuiteContext, type SuiteRegistration, type SuiteRunner, type SuiteStore, type SuiteTarget, VirtualClock, type VirtualClockOptions, VirtualEntropy, artifactStoreSuite, eventually, instant, isInBound, lifecycleSuite, lockSuite, persistenceSuite, queueSuite, registerSuite, runSuiteCase, sampleChange, sampleEvent, sampleExecutionError, sampleLifecycleEvent, sampleLifecycleEvents, samplePointer, sampleSubscription, sampleWorkflow };
