import { expect, it } from "vitest";
import { isOpen, type WorkflowChange } from "wfe-core";
import { instant, sampleChange, samplePointer, sampleWorkflow } from "wfe-core/test-support";
import { openSqlite } from "../src/sqlite-database.ts";
import { SqlitePersistenceProvider } from "../src/sqlite-persistence-provider.ts";

it("writes and loads the pointers that a commit changes, whatever history the instance has", async () => {
  const database = openSqlite({ path: ":memory:" });
  const persistence = new SqlitePersistenceProvider(database);
  await persistence.start();
  const closed = Array.from({ length: 1000 }, (_, index) => samplePointer({ seq: index + 1, status: "complete", outcome: '"done"' }));
  await persistence.createNewWorkflow(sampleWorkflow("a", { pointers: [...closed, samplePointer({ seq: 1001 })] }), instant());
  const { raw } = database.connection;
  raw.exec("CREATE TEMP TABLE written (what TEXT)");
  for (const what of ["INSERT", "UPDATE", "DELETE"]) {
    raw.exec(`CREATE TEMP TRIGGER count_${what} AFTER ${what} ON wfe_pointers BEGIN INSERT INTO written VALUES ('${what}'); END`);
  }
  const before = Number(raw.prepare("SELECT total_changes() AS changes").pluck().get());

  const loaded = await persistence.loadForPass("a");
  await persistence.persistWorkflow(
    sampleChange("a", "c", { pointers: [samplePointer({ seq: 1001, status: "complete" }), samplePointer({ seq: 1002 })], sequence: 1002 }),
    instant(),
  );

  expect(loaded?.pointers).toEqual([samplePointer({ seq: 1001 })]);
  expect(raw.prepare("SELECT what FROM written ORDER BY what").pluck().all()).toEqual(["INSERT", "UPDATE"]);
  // The two pointers, the instance, and the two notes of the triggers.
  expect(Number(raw.prepare("SELECT total_changes() AS changes").pluck().get()) - before).toBe(5);
  await persistence.stop();
});

it("writes the counters alone of an instance that a commit leaves as it stands, and the rest of one that it does not", async () => {
  const database = openSqlite({ path: ":memory:" });
  const persistence = new SqlitePersistenceProvider(database);
  await persistence.start();
  await persistence.createNewWorkflow(sampleWorkflow("a", { dueAt: instant(7) }), instant());
  const { raw } = database.connection;
  raw.exec("CREATE TEMP TABLE set_column (what TEXT)");
  for (const column of ["status", "due_at", "completed_at", "error", "data"]) {
    raw.exec(`CREATE TEMP TRIGGER set_${column} AFTER UPDATE OF ${column} ON wfe_workflows BEGIN INSERT INTO set_column VALUES ('${column}'); END`);
  }
  const setBy = async (revision: number, change: Partial<WorkflowChange>): Promise<readonly unknown[]> => {
    raw.exec("DELETE FROM set_column");
    await persistence.persistWorkflow(sampleChange("a", `c${revision}`, change, { revision, controlSeq: 0, inboxSeq: 0 }), instant());
    return raw.prepare("SELECT what FROM set_column ORDER BY what").pluck().all();
  };
  const standing = ["completed_at", "due_at", "error", "status"];

  expect(await setBy(0, { dueAt: instant(7) })).toEqual([]);
  expect(await setBy(1, { dueAt: instant(7), data: "{}" })).toEqual(["data"]);
  expect(await setBy(2, { dueAt: instant(8) })).toEqual(standing);
  expect(await setBy(3, { dueAt: instant(8), error: '"why"' })).toEqual(standing);
  expect(await setBy(4, { status: "complete", completedAt: instant(9), data: "[]" })).toEqual([
    ...standing.slice(0, 1),
    "data",
    ...standing.slice(1),
  ]);
  expect(await persistence.getWorkflowInstance("a")).toMatchObject({ revision: 5, status: "complete", completedAt: instant(9), data: "[]" });
  await persistence.stop();
});

it("keeps one row of a pointer, whichever way it opens and closes", async () => {
  const database = openSqlite({ path: ":memory:" });
  const persistence = new SqlitePersistenceProvider(database);
  await persistence.start();
  await persistence.createNewWorkflow(sampleWorkflow("a"), instant());
  const statuses = ["running", "complete", "compensated", "pending", "sleeping", "cancelled", "running"] as const;
  const seen: unknown[] = [];

  for (const [revision, status] of statuses.entries()) {
    await persistence.persistWorkflow(
      sampleChange("a", `c${revision}`, { pointers: [samplePointer({ status })] }, { revision, controlSeq: 0, inboxSeq: 0 }),
      instant(),
    );
    const stored = await persistence.getPointers("a", { limit: 9 });
    const loaded = await persistence.loadForPass("a");
    seen.push([stored.map((pointer) => pointer.status), loaded?.pointers?.map((pointer) => pointer.status)]);
  }

  expect(seen).toEqual(statuses.map((status) => [[status], isOpen(status) ? [status] : []]));
  await persistence.stop();
});
