import assert from "node:assert/strict";
import { instant, sampleEvent } from "../fixtures.ts";
import { deliver, given, idsOfLook, look, open, publish, send, turnOf } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** How a sweep finds undelivered events. */
export const EVENT_SWEEP_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "gives undelivered events with their name and key",
    async run(context) {
      const [first, second] = await context.startTwo();
      await publish(first, "e", { name: "shipped", key: "" });
      await publish(second, "\u0000", { name: "\ud83d", key: "\ude00" });

      assert.deepEqual(await look(second, instant()), [
        { id: "e", name: "shipped", key: "" },
        { id: "\u0000", name: "\ud83d", key: "\ude00" },
      ]);
    },
  },
  {
    name: "gives undelivered events by time, then arrival",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const id of ["z", "a"]) await publish(first, id, { time: instant(10) });
      await publish(first, "late", { time: instant(20) });
      await publish(first, "early", { time: instant(5), key: "2" });
      await publish(second, "m", { time: instant(10), key: "2" });

      assert.deepEqual(await idsOfLook(second), ["early", "z", "a", "m", "late"]);
    },
  },
  {
    name: "gives no more undelivered events than the limit, and the next ones with the next look",
    async run(context) {
      const providers = await context.startTwo();
      for (const id of ["a", "b", "c", "d", "e"]) await publish(providers[0], id);

      const looks: (readonly string[])[] = [];
      for (let turn = 0; turn < 4; turn += 1) looks.push(await idsOfLook(turnOf(providers, turn), instant(), { limit: 2, claimUntil: instant(1) }));

      assert.deepEqual(looks, [["a", "b"], ["c", "d"], ["e"], []]);
    },
  },
  {
    name: "hides undelivered events that were given until the claim ends, and then gives them again",
    async run(context) {
      const [first, second] = await context.startTwo();
      await publish(first, "e");
      assert.deepEqual(await idsOfLook(first, instant(), { claimUntil: instant(100) }), ["e"]);

      assert.deepEqual(await idsOfLook(second, instant(99)), []);
      assert.deepEqual(await idsOfLook(second, instant(100), { claimUntil: instant(200) }), ["e"], "the claim has ended");

      assert.deepEqual(await idsOfLook(first, instant(199)), [], "and the next one counts");
    },
  },
  {
    name: "gives each undelivered event to one of those who look at the same moment",
    async run(context) {
      const providers = await context.startTwo();
      const ids = Array.from({ length: 40 }, (_, turn) => `e${turn}`);
      await Promise.all(ids.map((id) => publish(providers[0], id)));

      const looks = await Promise.all(
        Array.from({ length: 10 }, (_, turn) => idsOfLook(turnOf(providers, turn), instant(), { limit: 5, claimUntil: instant(1) })),
      );

      assert.deepEqual(looks.flat().toSorted(), ids.toSorted());
    },
  },
  {
    name: "gives an event no longer once it was delivered",
    async run(context) {
      const [first, second] = await context.startTwo();
      await send(first, "e");
      await publish(first, "claimed", { key: "2" });
      await look(first, instant(), { claimUntil: instant(5) });
      await deliver(second, instant(), "2");

      assert.deepEqual(await idsOfLook(second), []);
      assert.deepEqual([(await second.getEvent("e"))?.delivered, (await second.getEvent("claimed"))?.delivered], [true, true]);
    },
  },
  {
    name: "gives an event for a future time not before that time",
    async run(context) {
      const [first, second] = await context.startTwo();
      await publish(first, "e", { time: instant(50), eligibleAt: instant(50) });

      assert.deepEqual(await idsOfLook(second, instant(49)), []);
      assert.deepEqual(await idsOfLook(second, instant(50)), ["e"]);
    },
  },
  {
    name: "gives an event at once that is dated later but was not asked to wait",
    async run(context) {
      const [first, second] = await context.startTwo();
      await publish(first, "e", { time: instant(50) });

      assert.deepEqual(await idsOfLook(second, instant()), ["e"]);
    },
  },
  {
    name: "hides a claimed event from other looks alone, not from deliveries and waits",
    async run(context) {
      const [first, second] = await withW(context);
      await publish(first, "for a wait");
      await look(first, instant(), { claimUntil: instant(1000) });

      assert.deepEqual(given((await open(second, "s")).pendingDeliveries), ["s: for a wait"]);
      await open(second, "t", { key: "2" });
      await publish(first, "for a delivery", { key: "2" });
      await look(first, instant(), { claimUntil: instant(1000) });

      assert.deepEqual(await deliver(second, instant(), "2"), ["w"]);
    },
  },
  {
    name: "gives the events that a commit has sent",
    async run(context) {
      const [first, second] = await withW(context);

      await commit(first, "c1", { events: [sampleEvent("now"), sampleEvent("later", { time: instant(9), eligibleAt: instant(9) })] });

      assert.deepEqual(await idsOfLook(second, instant(8)), ["now"]);
      assert.deepEqual(await idsOfLook(second, instant(9)), ["now", "later"]);
    },
  },
];
