import { describe, expect, it } from "vitest";
import { loadChanged } from "../../src/executor/load-changed.ts";
import type { WorkflowRow } from "../../src/models/workflow-row.ts";
import { instant, sampleChange, samplePointer, sampleWorkflow } from "../../src/test-support/fixtures.ts";
import { InMemoryPersistenceProvider } from "../../src/test-support/in-memory/in-memory-persistence-provider.ts";
import { InMemoryStore } from "../../src/test-support/in-memory/in-memory-store.ts";

/** A store with an instance, and its row as a pass knows it. */
async function setting(): Promise<{ readonly store: InMemoryPersistenceProvider; readonly row: WorkflowRow }> {
  const store = new InMemoryPersistenceProvider({ store: new InMemoryStore() });
  await store.start();
  await store.createNewWorkflow(sampleWorkflow("w"), instant());
  const loaded = await store.loadForPass("w");
  if (loaded === undefined) throw new Error("there is no w");
  return { store, row: loaded.row };
}

describe("what others have changed", () => {
  it("comes without the pointers while nobody has", async () => {
    const { store, row } = await setting();

    expect(await loadChanged(store, row)).toMatchObject({ row, deliveries: [] });
    expect((await loadChanged(store, row))?.pointers).toBeUndefined();
  });

  it("comes with the pointers after a command, which may have changed them", async () => {
    const { store, row } = await setting();
    await store.command("w", "suspend", instant());
    await store.command("w", "retry", instant(), { pointers: [samplePointer({ retryCount: 7 })], revision: 0 });

    expect(await loadChanged(store, row)).toMatchObject({ row: { controlSeq: 2, status: "runnable" }, pointers: [{ id: "1", retryCount: 7 }] });
  });

  it("comes with the pointers after another's commit", async () => {
    const { store, row } = await setting();
    await store.persistWorkflow(sampleChange("w", "1", { pointers: [samplePointer({ retryCount: 7 })] }), instant());

    expect(await loadChanged(store, row)).toMatchObject({ row: { revision: 1 }, pointers: [{ id: "1", retryCount: 7 }] });
  });

  it("is nothing of an instance that was removed", async () => {
    const { store, row } = await setting();

    expect(await loadChanged(store, { ...row, id: "gone" })).toBeUndefined();
  });
});
