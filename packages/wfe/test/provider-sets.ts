import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { postgresProviders } from "wfe-postgres";
import { openRedis, RedisLockProvider, RedisQueueProvider } from "wfe-redis";
import { sqliteProviders } from "wfe-sqlite";
import { type TestKeyPrefix, testKeyPrefix, type TestSchema, testSchema } from "wfe-test-services/vitest";
import type { Clock, HostOptions, Providers } from "../src/index.ts";
import {
  InMemoryLockProvider,
  InMemoryLockStore,
  InMemoryPersistenceProvider,
  InMemoryQueueProvider,
  InMemoryQueueStore,
  InMemoryStore,
  VirtualClock,
} from "../src/test-support/index.ts";
import { TrackedPool } from "./tracked-pool.ts";
import { TrackedRedis } from "./tracked-redis.ts";
import { VirtualLocks } from "./virtual-locks.ts";

/** One store, from which any number of hosts can be given providers, as processes on one database are. */
export interface ProviderStore {
  open(): Providers;
  dispose(): Promise<void>;
}

/** A kind of store on which every scenario has to run. */
export interface ProviderSet {
  readonly name: string;
  /** What hosts are given that say nothing else. @default what hosts have by themselves */
  readonly options?: HostOptions;
  /** Whether its lock providers can have the capability `presence`. @default true */
  readonly hasPresence?: boolean;
  /** To be called where tests are defined, before any is run. */
  prepare?(): void;
  /** @param options.presence - Whether lock providers have the capability, if they can have it. */
  create(clock?: Clock, options?: { readonly presence?: boolean }): Promise<ProviderStore>;
}

const memory: ProviderSet = {
  name: "memory",
  create: (clock) => {
    const store = new InMemoryStore();
    const on = clock === undefined ? {} : { clock };
    const locks = new InMemoryLockStore(clock);
    const queue = new InMemoryQueueStore(clock);
    return Promise.resolve({
      open: () => ({
        persistence: new InMemoryPersistenceProvider({ store }),
        locks: new InMemoryLockProvider({ store: locks, ...on }),
        queue: new InMemoryQueueProvider({ store: queue, ...on }),
      }),
      dispose: () => Promise.resolve(),
    });
  },
};

const sqlite: ProviderSet = {
  name: "sqlite",
  create: async (clock) => {
    const folder = await mkdtemp(join(tmpdir(), "wfe-scenario-"));
    const path = join(folder, "wfe.db");
    return {
      // No scenario cuts the power, which is all that waiting for the disk helps against.
      open: () => sqliteProviders({ path, synchronous: "NORMAL", ...(clock === undefined ? {} : { clock, pollInterval: "1h" }) }),
      dispose: () => rm(folder, { recursive: true, force: true }),
    };
  },
};

/** What the stores of a test file share: connections, and a schema that is emptied for each. */
let shared: { readonly server: TestSchema; readonly pool: TrackedPool } | undefined;

function sharedSchema(): { readonly server: TestSchema; readonly pool: TrackedPool } {
  if (shared === undefined) {
    const server = testSchema("scenarios");
    const pool = new TrackedPool(server.url);
    pool.on("error", () => {}); // the server outlives the tests
    afterAll(async () => {
      shared = undefined; // files that follow in this process get another
      await pool.end();
    });
    shared = { server, pool };
  }
  return shared;
}

const postgres: ProviderSet = {
  name: "postgres",
  // A look each second would be most of what hours of virtual time cost: each is a real one.
  options: { sweepInterval: "20s" },
  prepare: () => void sharedSchema(),
  create: async (clock, { presence = clock === undefined } = {}) => {
    const { server, pool } = sharedSchema();
    await server.empty(server.schema);
    // In virtual time nothing comes by itself from outside of it: others are found by the sweep, as on SQLite.
    pool.useClock(clock instanceof VirtualClock ? clock : undefined);
    const virtual = clock === undefined ? {} : { clock, pollInterval: "1h" as const };
    return {
      open: () => postgresProviders({ pool, schema: server.schema, tablePrefix: "of-ours_", notifications: presence, ...virtual }),
      dispose: () => Promise.resolve(),
    };
  },
};

let sharedKeys: { readonly keys: TestKeyPrefix; readonly client: TrackedRedis } | undefined;

function sharedPrefixes(): { readonly keys: TestKeyPrefix; readonly client: TrackedRedis } {
  if (sharedKeys === undefined) {
    const keys = testKeyPrefix("scenarios");
    const client = new TrackedRedis(keys.url);
    client.on("error", () => {}); // the server outlives the tests
    client.setMaxListeners(0); // as many as there are hosts in a test
    afterAll(() => {
      sharedKeys = undefined;
      client.disconnect();
    });
    sharedKeys = { keys, client };
  }
  return sharedKeys;
}

const postgresAndRedis: ProviderSet = {
  name: "postgres and redis",
  hasPresence: false,
  options: { sweepInterval: "20s" },
  prepare: () => {
    sharedSchema();
    sharedPrefixes();
  },
  create: async (clock) => {
    const { keys, client } = sharedPrefixes();
    const { open, dispose } = await postgres.create(clock, { presence: false });
    const keyPrefix = keys.another();
    client.useClock(clock instanceof VirtualClock ? clock : undefined);
    return {
      open: () => {
        const redis = openRedis({ client, keyPrefix, ...(clock === undefined ? {} : { clock }) });
        client.follow(redis);
        const locks = new RedisLockProvider(redis);
        return { ...open(), locks: clock === undefined ? locks : new VirtualLocks(locks, clock), queue: new RedisQueueProvider(redis) };
      },
      dispose,
    };
  },
};

/** All of them. */
export const providerSets: readonly ProviderSet[] = [memory, sqlite, postgres, postgresAndRedis];
