import { assert } from "./assert.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import { instant, sampleEvent, sampleSubscription } from "../fixtures.ts";
import { given, open } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, create, LATER, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

const PAID = { name: "paid", key: "1" } as const;

/** Ids of the undelivered events that are given out now. */
async function runnable(provider: PersistenceProvider, asAtMs: number, limit = 100, claimUntilMs = asAtMs + 100): Promise<readonly string[]> {
  return (await provider.getRunnableEvents(instant(asAtMs), { limit, claimUntil: instant(claimUntilMs) })).map(({ id }) => id);
}

/** Events as they are stored. */
export const EVENT_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "gives every field of an event back, and leaves absent ones absent",
    async run(context) {
      const [first, second] = await context.startTwo();
      const full = sampleEvent("e1", {
        name: "\u0000",
        key: "\ud800",
        data: '{"b":"\\u0000\ud800","a":1}',
        time: instant(-5),
        eligibleAt: instant(7),
      });
      const { data: _, ...bare } = sampleEvent("e2", { key: "" });

      assert.equal(await first.createEvent(full, instant(1)), "e1");
      await second.createEvent(bare, instant(2));

      const [one, two] = [await second.getEvent("e1"), await first.getEvent("e2")];
      assert.deepEqual(one, { ...full, delivered: false, storedAt: instant(1), arrival: one?.arrival });
      assert.deepEqual(two, { ...bare, delivered: false, storedAt: instant(2), arrival: two?.arrival });
      assert.ok((one?.arrival ?? 0) < (two?.arrival ?? 0), "the order of arrival grows");
      assert.equal(await first.getEvent("nobody"), undefined);
    },
  },
  {
    name: "tells an empty payload from none",
    async run(context) {
      const [first, second] = await context.startTwo();
      await first.createEvent(sampleEvent("e", { data: "" }), instant());

      assert.equal((await second.getEvent("e"))?.data, "");
    },
  },
  {
    name: "keeps the first payload of an id that is stored again",
    async run(context) {
      const [first, second] = await context.startTwo();
      await first.createEvent(sampleEvent("e"), instant());

      assert.equal(await second.createEvent(sampleEvent("e", { data: '"other"', key: "2", time: instant(9) }), instant(9)), "e");

      assert.equal((await second.getEvent("e"))?.data, '{"ok":true}');
      assert.deepEqual(await second.getEvents("paid", "2", instant()), []);
    },
  },
  {
    name: "stores an id once that comes many times at the same moment",
    async run(context) {
      const [first, second] = await context.startTwo();

      await Promise.all(
        [first, second, first, second].map((provider, turn) => provider.createEvent(sampleEvent("e", { data: String(turn) }), instant())),
      );

      assert.deepEqual(await first.getEvents("paid", "1", instant()), ["e"]);
      assert.equal((await first.getEvent("e"))?.data, (await second.getEvent("e"))?.data);
    },
  },
  {
    name: "finds events of a name and key at or after a time, by time, then arrival",
    async run(context) {
      const [first, second] = await context.startTwo();
      await first.createEvent(sampleEvent("late", { time: instant(9) }), instant());
      await second.createEvent(sampleEvent("b", { time: instant(5) }), instant());
      await first.createEvent(sampleEvent("a", { time: instant(5) }), instant());
      await first.createEvent(sampleEvent("early", { time: instant(4) }), instant());
      await first.createEvent(sampleEvent("other key", { key: "2", time: instant(5) }), instant());
      await first.createEvent(sampleEvent("other name", { name: "sent", time: instant(5) }), instant());

      assert.deepEqual(await second.getEvents("paid", "1", instant(5)), ["b", "a", "late"]);
    },
  },
  {
    name: "gives out undelivered events, by time, then arrival, no more than asked for",
    async run(context) {
      const [first, second] = await context.startTwo();
      await first.createEvent(sampleEvent("c", { time: instant(3) }), instant());
      await first.createEvent(sampleEvent("a", { time: instant(1), key: "" }), instant());
      await first.createEvent(sampleEvent("b", { time: instant(1) }), instant());

      const given = await second.getRunnableEvents(instant(9), { limit: 2, claimUntil: instant(50) });

      assert.deepEqual(given, [
        { id: "a", name: "paid", key: "" },
        { id: "b", name: "paid", key: "1" },
      ]);
    },
  },
  {
    name: "hides events that were given out until the end of the claim",
    async run(context) {
      const [first, second] = await context.startTwo();
      await first.createEvent(sampleEvent("e"), instant());

      assert.deepEqual(await runnable(first, 1, 10, 50), ["e"]);
      assert.deepEqual(await runnable(second, 49), []);
      assert.deepEqual(await runnable(second, 50), ["e"]);
    },
  },
  {
    name: "gives each event to one of those who ask at the same moment",
    async run(context) {
      const [first, second] = await context.startTwo();
      const all = Array.from({ length: 40 }, (_, n) => `e${String(n).padStart(2, "0")}`);
      for (const id of all) await first.createEvent(sampleEvent(id), instant());

      const given = await Promise.all([first, second, first, second].map((provider) => runnable(provider, 1, 10)));

      assert.deepEqual(given.flat().toSorted(), all);
    },
  },
  {
    name: "gives out an event of a future time when that has come, and one without at once on any clock",
    async run(context) {
      const [first, second] = await context.startTwo();
      await first.createEvent(sampleEvent("future", { time: instant(7), eligibleAt: instant(7) }), instant());
      await first.createEvent(sampleEvent("now", { time: instant(5) }), instant(5));

      assert.deepEqual(await runnable(second, -99, 10, -99), ["now"], "though this host's clock is behind");
      assert.deepEqual(await runnable(second, 6, 10, 6), ["now"]);
      assert.deepEqual(await runnable(second, 7, 10, 7), ["now", "future"]);
    },
  },
  {
    name: "gives out no event that was delivered, though nobody waited for it",
    async run(context) {
      const [first, second] = await context.startTwo();
      await first.createEvent(sampleEvent("e"), instant());

      assert.deepEqual(await second.deliverEvents([PAID], instant()), []);

      assert.equal((await first.getEvent("e"))?.delivered, true);
      assert.deepEqual(await runnable(first, 99), []);
    },
  },
  {
    name: "stores the events of a commit undelivered, where somebody waits for them",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "waits");
      await open(first, "s", { workflowId: "waits" });

      const { delivered = [] } = await commit(first, "c1", { events: [sampleEvent("e")] }, instant(3));

      const stored = await second.getEvent("e");
      assert.deepEqual([delivered, stored?.delivered, stored?.storedAt], [[], false, instant(3)]);
      assert.deepEqual(await runnable(second, 3), ["e"]);
    },
  },
  {
    name: "stores an event of a commit as delivered only if the commit says so, and it is eligible",
    async run(context) {
      const [first, second] = await withW(context);
      const events = [sampleEvent("e"), sampleEvent("later", { time: instant(9), eligibleAt: instant(9) })];

      const { delivered = [] } = await commit(first, "c1", { events }, instant(3));

      const undelivered = ["e", "later"].filter((id) => !delivered.includes(id));
      assert.ok(undelivered.includes("later"), "it is not eligible yet");
      assert.equal((await second.getEvent("e"))?.delivered, delivered.includes("e"));
      assert.deepEqual((await runnable(second, 9)).toSorted(), undelivered);
    },
  },
  {
    name: "gives an event of a commit that nobody waited for to a wait that opens later",
    async run(context) {
      const [first, second] = await withW(context);
      await create(second, "other");
      await commit(first, "c1", { workflowId: "other", events: [sampleEvent("e")] });

      const { pendingDeliveries } = await open(second, "s");

      assert.deepEqual(given(pendingDeliveries), ["s: e"]);
    },
  },
  {
    name: "removes delivered events stored before an instant, no more than asked for",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const n of [1, 2, 3, 4]) await first.createEvent(sampleEvent(`e${n}`, { time: instant(9 - n) }), instant(n));
      await first.deliverEvents([PAID], LATER);
      await first.createEvent(sampleEvent("undelivered"), instant());

      assert.equal(await second.deleteDeliveredEvents(instant(4), 2), 2);
      assert.equal(await second.deleteDeliveredEvents(instant(4), 2), 1);
      assert.equal(await second.deleteDeliveredEvents(instant(4), 2), 0);

      assert.deepEqual((await first.getEvents("paid", "1", instant(-99))).toSorted(), ["e4", "undelivered"]);
    },
  },
  {
    name: "keeps a delivered event that a subscription has not used yet",
    async run(context) {
      const [first, second] = await withW(context);
      await commit(first, "c1", { openSubscriptions: [sampleSubscription("s")] });
      await first.createEvent(sampleEvent("e"), instant());
      await first.deliverEvents([PAID], instant());

      assert.equal(await second.deleteDeliveredEvents(LATER, 10), 0);
      await commit(first, "c2", { consume: [{ subscriptionId: "s", eventId: "e" }] });
      assert.equal(await second.deleteDeliveredEvents(LATER, 10), 1);
      assert.equal(await first.getEvent("e"), undefined);
    },
  },
];
