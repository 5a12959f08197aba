import { Cluster, Redis, RedisOptions as RedisOptions$1 } from "ioredis";
import { Clock, DistributedLockProvider, Duration, Entropy, Lease, LeaseHolder, LifecycleEvent, LifecyclePublisher, PersistenceError, QueueProvider, QueueType, WorkItem } from "wfe-core";
import { Queue } from "bullmq";
interface Keys {
    readonly prefix: string;
    lock(resource: string): string;
    readonly lifecycle: string;
}
type RedisClient = Redis | Cluster;
interface RedisOptions {
    readonly url?: string;
    readonly client?: RedisClient;
    readonly keyPrefix?: string;
    readonly retryTimeout?: Duration;
    readonly clock?: Clock;
    readonly entropy?: Entropy;
}
interface CopyOptions {
    readonly reconnectMs: (attempt: number) => number;
    readonly subscribes?: boolean;
}
interface CommandOptions {
    readonly timeoutMs?: number;
    readonly repeatable?: boolean;
}
declare class RedisConnection {
    #private;
    readonly keys: Keys;
    readonly clock: Clock;
    readonly entropy: Entropy;
    readonly store: string;
    readonly retryTimeoutMs: number;
    constructor(options: RedisOptions);
    start(): Promise<void>;
    stop(): Promise<void>;
    get client(): RedisClient;
    duplicate(overrides?: RedisOptions$1, options?: Pick<CopyOptions, "subscribes">): RedisClient;
    release(client: RedisClient): Promise<void>;
    get judgedNow(): number | undefined;
    command<T>(run: (client: RedisClient) => Promise<T>, { timeoutMs, repeatable }?: CommandOptions): Promise<T>;
    within<T>(promise: Promise<T>, timeoutMs?: number): Promise<T>;
    get absence(): PersistenceError | undefined;
}
declare function openRedis(options: RedisOptions): RedisConnection;
interface RedisLifecycleOptions {
    readonly onError?: (error: unknown) => void;
}
declare class RedisLifecyclePublisher implements LifecyclePublisher {
    #private;
    constructor(connection: RedisConnection | RedisOptions, options?: RedisLifecycleOptions);
    start(): Promise<void>;
    stop(): Promise<void>;
    publish(event: LifecycleEvent): Promise<void>;
    subscribe(listener: (event: LifecycleEvent) => void, onGap?: () => void): Promise<() => void>;
}
interface RedisLockNodes {
    readonly nodes: readonly (RedisConnection | RedisOptions)[];
}
declare class RedisLockProvider implements DistributedLockProvider {
    #private;
    constructor(place: RedisConnection | RedisOptions | RedisLockNodes);
    start(): Promise<void>;
    stop(): Promise<void>;
    acquireLock(resource: string, options: {
        readonly ttl: Duration;
    }): Promise<Lease | undefined>;
    inspect(resource: string): Promise<LeaseHolder | undefined>;
}
interface RedisQueueOptions {
    readonly visibility?: Duration;
}
declare class RedisQueueProvider implements QueueProvider {
    #private;
    constructor(connection: RedisConnection | RedisOptions, options?: RedisQueueOptions);
    start(): Promise<void>;
    stop(): Promise<void>;
    bullQueue(type: QueueType): Queue;
    queueWork(id: string, type: QueueType, options?: {
        readonly delay?: Duration;
    }): Promise<void>;
    dequeueWork(type: QueueType, options: {
        readonly limit: number;
        readonly wait: Duration;
        readonly signal?: AbortSignal;
    }): Promise<readonly WorkItem[]>;
}
interface RedisProvidersOptions extends RedisOptions, RedisLifecycleOptions {
    readonly visibility?: Duration;
}
interface RedisProviders {
    readonly locks: RedisLockProvider;
    readonly queue: RedisQueueProvider;
    readonly lifecycle: RedisLifecyclePublisher;
}
declare function redisProviders(options: RedisProvidersOptions): RedisProviders;
export { type RedisClient, type RedisConnection, type RedisLifecycleOptions, RedisLifecyclePublisher, type RedisLockNodes, RedisLockProvider, type RedisOptions, type RedisProviders, type RedisProvidersOptions, type RedisQueueOptions, RedisQueueProvider, openRedis, redisProviders };
