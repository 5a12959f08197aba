import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { instant, sampleWorkflow } from "wfe-core/test-support";
import { SqlitePersistenceProvider } from "../src/sqlite-persistence-provider.ts";
import { newFolder } from "./sqlite-targets.ts";

describe("indexes of data", () => {
  let folder: ReturnType<typeof newFolder>;
  const running: SqlitePersistenceProvider[] = [];
  beforeEach(() => {
    folder = newFolder();
  });
  afterEach(async () => {
    for (const provider of running.splice(0)) await provider.stop();
    folder.remove();
  });

  function open(indexedData: readonly string[]): SqlitePersistenceProvider {
    const provider = new SqlitePersistenceProvider({ path: folder.path("wfe.db"), synchronous: "NORMAL", indexedData });
    running.push(provider);
    return provider;
  }
  function indexes(): readonly unknown[] {
    const database = new Database(folder.path("wfe.db"), { readonly: true });
    try {
      return database.prepare("SELECT name, sql FROM sqlite_schema WHERE name LIKE 'wfe_workflows_data_%' ORDER BY name").all();
    } finally {
      database.close();
    }
  }

  it("are made once by processes that start at the same moment, each of what it asks for, while others write", async () => {
    const writer = open([]);
    await writer.start();
    for (let n = 0; n < 50; n += 1)
      await writer.createNewWorkflow(sampleWorkflow(`w${n}`, { data: JSON.stringify({ id: n % 5, to: "x" }) }), instant());

    const others = [open(["id"]), open(["id", "to"]), open(["to"]), open(["id"])];
    const written = Promise.all(
      Array.from({ length: 20 }, (_, n) => writer.createNewWorkflow(sampleWorkflow(`late${n}`, { data: JSON.stringify({ id: n % 5 }) }), instant())),
    );
    await Promise.all([...others.map((other) => other.start()), written]);

    expect(indexes()).toHaveLength(2);
    for (const provider of [writer, ...others]) expect(await provider.countWorkflows({ data: { id: 3 } })).toBe(14);
  });

  it("are left when they are no longer asked for, and found again", async () => {
    await open(["id"]).start();
    const before = indexes();

    await open([]).start();
    await open(["id"]).start();

    expect(indexes()).toEqual(before);
    expect(before).toHaveLength(1);
  });
});
