import { basename } from "node:path";
import pg from "pg";
import type { Providers } from "wfe";
import { postgresProviders } from "wfe-postgres";
import { sqliteProviders } from "wfe-sqlite";
import { shopFiles } from "./shop-files.ts";

/** Names a PostgreSQL server to use in place of a file. */
const URL_VARIABLE = "PIZZA_POSTGRES_URL";

/** Where the workflow engine keeps the orders of one run. */
export interface ShopStore {
  /** New ones on the same store at each call, as each process needs. */
  providers(): Providers;
  /** For people. */
  readonly place: string;
  /** Removes what is not in the folder of the run. */
  remove(): Promise<void>;
}

/** A SQLite file in the folder; with `PIZZA_POSTGRES_URL` a schema of that database, named after the folder. */
export function shopStore(folder: string): ShopStore {
  const connectionString = process.env[URL_VARIABLE] ?? "";
  if (connectionString === "") {
    const path = shopFiles(folder).database;
    return { providers: () => sqliteProviders({ path }), place: path, remove: () => Promise.resolve() };
  }
  const schema = basename(folder);
  return {
    providers: () => postgresProviders({ connectionString, schema }),
    place: `the schema "${schema}" of ${URL_VARIABLE}`,
    remove: async () => {
      const client = new pg.Client({ connectionString });
      await client.connect();
      await client.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
      await client.end();
    },
  };
}
