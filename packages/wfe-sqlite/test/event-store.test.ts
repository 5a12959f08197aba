import { expect, it } from "vitest";
import { instant, sampleChange, sampleEvent, sampleSubscription, sampleWorkflow } from "wfe-core/test-support";
import { SqlitePersistenceProvider } from "../src/sqlite-persistence-provider.ts";

it("a commit stores the events as delivered that nobody waits for, of those that are eligible and new", async () => {
  const store = new SqlitePersistenceProvider({ path: ":memory:" });
  await store.start();
  await Promise.all(["sends", "waits"].map((id) => store.createNewWorkflow(sampleWorkflow(id), instant())));
  await store.persistWorkflow(sampleChange("waits", "c", { openSubscriptions: [sampleSubscription("s", { key: "awaited" })] }), instant());
  await store.createEvent(sampleEvent("old"), instant());
  const events = [
    sampleEvent("e"),
    sampleEvent("awaited", { key: "awaited" }),
    sampleEvent("later", { time: instant(9), eligibleAt: instant(9) }),
    sampleEvent("now", { time: instant(3), eligibleAt: instant(3) }),
    sampleEvent("old"),
  ];

  const { delivered } = await store.persistWorkflow(sampleChange("sends", "c", { events }), instant(3));

  expect(delivered).toEqual(["e", "now"]);
  const stored = await Promise.all(events.map(({ id }) => store.getEvent(id)));
  expect(stored.filter((event) => event?.delivered === true).map((event) => event?.id)).toEqual(["e", "now"]);
  await store.stop();
});
