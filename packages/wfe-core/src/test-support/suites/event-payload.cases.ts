import { assert } from "./assert.ts";
import { instant, sampleChange, sampleEvent, sampleExecutionError, sampleSubscription } from "../fixtures.ts";
import { DISTINCT_TEXTS, INSTANTS, open, publish, TOPIC, turnOf } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, LATER, takeCommands, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

const DISTANT_PAST = new Date(-8.64e15);

/** That events, subscriptions, commands and failures come back as they were stored, and are found by what they say exactly. */
export const EVENT_PAYLOAD_CASES: readonly SuiteCase<PersistenceContext>[] = [
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
    name: "tells payloads of null, of nothing and of an empty text apart",
    async run(context) {
      const [first, second] = await withW(context);
      const { data: _data, ...none } = sampleEvent("none", { key: "none" });
      for (const event of [none, sampleEvent("null", { key: "null", data: "null" }), sampleEvent("empty", { key: "empty", data: "" })]) {
        await first.createEvent(event, instant());
        await open(first, event.key, { key: event.key });
      }

      const stored = await second.getEvent("none");
      assert.ok(stored !== undefined && !("data" in stored), "what was not given is absent");
      assert.deepEqual([(await second.getEvent("null"))?.data, (await second.getEvent("empty"))?.data], ["null", ""]);
      assert.deepEqual((await second.loadForPass("w"))?.deliveries, [
        { subscriptionId: "none", pointerId: "1", eventId: "none" },
        { subscriptionId: "null", pointerId: "1", eventId: "null", data: "null" },
        { subscriptionId: "empty", pointerId: "1", eventId: "empty", data: "" },
      ]);
    },
  },
  {
    name: "keeps a large payload of an event",
    async run(context) {
      const [first, second] = await withW(context);
      const data = JSON.stringify("\u00e9\u{1F600}".repeat(200_000));

      await publish(first, "e", { data });
      const { pendingDeliveries } = await open(first, "s");

      assert.ok((await second.getEvent("e"))?.data === data, "it comes back as it was");
      assert.ok(pendingDeliveries[0]?.data === data, "and is delivered as it was");
    },
  },
  {
    name: "keeps instants of events to the millisecond, and orders by them, before 1970 and far away",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const index of INSTANTS.keys()) {
        const turn = (index * 3) % INSTANTS.length;
        const time = INSTANTS[turn] ?? instant();
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
    name: "keeps one of many publishes of one id at the same moment, of one piece",
    async run(context) {
      const providers = await context.startTwo();

      await Promise.all(
        Array.from({ length: 20 }, (_, turn) =>
          publish(turnOf(providers, turn), "e", { key: `${turn}`, data: `${turn}`, time: instant(turn) }, instant(turn)),
        ),
      );

      const stored = await providers[1].getEvent("e");
      const turn = Number(stored?.data);
      assert.deepEqual(
        { key: stored?.key, time: stored?.time, storedAt: stored?.storedAt },
        { key: `${turn}`, time: instant(turn), storedAt: instant(turn) },
      );
    },
  },
  {
    name: "keeps ids, names, keys, pointers and activities of subscriptions as they are, and finds each by its own",
    async run(context) {
      const [first, second] = await withW(context);
      await commit(first, "c1", {
        openSubscriptions: DISTINCT_TEXTS.flatMap((text) => [
          sampleSubscription(text, { name: text, key: "k", pointerId: text, activity: text }),
          sampleSubscription(`key ${text}`, { name: "n", key: text }),
        ]),
      });

      for (const text of DISTINCT_TEXTS) {
        const named = await second.getSubscription(text);
        assert.deepEqual([named?.name, named?.pointerId, named?.activity], [text, text, text]);
        assert.deepEqual(
          (await second.getSubscriptions(text, "k", LATER)).map(({ id }) => id),
          [text],
        );
        assert.equal((await second.getFirstOpenSubscription(text, LATER))?.id, text);
      }
    },
  },
  {
    name: "keeps effective dates to the millisecond, before 1970 and far away",
    async run(context) {
      const [first, second] = await withW(context);
      await commit(first, "c1", {
        openSubscriptions: INSTANTS.map((effectiveDate, index) => sampleSubscription(String(index), { bound: { effectiveDate } })),
      });

      for (const [index, at] of INSTANTS.entries()) {
        assert.deepEqual((await second.getSubscription(String(index)))?.bound, { effectiveDate: at });
        assert.equal((await second.getSubscriptions(TOPIC.name, TOPIC.key, at)).length, index + 1, "those at or before the instant");
      }
    },
  },
  {
    name: "tells commands apart by name and data, compared exactly",
    async run(context) {
      const [first, second] = await context.startTwo();
      const executeAt = instant();
      const commands = DISTINCT_TEXTS.flatMap((text) => [
        { name: text, data: "d", executeAt },
        { name: "n", data: text, executeAt },
      ]);
      commands.push({ name: "ab", data: "c", executeAt }, { name: "a", data: "bc", executeAt });
      const pairs = (all: typeof commands): readonly string[] => all.map(({ name, data }) => JSON.stringify([name, data])).toSorted();

      for (const each of commands) await first.scheduleCommand(each);

      assert.deepEqual(pairs([...(await takeCommands(second))]), pairs(commands));
    },
  },
  {
    name: "keeps the times of commands to the millisecond, before 1970 and far away",
    async run(context) {
      const [first, second] = await context.startTwo();
      const commands = INSTANTS.map((executeAt, index) => ({ name: "n", data: String(index), executeAt }));
      for (const each of commands.toReversed()) await first.scheduleCommand(each);

      const handed: unknown[] = [];
      const end = new Date(8.64e15);
      await second.processCommands(end, { limit: 100, claimUntil: end }, async (each) => {
        handed.push(each);
      });

      assert.deepEqual(handed, commands);
    },
  },
  {
    name: "keeps texts of failures as they are, and tells an empty one from none",
    async run(context) {
      const [first, second] = await withW(context);
      const errors = DISTINCT_TEXTS.map((text) =>
        sampleExecutionError("w", { pointerId: text, step: text, code: text, message: text, stack: text, data: text }),
      );
      errors.push(sampleExecutionError("w"));

      await commit(first, "c1", { errors });

      assert.deepEqual(await second.getErrors("w"), errors);
    },
  },
  {
    name: "keeps instants of failures to the millisecond, before 1970 and far away",
    async run(context) {
      const [first, second] = await withW(context);
      const errors = INSTANTS.map((at) => sampleExecutionError("w", { at }));

      await commit(first, "c1", { errors });

      assert.deepEqual(await second.getErrors("w"), errors);
    },
  },
  {
    name: "keeps copies of events, subscriptions and failures, and gives copies",
    async run(context) {
      const [first, second] = await withW(context);
      const event = sampleEvent("e", { key: "2", time: instant(5) });
      const effectiveDate = instant(5);
      const error = sampleExecutionError("w", { at: instant(5) });
      await first.createEvent(event, instant());
      const openSubscriptions = [sampleSubscription("s", { bound: { effectiveDate } })];
      await first.persistWorkflow(sampleChange("w", "c1", { openSubscriptions, errors: [error] }), instant());

      for (const given of [event.time, effectiveDate, error.at]) given.setTime(1);
      (await first.getEvent("e"))?.time.setTime(2);
      (await first.getErrors("w"))[0]?.at.setTime(2);
      const [listed] = await first.getSubscriptions(TOPIC.name, TOPIC.key, LATER);
      if (listed !== undefined && "effectiveDate" in listed.bound) listed.bound.effectiveDate.setTime(2);

      for (const provider of [first, second]) {
        assert.deepEqual((await provider.getEvent("e"))?.time, instant(5));
        assert.deepEqual((await provider.getSubscription("s"))?.bound, { effectiveDate: instant(5) });
        assert.deepEqual((await provider.getErrors("w"))[0]?.at, instant(5));
      }
    },
  },
];
