import { readFileSync } from "node:fs";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { instant, samplePointer, sampleWorkflow } from "wfe-core/test-support";
import { type Connection, openConnection } from "../src/connection.ts";
import { type Migration, migrate } from "../src/migrate.ts";
import { MIGRATIONS } from "../src/migrations/migrations.ts";
import { SqlitePersistenceProvider } from "../src/sqlite-persistence-provider.ts";
import { sqliteProviders } from "../src/sqlite-providers.ts";
import { Child } from "./process/child.ts";
import { newFolder } from "./sqlite-targets.ts";

/** The next version of this list: adds a column and an index, so that this version's code goes on working. */
const ADDITIVE: Migration = {
  version: MIGRATIONS.length + 1,
  name: "priority",
  oldest: 1,
  sql: "ALTER TABLE wfe_workflows ADD COLUMN priority INTEGER NOT NULL DEFAULT 5; CREATE INDEX wfe_workflows_priority ON wfe_workflows (priority)",
};
/** A version that older code cannot work on. */
const BREAKING: Migration = {
  version: ADDITIVE.version + 1,
  name: "rename",
  oldest: ADDITIVE.version + 1,
  sql: "ALTER TABLE wfe_errors RENAME TO wfe_failures",
};

describe("migrate", () => {
  let folder: ReturnType<typeof newFolder>;
  let path: string;

  beforeEach(() => {
    folder = newFolder();
    path = folder.path("wfe.db");
  });

  afterEach(() => folder.remove());

  function withConnection<T>(use: (connection: Connection) => T): T {
    const connection = openConnection(path, "FULL");
    try {
      return use(connection);
    } finally {
      connection.close();
    }
  }

  const applied = (): readonly unknown[] =>
    withConnection(({ raw }) => raw.prepare("SELECT version, name, oldest, applied_at FROM wfe_schema ORDER BY version").all());
  const schema = (): readonly unknown[] =>
    withConnection(({ raw }) => raw.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").all());

  async function storeSample(id: string): Promise<void> {
    const { persistence } = sqliteProviders({ path });
    await persistence.start();
    await persistence.createNewWorkflow(sampleWorkflow(id, { pointers: [samplePointer({ seq: 1 }), samplePointer({ seq: 2 })] }), instant());
    await persistence.stop();
  }

  it("makes the schema in an empty file, and leaves it alone afterwards", async () => {
    await storeSample("a");
    const before = { applied: applied(), schema: schema() };

    await storeSample("b");

    expect(before.applied).toEqual(MIGRATIONS.map(({ version, name, oldest }) => ({ version, name, oldest, applied_at: expect.any(Number) })));
    expect({ applied: applied(), schema: schema() }).toEqual(before);
  });

  it("makes the store without a start, as often as asked", async () => {
    const persistence = new SqlitePersistenceProvider({ path });

    await persistence.ensureStoreExists();
    await persistence.ensureStoreExists();

    expect(applied()).toHaveLength(MIGRATIONS.length);
  });

  it("lives beside the tables of others in one file", async () => {
    withConnection(({ raw }) => raw.exec("CREATE TABLE orders (id TEXT PRIMARY KEY); INSERT INTO orders VALUES ('o-1')"));

    await storeSample("a");

    expect(withConnection(({ raw }) => raw.prepare("SELECT * FROM orders").all())).toEqual([{ id: "o-1" }]);
  });

  it("upgrades an older schema in place and loses nothing (fault 60)", async () => {
    await storeSample("a");
    await storeSample("b");

    withConnection((connection) => migrate(connection, [...MIGRATIONS, ADDITIVE], path, 7));

    const rows = withConnection(({ raw }) => raw.prepare("SELECT id, name, priority FROM wfe_workflows ORDER BY id").all());
    expect(rows).toEqual([
      { id: "a", name: "name of a", priority: 5 },
      { id: "b", name: "name of b", priority: 5 },
    ]);
    expect(withConnection(({ raw }) => raw.prepare("SELECT count(*) AS count FROM wfe_pointers").get())).toEqual({ count: 4 });
    expect(applied().at(-1)).toEqual({ version: ADDITIVE.version, name: "priority", oldest: 1, applied_at: 7 });
  });

  it("gives a new file and an upgraded one the same schema (fault 60)", async () => {
    await storeSample("a");
    withConnection((connection) => migrate(connection, [...MIGRATIONS, ADDITIVE], path, 1));
    const upgraded = schema();

    path = folder.path("new.db");
    withConnection((connection) => migrate(connection, [...MIGRATIONS, ADDITIVE], path, 1));

    expect(schema()).toEqual(upgraded);
  });

  it("lets the version before work on a schema that only adds", async () => {
    withConnection((connection) => migrate(connection, [...MIGRATIONS, ADDITIVE], path, 1));

    await storeSample("a");

    expect(withConnection(({ raw }) => raw.prepare("SELECT id, priority FROM wfe_workflows").all())).toEqual([{ id: "a", priority: 5 }]);
  });

  it("refuses a schema that it does not understand, and leaves the file as it is", async () => {
    await storeSample("a");
    withConnection((connection) => migrate(connection, [...MIGRATIONS, ADDITIVE, BREAKING], path, 1));
    const before = readFileSync(path);

    for (const provider of Object.values(sqliteProviders({ path }))) {
      await expect(provider.start()).rejects.toMatchObject({ message: expect.stringContaining("newer version") });
    }

    await expect(sqliteProviders({ path }).persistence.start()).rejects.toMatchObject({ code: "WFE_STORE_NEWER", retryable: false });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("applies all of an upgrade or nothing", async () => {
    await storeSample("a");
    const before = schema();
    const broken: Migration = { ...ADDITIVE, sql: `${ADDITIVE.sql}; INSERT INTO no_such_table VALUES (1)` };

    expect(() => withConnection((connection) => migrate(connection, [...MIGRATIONS, broken], path, 1))).toThrow("no_such_table");

    expect(schema()).toEqual(before);
    expect(applied()).toHaveLength(MIGRATIONS.length);
  });

  it("waits for an upgrade that is under way in another connection", async () => {
    const other = new Database(path);
    other.pragma("journal_mode = WAL");
    other.exec("BEGIN IMMEDIATE");
    const { persistence } = sqliteProviders({ path });

    const starting = persistence.start();
    await new Promise((resolve) => setTimeout(resolve, 50));
    other.exec("COMMIT");
    await starting;

    expect(await persistence.countWorkflows({})).toBe(0);
    await persistence.stop();
    other.close();
  });

  it("is applied once when many connections open an empty file at the same moment", async () => {
    const all = Array.from({ length: 8 }, () => sqliteProviders({ path }));

    await Promise.all(all.flatMap(({ persistence, locks, queue }) => [persistence.start(), locks.start(), queue.start()]));

    expect(applied()).toHaveLength(MIGRATIONS.length);
    await Promise.all(all.flatMap(({ persistence, locks, queue }) => [persistence.stop(), locks.stop(), queue.stop()]));
  });

  it("is applied once when several processes open an empty file at the same moment", async () => {
    const children = Array.from({ length: 4 }, () => new Child("opener.ts", path));
    try {
      expect(await Promise.all(children.map((child) => child.line()))).toEqual(children.map(() => "ready"));

      for (const child of children) child.tell("open");

      expect(await Promise.all(children.map((child) => child.line()))).toEqual(children.map(() => "opened with 0 instances"));
    } finally {
      await Promise.all(children.map((child) => child.kill()));
    }
    // Looked at when nobody else is at work on the file: a bare connection does not wait for others.
    expect(applied()).toHaveLength(MIGRATIONS.length);
  });
});
