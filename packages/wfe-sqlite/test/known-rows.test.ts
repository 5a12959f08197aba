import { expect, it } from "vitest";
import type { WorkflowChange } from "wfe-core";
import { instant, sampleChange, sampleEvent, samplePointer, sampleSubscription, sampleWorkflow } from "wfe-core/test-support";
import { KnownRows } from "../src/known-rows.ts";
import { openSqlite } from "../src/sqlite-database.ts";
import { SqlitePersistenceProvider } from "../src/sqlite-persistence-provider.ts";

/** A store with the instance "a", which was committed once, so that its row is known; and which statements it has run since. */
async function setting(first: Partial<WorkflowChange> = {}) {
  const database = openSqlite({ path: ":memory:" });
  const persistence = new SqlitePersistenceProvider(database);
  await persistence.start();
  await persistence.createNewWorkflow(sampleWorkflow("a", { dueAt: instant(7) }), instant());
  const commit = (revision: number, change: Partial<WorkflowChange> = {}, commitId = `c${revision}`) =>
    persistence.persistWorkflow(sampleChange("a", commitId, { dueAt: instant(7), ...change }, { revision, controlSeq: 0, inboxSeq: 0 }), instant());
  await commit(0, first);
  const statements: string[] = [];
  const { connection } = database;
  const prepare = connection.sql.bind(connection);
  connection.sql = (text, shape) => {
    statements.push(text.trim().split(/\s+/).slice(0, 2).join(" "));
    return prepare(text, shape);
  };
  const stored = async (id = "a") => (await persistence.loadForPass(id))?.row;
  return { persistence, commit, statements, stored };
}

it("a commit that leaves an instance as it stands is one statement, and those of what it has", async () => {
  const { persistence, commit, statements, stored } = await setting();

  const answer = await commit(1, { data: '{"n":1}', sequence: 9, pointers: [samplePointer({ seq: 2 })], errors: [] });

  expect(answer).toEqual({ revision: 2, inboxSeq: 0, pendingDeliveries: [] });
  expect(statements.filter((text) => text !== "BEGIN IMMEDIATE" && text !== "COMMIT")).toEqual(["UPDATE wfe_workflows", "SELECT 1", "INSERT INTO"]);
  expect(await stored()).toMatchObject({ revision: 2, commitId: "c1", data: '{"n":1}', sequence: 9, dueAt: instant(7) });
  await persistence.stop();
});

it("a commit whose answer was lost is answered once more, and changes nothing", async () => {
  const { persistence, commit, stored } = await setting();
  const sent = await commit(1, { data: '{"n":1}' });

  expect(await commit(1, { data: '{"n":1}' })).toEqual(sent);
  expect(await commit(2, { data: '{"n":2}' }, "c1")).toEqual(sent);
  expect(await stored()).toMatchObject({ revision: 2, data: '{"n":1}' });
  await persistence.stop();
});

it("a commit that is behind is refused, and says by what", async () => {
  const { persistence, commit } = await setting();
  await persistence.command("a", "suspend", instant());

  await expect(commit(1, { status: "suspended" })).rejects.toMatchObject({ reason: "control", current: { revision: 1, controlSeq: 1 } });
  await expect(commit(0, { status: "suspended" }, "other")).rejects.toMatchObject({ reason: "revision" });
  await persistence.stop();
});

it("a commit that does not know of a delivery leaves its instance due, and is told of it", async () => {
  const { persistence, commit, stored } = await setting({ openSubscriptions: [sampleSubscription("s")] });
  await persistence.createEvent(sampleEvent("e"), instant());
  await persistence.deliverEvents([sampleEvent("e")], instant(3));

  expect(await commit(1)).toMatchObject({ revision: 2, inboxSeq: 1, pendingDeliveries: [{ eventId: "e" }] });
  expect((await stored())?.dueAt).toEqual(instant());
  await persistence.stop();
});

it("a row that another instance has got is not written to", async () => {
  const { persistence, commit, stored } = await setting();
  await persistence.command("a", "terminate", instant(1));
  expect(await persistence.deleteWorkflows(["a"])).toBe(1);
  await persistence.createNewWorkflow(sampleWorkflow("b", { dueAt: instant(7) }), instant());
  await persistence.persistWorkflow(sampleChange("b", "of b", { dueAt: instant(7) }), instant());

  await expect(commit(1)).rejects.toMatchObject({ reason: "missing" });
  expect(await stored("b")).toMatchObject({ revision: 1, commitId: "of b" });
  await persistence.stop();
});

it("remembers so many, the latest", () => {
  const rows = new KnownRows();

  for (let row = 0; row < 5_000; row += 1) rows.add(`w-${row}`, row);
  rows.forget("w-4999");

  expect([rows.get("w-903"), rows.get("w-904"), rows.get("w-4998"), rows.get("w-4999")]).toEqual([undefined, 904, 4998, undefined]);
});
