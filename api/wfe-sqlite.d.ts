import { Clock, DistributedLockProvider, Duration, Entropy, Lease, LeaseHolder, PersistenceOfStores, Providers, QueueProvider, QueueType, WorkItem } from "wfe-core";
interface SqliteOptions {
    readonly path: string;
    readonly synchronous?: "FULL" | "NORMAL";
    readonly busyTimeout?: Duration;
    readonly pollInterval?: Duration;
    readonly indexedData?: readonly string[];
    readonly clock?: Clock;
    readonly entropy?: Entropy;
}
declare class SqliteDatabase {
    #private;
    readonly path: string;
    readonly clock: Clock;
    readonly entropy: Entropy;
    constructor(options: SqliteOptions);
    get isMemory(): boolean;
    start(): Promise<void>;
    stop(): Promise<void>;
}
declare function openSqlite(options: SqliteOptions): SqliteDatabase;
declare class SqliteLockProvider implements DistributedLockProvider {
    #private;
    constructor(database: SqliteDatabase | SqliteOptions);
    get hostId(): string | undefined;
    start(): Promise<void>;
    stop(): Promise<void>;
    acquireLock(resource: string, options: {
        readonly ttl: Duration;
    }): Promise<Lease | undefined>;
    orphans(limit: number): Promise<readonly string[]>;
    inspect(resource: string): Promise<LeaseHolder | undefined>;
}
declare class SqlitePersistenceProvider extends PersistenceOfStores {
    constructor(database: SqliteDatabase | SqliteOptions);
}
interface SqliteQueueOptions {
    readonly visibility?: Duration;
}
declare class SqliteQueueProvider implements QueueProvider {
    #private;
    constructor(database: SqliteDatabase | SqliteOptions, options?: SqliteQueueOptions);
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
interface SqliteProvidersOptions extends SqliteOptions {
    readonly visibility?: Duration;
}
interface SqliteProviders extends Providers {
    readonly persistence: SqlitePersistenceProvider;
    readonly locks: SqliteLockProvider;
    readonly queue: SqliteQueueProvider;
}
declare function sqliteProviders(options: SqliteProvidersOptions): SqliteProviders;
export { type SqliteDatabase, SqliteLockProvider, type SqliteOptions, SqlitePersistenceProvider, type SqliteProviders, type SqliteProvidersOptions, type SqliteQueueOptions, SqliteQueueProvider, openSqlite, sqliteProviders };
