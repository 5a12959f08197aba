import { expect, it } from "vitest";
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
