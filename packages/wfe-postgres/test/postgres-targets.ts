import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { DistributedLockProvider, PersistenceProvider, Provider, QueueProvider } from "wfe-core";
import type { QueueOpenOptions, SuiteStore, SuiteTarget } from "wfe-core/test-support";
import type { TestSchema } from "wfe-test-services/vitest";
import type { PostgresPool } from "../src/connection.ts";
import { openPostgres, type PostgresDatabase } from "../src/postgres-database.ts";
import type { PostgresOptions } from "../src/postgres-options.ts";
import { PostgresLockProvider } from "../src/postgres-lock-provider.ts";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { PostgresQueueProvider } from "../src/postgres-queue-provider.ts";
import { schemaNames } from "../src/schema-names.ts";

/** What differs from one target to another. */
export interface TargetOptions extends Pick<PostgresOptions, "tablePrefix" | "notifications"> {
  /** Of the schemas of the test file. @default the first */
  readonly schema?: string;
}

/** A pool whose process can be killed: its connections end without a farewell, and it makes no more. */
export function mortalPool(url: string): { readonly pool: PostgresPool; readonly kill: () => void; readonly end: () => Promise<void> } {
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

/** Two opens are two pools on one schema, as of two processes. */
export function onSchema<TProvider extends Provider, TOptions>(
  server: TestSchema,
  options: TargetOptions,
  make: (database: PostgresDatabase, options: TOptions | undefined) => TProvider,
): SuiteTarget<TProvider, TOptions>["createStore"] {
  const where = { schema: server.schema, ...options };
  return async (): Promise<SuiteStore<TProvider, TOptions>> => {
    await server.empty(where.schema);
    const processes = new Map<TProvider, ReturnType<typeof mortalPool>>();
    return {
      open: async (given) => {
        const process = mortalPool(server.url);
        const provider = make(openPostgres({ pool: process.pool, ...where }), given);
        processes.set(provider, process);
        return provider;
      },
      elapse: (ms) => sleep(ms),
      hold: async (workflowId) => {
        const session = new pg.Client({ connectionString: server.url });
        await session.connect();
        await session.query("BEGIN");
        await session.query(`SELECT 1 FROM ${schemaNames(where.schema, where.tablePrefix).table.workflows} WHERE id = $1 FOR UPDATE`, [workflowId]);
        return async () => {
          await session.query("COMMIT");
          await session.end();
        };
      },
      kill: async (provider) => {
        processes.get(provider)?.kill();
        await provider.stop(); // what is left of it in this process
      },
      dispose: async () => void (await Promise.all([...processes.values()].map(({ end }) => end()))),
    };
  };
}

export function persistenceTarget(server: TestSchema, options: TargetOptions = {}): SuiteTarget<PersistenceProvider> {
  return {
    // Its own connection is for the queue and the locks.
    createStore: onSchema(server, { notifications: false, ...options }, (database) => new PostgresPersistenceProvider(database)),
    capabilities: ["hold"],
  };
}

export function lockTarget(server: TestSchema, options: TargetOptions = {}): SuiteTarget<DistributedLockProvider> {
  return {
    createStore: onSchema(server, options, (database) => new PostgresLockProvider(database)),
    capabilities: options.notifications === false ? [] : ["presence"],
  };
}

export function queueTarget(server: TestSchema, options: TargetOptions = {}): SuiteTarget<QueueProvider, QueueOpenOptions> {
  return {
    createStore: onSchema<QueueProvider, QueueOpenOptions>(
      server,
      options,
      (database, given) => new PostgresQueueProvider(database, given?.visibilityMs === undefined ? {} : { visibility: given.visibilityMs }),
    ),
  };
}
