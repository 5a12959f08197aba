import { Clock, DistributedLockProvider, Duration, Entropy, IndexedPath, Lease, LeaseHolder, LifecycleEvent, LifecyclePublisher, MetricSinks, PersistenceOfStores, Providers, QueueProvider, QueueType, WorkItem } from "wfe-core";
type SqlValue = string | number | boolean | null | readonly (string | number | boolean | null)[];
interface PostgresResult {
    readonly rows: readonly unknown[];
    readonly rowCount: number | null;
}
interface PostgresQuery {
    readonly text: string;
    readonly name?: string;
    readonly values: unknown[];
    readonly types: {
        getTypeParser(oid: number, format?: string): (value: string) => unknown;
    };
    readonly query_timeout: number;
}
interface PostgresClient {
    query(query: PostgresQuery): Promise<PostgresResult>;
    release(destroy?: boolean): void;
    readonly processID?: number | null;
    readonly connection?: {
        readonly stream?: {
            destroy(): unknown;
        };
    };
    on(event: "error", listener: (error: Error) => void): unknown;
    on(event: "end", listener: () => void): unknown;
    on(event: "notification", listener: (message: {
        readonly channel: string;
        readonly payload?: string | undefined;
    }) => void): unknown;
    off(event: "error", listener: (error: Error) => void): unknown;
    off(event: "end", listener: () => void): unknown;
    off(event: "notification", listener: (message: {
        readonly channel: string;
        readonly payload?: string | undefined;
    }) => void): unknown;
}
interface PostgresPool {
    readonly options: {
        readonly max?: number;
    };
    connect(callback: (error: Error | undefined, client: PostgresClient | undefined) => void): void;
    on(event: "error", listener: (error: Error) => void): unknown;
    on(event: "connect", listener: (client: PostgresClient) => void): unknown;
    off(event: "error", listener: (error: Error) => void): unknown;
    off(event: "connect", listener: (client: PostgresClient) => void): unknown;
}
interface ConnectionSource {
    take(): Promise<PostgresClient>;
    give(client: PostgresClient, failure?: {
        readonly cause: unknown;
    }): void;
}
interface PostgresOptions {
    readonly connectionString?: string;
    readonly pool?: PostgresPool;
    readonly poolSize?: number;
    readonly schema?: string;
    readonly tablePrefix?: string;
    readonly notifications?: boolean;
    readonly pollInterval?: Duration;
    readonly retryTimeout?: Duration;
    readonly queryTimeout?: Duration;
    readonly indexedData?: readonly string[];
    readonly clock?: Clock;
    readonly entropy?: Entropy;
}
declare const TABLES: readonly [
    "schema_versions",
    "definitions",
    "workflows",
    "workflow_names",
    "pointers",
    "events",
    "event_arrivals",
    "subscriptions",
    "consumed_events",
    "watermarks",
    "errors",
    "commands",
    "definition_sequences",
    "leases",
    "queue"
];
declare const ROUTINES: readonly [
    "commit_v1",
    "create_workflows_v1",
    "insert_workflows_v1",
    "insert_pointers_v1",
    "insert_events_v1",
    "insert_commands_v1",
    "earliest_event_v1",
    "keep_events_v1",
    "set_watermarks_v1",
    "deliveries_v1",
    "load_v1",
    "deliver_v1",
    "publish_v1",
    "purge_events_v1",
    "claim_due_v1",
    "claim_events_v1",
    "claim_commands_v1",
    "command_v1",
    "delete_workflows_v1",
    "data_key_v1",
    "lease_turn_v1",
    "own_leases_v1",
    "absent_owners_v1",
    "end_leases_v1",
    "queue_turn_v1",
    "tell_lifecycle_v1"
];
type TableName = (typeof TABLES)[number];
type RoutineName = (typeof ROUTINES)[number];
interface SchemaNames {
    readonly schemaName: string;
    readonly tablePrefix: string;
    readonly schema: string;
    readonly table: Readonly<Record<TableName, string>>;
    readonly routine: Readonly<Record<RoutineName, string>>;
    readonly index: (name: string) => string;
    readonly channel: string;
    readonly lifecycleChannel: string;
    readonly lifecycleLock: string;
    readonly migrationLock: string;
    readonly topicsLock: string;
    readonly presenceSpace: number;
}
interface SessionSubscriber {
    readonly channel: string;
    readonly onMessage: (payload: string) => void;
    readonly onRestored: () => void;
    readonly begin: readonly string[];
    readonly end: readonly string[];
}
interface SessionOptions {
    readonly connections: () => ConnectionSource;
    readonly names: SchemaNames;
    readonly clock: Clock;
    readonly entropy: Entropy;
    readonly queryTimeoutMs: number;
    readonly store: string;
}
interface SessionListener {
    readonly onMessage?: (payload: string) => void;
    readonly onRestored?: () => void;
}
declare class Session {
    #private;
    constructor(options: SessionOptions);
    start(): Promise<void>;
    stop(): Promise<void>;
    get presence(): number | undefined;
    get server(): number | undefined;
    get calmMs(): number;
    listen(listener: SessionListener): () => void;
    subscribe(subscriber: SessionSubscriber): {
        readonly live: Promise<void>;
        readonly end: () => void;
    };
}
type SqlValues = readonly SqlValue[] | ((repeated: boolean) => readonly SqlValue[]);
interface OperationOptions {
    readonly repeatable?: boolean;
}
declare class PostgresDatabase {
    #private;
    readonly names: SchemaNames;
    readonly clock: Clock;
    readonly entropy: Entropy;
    readonly metrics: MetricSinks;
    readonly pollIntervalMs: number;
    readonly indexedData: readonly IndexedPath[];
    readonly session: Session | undefined;
    readonly retryTimeoutMs: number;
    readonly store: string;
    constructor(options: PostgresOptions);
    start(): Promise<void>;
    stop(): Promise<void>;
    get judgedNow(): number | null;
    call<TRow>(routine: RoutineName, values: readonly SqlValue[], options?: OperationOptions): Promise<readonly TRow[]>;
    query<TRow>(text: string, values: SqlValues, options?: OperationOptions): Promise<readonly TRow[]>;
    errorOf(error: unknown): Error;
}
declare function openPostgres(options: PostgresOptions): PostgresDatabase;
interface PostgresLifecycleOptions {
    readonly onError?: (error: unknown) => void;
}
declare class PostgresLifecyclePublisher implements LifecyclePublisher {
    #private;
    constructor(database: PostgresDatabase | PostgresOptions, options?: PostgresLifecycleOptions);
    start(): Promise<void>;
    stop(): Promise<void>;
    publish(event: LifecycleEvent): Promise<void>;
    subscribe(listener: (event: LifecycleEvent) => void, onGap?: () => void): Promise<() => void>;
}
declare class PostgresLockProvider implements DistributedLockProvider {
    #private;
    readonly orphans?: (limit: number) => Promise<readonly string[]>;
    constructor(database: PostgresDatabase | PostgresOptions);
    start(): Promise<void>;
    stop(): Promise<void>;
    acquireLock(resource: string, options: {
        readonly ttl: Duration;
    }): Promise<Lease | undefined>;
    inspect(resource: string): Promise<LeaseHolder | undefined>;
}
declare class PostgresPersistenceProvider extends PersistenceOfStores {
    constructor(database: PostgresDatabase | PostgresOptions);
}
interface PostgresQueueOptions {
    readonly visibility?: Duration;
}
declare class PostgresQueueProvider implements QueueProvider {
    #private;
    constructor(database: PostgresDatabase | PostgresOptions, options?: PostgresQueueOptions);
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
interface PostgresProvidersOptions extends PostgresOptions, PostgresLifecycleOptions {
    readonly visibility?: Duration;
    readonly lifecycle?: boolean;
}
interface PostgresProviders extends Providers {
    readonly persistence: PostgresPersistenceProvider;
    readonly locks: PostgresLockProvider;
    readonly queue: PostgresQueueProvider;
    readonly lifecycle?: PostgresLifecyclePublisher;
}
declare function postgresProviders(options: PostgresProvidersOptions & {
    readonly lifecycle: true;
}): PostgresProviders & {
    readonly lifecycle: PostgresLifecyclePublisher;
};
declare function postgresProviders(options: PostgresProvidersOptions): PostgresProviders;
export { type PostgresDatabase, type PostgresLifecycleOptions, PostgresLifecyclePublisher, PostgresLockProvider, type PostgresOptions, PostgresPersistenceProvider, type PostgresPool, type PostgresProviders, type PostgresProvidersOptions, type PostgresQueueOptions, PostgresQueueProvider, openPostgres, postgresProviders };
