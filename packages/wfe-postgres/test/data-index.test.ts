import { afterEach, describe, expect, it } from "vitest";
import { instant, sampleWorkflow } from "wfe-core/test-support";
import { testSchema } from "wfe-test-services/vitest";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { testSessions } from "./test-sessions.ts";

const server = testSchema("data index");
const sessions = testSessions(server);
const indexes = (schema: string): Promise<readonly { readonly definition: string; readonly isWhole: boolean }[]> =>
  sessions.query(
    `SELECT pg_get_indexdef(indexrelid) AS definition, indisvalid AND indisready AS "isWhole"
     FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE c.relnamespace = to_regnamespace($1) AND c.relname LIKE 'workflows_data_%'`,
    [`"${schema}"`],
  ) as Promise<readonly { readonly definition: string; readonly isWhole: boolean }[]>;

describe("indexes of data", () => {
  const running: PostgresPersistenceProvider[] = [];
  afterEach(async () => {
    for (const provider of running.splice(0)) await provider.stop();
  });

  function open(schema: string, indexedData: readonly string[]): PostgresPersistenceProvider {
    const provider = new PostgresPersistenceProvider({ connectionString: server.url, schema, notifications: false, poolSize: 2, indexedData });
    running.push(provider);
    return provider;
  }

  it("are made once by hosts that start at the same moment, each of what it asks for, while others write", async () => {
    const schema = server.another();
    const writer = open(schema, []);
    await writer.start();
    for (let n = 0; n < 50; n += 1)
      await writer.createNewWorkflow(sampleWorkflow(`w${n}`, { data: JSON.stringify({ id: n % 5, to: "x" }) }), instant());

    const hosts = [open(schema, ["id"]), open(schema, ["id", "to"]), open(schema, ["to"]), open(schema, ["id"])];
    const written = Promise.all(
      Array.from({ length: 20 }, (_, n) => writer.createNewWorkflow(sampleWorkflow(`late${n}`, { data: JSON.stringify({ id: n % 5 }) }), instant())),
    );
    await Promise.all([...hosts.map((host) => host.start()), written]);

    expect((await indexes(schema)).map(({ isWhole }) => isWhole)).toEqual([true, true]);
    for (const host of [writer, ...hosts]) expect(await host.countWorkflows({ data: { id: 3 } })).toBe(14);
  });

  it("are left when they are no longer asked for, and found again", async () => {
    const schema = server.another();
    await open(schema, ["id"]).start();
    const before = await indexes(schema);

    await open(schema, []).start();
    await open(schema, ["id"]).start();

    expect(await indexes(schema)).toEqual(before);
    expect(before).toHaveLength(1);
  });
});
