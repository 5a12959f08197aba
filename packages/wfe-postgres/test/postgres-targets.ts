import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { PersistenceProvider, Provider } from "wfe-core";
import type { SuiteStore, SuiteTarget } from "wfe-core/test-support";
import type { TestSchema } from "wfe-test-services/vitest";
import { openPostgres, type PostgresDatabase } from "../src/postgres-database.ts";
import type { PostgresOptions } from "../src/postgres-options.ts";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { schemaNames } from "../src/schema-names.ts";

/** What differs from one target to another. */
export interface TargetOptions extends Pick<PostgresOptions, "tablePrefix" | "notifications"> {
  /** Of the schemas of the test file. @default the first */
  readonly schema?: string;
}

/** Two opens are two pools on one schema, as of two processes. */
export function onSchema<TProvider extends Provider, TOptions>(
  server: TestSchema,
  options: TargetOptions,
  make: (database: PostgresDatabase, options: TOptions | undefined) => TProvider,
): () => Promise<SuiteStore<TProvider, TOptions> & { readonly databases: ReadonlyMap<TProvider, PostgresDatabase> }> {
  const where = { connectionString: server.url, schema: server.schema, poolSize: 4, ...options };
  return async () => {
    await server.empty(where.schema);
    const databases = new Map<TProvider, PostgresDatabase>();
    return {
      databases,
      open: async (given) => {
        const database = openPostgres(where);
        const provider = make(database, given);
        databases.set(provider, database);
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
      dispose: async () => {},
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
