import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EventPublication } from "wfe-core";
import { instant, sampleChange, sampleEvent, sampleSubscription, sampleWorkflow } from "wfe-core/test-support";
import { testSchema } from "wfe-test-services/vitest";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { testSessions, type WatchedPool, watchedPool } from "./test-sessions.ts";

const server = testSchema("publications");
const sessions = testSessions(server);
const STORED: EventPublication = { reached: [], delivered: false };

describe("the publication of an event", () => {
  let pool: WatchedPool;
  let store: PostgresPersistenceProvider;

  beforeEach(async () => {
    await server.empty(server.schema);
    pool = watchedPool(sessions.url, 4);
    store = new PostgresPersistenceProvider({ pool, schema: server.schema, notifications: false });
    await store.start();
    await store.createNewWorkflow(sampleWorkflow("w"), instant());
  });

  afterEach(async () => {
    await store.stop();
    await pool.end();
  });

  const waits = (count: number): Promise<unknown> => {
    const openSubscriptions = Array.from({ length: count }, (_, index) => sampleSubscription(`s-${index}`));
    return store.persistWorkflow(sampleChange("w", "waits", { openSubscriptions }), instant());
  };
  const calls = (): readonly (string | undefined)[] => pool.sent.map(({ text }) => /"?(\w+_v1)"?/.exec(text)?.[1]);

  it("is one call, which delivers it", async () => {
    await waits(1);
    pool.sent.length = 0;

    expect(await store.publishEvent(sampleEvent("e"), instant())).toEqual({ reached: ["w"], delivered: true });

    expect(calls()).toEqual(["publish_v1"]);
    expect(await store.getEvent("e")).toMatchObject({ delivered: true });
  });

  it.each([
    [16, { reached: ["w"], delivered: true }],
    [17, STORED],
  ])("serves those that wait, if they are few: %s", async (count, answer) => {
    await waits(count);

    expect(await store.publishEvent(sampleEvent("e"), instant())).toEqual(answer);

    expect(await store.getEvent("e")).toMatchObject({ delivered: answer.delivered });
    expect((await store.loadForPass("w"))?.deliveries).toHaveLength(answer.delivered ? count : 0);
  });

  it("leaves the event to a delivery where somebody has used many of its topic, and has to look below them again", async () => {
    for (let turn = 0; turn < 17; turn += 1) {
      const used = turn === 0 ? {} : { consume: [{ subscriptionId: `s-${turn - 1}`, eventId: `e-${turn - 1}` }] };
      const change = { ...used, openSubscriptions: [sampleSubscription(`s-${turn}`)], seenInboxSeq: turn };
      await store.persistWorkflow(sampleChange("w", `c-${turn}`, change, { revision: turn, controlSeq: 0, inboxSeq: turn }), instant());
      expect(await store.publishEvent(sampleEvent(`e-${turn}`, { time: instant(100 + turn) }), instant(200))).toMatchObject({ reached: ["w"] });
    }

    // The 17th delivery has left a watermark.
    expect(await store.publishEvent(sampleEvent("above", { time: instant(116) }), instant(200))).toEqual({ reached: [], delivered: true });
    expect(await store.publishEvent(sampleEvent("early", { time: instant(115) }), instant(200))).toEqual(STORED);
    await store.deliverEvents([{ name: "paid", key: "1" }], instant(200));
    const next = sampleChange(
      "w",
      "next",
      { consume: [{ subscriptionId: "s-16", eventId: "e-16" }], openSubscriptions: [sampleSubscription("s-17")], seenInboxSeq: 17 },
      { revision: 17, controlSeq: 0, inboxSeq: 17 },
    );
    expect(await store.persistWorkflow(next, instant(200))).toMatchObject({ pendingDeliveries: [{ eventId: "early" }] });
  });

  it("stores many of one moment in few calls, and leaves them to deliveries", async () => {
    const ids = Array.from({ length: 100 }, (_, index) => `e-${index}`);
    pool.sent.length = 0;

    const answers = await Promise.all(ids.map((id) => store.publishEvent(sampleEvent(id, { key: id }), instant())));

    expect(calls()).toEqual(["insert_events_v1"]);
    expect(answers).toEqual(ids.map(() => STORED));
  });

  it("only stores an event before its time", async () => {
    pool.sent.length = 0;

    expect(await store.publishEvent(sampleEvent("e", { time: instant(5), eligibleAt: instant(5) }), instant())).toEqual(STORED);

    expect(calls()).toEqual(["insert_events_v1"]);
  });
});
