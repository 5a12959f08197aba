import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll } from "vitest";
import type { DistributedLockProvider, LifecyclePublisher, PersistenceProvider, Provider, QueueProvider } from "wfe-core";
import { type QueueOpenOptions, type SuiteStore, type SuiteTarget, VirtualClock } from "wfe-core/test-support";
import type { TestSchema } from "wfe-test-services/vitest";
import type { PostgresPool } from "../src/connection.ts";
import { openPostgres, type PostgresDatabase } from "../src/postgres-database.ts";
import type { PostgresOptions } from "../src/postgres-options.ts";
import { PostgresLifecyclePublisher } from "../src/postgres-lifecycle-publisher.ts";
import { PostgresLockProvider } from "../src/postgres-lock-provider.ts";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { PostgresQueueProvider } from "../src/postgres-queue-provider.ts";
import { schemaNames } from "../src/schema-names.ts";

/** Grain of time of what goes by the clock of the server: real time, in which cases run side by side on the processors that there are. */
const UNIT_MS = 200;

/** What differs from one target to another. */
export type TargetOptions = Pick<PostgresOptions, "indexedData" | "tablePrefix" | "notifications" | "pollInterval" | "clock">;

/** Where a target has its stores: each on a schema of its own, as long as it is there. */
export type TargetServer = Pick<TestSchema, "url" | "another" | "empty">;

/** The connections of an open of a provider, as those of a process. */
interface OpenPool {
  readonly pool: PostgresPool;
  kill(): void;
  end(): Promise<void>;
}

/** A pool whose process can be killed: its connections end without a farewell, and it makes no more. */
function mortalPool(url: string): OpenPool {
  const pool = new pg.Pool({ connectionString: url, max: 5 });
  const clients = new Set<pg.PoolClient>();
  let dead = false;
  pool.on("error", () => {}); // its killing
  pool.on("connect", (client) => void clients.add(client));
  pool.on("remove", (client) => void clients.delete(client));
  return {
    pool: {
      options: pool.options,
      connect: (callback) => {
        if (dead) callback(new Error("the process is dead"), undefined);
        else pool.connect(callback);
      },
      on: pool.on.bind(pool),
      off: pool.off.bind(pool),
    },
    kill: () => {
      dead = true;
      for (const client of clients) (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    },
    end: () => pool.end(),
  };
}

/** One pool for all opens of a test file, so that they need not connect, and the server need not plan again. */
function sharedPool(server: Pick<TestSchema, "url">): () => OpenPool & { readonly pool: pg.Pool } {
  let pool: pg.Pool | undefined;
  afterAll(() => pool?.end());
  return () => {
    if (pool === undefined) {
      pool = new pg.Pool({ connectionString: server.url, max: 30 }); // where it is may be known as late as that
      pool.setMaxListeners(0); // each open has some
      pool.on("error", () => {}); // the server outlives the tests
    }
    return {
      pool,
      kill: () => {
        throw new Error("connections that are shared cannot be killed");
      },
      end: () => Promise.resolve(),
    };
  };
}

/** Makes the stores of a target. Two opens are two databases on one schema, as of two processes. */
function storesOn<TProvider extends Provider, TOptions>(
  server: TargetServer,
  target: {
    readonly options: TargetOptions;
    readonly pool: () => OpenPool;
    readonly make: (database: PostgresDatabase, options: TOptions | undefined) => TProvider;
  },
): () => Promise<SuiteStore<TProvider, TOptions>> {
  const { options, pool, make } = target;
  // Cases may run side by side.
  const free: string[] = [];
  return async () => {
    const schema = free.pop() ?? server.another();
    await server.empty(schema);
    const pools = new Map<TProvider, OpenPool>();
    return {
      open: async (given) => {
        const own = pool();
        const provider = make(openPostgres({ pool: own.pool, schema, ...options }), given);
        pools.set(provider, own);
        return provider;
      },
      elapse: (ms) => sleep(ms),
      hold: (workflowId) => holdRow(server.url, schemaNames(schema, options.tablePrefix).table.workflows, workflowId),
      kill: async (provider) => {
        pools.get(provider)?.kill();
        await provider.stop(); // what is left of it in this process
      },
      dispose: async () => {
        await Promise.all([...pools.values()].map((each) => each.end()));
        free.push(schema);
      },
    };
  };
}

/** @returns Lets it go. */
async function holdRow(url: string, table: string, id: string): Promise<() => Promise<void>> {
  const session = new pg.Client({ connectionString: url });
  await session.connect();
  await session.query("BEGIN");
  await session.query(`SELECT 1 FROM ${table} WHERE id = $1 FOR UPDATE`, [id]);
  return async () => {
    await session.query("COMMIT");
    await session.end();
  };
}

/** Targets whose time is virtual, that by which leases and the queue are judged, too. */
export function inVirtualTime(server: TargetServer): {
  readonly locks: SuiteTarget<DistributedLockProvider>;
  readonly queue: SuiteTarget<QueueProvider, QueueOpenOptions>;
} {
  const pool = sharedPool(server);
  const clock = new VirtualClock();
  const target = <TProvider extends Provider, TOptions>(
    make: (database: PostgresDatabase, options: TOptions | undefined) => TProvider,
  ): SuiteTarget<TProvider, TOptions> => {
    // A session of its own would look at the clock of the server.
    const createStore = storesOn<TProvider, TOptions>(server, { options: { notifications: false, clock }, pool, make });
    return {
      createStore: async () => {
        const { open, dispose } = await createStore();
        return { open, elapse: (ms) => clock.advance(ms), now: () => clock.now(), dispose };
      },
    };
  };
  return { locks: target((database) => new PostgresLockProvider(database)), queue: target(makeQueue) };
}

export function persistenceTarget(server: TargetServer, options: TargetOptions = {}): SuiteTarget<PersistenceProvider> {
  return {
    createStore: storesOn(server, {
      options: { notifications: false, ...options }, // its own connection is for the queue and the locks
      pool: sharedPool(server),
      make: (database) => new PostgresPersistenceProvider(database),
    }),
    capabilities: ["hold"],
  };
}

export function lockTarget(server: TargetServer, options: TargetOptions = {}): SuiteTarget<DistributedLockProvider> {
  return {
    createStore: storesOn(server, { options, pool: () => mortalPool(server.url), make: (database) => new PostgresLockProvider(database) }),
    capabilities: options.notifications === false ? ["inspect"] : ["presence", "inspect"],
    unitMs: UNIT_MS,
  };
}

export function queueTarget(server: TargetServer, options: TargetOptions = {}): SuiteTarget<QueueProvider, QueueOpenOptions> {
  return {
    createStore: storesOn<QueueProvider, QueueOpenOptions>(server, {
      options,
      pool: sharedPool(server),
      make: makeQueue,
    }),
    capabilities: ["lateness"],
    unitMs: UNIT_MS,
  };
}

export function lifecycleTarget(server: TargetServer, options: TargetOptions = {}): SuiteTarget<LifecyclePublisher> {
  return {
    createStore: storesOn<LifecyclePublisher, never>(server, {
      options,
      pool: sharedPool(server),
      make: (database) => new PostgresLifecyclePublisher(database, { onError: () => {} }),
    }),
    unitMs: 100,
  };
}

function makeQueue(database: PostgresDatabase, given: QueueOpenOptions | undefined): QueueProvider {
  return new PostgresQueueProvider(database, given?.visibilityMs === undefined ? {} : { visibility: given.visibilityMs });
}
