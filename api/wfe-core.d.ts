import * as nodeFiles from "node:fs/promises";
interface ArchiveLimits {
    readonly maxBytes: number;
    readonly maxEntries: number;
    readonly maxPathLength: number;
    readonly maxRatio: number;
}
interface ReadArchiveOptions {
    readonly limits?: Partial<ArchiveLimits>;
    readonly signal?: AbortSignal;
}
type JsonValue = string | number | boolean | null | readonly JsonValue[] | {
    readonly [key: string]: JsonValue | undefined;
};
interface CodecTypes {
}
type NotJson<TWhat extends string, TWayOut extends string> = `${TWhat} cannot be stored: ${TWayOut}`;
type Durable<T> = 0 extends 1 & T ? T : unknown extends T ? T : T extends JsonValue | undefined | CodecTypes[keyof CodecTypes] ? T : T extends bigint ? NotJson<"a bigint", "use a string, or a codec"> : T extends symbol ? NotJson<"a symbol", "leave it out"> : T extends Date ? NotJson<"a Date", "use an ISO string or epoch milliseconds, or a codec"> : T extends ReadonlyMap<unknown, unknown> ? NotJson<"a Map", "use a record or an array of pairs, or a codec"> : T extends ReadonlySet<unknown> ? NotJson<"a Set", "use an array, or a codec"> : T extends ArrayBufferView | ArrayBuffer ? NotJson<"binary data", "use an artifact, or a base64 string"> : T extends ((...args: never[]) => unknown) ? NotJson<"a function", "data is plain; keep behavior in steps"> : T extends PromiseLike<unknown> ? NotJson<"a promise", "await it first"> : T extends readonly unknown[] ? {
    [K in keyof T]: DurableElement<T[K]>;
} : {
    [K in keyof T]: K extends symbol ? NotJson<"a symbol key", "use a string key"> : Durable<T[K]>;
};
type DurableShape<T> = {
    [K in keyof T]: T extends CodecTypes[keyof CodecTypes] ? T[K] : Durable<T[K]>;
};
type DurableElement<T> = undefined extends T ? (unknown extends T ? T : NotJson<"undefined in an array", "use null">) : Durable<T>;
type MaybePromise<T> = T | Promise<T>;
interface ActivityDefinition<in TIn, out TOut> {
    readonly name: string;
    readonly "~in"?: (input: TIn) => void;
    readonly "~out"?: TOut;
}
declare function defineActivity<TIn extends DurableShape<TIn>, TOut extends DurableShape<TOut> | void>(name: string): ActivityDefinition<TIn, TOut>;
type ActivityToken<TOut = never> = string & {
    readonly "~out"?: (result: TOut) => void;
};
interface PendingActivity<out TIn, in TOut> {
    readonly token: ActivityToken<TOut>;
    readonly input: TIn;
    readonly expiresAt: Date;
}
type ActivityOutcome = {
    readonly kind: "success";
    readonly result?: JsonValue;
    readonly token: string;
} | {
    readonly kind: "failure";
    readonly message: string;
    readonly data?: JsonValue;
    readonly retryable: boolean;
    readonly token: string;
};
declare const ACTIVITY_EVENT = "wfe.activity";
type ArtifactDigest = `sha256:${string}`;
interface ArtifactRef {
    readonly __wfe_artifact: ArtifactDigest;
}
declare const ARTIFACT_MEDIA_TYPES: {
    readonly tarGzip: "application/vnd.oci.image.layer.v1.tar+gzip";
    readonly tar: "application/vnd.oci.image.layer.v1.tar";
    readonly bytes: "application/octet-stream";
};
interface ArtifactInfo {
    readonly digest: ArtifactDigest;
    readonly size: number;
    readonly mediaType: string;
    readonly createdAt: Date;
    readonly expiresAt: Date | undefined;
    readonly pinnedBy: readonly string[];
}
declare function isArtifactDigest(value: unknown): value is ArtifactDigest;
declare function isArtifactRef(value: unknown): value is ArtifactRef;
type DataPath = string;
type ValuePlace = {
    readonly path: DataPath;
    readonly item?: never;
    readonly index?: never;
} | {
    readonly item: DataPath;
    readonly path?: never;
    readonly index?: never;
} | {
    readonly index: true;
    readonly path?: never;
    readonly item?: never;
};
type Expression = {
    readonly path: DataPath;
} | {
    readonly item: DataPath;
} | {
    readonly index: true;
} | {
    readonly value: JsonValue;
} | {
    readonly object: {
        readonly [key: string]: Expression;
    };
} | {
    readonly list: readonly Expression[];
};
declare const VALUE_OPERATORS: readonly [
    "equals",
    "notEquals",
    "contains"
];
declare const ORDER_OPERATORS: readonly [
    "greaterThan",
    "greaterThanOrEqual",
    "lessThan",
    "lessThanOrEqual"
];
declare const PRESENCE_OPERATORS: readonly [
    "exists",
    "notExists",
    "isNull",
    "isNotNull"
];
type ValueOperator = (typeof VALUE_OPERATORS)[number];
type OrderOperator = (typeof ORDER_OPERATORS)[number];
type PresenceOperator = (typeof PRESENCE_OPERATORS)[number];
type ComparedWith<TValue> = {
    readonly value: TValue;
    readonly operand?: never;
} | {
    readonly operand: Expression;
    readonly value?: never;
};
type Comparison = ValuePlace & (({
    readonly operator: ValueOperator;
} & ComparedWith<JsonValue>) | ({
    readonly operator: OrderOperator;
} & ComparedWith<number | string>) | {
    readonly operator: PresenceOperator;
    readonly value?: never;
    readonly operand?: never;
});
type Condition = {
    readonly all: readonly Condition[];
} | {
    readonly any: readonly Condition[];
} | {
    readonly none: readonly Condition[];
} | {
    readonly oneOf: readonly Condition[];
} | {
    readonly not: Condition;
} | Comparison;
type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;
declare function durationMs(duration: Duration, what?: string): number;
interface RetryOptions {
    readonly interval: Duration;
    readonly maxRetries?: number | "unlimited";
    readonly backoff?: number;
    readonly maxInterval?: Duration;
    readonly jitter?: number;
    readonly onExhausted?: "suspend" | "terminate" | "compensate";
}
type ErrorBehavior = ({
    readonly kind: "retry";
} & RetryOptions) | {
    readonly kind: "suspend";
} | {
    readonly kind: "terminate";
} | {
    readonly kind: "compensate";
};
declare const ErrorBehavior: {
    retry(options: RetryOptions): ErrorBehavior;
    suspend(): ErrorBehavior;
    terminate(): ErrorBehavior;
    compensate(): ErrorBehavior;
};
declare const DEFAULT_ERROR_BEHAVIOR: ErrorBehavior;
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
interface Delivery {
    readonly subscriptionId: string;
    readonly pointerId: string;
    readonly eventId: string;
    readonly data?: string;
}
interface Topic {
    readonly name: string;
    readonly key: string;
}
interface SchemaIssue {
    readonly message: string;
    readonly path?: readonly (PropertyKey | {
        readonly key: PropertyKey;
    })[] | undefined;
}
interface StandardSchema<out TInput = unknown, out TOutput = TInput> {
    readonly "~standard": {
        readonly version: 1;
        readonly vendor: string;
        readonly validate: (value: unknown) => MaybePromise<{
            readonly value: TOutput;
            readonly issues?: undefined;
        } | {
            readonly issues: readonly SchemaIssue[];
        }>;
        readonly types?: {
            readonly input: TInput;
            readonly output: TOutput;
        } | undefined;
    };
}
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
interface EventDefinition<out TPayload> {
    readonly name: string;
    readonly schema?: StandardSchema<unknown, TPayload>;
    readonly "~payload"?: TPayload;
}
declare function defineEvent<TPayload extends DurableShape<TPayload>>(name: string, schema: StandardSchema<unknown, TPayload>): EventDefinition<TPayload>;
declare function defineEvent<TPayload extends DurableShape<TPayload>>(name: string): EventDefinition<TPayload>;
declare const ENGINE_EVENT_PREFIX = "wfe.";
declare const WORKFLOW_COMPLETED_EVENT = "wfe.workflow.completed";
declare function isEngineEvent(name: string): boolean;
type WorkflowId<TData = unknown> = string & {
    readonly "~data"?: TData;
};
interface InstanceError {
    readonly code: string;
    readonly message: string;
    readonly data?: JsonValue;
}
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
interface ExecutionError {
    readonly workflowId: WorkflowId;
    readonly pointerId: string;
    readonly step: string;
    readonly attempt: number;
    readonly at: Date;
    readonly code: string;
    readonly message: string;
    readonly stack?: string;
    readonly data?: JsonValue;
}
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
declare function isOpen(status: PointerStatus): boolean;
declare function isFinal(status: WorkflowStatus): boolean;
interface ExecutionPointer {
    readonly id: string;
    readonly stepId: number;
    readonly stepName?: string;
    readonly scope: readonly string[];
    readonly predecessorId?: string;
    readonly item?: JsonValue;
    readonly index?: number;
    readonly attempt: number;
    readonly retryCount: number;
    readonly persistenceData?: JsonValue;
    readonly outcome?: JsonValue;
    readonly eventName?: string;
    readonly eventKey?: string;
    readonly dueAt?: Date;
    readonly startedAt?: Date;
    readonly endedAt?: Date;
    readonly endSeq?: number;
    readonly error?: InstanceError;
    readonly compensates?: string;
    readonly status: PointerStatus;
}
declare const POLL_METHODS: readonly [
    "GET",
    "POST",
    "PUT",
    "HEAD"
];
type PollMethod = (typeof POLL_METHODS)[number];
type PollCondition = {
    readonly status: number;
} | {
    readonly path: string;
    readonly equals: JsonValue;
} | {
    readonly bodyContains: string;
};
interface PollEndpointConfig {
    readonly url: string;
    readonly params?: Readonly<Record<string, string | number | boolean>>;
    readonly method?: PollMethod;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: JsonValue;
    readonly interval: Duration;
    readonly timeout: Duration;
    readonly until: PollCondition;
}
type StoredPollConfig = {
    readonly url: string;
    readonly params?: {
        readonly [name: string]: string | number | boolean;
    };
    readonly method?: PollMethod;
    readonly headers?: {
        readonly [name: string]: string;
    };
    readonly body?: JsonValue;
    readonly interval: number;
    readonly timeout: number;
    readonly until: PollCondition;
};
declare const resultTypes: unique symbol;
interface ExecutionResult<out TOutcome = JsonValue, out TPatch = {}> {
    readonly [resultTypes]?: () => {
        readonly outcome: TOutcome;
        readonly patch: TPatch;
    };
    readonly kind: "next" | "outcome" | "persist" | "branch" | "sleep" | "waitForEvent" | "pollEndpoint";
}
type ResultBody = {
    readonly kind: "next";
    readonly output?: unknown;
    readonly value?: unknown;
} | {
    readonly kind: "outcome";
    readonly value: unknown;
    readonly output?: unknown;
} | {
    readonly kind: "persist";
    readonly persistenceData: unknown;
} | {
    readonly kind: "branch";
    readonly values: readonly unknown[];
    readonly persistenceData?: unknown;
} | {
    readonly kind: "sleep";
    readonly duration: Duration;
    readonly persistenceData?: unknown;
} | {
    readonly kind: "waitForEvent";
    readonly name: string;
    readonly key: string;
    readonly effectiveDate?: Date;
} | {
    readonly kind: "pollEndpoint";
    readonly config: PollEndpointConfig;
};
declare function resultBody(value: unknown): ResultBody | undefined;
declare const ExecutionResult: {
    next(): ExecutionResult<never>;
    next<const TPatch extends DurableShape<TPatch>>(options: {
        readonly output: TPatch;
    }): ExecutionResult<never, TPatch>;
    outcome<const TOutcome extends DurableShape<TOutcome>>(value: TOutcome): ExecutionResult<TOutcome>;
    outcome<const TOutcome extends DurableShape<TOutcome>, const TPatch extends DurableShape<TPatch>>(value: TOutcome, options: {
        readonly output: TPatch;
    }): ExecutionResult<TOutcome, TPatch>;
    persist<T extends DurableShape<T>>(data: T): ExecutionResult<never>;
    branch<T extends DurableShape<T>>(values: readonly T[], persistenceData?: JsonValue): ExecutionResult<never>;
    sleep(duration: Duration, persistenceData?: JsonValue): ExecutionResult<never>;
    waitForEvent(name: string | EventDefinition<unknown>, key: string, options?: {
        readonly effectiveDate?: Date;
    }): ExecutionResult<never>;
    pollEndpoint(config: PollEndpointConfig): ExecutionResult<never>;
};
declare function resultOfValue(value: unknown): ExecutionResult<unknown, unknown>;
declare function valueOfResult(result: ExecutionResult<unknown, unknown>): unknown;
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
declare const LIFECYCLE_EVENT_TYPES: readonly LifecycleEventType[];
type LifecycleEventType = LifecycleEvent["type"];
type LifecycleEventOf<TType extends LifecycleEventType> = LifecycleEvent & {
    readonly type: TType;
};
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
declare const STEP_KINDS: readonly [
    "step",
    "inline",
    "if",
    "while",
    "forEach",
    "parallel",
    "delay",
    "waitFor",
    "waitForAny",
    "activity",
    "subWorkflow",
    "pollEndpoint",
    "decide",
    "saga",
    "schedule",
    "recur",
    "outcome",
    "timeout",
    "goTo",
    "end"
];
type StepKind = (typeof STEP_KINDS)[number];
type FunctionKey = string;
interface BlockDefinition {
    readonly entry: number;
    readonly role: string;
    readonly name?: string;
    readonly value?: JsonValue;
}
interface StepDefinition {
    readonly id: number;
    readonly externalId?: string;
    readonly name: string;
    readonly kind: StepKind;
    readonly stepType?: string;
    readonly stepForm?: "function" | "class";
    readonly next?: number;
    readonly blocks?: readonly BlockDefinition[];
    readonly functions?: {
        readonly [role: string]: FunctionKey;
    };
    readonly expressions?: {
        readonly [role: string]: Expression | Condition;
    };
    readonly inputs?: readonly FunctionKey[];
    readonly outputs?: readonly FunctionKey[];
    readonly saveAs?: {
        readonly [target: DataPath]: DataPath | Expression;
    };
    readonly settings?: {
        readonly [name: string]: JsonValue;
    };
    readonly config?: JsonValue;
    readonly errorBehavior?: ErrorBehavior;
    readonly timeoutMs?: number;
    readonly compensationStep?: number;
    readonly proceedOnCancel?: boolean;
}
declare function hasRole(step: StepDefinition, role: string): boolean;
interface WorkflowGraph {
    readonly steps: readonly StepDefinition[];
    readonly defaultErrorBehavior?: ErrorBehavior;
}
interface WorkflowDefinition<out TData = unknown, in TInput = TData> {
    readonly id: string;
    readonly version: number;
    readonly description?: string;
    readonly fingerprint: string;
    readonly graph: WorkflowGraph;
    readonly functions: ReadonlyMap<string, unknown>;
    readonly "~data"?: TData;
    readonly "~input"?: (input: TInput) => void;
}
interface DefinitionKey {
    readonly id: string;
    readonly version: number;
    readonly fingerprint: string;
}
interface MigrateOptions<TData = unknown, TNewData = unknown> {
    readonly steps?: {
        readonly [oldStep: string]: string | number;
    };
    readonly data?: (data: Readonly<TData>) => TNewData;
    readonly from?: WorkflowDefinition<unknown, never>;
    readonly allowLostCompensation?: boolean;
    readonly interruptRunning?: boolean;
    readonly dryRun?: boolean;
}
interface MigratedPointer {
    readonly pointerId: string;
    readonly status: PointerStatus;
    readonly from: {
        readonly stepId: number;
        readonly stepName?: string;
    };
    readonly to: {
        readonly stepId: number;
        readonly stepName: string;
    };
}
interface MigrationPlan<TNewData = unknown> {
    readonly workflowId: string;
    readonly from: DefinitionKey;
    readonly to: DefinitionKey;
    readonly migrated: boolean;
    readonly pointers: readonly MigratedPointer[];
    readonly data?: TNewData;
}
type MigrationFaultReason = "over" | "definition" | "mapping" | "step" | "kind" | "wait" | "scope" | "running" | "compensation" | "data" | "busy";
interface MigrationFault {
    readonly reason: MigrationFaultReason;
    readonly message: string;
    readonly pointerId?: string;
}
declare const LEFT_BEHIND = -1;
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
declare const QUEUE_TYPES: readonly [
    "workflow",
    "event"
];
type QueueType = (typeof QUEUE_TYPES)[number];
declare function mayRetry(options: RetryOptions, failuresBefore: number): boolean;
declare function retryDelayMs(options: RetryOptions, failuresBefore: number, random: number): number;
declare const TERMINATE_COMMAND = "terminateWorkflow";
interface ScheduledCommand {
    readonly name: string;
    readonly data: string;
    readonly executeAt: Date;
}
type TraceContext = {
    readonly [name: string]: string;
};
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
declare const DUE_AT_ONCE: Date;
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
    readonly pendingDeliveries: readonly Delivery[];
    readonly delivered?: readonly string[];
}
interface WorkflowDefinitionJson {
    readonly $schema?: string;
    readonly id: string;
    readonly version: number;
    readonly description?: string;
    readonly graph: {
        readonly steps: readonly StepJson[];
        readonly defaultErrorBehavior?: ErrorBehavior;
    };
}
type StepJson = BodyStepJson | (StepOf<"if" | "while"> & {
    readonly expressions: Asked & {
        readonly condition: Condition;
    };
} & Blocks) | (StepOf<"forEach"> & {
    readonly expressions: Asked & {
        readonly items: Expression;
    };
    readonly settings?: {
        readonly parallel?: boolean;
    };
} & Blocks) | (StepOf<"parallel"> & MayAsk & Blocks) | (StepOf<"saga"> & MayAsk & Blocks & Undone) | (StepOf<"delay"> & DurationRole) | (StepOf<"schedule"> & DurationRole & Blocks) | (StepOf<"recur"> & IntervalRole & Blocks) | (StepOf<"waitFor"> & WaitRoles & Saves) | (StepOf<"waitForAny"> & WaitAnyRoles & Saves) | (StepOf<"activity"> & ActivityRoles & Saves & Undone) | (StepOf<"subWorkflow"> & SubWorkflowRoles & Saves & Undone & Limited) | (StepOf<"pollEndpoint"> & PollRoles & Saves & Undone) | (StepOf<"decide"> & {
    readonly expressions: Asked & {
        readonly on: Expression;
    };
} & Blocks) | (StepOf<"outcome" | "timeout"> & Blocks) | (StepOf<"goTo"> & {
    readonly settings: {
        readonly target: string;
    };
} & MayAsk) | (StepOf<"end"> & MayAsk);
type BodyStepJson = StepOf<"step"> & {
    readonly stepType: string;
    readonly stepForm: "function" | "class";
    readonly expressions?: Asked & {
        readonly input?: Expression;
    };
    readonly blocks?: readonly BlockDefinition[];
} & Saves & Undone & Limited;
interface StepOf<TKind extends string> {
    readonly id: number;
    readonly name: string;
    readonly kind: TKind;
    readonly externalId?: string;
    readonly next?: number;
    readonly errorBehavior?: ErrorBehavior;
    readonly proceedOnCancel?: boolean;
}
interface Asked {
    readonly when?: Condition;
    readonly cancelWhen?: Condition;
}
interface MayAsk {
    readonly expressions?: Asked;
}
interface Blocks {
    readonly blocks: readonly BlockDefinition[];
}
interface Saves {
    readonly saveAs?: {
        readonly [target: DataPath]: DataPath | Expression;
    };
}
interface Undone {
    readonly compensationStep?: number;
}
interface Limited {
    readonly timeoutMs?: number;
    readonly config?: JsonValue;
}
type DurationRole = ({
    readonly settings: {
        readonly durationMs: number;
    };
} & MayAsk) | {
    readonly expressions: Asked & {
        readonly duration: Expression;
    };
};
type IntervalRole = {
    readonly settings: {
        readonly intervalMs: number;
    };
    readonly expressions: Asked & {
        readonly until: Condition;
    };
} | {
    readonly expressions: Asked & {
        readonly until: Condition;
        readonly interval: Expression;
    };
};
interface WaitLimits {
    readonly timeoutMs?: number;
    readonly effectiveDate?: string;
}
interface WaitExpressions extends Asked {
    readonly timeout?: Expression;
    readonly effectiveDate?: Expression;
}
type WaitRoles = {
    readonly settings: WaitLimits & {
        readonly eventName: string;
        readonly key: string;
    };
    readonly expressions?: WaitExpressions;
} | {
    readonly settings: WaitLimits & {
        readonly eventName: string;
    };
    readonly expressions: WaitExpressions & {
        readonly key: Expression;
    };
};
interface WaitAnyRoles {
    readonly settings: WaitLimits & {
        readonly events: {
            readonly [label: string]: string;
        };
        readonly keys?: {
            readonly [label: string]: string;
        };
    };
    readonly expressions?: WaitExpressions & {
        readonly [role: `key.${string}`]: Expression;
    };
}
interface ActivityRoles {
    readonly settings: {
        readonly activity: string;
        readonly timeoutMs?: number;
    };
    readonly expressions: Asked & {
        readonly input: Expression;
        readonly timeout?: Expression;
    };
}
interface SubWorkflowRoles {
    readonly settings: {
        readonly definitionId: string;
        readonly version?: number;
    };
    readonly expressions: Asked & {
        readonly input: Expression;
    };
}
type PollRoles = ({
    readonly settings: {
        readonly config: PollEndpointConfig;
    };
} & MayAsk) | {
    readonly expressions: Asked & {
        readonly config: Expression;
    };
};
declare const EXPLAINED_AT_MOST = 100;
interface ExplainedError {
    readonly code: string;
    readonly message: string;
}
interface StepDifference {
    readonly pointerId: string;
    readonly stepId: number;
    readonly step: string;
    readonly problem: "missing" | "otherKind" | "otherName";
    readonly here?: {
        readonly step: string;
        readonly kind: StepKind;
    };
}
type UnknownDefinition = DefinitionKey & ({
    readonly problem: "id";
} | {
    readonly problem: "version";
    readonly registered: readonly number[];
} | {
    readonly problem: "fingerprint";
    readonly here: string;
    readonly sameGraph: readonly number[];
    readonly differences: readonly StepDifference[];
});
type InstanceReason = {
    readonly kind: "over";
    readonly status: "complete" | "terminated";
    readonly since: Date;
    readonly error?: ExplainedError;
} | {
    readonly kind: "suspended";
    readonly by: "error";
    readonly error: ExplainedError;
    readonly since?: Date;
} | {
    readonly kind: "suspended";
    readonly by: "command";
} | {
    readonly kind: "unknownDefinition";
    readonly definition: UnknownDefinition;
} | {
    readonly kind: "due";
    readonly since: Date;
} | {
    readonly kind: "delivered";
    readonly count: number;
    readonly events: readonly {
        readonly eventId: string;
        readonly pointerId: string;
    }[];
} | {
    readonly kind: "command";
    readonly command: string;
    readonly executeAt: Date;
};
interface AwaitedEventState {
    readonly name: string;
    readonly key: string;
    readonly effectiveDate?: Date;
    readonly given?: string;
    readonly undelivered?: {
        readonly eventId: string;
        readonly eligibleAt?: Date;
    };
}
type PointerReason = {
    readonly kind: "event";
    readonly events: readonly AwaitedEventState[];
    readonly timeoutAt?: Date;
} | {
    readonly kind: "activity";
    readonly activity: string;
    readonly claim?: {
        readonly workerId: string;
        readonly until: Date;
    };
    readonly submitted: boolean;
    readonly timeoutAt?: Date;
} | {
    readonly kind: "child";
    readonly id: string;
    readonly workflow?: {
        readonly name: string;
        readonly definitionId: string;
        readonly version: number;
        readonly status: WorkflowStatus;
        readonly error?: ExplainedError;
    };
    readonly timeoutAt?: Date;
} | {
    readonly kind: "time";
    readonly why: "start" | "delay" | "schedule" | "recur" | "sleep";
    readonly until: Date;
} | {
    readonly kind: "retry";
    readonly until: Date;
    readonly failures: number;
    readonly error?: ExplainedError;
} | {
    readonly kind: "poll";
    readonly until: Date;
    readonly endpoint?: {
        readonly url: string;
        readonly deadline: Date;
    };
} | {
    readonly kind: "running";
    readonly abandoned: boolean;
} | {
    readonly kind: "compensation";
    readonly phase: "suspended" | "compensating";
    readonly error: ExplainedError;
    readonly open: number;
} | {
    readonly kind: "container";
    readonly open: number;
} | {
    readonly kind: "failed";
    readonly error: ExplainedError;
} | {
    readonly kind: "ready";
};
interface ExplainedPointer {
    readonly id: string;
    readonly stepId: number;
    readonly step: string;
    readonly stepKind?: StepKind;
    readonly index?: number;
    readonly attempt: number;
    readonly since?: Date;
    readonly compensates?: string;
    readonly reason: PointerReason;
    readonly unblock?: string;
}
type LeaseState = {
    readonly kind: "free";
} | {
    readonly kind: "held";
    readonly here: boolean;
    readonly owner?: string;
    readonly expiresAt: Date;
} | {
    readonly kind: "unknown";
    readonly why: "noLockProvider" | "noCapability" | "unreachable";
};
interface WorkflowExplanation {
    readonly id: string;
    readonly name: string;
    readonly definitionId: string;
    readonly version: number;
    readonly status: WorkflowStatus;
    readonly at: Date;
    readonly summary: string;
    readonly reasons: readonly InstanceReason[];
    readonly openPointers: number;
    readonly pointers: readonly ExplainedPointer[];
    readonly lease: LeaseState;
    readonly nextLook?: {
        readonly at: Date;
        readonly atLatest: Date;
    };
    readonly unblock: readonly string[];
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
interface PurgeOptions {
    readonly status: "complete" | "terminated";
    readonly olderThan: Date | Duration;
    readonly batchSize?: number;
    readonly dryRun?: boolean;
}
interface WorkflowInstance<out TData = unknown, out TStatus extends WorkflowStatus = WorkflowStatus> {
    readonly id: WorkflowId<TData>;
    readonly name: string;
    readonly reference?: string;
    readonly definitionId: string;
    readonly version: number;
    readonly status: TStatus;
    readonly data: Readonly<TData>;
    readonly error?: InstanceError;
    readonly parent?: {
        readonly workflowId: WorkflowId;
        readonly pointerId: string;
    };
    readonly rootWorkflowId?: WorkflowId;
    readonly traceContext?: TraceContext;
    readonly dueAt?: Date;
    readonly createdAt: Date;
    readonly completedAt?: Date;
}
type FinishedWorkflow<TData> = WorkflowInstance<TData, "complete"> | WorkflowInstance<TData, "terminated">;
declare const ERROR_CODES: readonly [
    "WFE_WORKFLOW_NOT_FOUND",
    "WFE_DEFINITION_NOT_FOUND",
    "WFE_EVENT_NOT_FOUND",
    "WFE_SUBSCRIPTION_NOT_FOUND",
    "WFE_STEP_NOT_FOUND",
    "WFE_DEFINITION_INVALID",
    "WFE_DEFINITION_EXISTS",
    "WFE_STEP_NOT_REGISTERED",
    "WFE_STEP_KEY_TAKEN",
    "WFE_PROVIDER_MISSING",
    "WFE_HOST_NOT_RUNNING",
    "WFE_INPUT_INVALID",
    "WFE_OUTPUT_INVALID",
    "WFE_WORKFLOW_ALREADY_EXISTS",
    "WFE_WORKFLOW_NAME_TAKEN",
    "WFE_VALUE_NOT_STORABLE",
    "WFE_PAYLOAD_TOO_LARGE",
    "WFE_PAYLOAD_UNREADABLE",
    "WFE_POINTERS_TOO_MANY",
    "WFE_STEP_FAILED",
    "WFE_STEP_CRASHED",
    "WFE_TIMEOUT",
    "WFE_ACTIVITY_FAILED",
    "WFE_ACTIVITY_TOKEN_INVALID",
    "WFE_MIDDLEWARE_INVALID",
    "WFE_CHILD_TERMINATED",
    "WFE_WORKFLOW_TOO_DEEP",
    "WFE_CANCELLED",
    "WFE_WORKFLOW_SUSPENDED",
    "WFE_WORKFLOW_TERMINATED",
    "WFE_MIGRATION_REFUSED",
    "WFE_ARTIFACT_STORE_MISSING",
    "WFE_ARTIFACT_REF_INVALID",
    "WFE_ARTIFACT_NOT_FOUND",
    "WFE_ARTIFACT_CORRUPT",
    "WFE_ARTIFACT_TOO_LARGE",
    "WFE_ARTIFACT_PINNED",
    "WFE_ARTIFACT_BACKEND",
    "WFE_ARCHIVE_INVALID",
    "WFE_ARCHIVE_REFUSED",
    "WFE_POLL_URL_INVALID",
    "WFE_POLL_URL_NOT_ALLOWED",
    "WFE_POLL_REDIRECT_REFUSED",
    "WFE_POLL_BODY_TOO_LARGE",
    "WFE_POLL_SECRET_MISSING",
    "WFE_POLL_REJECTED",
    "WFE_COMMIT_CONFLICT",
    "WFE_PERSISTENCE_FAILED",
    "WFE_PROVIDER_NOT_RUNNING",
    "WFE_STORE_BUSY",
    "WFE_STORE_FULL",
    "WFE_STORE_READ_ONLY",
    "WFE_STORE_CORRUPT",
    "WFE_STORE_NEWER",
    "WFE_STORE_UNREACHABLE",
    "WFE_STORE_SESSION_REQUIRED",
    "WFE_LOCK_BACKEND",
    "WFE_QUEUE_BACKEND"
];
type ErrorCode = (typeof ERROR_CODES)[number];
interface WfeErrorOptions {
    readonly cause?: unknown;
    readonly retryable?: boolean;
}
declare class WfeError extends Error {
    readonly name: string;
    readonly code: ErrorCode;
    readonly retryable: boolean;
    constructor(code: ErrorCode, message: string, options?: WfeErrorOptions);
}
declare function isWfeError(error: unknown, code?: ErrorCode): error is WfeError;
type ArtifactErrorCode = Extract<ErrorCode, `WFE_ARTIFACT_${string}` | `WFE_ARCHIVE_${string}`>;
declare class ArtifactError extends WfeError {
    readonly name = "ArtifactError";
    readonly code: ArtifactErrorCode;
    constructor(code: ArtifactErrorCode, message: string, options?: WfeErrorOptions);
}
declare class DefinitionError extends WfeError {
    readonly name = "DefinitionError";
    readonly definitionId: string;
    readonly version: number;
    readonly faults: readonly string[];
    constructor(definitionId: string, version: number, faults: readonly string[], options?: WfeErrorOptions);
}
declare class DefinitionExistsError extends WfeError {
    readonly name = "DefinitionExistsError";
    constructor(definitionId: string, version: number, registered: string, refused: string, options?: WfeErrorOptions);
}
declare class StepNotRegisteredError extends WfeError {
    readonly name = "StepNotRegisteredError";
    readonly stepTypes: readonly string[];
    constructor(stepTypes: readonly string[], options?: WfeErrorOptions);
}
declare class StepKeyTakenError extends WfeError {
    readonly name = "StepKeyTakenError";
    constructor(stepType: string, registered: string, refused: string, options?: WfeErrorOptions);
}
declare class WorkflowNotFoundError extends WfeError {
    readonly name = "WorkflowNotFoundError";
    readonly workflowId: string;
    constructor(workflowId: string, options?: WfeErrorOptions);
}
declare class DefinitionNotFoundError extends WfeError {
    readonly name = "DefinitionNotFoundError";
    readonly definitionId: string;
    readonly version: number | undefined;
    constructor(definitionId: string, version?: number, options?: WfeErrorOptions);
}
declare class EventNotFoundError extends WfeError {
    readonly name = "EventNotFoundError";
    readonly eventId: string;
    constructor(eventId: string, options?: WfeErrorOptions);
}
declare class SubscriptionNotFoundError extends WfeError {
    readonly name = "SubscriptionNotFoundError";
    readonly subscriptionId: string;
    constructor(subscriptionId: string, options?: WfeErrorOptions);
}
declare class StepNotFoundError extends WfeError {
    readonly name = "StepNotFoundError";
    readonly stepId: number;
    constructor(definitionId: string, version: number, stepId: number, options?: WfeErrorOptions);
}
declare class StepExecutionError extends WfeError {
    readonly name: string;
    constructor(message: string, options?: WfeErrorOptions);
}
declare class NonRetryableError extends WfeError {
    readonly name: string;
    readonly data: JsonValue | undefined;
    constructor(message: string, options?: WfeErrorOptions & {
        readonly data?: JsonValue;
    });
}
declare function isNonRetryable(thrown: unknown): thrown is NonRetryableError;
declare class ActivityFailedError extends WfeError {
    readonly name = "ActivityFailedError";
    readonly data: JsonValue | undefined;
    constructor(failure: {
        readonly message: string;
        readonly data?: JsonValue;
        readonly retryable: boolean;
    });
}
declare class ChildTerminatedError extends WfeError {
    readonly name = "ChildTerminatedError";
    readonly childId: string;
    readonly data: JsonValue | undefined;
    constructor(childId: string, error: {
        readonly code: string;
        readonly message: string;
        readonly data?: JsonValue;
    } | undefined);
}
declare class WorkflowTooDeepError extends WfeError {
    readonly name = "WorkflowTooDeepError";
    constructor(step: string, depth: number, limit: number);
}
declare class StepCrashedError extends WfeError {
    readonly name = "StepCrashedError";
    constructor(step: string, crashes: number, options?: WfeErrorOptions);
}
declare class PointersTooManyError extends WfeError {
    readonly name = "PointersTooManyError";
    constructor(count: number, limit: number, options?: WfeErrorOptions);
}
declare class TimeoutError extends WfeError {
    readonly name = "TimeoutError";
    constructor(what: string, timeoutMs: number | undefined, options?: WfeErrorOptions);
}
declare class CancelledError extends WfeError {
    readonly name = "CancelledError";
    readonly reason: CancelReason;
    constructor(reason: CancelReason, options?: WfeErrorOptions);
}
type CancelReason = "cancelled" | "terminated" | "leaseLost" | "shutdown" | "superseded" | "failed" | "aborted";
declare class MiddlewareError extends WfeError {
    readonly name = "MiddlewareError";
    constructor(message: string, options?: WfeErrorOptions);
}
type PollErrorCode = "WFE_POLL_URL_INVALID" | "WFE_POLL_URL_NOT_ALLOWED" | "WFE_POLL_REDIRECT_REFUSED" | "WFE_POLL_BODY_TOO_LARGE" | "WFE_POLL_SECRET_MISSING" | "WFE_POLL_REJECTED";
declare class PollError extends WfeError {
    readonly name = "PollError";
    constructor(code: PollErrorCode, message: string, options?: WfeErrorOptions);
}
declare class PersistenceError extends WfeError {
    readonly name = "PersistenceError";
    constructor(code: Extract<ErrorCode, "WFE_PERSISTENCE_FAILED" | `WFE_STORE_${string}` | "WFE_PROVIDER_NOT_RUNNING">, message: string, options?: WfeErrorOptions);
}
type ConflictReason = "revision" | "control" | "inbox" | "missing";
interface CurrentState {
    readonly revision: number;
    readonly controlSeq: number;
    readonly inboxSeq: number;
    readonly status: WorkflowStatus;
}
declare class ConflictError extends WfeError {
    readonly name = "ConflictError";
    readonly workflowId: string;
    readonly reason: ConflictReason;
    readonly current: CurrentState | undefined;
    constructor(workflowId: string, reason: ConflictReason, current?: CurrentState, options?: WfeErrorOptions);
}
declare class LockError extends WfeError {
    readonly name = "LockError";
    constructor(message: string, options?: WfeErrorOptions & {
        readonly code?: "WFE_LOCK_BACKEND" | "WFE_PROVIDER_NOT_RUNNING";
    });
}
declare class QueueError extends WfeError {
    readonly name = "QueueError";
    constructor(message: string, options?: WfeErrorOptions & {
        readonly code?: "WFE_QUEUE_BACKEND" | "WFE_PROVIDER_NOT_RUNNING";
    });
}
declare class SerializationError extends WfeError {
    readonly name = "SerializationError";
    readonly path: string;
    constructor(what: string, path: string, problem: string, options?: WfeErrorOptions);
}
declare class PayloadTooLargeError extends WfeError {
    readonly name = "PayloadTooLargeError";
    readonly size: number;
    readonly limit: number;
    constructor(what: string, size: number, limit: number, options?: WfeErrorOptions);
}
declare class InputInvalidError extends WfeError {
    readonly name = "InputInvalidError";
    readonly issues: readonly string[];
    constructor(what: string, issues: readonly string[], options?: WfeErrorOptions);
}
declare class OutputInvalidError extends WfeError {
    readonly name = "OutputInvalidError";
    readonly issues: readonly string[];
    constructor(what: string, issues: readonly string[], options?: WfeErrorOptions);
}
declare class WorkflowAlreadyExistsError extends WfeError {
    readonly name = "WorkflowAlreadyExistsError";
    readonly workflowId: string;
    readonly existing: {
        readonly definitionId: string;
        readonly version: number;
        readonly inputDigest: string;
    };
    constructor(workflowId: string, existing: {
        readonly definitionId: string;
        readonly version: number;
        readonly inputDigest: string;
    }, options?: WfeErrorOptions);
}
declare class WorkflowNameTakenError extends WfeError {
    readonly name = "WorkflowNameTakenError";
    readonly workflowName: string;
    constructor(workflowName: string, options?: WfeErrorOptions);
}
declare class WorkflowSuspendedError extends WfeError {
    readonly name = "WorkflowSuspendedError";
    readonly workflowId: string;
    readonly error: InstanceError | undefined;
    constructor(workflowId: string, error: InstanceError | undefined, options?: WfeErrorOptions);
}
declare class WorkflowTerminatedError extends WfeError {
    readonly name = "WorkflowTerminatedError";
    readonly workflowId: string;
    readonly error: InstanceError | undefined;
    constructor(workflowId: string, error: InstanceError | undefined, options?: WfeErrorOptions);
}
declare class MigrationError extends WfeError {
    readonly name = "MigrationError";
    readonly workflowId: string;
    readonly faults: readonly MigrationFault[];
    constructor(workflowId: string, from: DefinitionKey, to: DefinitionKey, faults: readonly MigrationFault[], options?: WfeErrorOptions);
}
declare function shownDefinition({ id, version, fingerprint }: DefinitionKey): string;
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
interface ArtifactAccess {
    readonly inputs: Readonly<Record<string, ArtifactRef>>;
    put(content: ArtifactContent, options?: {
        readonly mediaType?: string;
    }): Promise<ArtifactRef>;
    get(artifact: ArtifactRef | ArtifactDigest): AsyncIterable<Uint8Array>;
    extract(name: string, directory: string, options?: ReadArchiveOptions): Promise<void>;
}
interface Timer {
    cancel(): void;
}
interface Clock {
    now(): number;
    monotonic(): number;
    setTimer(delayMs: number, callback: () => void): Timer;
    defer(callback: () => void): void;
}
interface Codec {
    encode(value: unknown): string;
    decode(text: string): unknown;
}
interface CommandRepository {
    scheduleCommand(command: ScheduledCommand): Promise<void>;
    processCommands(asAt: Date, options: {
        readonly limit: number;
        readonly claimUntil: Date;
    }, handler: (command: ScheduledCommand) => Promise<void>): Promise<number>;
}
interface Entropy {
    random(): number;
    id(): string;
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
interface HttpRequest {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body?: string;
    readonly redirect: "manual";
    readonly signal: AbortSignal;
}
interface HttpResponse {
    readonly status: number;
    readonly headers: {
        get(name: string): string | null;
    };
    readonly body: AsyncIterable<Uint8Array> | null;
}
type HttpClient = (url: string, request: HttpRequest) => Promise<HttpResponse>;
interface Provider {
    start(): Promise<void>;
    stop(): Promise<void>;
}
interface LifecyclePublisher extends Provider {
    publish(event: LifecycleEvent): Promise<void>;
    subscribe(listener: (event: LifecycleEvent) => void, onGap?: () => void): Promise<() => void>;
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
declare const LOG_LEVELS: readonly [
    "debug",
    "info",
    "warn",
    "error"
];
type LogLevel = (typeof LOG_LEVELS)[number];
interface LogEntry {
    readonly at: Date;
    readonly level: LogLevel;
    readonly message: string;
    readonly fields?: object;
    readonly workflowId?: string;
    readonly definitionId?: string;
    readonly step?: string;
    readonly pointerId?: string;
    readonly stream?: "stdout" | "stderr";
    readonly chunk?: string | Uint8Array;
}
interface LogSink {
    write(entry: LogEntry): void;
}
interface StartOptions {
    readonly name?: string;
    readonly id?: string;
    readonly reference?: string;
    readonly startAt?: Date;
    readonly traceContext?: TraceContext;
}
interface WaitForOptions {
    readonly timeout?: Duration;
    readonly signal?: AbortSignal;
    readonly onSuspended?: "reject" | "wait";
}
interface PublishOptions {
    readonly time?: Date;
    readonly id?: string;
}
interface ActivityClient {
    getPendingActivity<TIn, TOut>(activity: ActivityDefinition<TIn, TOut> | string, workerId: string, options: {
        readonly lease: Duration;
        readonly wait?: Duration;
    }): Promise<PendingActivity<TIn, TOut> | undefined>;
    submitActivitySuccess<TOut>(token: ActivityToken<TOut>, result: NoInfer<TOut>): Promise<void>;
    submitActivityFailure(token: ActivityToken<never>, error: Error | {
        readonly message: string;
        readonly data?: JsonValue;
        readonly retryable?: boolean;
    }): Promise<void>;
    extendActivity(token: ActivityToken<never>, lease: Duration): Promise<boolean>;
    releaseActivity(token: ActivityToken<never>): Promise<void>;
}
interface WorkflowClient extends ActivityClient {
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
}
interface StepLog {
    debug(message: string, fields?: object): void;
    info(message: string, fields?: object): void;
    warn(message: string, fields?: object): void;
    error(message: string, fields?: object): void;
    stream(name: "stdout" | "stderr", chunk: string | Uint8Array): void;
}
interface CompensatedStep {
    readonly pointer: ExecutionPointer;
    readonly item: JsonValue | undefined;
    readonly persistenceData: JsonValue | undefined;
    readonly outcome: JsonValue | undefined;
    readonly error: {
        readonly code: string;
        readonly message: string;
        readonly data?: JsonValue;
    };
}
interface StepExecutionContext<out TData = unknown, out TItem = unknown> {
    readonly data: Readonly<TData>;
    readonly item: TItem;
    readonly index: number | undefined;
    readonly persistenceData: JsonValue | undefined;
    readonly pointer: ExecutionPointer;
    readonly step: {
        readonly id: number;
        readonly name: string;
        readonly config: JsonValue | undefined;
    };
    readonly workflow: WorkflowInstance<TData>;
    readonly definition: {
        readonly id: string;
        readonly version: number;
    };
    readonly signal: AbortSignal;
    readonly attempt: number;
    readonly idempotencyKey: string;
    readonly eventData: JsonValue | undefined;
    readonly compensates: CompensatedStep | undefined;
    readonly log: StepLog;
    readonly host: Pick<WorkflowClient, "startWorkflow" | "publishEvent">;
    readonly artifacts: ArtifactAccess;
}
interface StartContext {
    readonly definitionId: string;
    readonly version: number;
    readonly input: unknown;
    options: StartOptions;
}
interface PassContext {
    readonly workflow: WorkflowInstance;
    readonly signal: AbortSignal;
}
type StepResult = ExecutionResult<unknown, unknown>;
interface DeliveredTopic {
    readonly name: string;
    readonly key: string;
    readonly eventIds: readonly string[];
}
interface DeliveryContext {
    readonly topics: readonly DeliveredTopic[];
    readonly signal: AbortSignal;
}
interface Middleware {
    aroundStart?(ctx: StartContext, next: () => Promise<WorkflowId>): Promise<WorkflowId>;
    aroundWorkflow?(ctx: PassContext, next: () => Promise<void>): Promise<void>;
    aroundStep?(ctx: StepExecutionContext, next: () => Promise<StepResult>): MaybePromise<StepResult>;
    aroundDelivery?(ctx: DeliveryContext, next: () => Promise<readonly WorkflowId[]>): Promise<void>;
}
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
    readonly deliveries: readonly Delivery[];
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
interface Providers {
    readonly persistence: PersistenceProvider;
    readonly locks: DistributedLockProvider;
    readonly queue: QueueProvider;
    readonly lifecycle?: LifecyclePublisher;
}
type ResultFor<TData> = ExecutionResult<unknown, Partial<TData>>;
type StepReturn<T, TData = unknown> = ResultFor<TData> | void | DurableShape<T>;
interface StepBody<TData = unknown, in TItem = unknown> {
    readonly run: (ctx: StepExecutionContext<TData, TItem>) => MaybePromise<ResultFor<TData> | void>;
}
type StepClass<TStep> = (abstract new (...args: never[]) => TStep) & {
    readonly stepType?: string;
};
interface AnyStep {
    readonly run: (ctx: never) => unknown;
}
interface StepRef<out TStep> {
    readonly kind: "stepRef";
    readonly stepType: string;
    readonly "~step"?: TStep;
}
declare function stepRef<TStep extends AnyStep>(stepType: string): StepRef<TStep>;
interface FunctionStep<in TIn, out TOut, in TData = unknown, in TItem = unknown> {
    readonly kind: "function";
    readonly stepType: string;
    readonly run: (input: TIn, ctx: StepExecutionContext<TData, TItem>) => MaybePromise<TOut>;
}
type AnyFunctionStep = FunctionStep<never, unknown, never, never>;
declare function defineStep<TIn = void, TOut extends StepReturn<TOut> = void, TData = unknown, TItem = unknown>(stepType: string, run: (input: TIn, ctx: StepExecutionContext<TData, TItem>) => MaybePromise<TOut>): FunctionStep<TIn, TOut, TData, TItem>;
type AnyDefinition = WorkflowDefinition<unknown, never>;
interface WorkflowRegistry {
    register(definition: AnyDefinition): void;
    getDefinition(id: string, version?: number): AnyDefinition | undefined;
    isRegistered(id: string, version: number): boolean;
    deregister(id: string, version: number): boolean;
    getAllDefinitions(): readonly AnyDefinition[];
    keys(): readonly DefinitionKey[];
}
interface ArchiveFile {
    readonly kind: "file";
    readonly path: string;
    readonly mode?: number;
    readonly content: Uint8Array | string;
}
interface ArchiveStreamedFile extends Omit<ArchiveFile, "content"> {
    readonly content: AsyncIterable<Uint8Array>;
    readonly size: number;
}
interface ArchiveDirectory {
    readonly kind: "directory";
    readonly path: string;
}
interface ArchiveSymlink {
    readonly kind: "symlink";
    readonly path: string;
    readonly target: string;
}
type ArchiveEntry = ArchiveFile | ArchiveStreamedFile | ArchiveDirectory | ArchiveSymlink;
declare const DEFAULT_ARCHIVE_LIMITS: ArchiveLimits;
declare function artifactRef(digest: string): ArtifactRef;
declare function parseArtifactRef(value: unknown): ArtifactDigest;
declare function artifactRefsIn(value: unknown): readonly ArtifactDigest[];
interface UnpackOptions extends ReadArchiveOptions {
    readonly pinnedBy?: string;
}
type ArtifactSource = Pick<ArtifactStore, "get" | "stat">;
declare class ArtifactVolume implements Iterable<readonly [
    name: string,
    ref: ArtifactRef
]> {
    #private;
    private constructor();
    static resolve(names: Iterable<string>, data: unknown, store: ArtifactSource): Promise<ArtifactVolume>;
    static resolveAll(data: unknown, store: ArtifactSource): Promise<ArtifactVolume>;
    static of(refs: ReadonlyMap<string, ArtifactRef> | Readonly<Record<string, ArtifactRef>>, store: ArtifactSource): ArtifactVolume;
    get names(): readonly string[];
    get size(): number;
    [Symbol.iterator](): Generator<readonly [
        name: string,
        ref: ArtifactRef
    ], void, undefined>;
    get(name: string): AsyncIterable<Uint8Array>;
    extractOne(name: string, directory: string, options?: ReadArchiveOptions): Promise<void>;
    extractAll(directory: string, options?: ReadArchiveOptions): Promise<ReadonlyMap<string, string>>;
    repackageWithPrefix(name: string, prefix: string, options?: ReadArchiveOptions): AsyncIterable<Uint8Array>;
    package(): ArtifactVolumePackage;
}
declare class ArtifactVolumePackage {
    #private;
    private constructor();
    static from(source: ArtifactContent): ArtifactVolumePackage;
    bytes(): AsyncGenerator<Uint8Array, void, undefined>;
    unpack(store: ArtifactSource & Pick<ArtifactStore, "put">, options?: UnpackOptions): Promise<ArtifactVolume>;
}
declare function extractArtifactToDir(source: ArtifactContent, directory: string, options?: ReadArchiveOptions): Promise<void>;
interface ArtifactStoreLimits {
    readonly expiry?: Duration | "never";
    readonly maxBlobBytes?: number;
}
type FileSystem = Pick<typeof nodeFiles, "link" | "lstat" | "mkdir" | "open" | "readdir" | "readFile" | "rename" | "rmdir" | "unlink">;
interface LocalArtifactStoreOptions extends ArtifactStoreLimits {
    readonly clock?: Clock;
    readonly entropy?: Entropy;
}
declare class LocalArtifactStore implements ArtifactStore {
    #private;
    private constructor();
    static open(root: string, options?: LocalArtifactStoreOptions, files?: FileSystem): Promise<LocalArtifactStore>;
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
interface PackOptions {
    readonly gzip?: boolean;
    readonly signal?: AbortSignal;
}
declare function packArtifact(source: string | Iterable<ArchiveEntry> | AsyncIterable<ArchiveEntry>, options?: PackOptions): AsyncIterable<Uint8Array>;
interface BoundedTimersOptions<TKey> {
    readonly clock: Clock;
    readonly limit: number;
    readonly horizonMs: number;
    readonly onDue: (keys: readonly TKey[]) => void;
    readonly onUnknown: () => void;
}
declare class BoundedTimers<TKey> {
    #private;
    constructor(options: BoundedTimersOptions<TKey>);
    get size(): number;
    schedule(key: TKey, dueMs: number): void;
    cancel(key: TKey): boolean;
    clear(): void;
}
interface BufferedLogSinkOptions {
    readonly maxEntries?: number;
    readonly maxSize?: number;
    readonly drop?: "oldest" | "newest";
    readonly clock?: Clock;
}
interface BufferedLogSink extends LogSink {
    flush(options?: {
        readonly timeout?: Duration;
    }): Promise<boolean>;
}
declare function bufferedLogSink(write: (entries: readonly LogEntry[]) => Promise<void>, { maxEntries, maxSize, drop, clock }?: BufferedLogSinkOptions): BufferedLogSink;
interface ConsoleLogSinkOptions {
    readonly level?: LogLevel;
    readonly stream?: NodeJS.WritableStream;
}
declare function consoleLogSink({ level, stream }?: ConsoleLogSinkOptions): LogSink;
declare function matchesData(data: string, wanted: NonNullable<WorkflowFilter["data"]>): boolean;
interface IndexedPath {
    readonly path: string;
    readonly keys: readonly string[];
    readonly name: string;
}
interface IndexedValue extends IndexedPath {
    readonly value: string | number | boolean | null;
}
declare function indexedPaths(paths?: readonly string[]): readonly IndexedPath[];
declare function indexedValue(data: NonNullable<WorkflowFilter["data"]>, paths: readonly IndexedPath[]): IndexedValue | undefined;
interface LeaseRequest {
    readonly resource: string;
    readonly token: string;
    readonly ttlMs: number;
    readonly clock: Clock;
    readonly requestedAt: number;
    readonly extend: () => Promise<boolean>;
    readonly release: () => Promise<boolean>;
}
declare function createLease(request: LeaseRequest): Lease;
declare function leaseHasEnded(lease: Lease): boolean;
declare function decodeLifecycleEvent(value: unknown): LifecycleEvent;
interface LifecycleMessage {
    readonly from: string;
    readonly sequence: number;
    readonly events: readonly LifecycleEvent[];
}
declare class LifecycleListeners {
    #private;
    constructor(onError?: (error: unknown) => void);
    report(error: unknown): void;
    get size(): number;
    add(listener: (event: LifecycleEvent) => void, onGap?: () => void): () => void;
    clear(): void;
    hear({ from, sequence, events }: LifecycleMessage): void;
    missed(): void;
}
interface ListingPosition {
    readonly createdAt: number;
    readonly id: string;
}
type FindWorkflows = (filter: WorkflowFilter, after: ListingPosition | undefined, size: number) => Promise<readonly WorkflowRow[]>;
declare function asksForData(filter: WorkflowFilter): filter is WorkflowFilter & Required<Pick<WorkflowFilter, "data">>;
declare function refuseUnknownFields(filter: WorkflowFilter): void;
declare function listFound(filter: WorkflowFilter, page: PageRequest, store: string, find: FindWorkflows): Promise<Page<WorkflowRow>>;
declare function countFound(filter: WorkflowFilter, find: FindWorkflows): Promise<number>;
declare function harmlessMetrics(sink: MetricSink): MetricSink;
declare class MetricSinks implements MetricSink {
    #private;
    add(sink: MetricSink): () => void;
    record(measurement: Measurement): void;
}
declare function knownDefinition(registry: Pick<WorkflowRegistry, "getDefinition">, { definitionId, version, fingerprint }: Pick<WorkflowRow, "definitionId" | "version" | "fingerprint">): AnyDefinition | undefined;
declare function endsWithin(work: Promise<unknown>, clock: Clock, timeoutMs: number): Promise<boolean>;
declare function isThenable(value: unknown): value is PromiseLike<unknown>;
declare function validated(schema: StandardSchema, value: unknown, refusal: (issues: readonly string[]) => Error): Promise<unknown>;
interface PayloadLimits {
    readonly data: number;
    readonly event: number;
}
declare const DEFAULT_PAYLOAD_LIMITS: PayloadLimits;
declare class Payloads {
    #private;
    readonly limits: PayloadLimits;
    constructor(options?: {
        readonly codec?: Codec | undefined;
        readonly limits?: Partial<PayloadLimits> | undefined;
    });
    stored(value: unknown, what: string, path?: string): unknown;
    encode(value: unknown, what: string, limit?: number): string;
    decode(text: string, what: string): unknown;
}
declare class Pauses {
    #private;
    constructor({ clock, entropy }: {
        readonly clock: Clock;
        readonly entropy: Entropy;
    });
    wait(ms: number): Promise<void>;
    backOff(attempt: number, mostMs?: number): Promise<void>;
    end(): void;
}
declare class PollAllowList {
    #private;
    constructor(entries: readonly string[]);
    allows(url: URL): boolean;
}
type SecretResolver = (name: string) => MaybePromise<string | undefined>;
interface PersistenceStores {
    readonly workflows: Pick<WorkflowRepository, "persistWorkflow" | "getWorkflowInstance" | "getWorkflowInstanceByName" | "getWorkflowInstances" | "readSignals" | "nextDefinitionSequence" | "deleteWorkflows"> & {
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
interface PersistenceOfStoresOptions {
    readonly what: string;
    readonly database: Provider;
    readonly stores: PersistenceStores;
    readonly metrics: MetricSinks;
}
declare abstract class PersistenceOfStores implements PersistenceProvider {
    #private;
    constructor({ what, database, stores, metrics }: PersistenceOfStoresOptions);
    recordMetrics(sink: MetricSink): () => void;
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
interface PollOptions {
    readonly allow: readonly string[];
    readonly secrets?: SecretResolver;
    readonly maxBodySize?: number;
    readonly requestTimeout?: Duration;
}
interface PollRules {
    readonly allowList: PollAllowList;
    readonly secrets: SecretResolver | undefined;
    readonly maxBodySize: number;
    readonly requestTimeoutMs: number;
}
declare function pollRules(options?: PollOptions): PollRules;
interface PollServices extends PollRules {
    readonly fetch: HttpClient;
    readonly clock: Pick<Clock, "setTimer">;
}
type PollAnswer = {
    readonly satisfied: true;
    readonly status: number;
    readonly body: JsonValue;
} | {
    readonly satisfied: false;
    readonly problem: string;
};
declare function pollOnce(config: StoredPollConfig, data: unknown, services: PollServices, signal: AbortSignal): Promise<PollAnswer>;
interface QueueWaiter<TDelivery> {
    readonly limit: number;
    readonly once: boolean;
    readonly give: (deliveries: readonly TDelivery[]) => void;
    readonly fail: (error: unknown) => void;
}
declare class QueueWaiters<TDelivery> {
    #private;
    constructor(clock: Clock, onEmpty: () => void);
    get size(): number;
    add(waiter: QueueWaiter<TDelivery>): () => void;
    see(): number;
    give(deliveries: readonly TDelivery[]): readonly TDelivery[];
    fail(error: unknown): void;
}
interface SharedRunOptions {
    readonly open: () => void | Promise<void>;
    readonly close: () => void | Promise<void>;
    readonly notRunning: () => Error;
}
declare class SharedRun {
    #private;
    constructor(options: SharedRunOptions);
    get running(): boolean;
    check(): void;
    start(): Promise<void>;
    stop(): Promise<void>;
}
declare const systemClock: Clock;
declare const systemEntropy: Entropy;
declare const systemHttpClient: HttpClient;
declare class Slots {
    #private;
    constructor(capacity: number);
    get free(): number;
    tryTake(): boolean;
    take(): Promise<void>;
    run<T>(work: () => Promise<T>): Promise<T>;
    whenFree(): Promise<void>;
    give(): void;
}
interface TimersOptions<TKey> {
    readonly clock: Clock;
    readonly onDue: (keys: readonly TKey[]) => void;
    readonly on?: "wall" | "monotonic";
}
declare class Timers<TKey> {
    #private;
    constructor(options: TimersOptions<TKey>);
    get size(): number;
    dueOf(key: TKey): number | undefined;
    schedule(key: TKey, dueMs: number): void;
    cancel(key: TKey): boolean;
    keepNearest(count: number): readonly number[];
    clear(): void;
}
declare function writeLog(sink: LogSink, entry: LogEntry): void;
interface PrimitiveContext {
    readonly step: StepDefinition;
    readonly pointer: PointerRow;
    readonly nowMs: number;
    call(role: string): unknown;
    stored(value: unknown, what: string): unknown;
    has(role: string): boolean;
    state(): unknown;
    outcome(): unknown;
    eventData(): unknown;
    readonly hasEvent: boolean;
    readonly hasTimeoutBlock: boolean;
    readonly endedIndex: number | undefined;
}
interface BlockEntry {
    readonly block: BlockDefinition;
    readonly item?: {
        readonly value: unknown;
        readonly index: number;
    };
}
interface AwaitedTopic {
    readonly name: string;
    readonly key: string;
    readonly bound: SubscriptionBound;
}
type PrimitiveAction = {
    readonly kind: "complete";
    readonly value?: unknown;
    readonly timedOut?: boolean;
} | {
    readonly kind: "close";
} | {
    readonly kind: "open";
    readonly entries: readonly BlockEntry[];
    readonly state?: unknown;
    readonly forks?: boolean;
} | {
    readonly kind: "sleep";
    readonly untilMs: number;
    readonly state: unknown;
    readonly forks?: boolean;
} | {
    readonly kind: "wait";
    readonly topics: readonly (AwaitedTopic & {
        readonly label?: string;
    })[];
    readonly untilMs?: number;
} | {
    readonly kind: "offer";
    readonly activity: string;
    readonly input: unknown;
    readonly untilMs?: number;
} | {
    readonly kind: "fail";
    readonly error: Error;
} | {
    readonly kind: "goTo";
    readonly target: string;
} | {
    readonly kind: "end";
};
interface Primitive {
    enter(context: PrimitiveContext): PrimitiveAction;
    due?(context: PrimitiveContext): PrimitiveAction;
    ended?(context: PrimitiveContext): PrimitiveAction;
}
declare function primitiveOf(kind: StepKind): Primitive | undefined;
declare function runsBody(kind: StepKind): boolean;
declare const atLeastOneStep: unique symbol;
declare const allCasesHandled: unique symbol;
interface Chain {
    readonly [atLeastOneStep]: true;
}
interface EndedChain<TData, TInput> extends Chain {
    build(id: string, version: number): WorkflowDefinition<TData, TInput>;
}
interface DecidedChain {
    readonly [allCasesHandled]: true;
}
interface UndecidedChain<TLeft> {
    readonly [allCasesHandled]: `no case for ${Shown<TLeft>}`;
}
type Shown<T> = T extends string | number | boolean | null ? `${T}` : "a value";
type IsOpen<T> = [
    T
] extends [
    never
] ? true : string extends T ? true : number extends T ? true : [
    T
] extends [
    string | number | boolean | null
] ? false : true;
type SyncResult = undefined | void | null | string | number | boolean | readonly unknown[] | NotAPromise;
type NotAPromise = object & {
    readonly then?: "a mapping is synchronous: await in the step, map its result";
};
type Selector<TData, TItem, TResult> = (data: Readonly<TData>, ctx: StepExecutionContext<TData, TItem>) => TResult;
type Mapping<TSource, TData, TItem> = (source: TSource, data: TData, ctx: StepExecutionContext<TData, TItem>) => SyncResult;
type InputMapping<TStep, TData, TItem> = (step: TStep, data: Readonly<TData>, ctx: StepExecutionContext<TData, TItem>) => SyncResult;
interface ArtifactSettings<TData, TItem> {
    artifactInputs(select: Selector<TData, TItem, Readonly<Record<string, ArtifactRef | undefined>>>): this;
}
interface TimeLimitOptions<TData = unknown, TItem = unknown> {
    readonly timeout?: Duration | Selector<TData, TItem, Duration>;
}
interface WaitOptions<TData = unknown, TItem = unknown> extends TimeLimitOptions<TData, TItem> {
    readonly effectiveDate?: Date | Selector<TData, TItem, Date>;
}
interface ChildOutput<out TOut> {
    readonly outputSchema?: StandardSchema<unknown, TOut>;
}
interface AwaitedEvent<TData, TItem, TPayload> {
    readonly event: EventDefinition<TPayload> | string;
    readonly key: string | Selector<TData, TItem, string>;
}
type FirstOf<TEvents> = {
    [L in keyof TEvents]: {
        readonly first: L;
        readonly data: TEvents[L];
    };
}[keyof TEvents];
interface FunctionCompensatorBuilder<TData, TItem> extends ArtifactSettings<TData, TItem> {
    onError(behavior: ErrorBehavior): this;
    timeout(limit: Duration): this;
}
interface CompensatorBuilder<TData, TItem, TStep> extends FunctionCompensatorBuilder<TData, TItem> {
    name(name: string): this;
    input(map: InputMapping<TStep, TData, TItem>): this;
    output(map: Mapping<TStep, TData, TItem>): this;
}
interface DrawnInstance {
    readonly pointers: readonly {
        readonly stepId: number;
        readonly status: PointerStatus;
    }[];
}
declare function toDot(definition: WorkflowDefinition<unknown, never>, instance?: DrawnInstance): string;
declare function toMermaid(definition: WorkflowDefinition<unknown, never>, instance?: DrawnInstance): string;
interface DefinitionSource {
    readonly id: string;
    readonly version: number;
    readonly description?: string | undefined;
    readonly graph: WorkflowGraph;
}
declare function definitionFromGraph(source: DefinitionSource | WorkflowDefinitionJson, functions?: ReadonlyMap<string, unknown> | Readonly<Record<string, unknown>>): AnyDefinition;
type ValueOf<TOut> = Exclude<TOut, ExecutionResult<unknown, unknown>> extends infer V ? [
    V
] extends [
    never
] ? undefined : [
    V
] extends [
    void
] ? Exclude<V, void> | undefined : V : never;
type OutcomeOf<TOut> = TOut extends ExecutionResult<infer O, unknown> ? O : never;
type OutcomeOfStep<TStep> = TStep extends {
    readonly run: (...args: never[]) => infer R;
} ? OutcomeOf<Awaited<R>> : never;
type InputArgs<TData, TItem, TIn> = [
    TIn
] extends [
    void
] ? [
] : [
    input: Selector<TData, TItem, TIn>
];
type Holds<TField, TValue> = [
    TValue
] extends [
    TField
] ? unknown : {
    readonly "the value does not fit this field": TValue;
};
type Block<TData, TItem> = (b: BranchBuilder<TData, TItem>) => Chain;
interface Verbs<out TData, out TItem, in TInput> {
    then<TStep extends StepBody<TData, TItem>>(step: StepClass<TStep> | StepRef<TStep>): ClassStepBuilder<TData, TItem, TInput, TStep>;
    then<TIn, TOut>(step: FunctionStep<TIn, TOut, TData, TItem>, ...input: InputArgs<TData, TItem, TIn>): FunctionStepBuilder<TData, TItem, TInput, ValueOf<TOut>, OutcomeOf<TOut>>;
    thenFn<TOut extends StepReturn<TOut, TData>>(name: string, fn: (ctx: StepExecutionContext<TData, TItem>) => MaybePromise<TOut>): FunctionStepBuilder<TData, TItem, TInput, ValueOf<TOut>, OutcomeOf<TOut>>;
    waitFor<TPayload>(event: EventDefinition<TPayload>, key: string | Selector<TData, TItem, string>, options?: WaitOptions<TData, TItem>): WaitBuilder<TData, TItem, TInput, TPayload>;
    waitFor<TPayload = JsonValue>(name: string, key: string | Selector<TData, TItem, string>, options?: WaitOptions<TData, TItem>): WaitBuilder<TData, TItem, TInput, TPayload>;
    waitForAny<TEvents extends object>(events: {
        readonly [L in keyof TEvents]: AwaitedEvent<TData, TItem, TEvents[L]>;
    }, options?: WaitOptions<TData, TItem>): WaitBuilder<TData, TItem, TInput, FirstOf<TEvents>>;
    activity<TIn, TOut>(activity: ActivityDefinition<TIn, TOut>, input: Selector<TData, TItem, TIn>, options?: TimeLimitOptions<TData, TItem>): OutsideWorkBuilder<TData, TItem, TInput, ValueOf<TOut>>;
    activity<TOut = JsonValue>(name: string, input: Selector<TData, TItem, unknown>, options?: TimeLimitOptions<TData, TItem>): OutsideWorkBuilder<TData, TItem, TInput, TOut>;
    pollEndpoint(config: PollEndpointConfig | Selector<TData, TItem, PollEndpointConfig>): OutsideWorkBuilder<TData, TItem, TInput, {
        readonly status: number;
        readonly body: JsonValue;
    }>;
    subWorkflow<TChild, TChildInput, TOut = TChild>(definition: WorkflowDefinition<TChild, TChildInput>, input: Selector<TData, TItem, TChildInput>, options?: ChildOutput<TOut>): ValueStepBuilder<TData, TItem, TInput, TOut, never>;
    subWorkflow<TChild = JsonValue>(definitionId: string, input: Selector<TData, TItem, unknown>, version?: number | (ChildOutput<TChild> & {
        readonly version?: number;
    })): ValueStepBuilder<TData, TItem, TInput, TChild, never>;
    delay(duration: Duration | Selector<TData, TItem, Duration>): StepBuilder<TData, TItem, TInput>;
    schedule(after: Duration | Selector<TData, TItem, Duration>, block: Block<TData, TItem>): StepBuilder<TData, TItem, TInput>;
    recur(interval: Duration | Selector<TData, TItem, Duration>, until: Selector<TData, TItem, boolean> | Condition, block: Block<TData, TItem>): StepBuilder<TData, TItem, TInput>;
    ifDo(condition: Selector<TData, TItem, boolean> | Condition, then: Block<TData, TItem>, otherwise?: Block<TData, TItem>): StepBuilder<TData, TItem, TInput>;
    whileDo(condition: Selector<TData, TItem, boolean> | Condition, block: Block<TData, TItem>): StepBuilder<TData, TItem, TInput>;
    forEach<TEach>(items: Selector<TData, TItem, readonly TEach[]>, block: Block<TData, TEach>, options?: {
        readonly parallel?: boolean;
    }): StepBuilder<TData, TItem, TInput>;
    parallel(branches: (p: ParallelBuilder<TData, TItem>) => Chain): StepBuilder<TData, TItem, TInput>;
    decide<const TValue extends DurableShape<TValue>>(on: Selector<TData, TItem, TValue>, cases: (d: DecideBuilder<TData, TItem, TValue, TValue>) => DecidedChain): StepBuilder<TData, TItem, TInput>;
    saga(block: Block<TData, TItem>): SagaBuilder<TData, TItem, TInput>;
    use(fragment: Block<TData, TItem>): StepBuilder<TData, TItem, TInput>;
    goTo(stepId: string): EndedChain<TData, TInput>;
    endWorkflow(): EndedChain<TData, TInput>;
}
interface BranchBuilder<TData, TItem = unknown, TInput = unknown> extends Verbs<TData, TItem, TInput> {
    readonly startWith: Verbs<TData, TItem, TInput>["then"];
}
interface StepBuilder<TData, TItem, TInput> extends Verbs<TData, TItem, TInput>, Chain {
    name(name: string): this;
    id(id: string): this;
    onError(behavior: ErrorBehavior): this;
    when(condition: Selector<TData, TItem, boolean> | Condition): this;
    cancelWhen(condition: ((data: Readonly<TData>) => boolean) | Condition, options?: {
        readonly proceed?: boolean;
    }): this;
    build(id: string, version: number): WorkflowDefinition<TData, TInput>;
}
interface CompensationSettings<TData, TItem> {
    compensateWith<TStep extends StepBody<TData, TItem>>(step: StepClass<TStep> | StepRef<TStep>, configure?: (c: CompensatorBuilder<TData, TItem, TStep>) => unknown): this;
    compensateWith<TIn, TOut>(step: FunctionStep<TIn, TOut, TData, TItem>, ...input: InputArgs<TData, TItem, TIn>): this;
    compensateWithFn(name: string, fn: (ctx: StepExecutionContext<TData, TItem>) => MaybePromise<ResultFor<TData> | void>, configure?: (c: FunctionCompensatorBuilder<TData, TItem>) => unknown): this;
    compensateWithSequence(block: Block<TData, TItem>): this;
}
interface WorkSettings<TData, TItem> extends CompensationSettings<TData, TItem> {
    timeout(limit: Duration): this;
    config<T extends DurableShape<T>>(config: T): this;
    children(block: Block<TData, unknown>): this;
}
interface ClassStepBuilder<TData, TItem, TInput, TStep> extends StepBuilder<TData, TItem, TInput>, WorkSettings<TData, TItem>, ArtifactSettings<TData, TItem> {
    input(map: InputMapping<TStep, TData, TItem>): this;
    output(map: Mapping<TStep, TData, TItem>): this;
    onOutcome(value: OutcomeOfStep<TStep>, block: Block<TData, TItem>): this;
}
interface ValueSettings<TData, TItem, TValue> {
    output(map: Mapping<TValue, TData, TItem>): this;
    saveAs<TKey extends keyof TData>(key: TKey & Holds<TData[TKey], TValue>): this;
}
interface FunctionStepBuilder<TData, TItem, TInput, TValue, TOutcome> extends ValueStepBuilder<TData, TItem, TInput, TValue, TOutcome>, ArtifactSettings<TData, TItem> {
}
interface ValueStepBuilder<TData, TItem, TInput, TValue, TOutcome> extends StepBuilder<TData, TItem, TInput>, WorkSettings<TData, TItem>, ValueSettings<TData, TItem, TValue> {
    onOutcome(value: TOutcome, block: Block<TData, TItem>): this;
}
interface WaitBuilder<TData, TItem, TInput, TValue> extends StepBuilder<TData, TItem, TInput>, ValueSettings<TData, TItem, TValue> {
    onTimeout(block: Block<TData, TItem>): this;
}
interface OutsideWorkBuilder<TData, TItem, TInput, TValue> extends WaitBuilder<TData, TItem, TInput, TValue>, CompensationSettings<TData, TItem> {
}
interface SagaBuilder<TData, TItem, TInput> extends StepBuilder<TData, TItem, TInput>, CompensationSettings<TData, TItem> {
}
interface ParallelBuilder<TData, TItem> {
    branch(block: Block<TData, TItem>): ParallelBuilder<TData, TItem> & Chain;
    branch(name: string, block: Block<TData, TItem>): ParallelBuilder<TData, TItem> & Chain;
}
interface CaseBuilder<TData, TItem, TValue, TLeft> {
    case<const TCase extends TLeft>(value: TCase, block: Block<TData, TItem>): DecideBuilder<TData, TItem, TValue, Exclude<TLeft, TCase>>;
    otherwise(block: Block<TData, TItem>): DecidedChain;
}
type DecideBuilder<TData, TItem, TValue, TLeft> = CaseBuilder<TData, TItem, TValue, TLeft> & (IsOpen<TLeft> extends true ? DecidedChain : UndecidedChain<TLeft>);
declare function checkedDefinition(definition: unknown): AnyDefinition;
interface WorkflowSettings {
    description(text: string): this;
    defaultErrorBehavior(behavior: ErrorBehavior): this;
}
interface WorkflowBuilder<TData, TInput = TData> extends WorkflowSettings, BranchBuilder<TData, undefined, TInput> {
    inputSchema<TSchemaInput, TChecked extends TData>(schema: StandardSchema<TSchemaInput, TChecked>): CheckedWorkflowBuilder<TData, TSchemaInput, TChecked>;
    inputSchema<TSchemaInput, TChecked>(schema: StandardSchema<TSchemaInput, TChecked>): WorkflowWithoutData<TData, TSchemaInput, TChecked>;
    initialData<TStart extends DurableShape<TStart>>(init: (input: TStart) => TData): InitializedWorkflowBuilder<TData, TStart>;
}
interface WorkflowWithoutData<TData, TInput, TChecked> extends WorkflowSettings {
    initialData(init: (checked: TChecked) => TData): WorkflowStart<TData, TInput>;
}
interface CheckedWorkflowBuilder<TData, TInput, TChecked> extends WorkflowWithoutData<TData, TInput, TChecked>, BranchBuilder<TData, undefined, TInput> {
}
interface InitializedWorkflowBuilder<TData, TInput> extends WorkflowStart<TData, TInput> {
    inputSchema<TSchemaInput>(schema: StandardSchema<TSchemaInput, TInput>): WorkflowStart<TData, TSchemaInput>;
}
interface WorkflowStart<TData, TInput> extends WorkflowSettings, BranchBuilder<TData, undefined, TInput> {
}
interface WorkflowBuilderConstructor {
    new <TData extends DurableShape<TData> = {
        [key: string]: JsonValue | undefined;
    }>(): WorkflowBuilder<TData>;
    fromSchema<TInput, TData extends DurableShape<TData>>(schema: StandardSchema<TInput, TData>): CheckedWorkflowBuilder<TData, TInput, TData>;
}
declare const WorkflowBuilder: WorkflowBuilderConstructor;
declare function buildWorkflow<TData, TInput = TData>(id: string, version: number, block: (b: WorkflowBuilder<TData, TInput>) => Chain): WorkflowDefinition<TData, TInput>;
type Onion<TContext, TResult> = (ctx: TContext, core: () => Promise<TResult>) => Promise<TResult>;
type MiddlewareWarning = (message: string, error: unknown) => void;
declare class MiddlewareRunner {
    readonly aroundStart: Onion<StartContext, WorkflowId> | undefined;
    readonly aroundWorkflow: Onion<PassContext, void> | undefined;
    readonly aroundStep: Onion<StepExecutionContext, StepResult> | undefined;
    readonly aroundDelivery: Onion<DeliveryContext, readonly WorkflowId[]> | undefined;
    constructor(middleware: readonly Middleware[], warn: MiddlewareWarning);
}
declare function checkMiddleware(value: unknown): Middleware;
declare class StepArtifacts implements ArtifactAccess {
    #private;
    constructor(store: ArtifactStore, workflowId: string, signal: AbortSignal);
    get inputs(): Readonly<Record<string, ArtifactRef>>;
    put(content: ArtifactContent, options?: {
        readonly mediaType?: string;
    }): Promise<ArtifactRef>;
    get(artifact: ArtifactRef | ArtifactDigest): AsyncIterable<Uint8Array>;
    extract(name: string, directory: string, options?: ReadArchiveOptions): Promise<void>;
    resolve(declared: unknown, step: string): Promise<void>;
}
interface ChildRequest {
    readonly id: string;
    readonly definitionId: string;
    readonly version: number | undefined;
    readonly input: unknown;
    readonly parent: ParentReference;
    readonly rootWorkflowId: string;
    readonly traceContext: TraceContext | undefined;
    readonly signal: AbortSignal;
}
interface ContextServices {
    newChild(request: ChildRequest): Promise<NewWorkflow>;
    readonly polls: PollServices;
    readonly payloads: Payloads;
    readonly clock: Clock;
    readonly log: LogSink;
    readonly metrics?: MetricSink | undefined;
    readonly artifacts?: ArtifactStore | undefined;
    readonly middleware?: MiddlewareRunner | undefined;
    readonly client: Pick<WorkflowClient, "startWorkflow" | "publishEvent">;
}
interface InstanceSnapshot {
    readonly row: WorkflowRow;
    readonly data: unknown;
    readonly error: InstanceError | undefined;
}
interface Undoing {
    readonly pointer: PointerRow;
    readonly error: string | undefined;
}
declare class StepContext implements StepExecutionContext {
    #private;
    readonly data: Readonly<unknown>;
    readonly attempt: number;
    readonly index: number | undefined;
    constructor(services: ContextServices, instance: InstanceSnapshot, step: StepDefinition, pointer: PointerRow, run?: {
        readonly signal: AbortSignal;
    }, undoing?: Undoing);
    get signal(): AbortSignal;
    get idempotencyKey(): string;
    get item(): unknown;
    get persistenceData(): JsonValue | undefined;
    get eventData(): JsonValue | undefined;
    get compensates(): CompensatedStep | undefined;
    get pointer(): ExecutionPointer;
    get step(): {
        readonly id: number;
        readonly name: string;
        readonly config: JsonValue | undefined;
    };
    get workflow(): WorkflowInstance;
    get definition(): {
        readonly id: string;
        readonly version: number;
    };
    get host(): Pick<WorkflowClient, "startWorkflow" | "publishEvent">;
    get artifacts(): StepArtifacts;
    get log(): StepLog;
}
interface InstanceLimits {
    readonly maxCrashes: number;
    readonly maxOpenPointers: number;
    readonly maxDepth: number;
    readonly shutdownTimeoutMs: number;
}
type RegisteredStep = {
    readonly form: "class";
    readonly create: () => AnyStep;
    readonly source: unknown;
    readonly byFactory: boolean;
    readonly needsFactory: boolean;
} | {
    readonly form: "function";
    readonly step: AnyFunctionStep;
};
declare class StepRegistry {
    #private;
    register(step: StepClass<AnyStep> | AnyFunctionStep): void;
    registerFactory(step: StepClass<AnyStep> | StepRef<AnyStep> | string, create: () => AnyStep): void;
    allOrNothing(work: () => void): void;
    registerStepsOf(definition: AnyDefinition): void;
    missing(definition: AnyDefinition): readonly string[];
    resolve(step: StepDefinition): RegisteredStep;
}
declare function stepKey(step: StepClass<AnyStep> | StepRef<AnyStep>): string;
interface ExecutorOptions extends InstanceLimits {
    readonly maxConcurrentSteps: number;
    readonly lockTtlMs: number;
}
interface ExecutorServices {
    readonly persistence: PersistenceProvider;
    readonly registry: Pick<WorkflowRegistry, "getDefinition">;
    readonly steps: StepRegistry;
    readonly clock: Clock;
    readonly entropy: Entropy;
    readonly payloads: Payloads;
    readonly context: ContextServices;
    readonly options: ExecutorOptions;
    contended(): boolean;
    committed(change: WorkflowChange, row: WorkflowRow, result: CommitResult): void;
    publish(event: LifecycleEvent): void;
    warn(message: string, error: unknown): void;
}
declare function createdRow(workflow: NewWorkflow): WorkflowRow;
type StepEventType = "stepStarted" | "stepCompleted" | "stepRetrying" | "stepSkipped" | "stepCompensated";
declare function instanceEvent(type: "started" | "resumed" | "suspended" | "completed" | "terminated", row: WorkflowRow, at: Date): LifecycleEvent;
declare function stepEvent(type: StepEventType, row: WorkflowRow, step: StepDefinition, pointer: PointerRow, at: Date): LifecycleEvent;
declare function errorEvent(error: {
    readonly code: string;
    readonly message: string;
}, row: WorkflowRow, step: StepDefinition, pointer: PointerRow, at: Date): LifecycleEvent;
interface PointerPlace {
    readonly seq: number;
    readonly scope: readonly string[];
    readonly predecessorId?: string | undefined;
    readonly item?: string | undefined;
    readonly index?: number | undefined;
    readonly outcome?: string | undefined;
    readonly compensates?: string | undefined;
}
declare function pendingPointer(step: StepDefinition, place: PointerPlace): PointerRow;
declare function started(pointer: PointerRow, now: Date): PointerRow;
declare function closed(pointer: PointerRow, status: Exclude<PointerStatus, "pending" | "running" | "sleeping" | "waitingForEvent">, now: Date, endSeq: number): PointerRow;
declare function subscriptionId(workflowId: string, pointer: PointerRow): string;
declare function idempotencyKey(workflowId: string, pointer: PointerRow): string;
declare function retriedPointers(record: WorkflowRecord, payloads: Payloads): readonly PointerRow[] | undefined;
type PointerStanding = {
    readonly kind: "pending";
} | {
    readonly kind: "running";
} | {
    readonly kind: "failed";
} | {
    readonly kind: "event";
} | {
    readonly kind: "activity";
} | {
    readonly kind: "child";
    readonly childId: string;
} | {
    readonly kind: "sleep";
} | {
    readonly kind: "retry";
} | {
    readonly kind: "poll";
} | {
    readonly kind: "compensation";
    readonly phase: "suspended" | "compensating";
    readonly error: InstanceError;
};
declare function standingOf(row: Pick<WorkflowRow, "id" | "createdAt">, pointer: PointerRow, payloads: Payloads): PointerStanding;
declare function kindsThatMay(standing: PointerStanding["kind"], { eventName }: PointerRow, holdsOthers: boolean): ReadonlySet<StepKind> | undefined;
declare function endpointOf(pointer: PointerRow, payloads: Payloads): {
    readonly url: string;
    readonly deadline: Date;
} | undefined;
interface PointerMigration {
    readonly pointers: readonly PointerRow[];
    readonly moved: readonly MigratedPointer[];
    readonly faults: readonly MigrationFault[];
}
declare function migratePointers(record: WorkflowRecord, from: AnyDefinition | undefined, to: AnyDefinition, options: Pick<MigrateOptions, "steps" | "allowLostCompensation" | "interruptRunning">): PointerMigration;
declare function pointerView(row: PointerRow, payloads: Payloads): ExecutionPointer;
declare function instanceView<TData>(row: WorkflowRow, data: TData, error: InstanceError | undefined): WorkflowInstance<TData>;
declare function decodedInstance(row: WorkflowRow, payloads: Payloads): WorkflowInstance;
declare function decodedError(row: WorkflowRow, payloads: Payloads): InstanceError | undefined;
declare function errorView(row: ExecutionErrorRow, payloads: Payloads): ExecutionError;
type PassEnd = {
    readonly kind: "idle";
    readonly dueAt?: Date;
} | {
    readonly kind: "yielded";
} | {
    readonly kind: "missing";
} | {
    readonly kind: "unknownDefinition";
    readonly row: WorkflowRow;
    readonly pointers: readonly PointerRow[];
} | {
    readonly kind: "lost";
} | {
    readonly kind: "failed";
    readonly error: unknown;
};
interface WorkflowEnd {
    readonly status: Extract<WorkflowStatus, "complete" | "terminated">;
    readonly data?: unknown;
    readonly error?: InstanceError;
}
declare function completedEvent({ id, createdAt, controlSeq }: Pick<WorkflowRow, "id" | "createdAt" | "controlSeq">, end: WorkflowEnd, payloads: Payloads): Omit<EventRow, "time"> & {
    readonly data: string;
};
interface CreatedInstance {
    readonly row: WorkflowRow;
    readonly pointers: readonly PointerRow[];
    readonly isLeased: boolean;
}
declare class WorkflowPass {
    #private;
    readonly workflowId: string;
    constructor(services: ExecutorServices, workflowId: string, lease: Lease, created?: CreatedInstance, isOrphan?: boolean);
    run(): Promise<PassEnd>;
    get isPoked(): boolean;
    poke(): void;
    signals(signals: WorkflowSignals): void;
    drain(): void;
    abort(): void;
}
export { ACTIVITY_EVENT, ARTIFACT_MEDIA_TYPES, type ActivityClient, type ActivityDefinition, ActivityFailedError, type ActivityOutcome, type ActivityToken, type AnyDefinition, type AnyFunctionStep, type AnyStep, type ArchiveDirectory, type ArchiveEntry, type ArchiveFile, type ArchiveLimits, type ArchiveStreamedFile, type ArchiveSymlink, type ArtifactAccess, type ArtifactContent, type ArtifactDigest, ArtifactError, type ArtifactErrorCode, type ArtifactInfo, type ArtifactRef, type ArtifactSettings, type ArtifactSource, type ArtifactStore, type ArtifactStoreLimits, type ArtifactSweep, ArtifactVolume, ArtifactVolumePackage, type AwaitedEvent, type AwaitedEventState, type Block, type BlockDefinition, type BodyStepJson, BoundedTimers, type BoundedTimersOptions, type BranchBuilder, type BufferedLogSink, type BufferedLogSinkOptions, type CancelReason, CancelledError, type CaseBuilder, type Chain, type CheckedWorkflowBuilder, type ChildRequest, ChildTerminatedError, type ClassStepBuilder, type Clock, type Codec, type CodecTypes, type CommandOptions, type CommandRepository, type CommitResult, type Comparison, type CompensatedStep, type CompensationSettings, type CompensatorBuilder, type Condition, ConflictError, type ConflictReason, type ConsoleLogSinkOptions, type Consumption, type ContextServices, type ControlCommand, type Counters, type CreatedInstance, type CurrentState, DEFAULT_ARCHIVE_LIMITS, DEFAULT_ERROR_BEHAVIOR, DEFAULT_PAYLOAD_LIMITS, DUE_AT_ONCE, type DataPath, type DecideBuilder, type DecidedChain, DefinitionError, DefinitionExistsError, type DefinitionKey, DefinitionNotFoundError, type DeliveredTopic, type Delivery, type DeliveryContext, type DistributedLockProvider, type DrawnInstance, type Durable, type DurableShape, type Duration, ENGINE_EVENT_PREFIX, ERROR_CODES, EXPLAINED_AT_MOST, type EndedChain, type EndedWorkflows, type Entropy, ErrorBehavior, type ErrorCode, type EventDefinition, EventNotFoundError, type EventPublication, type EventRepository, type EventRow, type EventSubscription, type ExecutionError, type ExecutionErrorRow, type ExecutionPointer, ExecutionResult, type ExecutorOptions, type ExecutorServices, type ExplainedError, type ExplainedPointer, type Expression, type FindWorkflows, type FinishedWorkflow, type FirstOf, type FunctionCompensatorBuilder, type FunctionKey, type FunctionStep, type FunctionStepBuilder, type HttpClient, type HttpRequest, type HttpResponse, type IndexedPath, type IndexedValue, type InitializedWorkflowBuilder, InputInvalidError, type InputMapping, type InspectedSubscription, type InspectionRepository, type InspectionRequest, type InstanceError, type InstanceReason, type InstanceSnapshot, type JsonValue, LEFT_BEHIND, LIFECYCLE_EVENT_TYPES, LOG_LEVELS, type Lease, type LeaseHolder, type LeaseRequest, type LeaseState, type LifecycleEvent, type LifecycleEventOf, type LifecycleEventType, LifecycleListeners, type LifecycleMessage, type LifecyclePublisher, type ListingPosition, type LoadedWorkflow, LocalArtifactStore, type LocalArtifactStoreOptions, LockError, type LogEntry, type LogLevel, type LogSink, type Mapping, type MaybePromise, type MeasuredDefinition, type MeasuredOutcome, type Measurement, type MetricSink, MetricSinks, type Middleware, MiddlewareError, MiddlewareRunner, type MiddlewareWarning, type MigrateOptions, type MigratedPointer, MigrationError, type MigrationFault, type MigrationFaultReason, type MigrationPlan, type NewSubscription, type NewWorkflow, NonRetryableError, ORDER_OPERATORS, type Onion, type OrderOperator, OutputInvalidError, type OutsideWorkBuilder, POINTER_STATUSES, POLL_METHODS, PRESENCE_OPERATORS, type PackOptions, type Page, type PageRequest, type ParallelBuilder, type ParentReference, type PassContext, type PassEnd, Pauses, type PayloadLimits, PayloadTooLargeError, Payloads, type PendingActivity, PersistenceError, PersistenceOfStores, type PersistenceOfStoresOptions, type PersistenceProvider, type PersistenceStores, type PointerMigration, type PointerPlace, type PointerQuery, type PointerReason, type PointerRow, type PointerStanding, type PointerStatus, PointersTooManyError, type PollAllowList, type PollAnswer, type PollCondition, type PollEndpointConfig, PollError, type PollErrorCode, type PollMethod, type PollOptions, type PollRules, type PollServices, type PresenceOperator, type Provider, type Providers, type PublishOptions, type PurgeOptions, type PutArtifactOptions, QUEUE_TYPES, QueueError, type QueueProvider, type QueueType, type QueueWaiter, QueueWaiters, type ReadArchiveOptions, type RegisteredStep, type ResultBody, type ResultFor, type RetryOptions, type RunnableEvent, STEP_KINDS, type SagaBuilder, type ScheduledCommand, type SchemaIssue, type SecretResolver, type Selector, SerializationError, SharedRun, type SharedRunOptions, Slots, type StandardSchema, type StartContext, type StartOptions, type StepBody, type StepBuilder, type StepClass, StepContext, StepCrashedError, type StepDefinition, type StepDifference, type StepExecutionContext, StepExecutionError, type StepJson, StepKeyTakenError, type StepKind, type StepLog, StepNotFoundError, StepNotRegisteredError, type StepOfEvent, type StepRef, StepRegistry, type StepResult, type StepReturn, type StoredEvent, type StoredPollConfig, type SubscriptionBound, SubscriptionNotFoundError, type SubscriptionRepository, type SyncResult, TERMINATE_COMMAND, type TimeLimitOptions, TimeoutError, type Timer, Timers, type TimersOptions, type Topic, type TraceContext, type UndecidedChain, type UndeliveredEvent, type UnknownDefinition, type UnpackOptions, VALUE_OPERATORS, type ValueOperator, type ValuePlace, type ValueSettings, type ValueStepBuilder, type Verbs, WORKFLOW_COMPLETED_EVENT, WORKFLOW_STATUSES, type WaitBuilder, type WaitForOptions, type WaitOptions, WfeError, type WfeErrorOptions, type WorkItem, type WorkSettings, WorkflowAlreadyExistsError, WorkflowBuilder, type WorkflowBuilderConstructor, type WorkflowChange, type WorkflowClient, type WorkflowDefinition, type WorkflowDefinitionJson, type WorkflowEnd, type WorkflowExplanation, type WorkflowFilter, type WorkflowGraph, type WorkflowId, type WorkflowInspection, type WorkflowInstance, WorkflowNameTakenError, WorkflowNotFoundError, WorkflowPass, type WorkflowRecord, type WorkflowRegistry, type WorkflowRepository, type WorkflowRow, type WorkflowSettings, type WorkflowSignals, type WorkflowStart, type WorkflowStatus, WorkflowSuspendedError, WorkflowTerminatedError, WorkflowTooDeepError, type WorkflowWithoutData, artifactRef, artifactRefsIn, asksForData, bufferedLogSink, buildWorkflow, checkMiddleware, checkedDefinition, closed, completedEvent, consoleLogSink, countFound, createLease, createdRow, decodeLifecycleEvent, decodedError, decodedInstance, defineActivity, defineEvent, defineStep, definitionFromGraph, durationMs, endpointOf, endsWithin, errorEvent, errorView, extractArtifactToDir, harmlessMetrics, hasRole, idempotencyKey, indexedPaths, indexedValue, instanceEvent, instanceView, isArtifactDigest, isArtifactRef, isEngineEvent, isFinal, isNonRetryable, isOpen, isThenable, isWfeError, kindsThatMay, knownDefinition, leaseHasEnded, listFound, matchesData, mayRetry, migratePointers, packArtifact, parseArtifactRef, pendingPointer, pointerView, pollOnce, pollRules, primitiveOf, refuseUnknownFields, resultBody, resultOfValue, retriedPointers, retryDelayMs, runsBody, shownDefinition, standingOf, started, stepEvent, stepKey, stepRef, subscriptionId, systemClock, systemEntropy, systemHttpClient, toDot, toMermaid, validated, valueOfResult, writeLog };
