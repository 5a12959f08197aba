import { assert } from "./assert.ts";
import { instant } from "../fixtures.ts";
import { deliver, given, idsOfLook, inboxOf, look, open, publish, send, turnOf, use } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, create, LATER, signalsOf, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** What stays of an event that was published or used before, and what goes with its removal. */
export const EVENT_PURGE_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "delivers nothing twice when a known id is published again",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await send(first, "e");
      await use(first, "s", "e");
      await open(first, "t");

      await publish(second, "e", { data: "2" });
      assert.deepEqual([(await first.getEvent("e"))?.delivered, await idsOfLook(second)], [true, []], "it stays delivered");
      assert.deepEqual(await send(second, "e", { data: "2" }), []);

      assert.equal((await first.getEvent("e"))?.delivered, true);
      assert.deepEqual(await idsOfLook(second), [], "there is nothing to sweep");
      assert.deepEqual([await inboxOf(second), (await signalsOf(second)).inboxSeq], [[], 1]);
    },
  },
  {
    name: "never removes an event that was not delivered",
    async run(context) {
      const [first, second] = await context.startTwo();
      await publish(first, "waiting");
      await publish(first, "claimed", { key: "2" });
      await publish(first, "future", { key: "3", eligibleAt: instant(50) });
      await look(first, instant(), { claimUntil: LATER });
      await deliver(second, instant(), "3");

      assert.equal(await second.deleteDeliveredEvents(LATER, 100), 0);

      for (const id of ["waiting", "claimed", "future"]) assert.equal((await first.getEvent(id))?.delivered, false);
    },
  },
  {
    name: "removes an event that was released, and one picked up only when it was used",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await send(first, "e");
      await send(first, "f", { key: "2" });
      await open(first, "t", { key: "2" });

      assert.equal(await second.deleteDeliveredEvents(LATER, 100), 0);
      assert.deepEqual(await inboxOf(second), ["s: e", "t: f"]);
      await commit(first, "release", { closeSubscriptions: ["s"] });
      assert.equal(await second.deleteDeliveredEvents(LATER, 100), 1);
      await use(first, "t", "f");

      assert.equal(await second.deleteDeliveredEvents(LATER, 100), 1);
    },
  },
  {
    name: "leaves used what an instance has used when other events go",
    async run(context) {
      const [first, second] = await withW(context);
      for (const [ms, id] of ["e", "f", "g"].entries()) {
        await open(first, `for ${id}`);
        await send(first, id, {}, instant(ms));
        await use(first, `for ${id}`, id);
      }
      assert.equal(await second.deleteDeliveredEvents(instant(1), 100), 1);

      const opened = await open(first, "s");
      await deliver(second, instant(5));
      assert.deepEqual([opened.pendingDeliveries, await inboxOf(second)], [[], []], "f and g were used");
      await send(second, "h", { time: instant(-1) });

      assert.deepEqual(await inboxOf(first), ["s: h"]);
    },
  },
  {
    name: "finds a removed event for no wait that opens later",
    async run(context) {
      const [first, second] = await withW(context);
      await send(first, "e", {}, instant(1));
      await send(first, "f", {}, instant(2));
      assert.equal(await second.deleteDeliveredEvents(instant(2), 100), 1);

      assert.deepEqual(given((await open(first, "s")).pendingDeliveries), ["s: f"]);
    },
  },
  {
    name: "takes an event with the id of a removed one as a new one",
    async run(context) {
      const [first, second] = await context.startTwo();
      await send(first, "e");
      await second.deleteDeliveredEvents(LATER, 100);

      await publish(first, "e", { data: "2" }, instant(7));

      const stored = await second.getEvent("e");
      assert.deepEqual([stored?.data, stored?.delivered, stored?.storedAt], ["2", false, instant(7)]);
    },
  },
  {
    name: "removes each event once, whoever removes at the same moment",
    async run(context) {
      const providers = await context.startTwo();
      for (let turn = 0; turn < 30; turn += 1) await publish(providers[0], `e${turn}`);
      await deliver(providers[0]);

      const counts = await Promise.all(Array.from({ length: 8 }, (_, turn) => turnOf(providers, turn).deleteDeliveredEvents(LATER, 10)));
      while (counts.at(-1) !== 0) counts.push(await providers[1].deleteDeliveredEvents(LATER, 10));

      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        30,
      );
      assert.deepEqual(await providers[0].getEvents("paid", "1", instant()), []);
    },
  },
  {
    name: "takes no later event for one that was removed",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await send(first, "last of all");
      await use(first, "s", "last of all");
      await create(first, "younger");
      assert.equal(await second.deleteDeliveredEvents(LATER, 100), 1);

      await open(first, "t");
      await open(first, "of younger", { workflowId: "younger" });
      await send(second, "e");

      assert.deepEqual(
        [await inboxOf(first), await inboxOf(first, "younger")],
        [["t: e"], ["of younger: e"]],
        "its arrival is not that of the removed one",
      );
    },
  },
];
