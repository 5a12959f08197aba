import assert from "node:assert/strict";
import { instant, sampleEvent } from "../fixtures.ts";
import { DISTINCT_TEXTS, deliver, idsOfLook, INSTANTS, publish, send, turnOf } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import type { SuiteCase } from "./suite-case.ts";

const DISTANT_PAST = new Date(-8.64e15);

/** What is stored of an event, and how events are found. */
export const EVENT_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "stores an event whole, undelivered, and answers its id",
    async run(context) {
      const [first, second] = await context.startTwo();
      const event = sampleEvent("e", { name: "shipped", key: "order 7", data: "[1]", time: instant(5), eligibleAt: instant(60) });

      assert.equal(await first.createEvent(event, instant(3)), "e");

      const stored = await second.getEvent("e");
      assert.ok(stored !== undefined, "it is stored");
      const { arrival, ...rest } = stored;
      assert.deepEqual(rest, { ...event, delivered: false, storedAt: instant(3) });
      assert.ok(Number.isSafeInteger(arrival), "it has a place in the order of arrival");
    },
  },
  {
    name: "answers undefined for an event that does not exist",
    async run(context) {
      const [first, second] = await context.startTwo();
      await publish(first, "e");

      assert.equal(await second.getEvent("E"), undefined);
      assert.equal(await second.getEvent(""), undefined);
    },
  },
  {
    name: "keeps the first payload of an id that is published again, and answers the id",
    async run(context) {
      const [first, second] = await context.startTwo();
      await publish(first, "e");
      const before = await first.getEvent("e");

      const again = await publish(second, "e", { name: "other", key: "2", data: "2", time: instant(9), eligibleAt: instant(10) }, instant(8));

      assert.equal(again, "e");
      assert.deepEqual(await first.getEvent("e"), before);
      assert.deepEqual(await second.getEvents("other", "2", DISTANT_PAST), [], "it is not found where it came again");
      assert.deepEqual(await idsOfLook(second), ["e"], "there is one");
    },
  },
  {
    name: "keeps an event delivered when its id is published again",
    async run(context) {
      const [first, second] = await context.startTwo();
      await send(first, "e");

      await publish(second, "e", { data: "2" });

      assert.equal((await first.getEvent("e"))?.delivered, true);
      assert.deepEqual(await idsOfLook(second), []);
    },
  },
  {
    name: "keeps one of many publishes of one id at the same moment, of one piece",
    async run(context) {
      const providers = await context.startTwo();

      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, turn) =>
          publish(turnOf(providers, turn), "e", { key: `${turn}`, data: `${turn}`, time: instant(turn) }, instant(turn)),
        ),
      );

      assert.deepEqual(new Set(answers), new Set(["e"]), "everybody is told the id");
      const stored = await providers[1].getEvent("e");
      const turn = Number(stored?.data);
      assert.deepEqual(
        { key: stored?.key, time: stored?.time, storedAt: stored?.storedAt },
        { key: `${turn}`, time: instant(turn), storedAt: instant(turn) },
      );
      assert.deepEqual(await idsOfLook(providers[0]), ["e"], "there is one");
    },
  },
  {
    name: "tells payloads of null, of nothing and of an empty text apart",
    async run(context) {
      const [first, second] = await context.startTwo();
      const { data: _data, ...bare } = sampleEvent("none");
      await first.createEvent(bare, instant());
      await publish(first, "null", { data: "null" });
      await publish(first, "empty", { data: "" });

      const none = await second.getEvent("none");

      assert.ok(none !== undefined && !("data" in none) && !("eligibleAt" in none), "what was not given is absent");
      assert.equal((await second.getEvent("null"))?.data, "null");
      assert.equal((await second.getEvent("empty"))?.data, "");
    },
  },
  {
    name: "keeps ids, names, keys and payloads of events as they are, and finds each by its own",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const text of DISTINCT_TEXTS) {
        await publish(first, text, { name: text, key: "k", data: text });
        await publish(first, `key ${text}`, { name: "n", key: text });
      }

      for (const text of DISTINCT_TEXTS) {
        const stored = await second.getEvent(text);
        assert.deepEqual({ id: stored?.id, name: stored?.name, data: stored?.data }, { id: text, name: text, data: text });
        assert.deepEqual(await second.getEvents(text, "k", DISTANT_PAST), [text]);
        assert.deepEqual(await second.getEvents("n", text, DISTANT_PAST), [`key ${text}`]);
      }
    },
  },
  {
    name: "keeps a large payload of an event",
    async run(context) {
      const [first, second] = await context.startTwo();
      const data = JSON.stringify("\u00e9\u{1F600}".repeat(200_000));

      await publish(first, "e", { data });

      assert.ok((await second.getEvent("e"))?.data === data, "it comes back as it was");
    },
  },
  {
    name: "keeps instants of events to the millisecond, and orders by them, before 1970 and far away",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const [index, at] of INSTANTS.entries()) {
        const turn = (index * 3) % INSTANTS.length;
        const time = INSTANTS[turn] ?? at;
        await publish(first, String(turn), { time, eligibleAt: time }, time);
      }

      for (const [index, at] of INSTANTS.entries()) {
        const stored = await second.getEvent(String(index));
        assert.deepEqual([stored?.time, stored?.eligibleAt, stored?.storedAt], [at, at, at]);
      }
      assert.deepEqual(
        await second.getEvents("paid", "1", DISTANT_PAST),
        INSTANTS.map((_, index) => String(index)),
      );
    },
  },
  {
    name: "lists events of a name and key at or after an instant",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const ms of [9, 10, 11]) await publish(first, `at ${ms}`, { time: instant(ms) });
      await publish(first, "other name", { name: "shipped", time: instant(10) });
      await publish(first, "other key", { key: "2", time: instant(10) });
      await publish(first, "key of another name", { name: "1", key: "paid", time: instant(10) });

      assert.deepEqual(await second.getEvents("paid", "1", instant(10)), ["at 10", "at 11"]);
      assert.deepEqual(await second.getEvents("paid", "1", instant(11)), ["at 11"]);
      assert.deepEqual(await second.getEvents("paid", "1", instant(12)), []);
      assert.deepEqual(await second.getEvents("paid", "3", instant()), []);
    },
  },
  {
    name: "lists events by time, then arrival, whether they are delivered or not",
    async run(context) {
      const providers = await context.startTwo();
      for (const [turn, id] of ["z", "y", "m", "b"].entries()) await publish(turnOf(providers, turn), id, { time: instant(10) });
      await deliver(providers[0], instant(10));
      await publish(providers[0], "late", { time: instant(30), eligibleAt: instant(30) });
      await publish(providers[1], "x", { time: instant(20) });
      await publish(providers[0], "a", { time: instant(10) }, instant(5));
      await publish(providers[1], "first", { time: instant(9) });

      assert.deepEqual(await providers[1].getEvents("paid", "1", instant()), ["first", "z", "y", "m", "b", "a", "x", "late"]);
    },
  },
  {
    name: "counts arrivals upwards, whoever publishes and whatever the times",
    async run(context) {
      const providers = await context.startTwo();

      const arrivals: number[] = [];
      for (let turn = 0; turn < 6; turn += 1) {
        await publish(turnOf(providers, turn), `e${turn}`, { key: `${turn % 3}`, time: instant(-turn) }, instant(-turn));
        arrivals.push((await providers[0].getEvent(`e${turn}`))?.arrival ?? Number.NaN);
      }

      assert.deepEqual(
        arrivals,
        [...new Set(arrivals)].toSorted((a, b) => a - b),
      );
    },
  },
  {
    name: "stores 200 events that are published at the same moment, each with its own arrival",
    async run(context) {
      const providers = await context.startTwo();
      const ids = Array.from({ length: 200 }, (_, turn) => `e${turn}`);

      await Promise.all(ids.map((id, turn) => publish(turnOf(providers, turn), id)));

      const found = await providers[0].getEvents("paid", "1", instant());
      assert.deepEqual(found.toSorted(), ids.toSorted());
      const arrivals = await Promise.all(found.map(async (id) => (await providers[1].getEvent(id))?.arrival ?? Number.NaN));
      assert.deepEqual(
        arrivals,
        [...new Set(arrivals)].toSorted((a, b) => a - b),
        "they are listed in the order of their arrival",
      );
    },
  },
  {
    name: "keeps copies of events, and gives copies",
    async run(context) {
      const [first, second] = await context.startTwo();
      const event = sampleEvent("e", { eligibleAt: instant(7) });
      await first.createEvent(event, instant());

      event.time.setTime(1);
      event.eligibleAt?.setTime(1);
      (await first.getEvent("e"))?.time.setTime(1);

      const stored = await second.getEvent("e");
      assert.deepEqual([stored?.time, stored?.eligibleAt, (await first.getEvent("e"))?.time], [instant(), instant(7), instant()]);
    },
  },
];
