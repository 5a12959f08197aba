import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, afterEach, beforeAll } from "vitest";

/** Where the tests of a file have a schema of their own. */
export interface TestSchema {
  readonly url: string;
  /** Its name; who uses it makes it. */
  readonly schema: string;
  /** Another one, removed with it. */
  another(): string;
  /** Takes everything out of the tables of a schema, but not the record of their versions; does nothing where there are none. */
  empty(schema: string): Promise<void>;
}

/** The server that the tests of a run share. */
export function postgresUrl(): string {
  const url = process.env["WFE_TEST_POSTGRES_URL"];
  if (url === undefined) throw new Error("no PostgreSQL server: run the tests from the root of the repository, or name one by WFE_TEST_POSTGRES_URL");
  return url;
}

/**
 * A schema for the tests of a file, to be called at its top level or within `describe`: removed after the last of them, unless one has failed; its name is then
 * printed.
 */
export function testSchema(name: string): TestSchema {
  const url = postgresUrl();
  const schemas: string[] = [];
  const another = (): string => {
    const schema = `${name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "_")
      .slice(0, 40)}_${randomBytes(4).toString("hex")}`;
    schemas.push(schema);
    return schema;
  };
  const schema = another();
  // Tests may run side by side.
  const pool = new pg.Pool({ connectionString: url, max: 3 });
  pool.on("error", () => {}); // the server of a run outlives its tests
  let failed = false;
  afterEach(({ task }) => {
    failed ||= task.result?.state === "fail";
  });
  afterAll(async () => {
    if (failed) console.error(`tests have failed: their data is left in the schemas ${schemas.join(", ")} of ${url}`);
    else for (const each of schemas) await pool.query(`DROP SCHEMA IF EXISTS "${each}" CASCADE`);
    await pool.end();
  });
  return {
    url,
    schema,
    another,
    empty: async (each) => void (await pool.query(emptying(each))),
  };
}

/**
 * A database for the tests of a file that use the usual schema, to be called at its top level or within `describe`: made before the first of them, and
 * removed after the last.
 *
 * @returns Its URL.
 */
export function testDatabase(name: string): string {
  const url = new URL(postgresUrl());
  const database = `${name}_${randomBytes(4).toString("hex")}`;
  const administer = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: postgresUrl() });
    await client.connect();
    await client.query(sql);
    await client.end();
  };
  beforeAll(() => administer(`CREATE DATABASE "${database}"`));
  afterAll(() => administer(`DROP DATABASE "${database}" WITH (FORCE)`));
  url.pathname = `/${database}`;
  return url.href;
}

function emptying(schema: string): string {
  return `DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = '${schema}' AND tablename NOT LIKE '%schema\\_versions' LOOP
      EXECUTE format('DELETE FROM %I.%I', '${schema}', name);
    END LOOP;
  END $$`;
}

/** Where the tests of a file have keys of their own. */
export interface TestKeyPrefix {
  readonly url: string;
  /** What their keys begin with, in braces. */
  readonly keyPrefix: string;
  /** Another one, whose keys are removed with its. */
  another(): string;
}

/** The Redis server that the tests of a run share. */
export function redisUrl(): string {
  const url = process.env["WFE_TEST_REDIS_URL"];
  if (url === undefined) throw new Error("no Redis server: run the tests from the root of the repository, or name one by WFE_TEST_REDIS_URL");
  return url;
}

/**
 * A key prefix for the tests of a file, to be called at its top level or within `describe`: its keys are removed after the last of them, unless one has failed;
 * it is then printed.
 */
export function testKeyPrefix(name: string): TestKeyPrefix {
  const url = redisUrl();
  const prefixes: string[] = [];
  const another = (): string => {
    const prefix = `${name.replaceAll(/[^A-Za-z0-9]+/g, "-").slice(0, 40)}-${randomBytes(4).toString("hex")}`;
    prefixes.push(prefix);
    return prefix;
  };
  const keyPrefix = another();
  let failed = false;
  afterEach(({ task }) => {
    failed ||= task.result?.state === "fail";
  });
  afterAll(async () => {
    if (failed) console.error(`tests have failed: their data is left under the prefixes ${prefixes.join(", ")} of ${url}`);
    else await removeKeys(url, prefixes);
  });
  return { url, keyPrefix, another };
}

async function removeKeys(url: string, prefixes: readonly string[]): Promise<void> {
  const client = new Redis(url);
  client.on("error", () => {}); // the failure of a command says it
  try {
    for (const prefix of prefixes) {
      for await (const keys of client.scanStream({ match: `{${prefix}}*`, count: 1_000 })) {
        if ((keys as string[]).length > 0) await client.unlink(...(keys as string[])); // the driver's stream is of anything
      }
    }
  } finally {
    client.disconnect();
  }
}
