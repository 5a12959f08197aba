import { assert } from "./assert.ts";
import { instant, sampleSubscription } from "../fixtures.ts";
import { DISTINCT_TEXTS, deliver, given, idsOfLook, inboxOf, look, open, publish, send, TOPIC, turnOf } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, create, recordOf, signalsOf, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** Whom a delivery reaches, with what, and what it leaves as it was. */
export const DELIVERY_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "delivers by name and key, compared exactly",
    async run(context) {
      const [first, second] = await withW(context);
      await commit(first, "c1", {
        openSubscriptions: DISTINCT_TEXTS.flatMap((text) => [
          sampleSubscription(`name ${text}`, { name: text, key: "k" }),
          sampleSubscription(`key ${text}`, { name: "n", key: text }),
        ]),
      });

      const expected: string[] = [];
      for (const text of DISTINCT_TEXTS) {
        await send(second, `to name ${text}`, { name: text, key: "k" });
        await send(second, `to key ${text}`, { name: "n", key: text });
        expected.push(`name ${text}: to name ${text}`, `key ${text}: to key ${text}`);
        assert.deepEqual(await inboxOf(first), expected.toSorted(), "it reaches its own subscription alone");
      }
    },
  },
  {
    name: "counts every delivery, once for each instance and topic it reaches",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "x");
      for (const key of ["1", "2", "3"]) await open(first, `w ${key}`, { key });
      await open(first, "x 1", { workflowId: "x" });

      const counts: (readonly number[])[] = [];
      for (const key of ["1", "2", "3"]) {
        await send(second, `e ${key}`, { key });
        counts.push((await first.readSignals(["w", "x"])).toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ inboxSeq }) => inboxSeq));
      }

      assert.deepEqual(counts, [
        [1, 1],
        [2, 1],
        [3, 1],
      ]);
    },
  },
  {
    name: "changes nothing of an instance by a delivery but its inbox and its due time",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "not reached");
      await open(first, "s");
      await open(first, "elsewhere", { workflowId: "not reached", key: "2" });
      const [before, notReached] = [await recordOf(first), await recordOf(first, "not reached")];

      await send(second, "e", {}, instant(7));

      assert.deepEqual(await recordOf(first), { ...before, inboxSeq: 1, dueAt: instant(7) });
      assert.deepEqual(await recordOf(first, "not reached"), notReached);
    },
  },
  {
    name: "pulls a later due time forward to now",
    async run(context) {
      const [first, second] = await withW(context);
      await commit(first, "c1", { dueAt: instant(1000), openSubscriptions: [sampleSubscription("s")] });

      await send(second, "e", {}, instant(7));

      assert.deepEqual((await recordOf(first)).dueAt, instant(7));
    },
  },
  {
    name: "gives a subscription no second event, not even an earlier one, before the first is used",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await send(second, "e", { time: instant(10) });

      assert.deepEqual(await send(second, "earlier", { time: instant(5) }), []);

      assert.deepEqual(await inboxOf(first), ["s: e"]);
      assert.equal((await signalsOf(first)).inboxSeq, 1);
      assert.equal((await second.getEvent("earlier"))?.delivered, true, "a wait that opens later finds it");
    },
  },
  {
    name: "gives each subscription the earliest of the events that it may take, by its own bound",
    async run(context) {
      const [first, second] = await context.startTwo();
      await publish(first, "before", { time: instant(20) });
      await create(first, "w");
      await commit(first, "c1", {
        openSubscriptions: [
          sampleSubscription("stored after"),
          sampleSubscription("from 21", { bound: { effectiveDate: instant(21) } }),
          sampleSubscription("from 31", { bound: { effectiveDate: instant(31) } }),
          sampleSubscription("from 41", { bound: { effectiveDate: instant(41) } }),
        ],
      });
      for (const ms of [40, 30, 10]) await publish(second, `at ${ms}`, { time: instant(ms) });

      await deliver(second);

      assert.deepEqual(await inboxOf(first), ["from 21: at 30", "from 31: at 40", "stored after: at 10"]);
    },
  },
  {
    name: "does not deliver an event that was stored before the instance, though it was not delivered then",
    async run(context) {
      const [first, second] = await context.startTwo();
      await publish(first, "before", { time: instant(99) });
      await create(first, "w");
      await open(first, "s");

      assert.deepEqual(await deliver(second, instant(99)), []);

      assert.deepEqual(await inboxOf(first), []);
      assert.deepEqual(await idsOfLook(second), [], "it is delivered all the same");
    },
  },
  {
    name: "marks those events of a topic delivered that are eligible, and no others",
    async run(context) {
      const [first, second] = await context.startTwo();
      await publish(first, "a");
      await publish(first, "b", { time: instant(70) });
      await publish(first, "future", { time: instant(9), eligibleAt: instant(9) });
      await publish(first, "other key", { key: "2", time: instant(70) });
      await publish(first, "other name", { name: "shipped", time: instant(70) });

      await deliver(second, instant(8));
      assert.deepEqual(await idsOfLook(first), ["future", "other key", "other name"]);
      await deliver(second, instant(9));

      assert.deepEqual(await idsOfLook(first), ["other key", "other name"]);
    },
  },
  {
    name: "gives no event early to a subscription that waits, and the next one at its time",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await publish(second, "first", { time: instant(5), eligibleAt: instant(50) });
      await publish(second, "second", { time: instant(6) });

      await deliver(second, instant(49));
      await open(first, "t");
      assert.deepEqual(await inboxOf(first), ["s: second", "t: second"], "the earlier one is not eligible yet");
      await open(first, "u", { bound: { effectiveDate: instant(7) } });
      await deliver(second, instant(50));

      assert.deepEqual(await inboxOf(first), ["s: second", "t: second"], "what was given is final");
      await commit(first, "c1", { openSubscriptions: [sampleSubscription("v")] }, instant(50));
      assert.deepEqual(await inboxOf(second), ["s: second", "t: second", "v: first"]);
    },
  },
  {
    name: "delivers on no topic, on one twice, and on one without events",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await publish(first, "e");

      assert.deepEqual(await second.deliverEvents([], instant()), []);
      assert.deepEqual(await second.deliverEvents([{ name: "nothing", key: "" }], instant()), []);
      assert.deepEqual(await second.deliverEvents([TOPIC, TOPIC, { name: "nothing", key: "" }], instant()), ["w"]);

      assert.equal((await signalsOf(first)).inboxSeq, 1);
    },
  },
  {
    name: "leaves an instance alone that is complete, whatever it had open",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await commit(first, "c1", { status: "complete", completedAt: instant() });
      const before = await recordOf(first);

      assert.deepEqual(await send(second, "e", {}, instant(5)), []);

      assert.deepEqual(await recordOf(first), before);
      assert.deepEqual(await inboxOf(first), []);
    },
  },
  {
    name: "does not hand a suspended instance out for work by what is delivered to it",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await first.command("w", "suspend", instant());

      await send(second, "e", {}, instant(5));

      const { definitionId: id, version, fingerprint, status } = await recordOf(first);
      const claim = (): Promise<readonly string[]> =>
        second.claimDueInstances(instant(99), { definitions: [{ id, version, fingerprint }], limit: 10, claimUntil: instant(100) });
      assert.deepEqual([status, await claim()], ["suspended", []]);
      await second.command("w", "resume", instant(9));
      assert.deepEqual([await inboxOf(first), await claim()], [["s: e"], ["w"]]);
    },
  },
  {
    name: "delivers a claimed event, and gives it to no sweep again",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await publish(first, "e");
      await look(first, instant(), { claimUntil: instant(10) });

      assert.deepEqual(await deliver(second), ["w"]);

      assert.deepEqual(await idsOfLook(first), []);
    },
  },
  {
    name: "delivers 300 events of as many topics at the same moment, each once",
    async run(context) {
      const providers = await withW(context);
      const keys = Array.from({ length: 300 }, (_, turn) => `${turn}`);
      await commit(providers[0], "c1", { openSubscriptions: keys.map((key) => sampleSubscription(key, { key })) });

      const reached = await Promise.all(keys.map((key, turn) => send(turnOf(providers, turn), `e${key}`, { key })));

      assert.ok(
        reached.every((ids) => ids.length === 1),
        "each delivery names the instance",
      );
      assert.deepEqual(await inboxOf(providers[0]), keys.map((key) => `${key}: e${key}`).toSorted());
      assert.equal((await signalsOf(providers[1])).inboxSeq, 300);
    },
  },
  {
    name: "keeps an instance due now that picks something up, whatever due time its commit asks for",
    async run(context) {
      const [first, second] = await withW(context);
      await publish(second, "e", { time: instant(1e9) });

      const { inboxSeq } = await commit(first, "c1", { dueAt: instant(1000), openSubscriptions: [sampleSubscription("s")] }, instant(7));
      assert.deepEqual([inboxSeq, (await recordOf(second)).dueAt], [1, instant(7)], "the event is dated later, but was not asked to wait");
      await commit(first, "c2", { dueAt: instant(1000), openSubscriptions: [sampleSubscription("t", { key: "2" })] }, instant(8));

      assert.deepEqual((await recordOf(second)).dueAt, instant(1000), "it has seen all, and picked nothing up");
    },
  },
  {
    name: "lets a suspended instance pick up what was published before",
    async run(context) {
      const [first, second] = await withW(context);
      await publish(second, "e");
      await second.command("w", "suspend", instant());

      assert.deepEqual(given((await open(first, "s")).pendingDeliveries), ["s: e"]);

      const { status, inboxSeq } = await signalsOf(second);
      assert.deepEqual({ status, inboxSeq }, { status: "suspended", inboxSeq: 1 });
    },
  },
  {
    name: "delivers by name and by key, not by what they are together",
    async run(context) {
      const [first, second] = await withW(context);
      const topics = ["a bc", "ab c", "abc ", " abc", "a: bc", "a :bc", "a/b c", "a b/c"].map((text) => {
        const [name = "", key = ""] = text.split(" ");
        return { name, key };
      });
      const label = ({ name, key }: (typeof topics)[number]): string => JSON.stringify([name, key]);
      await commit(first, "c1", { openSubscriptions: topics.map((topic) => sampleSubscription(label(topic), topic)) });

      const expected: string[] = [];
      for (const topic of topics) {
        await send(second, `to ${label(topic)}`, topic);
        expected.push(`${label(topic)}: to ${label(topic)}`);
        assert.deepEqual(await inboxOf(first), expected.toSorted(), "it reaches its own subscription alone");
        assert.deepEqual(await second.getEvents(topic.name, topic.key, instant()), [`to ${label(topic)}`]);
      }
    },
  },
];
