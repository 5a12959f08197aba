import assert from "node:assert/strict";
import { instant } from "../fixtures.ts";
import { given, inboxOf, look, open, publish, send, turnOf, use } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, LATER, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** How delivered events are removed. */
export const EVENT_PURGE_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "removes delivered events stored strictly before an instant, whatever their times",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const ms of [10, 20, 30]) await send(first, `stored at ${ms}`, { time: instant(100 - ms) }, instant(ms));

      assert.equal(await second.deleteDeliveredEvents(instant(10), 100), 0);
      assert.equal(await second.deleteDeliveredEvents(instant(20), 100), 1);

      assert.equal(await first.getEvent("stored at 10"), undefined);
      assert.deepEqual(await first.getEvents("paid", "1", instant()), ["stored at 30", "stored at 20"]);
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
      await second.deliverEvents([{ name: "paid", key: "3" }], instant());

      assert.equal(await second.deleteDeliveredEvents(LATER, 100), 0);

      for (const id of ["waiting", "claimed", "future"]) assert.equal((await first.getEvent(id))?.delivered, false);
    },
  },
  {
    name: "removes no more events than the limit, and the rest with the next calls",
    async run(context) {
      const providers = await context.startTwo();
      for (let turn = 0; turn < 5; turn += 1) await send(providers[0], `e${turn}`);

      const counts: number[] = [];
      for (let turn = 0; turn < 4; turn += 1) counts.push(await turnOf(providers, turn).deleteDeliveredEvents(LATER, 2));

      assert.deepEqual(counts, [2, 2, 1, 0]);
      assert.deepEqual(await providers[1].getEvents("paid", "1", instant()), []);
    },
  },
  {
    name: "keeps an event that a subscription was given until it is used or released",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await open(first, "t", { key: "2" });
      await send(first, "e");
      await send(first, "f", { key: "2" });

      assert.equal(await second.deleteDeliveredEvents(LATER, 100), 0);
      assert.deepEqual(await inboxOf(second), ["s: e", "t: f"]);
      await use(first, "s", "e");
      assert.equal(await second.deleteDeliveredEvents(LATER, 100), 1, "the one that was used goes");
      await commit(first, "release", { closeSubscriptions: ["t"] });

      assert.equal(await second.deleteDeliveredEvents(LATER, 100), 1, "the one that was released goes");
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
      await second.deliverEvents([{ name: "paid", key: "1" }], instant(5));
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
      await second.deleteDeliveredEvents(instant(2), 100);

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

      const { data, delivered, storedAt } = (await second.getEvent("e")) ?? {};
      assert.deepEqual({ data, delivered, storedAt }, { data: "2", delivered: false, storedAt: instant(7) });
    },
  },
  {
    name: "removes each event once, whoever removes at the same moment",
    async run(context) {
      const providers = await context.startTwo();
      for (let turn = 0; turn < 30; turn += 1) await publish(providers[0], `e${turn}`);
      await providers[0].deliverEvents([{ name: "paid", key: "1" }], instant());

      const counts = await Promise.all(Array.from({ length: 8 }, (_, turn) => turnOf(providers, turn).deleteDeliveredEvents(LATER, 10)));
      let rest = 0;
      for (let count = -1; count !== 0; rest += count) count = await providers[1].deleteDeliveredEvents(LATER, 10);

      assert.equal(counts.reduce((sum, count) => sum + count, 0) + rest, 30);
    },
  },
];
