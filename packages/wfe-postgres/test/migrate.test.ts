import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "wfe-core";
import { instant, sampleChange, sampleEvent, samplePointer, sampleSubscription, sampleWorkflow } from "wfe-core/test-support";
import { testSchema } from "wfe-test-services/vitest";
import { runOnPool, transactionOnPool } from "../src/connection.ts";
import { Connections } from "../src/connections.ts";
import { type Migration, migrate } from "../src/migrate.ts";
import { MIGRATIONS } from "../src/migrations/migrations.ts";
import { openPostgres } from "../src/postgres-database.ts";
import type { PostgresOptions } from "../src/postgres-options.ts";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { PostgresQueueProvider } from "../src/postgres-queue-provider.ts";
import { schemaNames } from "../src/schema-names.ts";
import { testSessions } from "./test-sessions.ts";

const server = testSchema("migrate");
const sessions = testSessions(server);

/** The next version of this list: adds a column and an index, so that this version's code goes on working. */
const ADDITIVE: Migration = {
  version: MIGRATIONS.length + 1,
  name: "priority",
  oldest: 1,
  sql: ({ table, index }) =>
    `ALTER TABLE ${table.workflows} ADD COLUMN priority bigint NOT NULL DEFAULT 5; CREATE INDEX ${index("workflows_priority")} ON ${table.workflows} (priority)`,
};
/** A version that older code cannot work on. */
const BREAKING: Migration = {
  version: ADDITIVE.version + 1,
  name: "rename",
  oldest: ADDITIVE.version + 1,
  sql: ({ table }) => `ALTER TABLE ${table.errors} RENAME TO failures`,
};

describe("migrate", () => {
  let schema: string;
  let pool: pg.Pool;
  let connections: Connections;

  beforeEach(() => {
    schema = server.another();
    pool = new pg.Pool({ connectionString: server.url, max: 2 });
    connections = Connections.of(pool, systemClock, 10_000);
  });

  afterEach(() => pool.end());

  const options = (more: Partial<PostgresOptions> = {}): PostgresOptions => ({
    connectionString: server.url,
    schema,
    notifications: false,
    poolSize: 2,
    ...more,
  });
  const apply = (migrations: readonly Migration[], now = 1, prefix = ""): Promise<void> =>
    migrate(
      {
        names: schemaNames(schema, prefix),
        store: "the test database",
        run: (text, values = []) => runOnPool(connections, text, values, { timeoutMs: 10_000, mayKeep: () => false }),
        transaction: (work) => transactionOnPool(connections, 10_000, work),
      },
      migrations,
      now,
    );
  const applied = (): Promise<readonly unknown[]> =>
    sessions.query(`SELECT version::int, name, oldest::int, applied_at::float8 FROM "${schema}".schema_versions ORDER BY version`);
  /** Names of all that is in a schema, with their definitions. */
  const contents = (of = schema): Promise<readonly { name: string; definition: string }[]> =>
    sessions.query(
      `SELECT c.relkind::text || ' ' || c.relname AS name, CASE WHEN c.relkind = 'i' THEN pg_get_indexdef(c.oid) ELSE (
           SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull, ', ' ORDER BY a.attnum)
           FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0) END AS definition
         FROM pg_class c WHERE c.relnamespace = to_regnamespace($1)
       UNION ALL SELECT 'f ' || p.proname, pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.pronamespace = to_regnamespace($1)
       UNION ALL SELECT 'c ' || o.conname, pg_get_constraintdef(o.oid) FROM pg_constraint o WHERE o.connamespace = to_regnamespace($1)
       ORDER BY 1`,
      [`"${of}"`],
    ) as Promise<readonly { name: string; definition: string }[]>;

  async function storeSample(id: string, more: Partial<PostgresOptions> = {}): Promise<void> {
    const persistence = new PostgresPersistenceProvider(options(more));
    await persistence.start();
    await persistence.createNewWorkflow(sampleWorkflow(id, { pointers: [samplePointer({ seq: 1 }), samplePointer({ seq: 2 })] }), instant());
    await persistence.stop();
  }

  it("makes the schema in an empty database, and leaves it alone afterwards", async () => {
    await storeSample("a");
    const before = { applied: await applied(), contents: await contents() };

    await storeSample("b");

    expect(before.applied).toEqual(MIGRATIONS.map(({ version, name, oldest }) => ({ version, name, oldest, applied_at: expect.any(Number) })));
    expect({ applied: await applied(), contents: await contents() }).toEqual(before);
  });

  it("makes the store without a start, as often as asked", async () => {
    const persistence = new PostgresPersistenceProvider(options());

    await persistence.ensureStoreExists();
    await persistence.ensureStoreExists();

    expect(await applied()).toHaveLength(MIGRATIONS.length);
  });

  it.each([2, 8])("is applied once when %i hosts start on an empty database at the same moment", async (count) => {
    const hosts = Array.from({ length: count }, () => {
      const database = openPostgres(options());
      return [new PostgresPersistenceProvider(database), new PostgresQueueProvider(database)] as const;
    });

    await Promise.all(hosts.flatMap(([persistence, queue]) => [persistence.start(), queue.start()]));

    expect(await applied()).toHaveLength(MIGRATIONS.length);
    await Promise.all(hosts.map(([persistence], index) => persistence.createNewWorkflow(sampleWorkflow(`w-${index}`), instant())));
    expect(await hosts[0]?.[0].countWorkflows({})).toBe(count);
    await Promise.all(hosts.flat().map((provider) => provider.stop()));
  });

  it("waits for an upgrade that is under way elsewhere, and does not apply it again", async () => {
    await apply(MIGRATIONS);
    const other = await sessions.begin("SELECT pg_advisory_xact_lock($1)", [schemaNames(schema).migrationLock]);
    await other.query(ADDITIVE.sql(schemaNames(schema)));
    await other.query(`INSERT INTO "${schema}".schema_versions VALUES ($1, $2, $3, 7)`, [ADDITIVE.version, ADDITIVE.name, ADDITIVE.oldest]);
    await pool.end();
    pool = new pg.Pool({ connectionString: sessions.url, max: 2 });
    connections = Connections.of(pool, systemClock, 10_000);

    const upgrading = apply([...MIGRATIONS, ADDITIVE], 9);
    await sessions.blocked(1);
    await sessions.end(other);
    await upgrading;

    expect((await applied()).at(-1)).toMatchObject({ version: ADDITIVE.version, applied_at: 7 });
  });

  it("upgrades an older schema in place and loses nothing (fault 60)", async () => {
    await storeSample("a");
    await storeSample("b");

    await apply([...MIGRATIONS, ADDITIVE], 7);

    expect(await sessions.query(`SELECT id, name, priority::int FROM "${schema}".workflows ORDER BY id`)).toEqual([
      { id: "a", name: "name of a", priority: 5 },
      { id: "b", name: "name of b", priority: 5 },
    ]);
    expect(await sessions.query(`SELECT count(*)::int AS count FROM "${schema}".pointers`)).toEqual([{ count: 4 }]);
    expect((await applied()).at(-1)).toEqual({ version: ADDITIVE.version, name: "priority", oldest: 1, applied_at: 7 });
  });

  it("gives a new schema and an upgraded one the same contents (fault 60)", async () => {
    await storeSample("a");
    await apply([...MIGRATIONS, ADDITIVE]);
    // What is made from the name of the schema differs.
    const plain = async (): Promise<string> => {
      const { channel, topicsLock, lifecycleLock, presenceSpace } = schemaNames(schema);
      return JSON.stringify(await contents())
        .replaceAll(schema, "schema")
        .replaceAll(channel, "channel")
        .replaceAll(topicsLock, "lock")
        .replaceAll(lifecycleLock, "lifecycle")
        .replaceAll(String(presenceSpace >>> 0), "space");
    };
    const upgraded = await plain();

    schema = server.another();
    await apply([...MIGRATIONS, ADDITIVE]);

    expect(await plain()).toEqual(upgraded);
  });

  it("lets the version before work on a schema that only adds", async () => {
    await apply([...MIGRATIONS, ADDITIVE]);

    await storeSample("a");

    expect(await sessions.query(`SELECT id, priority::int FROM "${schema}".workflows`)).toEqual([{ id: "a", priority: 5 }]);
  });

  it("refuses a schema that it does not understand, and leaves it as it is", async () => {
    await storeSample("a");
    await apply([...MIGRATIONS, ADDITIVE, BREAKING]);
    const before = { applied: await applied(), contents: await contents() };

    for (const provider of [new PostgresPersistenceProvider(options()), new PostgresQueueProvider(options())]) {
      await expect(provider.start()).rejects.toMatchObject({
        code: "WFE_STORE_NEWER",
        retryable: false,
        message: expect.stringMatching(/schema ".*" *\).* was written by a newer version \(schema 3, this version knows 1\): upgrade wfe-postgres/),
      });
    }

    expect({ applied: await applied(), contents: await contents() }).toEqual(before);
  });

  it("applies all of an upgrade or nothing", async () => {
    await storeSample("a");
    const before = await contents();
    const broken: Migration = { ...ADDITIVE, sql: (names) => `${ADDITIVE.sql(names)}; INSERT INTO no_such_table VALUES (1)` };

    await expect(apply([...MIGRATIONS, broken])).rejects.toMatchObject({ cause: { message: expect.stringContaining("no_such_table") } });

    expect(await contents()).toEqual(before);
    expect(await applied()).toHaveLength(MIGRATIONS.length);
  });

  it("leaves not even the schema behind when the first of all fails", async () => {
    const broken: Migration = { ...ADDITIVE, version: 1, sql: () => "SELECT 1/0" };

    await expect(apply([broken])).rejects.toMatchObject({ cause: { code: "22012" } });

    expect(await sessions.query("SELECT 1 FROM pg_namespace WHERE nspname = $1", [schema])).toEqual([]);
  });

  it("works in two prefixes of one schema and in two schemas of one database without seeing the others", async () => {
    const places = [options(), options({ tablePrefix: "one_" }), options({ tablePrefix: "Two-" }), options({ schema: server.another() })];
    const hosts = places.map((place) => {
      const database = openPostgres(place);
      return { persistence: new PostgresPersistenceProvider(database), queue: new PostgresQueueProvider(database) };
    });
    await Promise.all(hosts.flatMap(({ persistence, queue }) => [persistence.start(), queue.start()]));
    const publicBefore = await contents("public");

    for (const [index, { persistence, queue }] of hosts.entries()) {
      await persistence.createNewWorkflow(sampleWorkflow("same", { data: `${index}` }), instant());
      await persistence.persistWorkflow(
        sampleChange("same", "c", { openSubscriptions: [sampleSubscription("s", { activity: "ask" })], commands: [command(index)] }),
        instant(),
      );
      await queue.queueWork(`of ${index}`, "workflow");
    }
    await hosts[1]?.persistence.createEvent(sampleEvent("e"), instant());
    await hosts[1]?.persistence.deliverEvents([{ name: "paid", key: "1" }], instant());

    const seen = await Promise.all(
      hosts.map(async ({ persistence, queue }) => {
        const commands: string[] = [];
        await persistence.processCommands(instant(), { limit: 9, claimUntil: instant(1) }, async ({ data }) => void commands.push(data));
        return {
          data: (await persistence.listWorkflows({}, {})).items.map(({ data }) => data),
          deliveries: (await persistence.loadForPass("same"))?.deliveries.map(({ eventId }) => eventId),
          events: await persistence.getEvents("paid", "1", instant(-1)),
          waiting: (await persistence.getFirstOpenSubscription("ask", instant()))?.workflowId,
          commands,
          queued: (await queue.dequeueWork("workflow", { limit: 9, wait: 0 })).map(({ id }) => id),
        };
      }),
    );
    expect(seen).toEqual(
      hosts.map((_, index) => ({
        data: [`${index}`],
        deliveries: index === 1 ? ["e"] : [],
        events: index === 1 ? ["e"] : [],
        waiting: index === 1 ? undefined : "same",
        commands: [`of ${index}`],
        queued: [`of ${index}`],
      })),
    );
    expect(await contents("public")).toEqual(publicBefore);
    await Promise.all(hosts.flatMap(({ persistence, queue }) => [persistence.stop(), queue.stop()]));
  });

  const command = (index: number) => ({ name: "c", data: `of ${index}`, executeAt: instant() });

  it("looks up nothing along the caller's search_path, on which others may have put functions", async () => {
    const evil = server.another();
    await sessions.query(`CREATE SCHEMA ${evil}`);
    for (const [name, result] of [
      ["cardinality(text[])", "int"],
      ["cardinality(bigint[])", "int"],
      ["unnest(bigint[])", "SETOF bigint"],
    ] as const) {
      await sessions.query(
        `CREATE FUNCTION ${evil}.${name} RETURNS ${result} LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '% was called', '${name}'; END $$`,
      );
    }
    const onPath = new pg.Pool({ connectionString: server.url, max: 2, options: `-c search_path=${evil}` });
    const store = new PostgresPersistenceProvider({ pool: onPath, schema, notifications: false });
    await store.start();

    await store.createNewWorkflow(sampleWorkflow("w"), instant());
    await store.persistWorkflow(sampleChange("w", "c", { openSubscriptions: [sampleSubscription("s")] }), instant());
    await store.createEvent(sampleEvent("e"), instant());
    expect(await store.deliverEvents([sampleEvent("e")], instant())).toEqual(["w"]);
    expect(await store.command("w", "terminate", instant())).toBe(true);
    expect(await store.deleteWorkflows(["w"])).toBe(1);

    await store.stop();
    await onPath.end();
    expect(
      await sessions.query(
        `SELECT proname FROM pg_proc WHERE pronamespace = $1::regnamespace AND (proconfig @> ARRAY['jit=off', 'search_path=pg_catalog, pg_temp']) IS NOT TRUE`,
        [schema],
      ),
    ).toEqual([]);
  });

  it("has no name that is cut off, with the longest schema and the longest prefix", async () => {
    const base = server.another();
    schema = (base + "x".repeat(63)).slice(0, 63);
    const tablePrefix = "Prefix-of_24-characters_";
    await sessions.query(`CREATE SCHEMA "${schema}"`);
    try {
      await storeSample("a", { tablePrefix });

      const names = (await contents()).map(({ name }) => name.slice(2));
      expect(tablePrefix).toHaveLength(24);
      expect(names.length).toBeGreaterThan(60);
      expect(names.filter((name) => Buffer.byteLength(name) > 62 || !name.startsWith(tablePrefix))).toEqual([]); // of 63, some may have been cut
      expect(new Set(names).size).toBeGreaterThan(50);
    } finally {
      await sessions.query(`DROP SCHEMA "${schema}" CASCADE`);
    }
  });

  it.each(["", "a.b", 'a"b', "a b", "a;b", "ä", "1a", "-a", "x".repeat(64), "pg_mine", "$user"])(
    "refuses the schema %j before it connects",
    (bad) => {
      expect(() => openPostgres({ connectionString: "postgres://nobody@127.0.0.1:1/none", schema: bad })).toThrow(RangeError);
    },
  );

  it.each(["a.b", 'a"b', "a b", "ä", "1a", "-a", "x".repeat(25), "consumed_", "a_consumed_"])("refuses the prefix %j before it connects", (bad) => {
    expect(() => openPostgres({ connectionString: "postgres://nobody@127.0.0.1:1/none", tablePrefix: bad })).toThrow(RangeError);
  });

  describe("for a role that may not make schemas", () => {
    let role: string;
    let url: string;

    beforeEach(async () => {
      role = `role_of_${schema}`;
      await sessions.query(`CREATE ROLE "${role}" LOGIN`);
      const of = new URL(server.url);
      of.username = role;
      url = of.href;
    });

    afterEach(async () => {
      await sessions.query(`DROP OWNED BY "${role}" CASCADE`);
      await sessions.query(`DROP ROLE "${role}"`);
    });

    it("works in a schema that an administrator has made", async () => {
      await sessions.query(`CREATE SCHEMA "${schema}"`);
      await sessions.query(`GRANT USAGE, CREATE ON SCHEMA "${schema}" TO "${role}"`);

      await storeSample("a", { connectionString: url });

      expect(await applied()).toHaveLength(MIGRATIONS.length);
    });

    it("works on tables that an administrator has made, with the right to use them alone", async () => {
      await storeSample("a");
      await sessions.query(`GRANT USAGE ON SCHEMA "${schema}" TO "${role}"`);
      await sessions.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${schema}" TO "${role}"`);
      await sessions.query(`GRANT SELECT, USAGE ON ALL SEQUENCES IN SCHEMA "${schema}" TO "${role}"`);

      await storeSample("b", { connectionString: url });

      expect(await sessions.query(`SELECT id FROM "${schema}".workflows ORDER BY id`)).toEqual([{ id: "a" }, { id: "b" }]);
    });

    it("says what is missing when there is no schema", async () => {
      await expect(storeSample("a", { connectionString: url })).rejects.toMatchObject({
        code: "WFE_STORE_UNREACHABLE",
        retryable: false,
        message: expect.stringContaining("permission denied for database"),
      });
    });
  });
});
