import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { PersistenceProvider } from "wfe-core";
import type { SuiteTarget } from "wfe-core/test-support";
import { schemaNames } from "../src/schema-names.ts";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { openPostgres } from "../src/postgres-database.ts";

const url = process.env["WFE_TEST_POSTGRES_URL"] ?? "";

export function persistenceTarget(schema: string, tablePrefix = ""): SuiteTarget<PersistenceProvider> {
  const names = schemaNames(schema, tablePrefix);
  return {
    capabilities: ["hold"],
    createStore: async () => {
      const database = openPostgres({ connectionString: url, schema, tablePrefix });
      await database.start();
      for (const [name, table] of Object.entries(names.table)) {
        if (name !== "schema_versions" && name !== "event_arrivals") await database.query(`DELETE FROM ${table}`, []).catch(() => {});
      }
      await database.stop();
      return {
        open: async () => new PostgresPersistenceProvider({ connectionString: url, schema, tablePrefix }),
        elapse: (ms) => sleep(ms),
        hold: async (workflowId) => {
          const session = new pg.Client({ connectionString: url });
          await session.connect();
          await session.query("BEGIN");
          await session.query(`SELECT 1 FROM ${names.table.workflows} WHERE id = $1 FOR UPDATE`, [workflowId]);
          return async () => {
            await session.query("COMMIT");
            await session.end();
          };
        },
        dispose: async () => {},
      };
    },
  };
}
