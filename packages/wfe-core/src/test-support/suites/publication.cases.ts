import { assert } from "./assert.ts";
import { instant, sampleSubscription } from "../fixtures.ts";
import { deliver, given, hand, idsOfLook, inboxOf, open, publication, publish, turnOf, use } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, create, recordOf, signalsOf, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** Events that are published as a host does it: stored and delivered in one step, where the provider can. */
export const PUBLICATION_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "gives a published event to those who wait for it, and to nobody else",
    async run(context) {
      const [first, second] = await withW(context);
      for (const id of ["x", "elsewhere"]) await create(first, id);
      await commit(first, "c1", { dueAt: instant(1000), openSubscriptions: [sampleSubscription("s")] });
      await open(first, "t", { workflowId: "x" });
      await open(first, "u", { workflowId: "elsewhere", key: "2" });
      const [before, elsewhere] = [await recordOf(first), await recordOf(first, "elsewhere")];

      const reached = await hand(second, "e", {}, instant(7));

      assert.deepEqual(reached.toSorted(), ["w", "x"]);
      assert.deepEqual([await inboxOf(first), await inboxOf(first, "x")], [["s: e"], ["t: e"]]);
      assert.deepEqual(await recordOf(first), { ...before, inboxSeq: 1, dueAt: instant(7) });
      assert.deepEqual(await recordOf(first, "elsewhere"), elsewhere);
      assert.equal((await first.getEvent("e"))?.delivered, true);
    },
  },
  {
    name: "keeps a published event that nobody waits for, for a wait that opens later",
    async run(context) {
      const [first, second] = await withW(context);

      assert.deepEqual(await hand(second, "e", {}, instant(2)), []);

      assert.deepEqual(await idsOfLook(first), [], "it is delivered");
      assert.deepEqual(given((await open(first, "s", {}, instant(2))).pendingDeliveries), ["s: e"]);
    },
  },
  {
    name: "only stores a published event before its time",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");

      const answer = await publication(second, "e", { time: instant(9), eligibleAt: instant(9) }, instant(8));

      assert.deepEqual(answer, { reached: [], delivered: false });
      assert.deepEqual([await inboxOf(first), await idsOfLook(first, instant(8)), await idsOfLook(first, instant(9))], [[], [], ["e"]]);
      await deliver(first, instant(9));
      assert.deepEqual(await inboxOf(first), ["s: e"]);
    },
  },
  {
    name: "gives an event to nobody for the second time that is published again, and keeps its first payload",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await hand(second, "e", { data: "1" });
      await use(first, "s", "e", { openSubscriptions: [sampleSubscription("t")] });

      await hand(second, "e", { data: "2" });

      assert.deepEqual([await inboxOf(first), (await signalsOf(first)).inboxSeq], [[], 1]);
      assert.equal((await first.getEvent("e"))?.data, "1");
    },
  },
  {
    name: "gives the earliest event of the topic when another is published, and loses neither",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await publish(first, "early", { time: instant(5) });

      await hand(second, "e", { time: instant(10) }, instant(10));

      assert.deepEqual(await inboxOf(first), ["s: early"]);
      const { pendingDeliveries } = await use(first, "s", "early", { openSubscriptions: [sampleSubscription("t")] });
      assert.deepEqual(given(pendingDeliveries), ["t: e"]);
    },
  },
  {
    name: "says that a published event is delivered only when all have it, of however many that wait",
    async run(context) {
      const [first, second] = await withW(context);
      const ids = Array.from({ length: 600 }, (_, index) => `s${index}`);
      await commit(first, "c1", { openSubscriptions: ids.map((id) => sampleSubscription(id)) });

      const { delivered } = await publication(second, "e");

      assert.equal((await first.getEvent("e"))?.delivered, delivered);
      if (!delivered) {
        assert.deepEqual(await idsOfLook(first), ["e"], "the sweep finds what is not delivered");
        await deliver(second);
      }
      assert.deepEqual(await inboxOf(first), ids.map((id) => `${id}: e`).toSorted());
    },
  },
  {
    name: "gives a published event to an instance that is suspended, and to none that is over",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "x");
      await open(first, "s");
      await open(first, "t", { workflowId: "x" });
      await first.command("w", "suspend", instant());
      await first.command("x", "terminate", instant());

      assert.deepEqual(await hand(second, "e"), ["w"]);

      assert.deepEqual([await inboxOf(first), (await signalsOf(first, "x")).inboxSeq], [["s: e"], 0]);
    },
  },
  {
    name: "gives a published event once to a wait that opens at the same moment",
    async run(context) {
      const providers = await withW(context);
      for (let turn = 0; turn < 20; turn += 1) {
        const key = `${turn}`;
        const calls = [
          (): Promise<unknown> => open(turnOf(providers, turn), `s${turn}`, { key }),
          (): Promise<unknown> => hand(turnOf(providers, Math.floor(turn / 2)), `e${turn}`, { key }),
        ];
        await Promise.all((turn % 4 < 2 ? calls : calls.toReversed()).map((call) => call()));
      }

      const all = Array.from({ length: 20 }, (_, turn) => `s${turn}: e${turn}`);
      assert.deepEqual(await inboxOf(providers[0]), all.toSorted());
      assert.equal((await signalsOf(providers[0])).inboxSeq, 20);
    },
  },
  {
    name: "gives each its own of many events that are published at the same moment",
    async run(context) {
      const providers = await withW(context);
      const keys = Array.from({ length: 40 }, (_, index) => `${index}`);
      await commit(providers[0], "c1", { openSubscriptions: keys.map((key) => sampleSubscription(`s${key}`, { key })) });

      const reached = await Promise.all(keys.map((key) => hand(turnOf(providers, Number(key)), `e${key}`, { key })));

      assert.deepEqual(new Set(reached.flat()), new Set(["w"]));
      assert.deepEqual(await inboxOf(providers[1]), keys.map((key) => `s${key}: e${key}`).toSorted());
      assert.deepEqual(await idsOfLook(providers[1]), []);
    },
  },
];
