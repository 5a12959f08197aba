import { expect, it } from "vitest";
import { instant, sampleChange, sampleEvent, sampleSubscription, sampleWorkflow } from "wfe-core/test-support";
import { SqlitePersistenceProvider } from "../src/sqlite-persistence-provider.ts";

it("a delivery in several batches reaches a wait that opens between two of them, in place of the last that has gone", async () => {
  const store = new SqlitePersistenceProvider({ path: ":memory:" });
  await store.start();
  const waiting = Array.from({ length: 500 }, (_, index) => `w-${index}`); // one whole batch
  await Promise.all([...waiting, "late"].map((id) => store.createNewWorkflow(sampleWorkflow(id), instant())));
  const waits = waiting.map((id) => sampleChange(id, "c", { openSubscriptions: [sampleSubscription(`s-${id}`)] }));
  await Promise.all(waits.map((change) => store.persistWorkflow(change, instant())));
  await store.createEvent(sampleEvent("e", { time: instant(50), eligibleAt: instant(50) }), instant());

  // In one transaction: the first batch, the end of the last of its subscriptions, and a wait whose host's clock is a little behind.
  await Promise.all([
    store.deliverEvents([{ name: "paid", key: "1" }], instant(50)),
    store.command("w-499", "terminate", instant(50)),
    store.persistWorkflow(sampleChange("late", "c", { openSubscriptions: [sampleSubscription("s-late")] }), instant(49)),
  ]);

  expect((await store.loadForPass("late"))?.deliveries).toMatchObject([{ eventId: "e" }]);
  await store.stop();
});
