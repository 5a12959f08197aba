import { assert } from "./assert.ts";
import type { NewSubscription } from "../../models/event-subscription.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import { instant, sampleChange, sampleEvent, sampleSubscription } from "../fixtures.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, conflictOf, create, recordOf, signalsOf, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

const PAID = { name: "paid", key: "1" } as const;

/** Publishes: stores an event and delivers it. @returns The instances that got something. */
async function publish(provider: PersistenceProvider, id: string, ms = 0, nowMs = 0): Promise<readonly string[]> {
  await provider.createEvent(sampleEvent(id, { time: instant(ms), data: JSON.stringify(id) }), instant(nowMs));
  return await provider.deliverEvents([PAID], instant(nowMs));
}

/** The subscriptions of an instance that have got an event: `{subscription}={event}`, in order of delivery. */
async function inboxOf(provider: PersistenceProvider, id = "w"): Promise<readonly string[]> {
  const loaded = await provider.loadForPass(id);
  return (loaded?.deliveries ?? []).map(({ subscriptionId, eventId }) => `${subscriptionId}=${eventId}`);
}

function open(provider: PersistenceProvider, commitId: string, ...subscriptions: readonly NewSubscription[]): ReturnType<typeof commit> {
  return commit(provider, commitId, { openSubscriptions: subscriptions });
}

/** How events find the subscriptions that wait for them, whatever comes first. */
export const INBOX_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "gives an event to the subscription that waits for it, and makes its instance due now",
    async run(context) {
      const [first, second] = await withW(context);
      await commit(first, "c1", { openSubscriptions: [sampleSubscription("s")] });
      assert.equal((await recordOf(first)).dueAt, undefined);

      assert.deepEqual(await publish(second, "e", 0, 7), ["w"]);

      assert.deepEqual((await first.loadForPass("w"))?.deliveries, [{ subscriptionId: "s", pointerId: "1", eventId: "e", data: '"e"' }]);
      const { dueAt, inboxSeq, revision, controlSeq } = await recordOf(first);
      assert.deepEqual({ dueAt, inboxSeq, revision, controlSeq }, { dueAt: instant(7), inboxSeq: 1, revision: 1, controlSeq: 0 });
    },
  },
  {
    name: "leaves an instance due that was due earlier",
    async run(context) {
      const [first, second] = await withW(context);
      await commit(first, "c1", { openSubscriptions: [sampleSubscription("s")], dueAt: instant(3) });

      await publish(second, "e", 0, 7);

      assert.deepEqual((await recordOf(first)).dueAt, instant(3));
    },
  },
  {
    name: "gives the opening commit an event that came before it, and counts that as a delivery",
    async run(context) {
      const [first, second] = await withW(context);
      await publish(second, "e");

      const answer = await commit(first, "c1", { openSubscriptions: [sampleSubscription("s")] }, instant(7));

      assert.deepEqual(answer, { revision: 1, inboxSeq: 1, pendingDeliveries: [{ subscriptionId: "s", pointerId: "1", eventId: "e", data: '"e"' }] });
      assert.deepEqual((await recordOf(second)).dueAt, instant(7));
    },
  },
  {
    name: "loses no event, whatever the order of its subscription and its delivery (race 1)",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (let round = 0; round < 30; round += 1) {
        const id = `w${round}`;
        const key = String(round);
        await create(first, id);
        const subscribe = (): Promise<unknown> =>
          first.persistWorkflow(sampleChange(id, `c${round}`, { openSubscriptions: [sampleSubscription(`s${round}`, { key })] }), instant());
        const deliver = async (): Promise<void> => {
          await second.createEvent(sampleEvent(`e${round}`, { key }), instant());
          await second.deliverEvents([{ name: "paid", key }], instant());
        };

        await Promise.all(round % 2 === 0 ? [subscribe(), deliver()] : [deliver(), subscribe()]);

        assert.deepEqual(await inboxOf(second, id), [`s${round}=e${round}`]);
        assert.deepEqual([(await recordOf(first, id)).dueAt, (await signalsOf(first, id)).inboxSeq], [instant(), 1]);
      }
    },
  },
  {
    name: "keeps an instance due when a delivery came between the load and the commit of a pass (race 2)",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "c1", sampleSubscription("s"));
      const seen = await signalsOf(first);
      await publish(second, "e", 0, 5);

      const answer = await first.persistWorkflow(sampleChange("w", "c2", {}, seen), instant(9));

      assert.deepEqual([answer.inboxSeq, answer.pendingDeliveries.map(({ eventId }) => eventId)], [1, ["e"]]);
      assert.deepEqual((await recordOf(second)).dueAt, instant(9));
    },
  },
  {
    name: "refuses to close a subscription that was given an event meanwhile, and writes nothing",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "c1", sampleSubscription("s"));
      const { revision, controlSeq, inboxSeq } = await signalsOf(first);
      await publish(second, "e");
      const before = await recordOf(first);

      const change = sampleChange("w", "c2", { expected: { revision, controlSeq, inboxSeq }, seenInboxSeq: inboxSeq, closeSubscriptions: ["s"] });
      const conflict = await conflictOf("inbox", first.persistWorkflow(change, instant()));

      assert.equal(conflict.current?.inboxSeq, 1);
      assert.deepEqual(await recordOf(second), before);
      assert.deepEqual(await inboxOf(second), ["s=e"]);
    },
  },
  {
    name: "never gives an instance an event that it has used",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "c1", sampleSubscription("s1"));
      await publish(second, "e1");
      await commit(first, "c2", { consume: [{ subscriptionId: "s1", eventId: "e1" }], openSubscriptions: [sampleSubscription("s2")] });

      assert.deepEqual(await inboxOf(second), []);
      await publish(second, "e2", -5); // earlier by its time, stored since
      assert.deepEqual(await inboxOf(second), ["s2=e2"]);
    },
  },
  {
    name: "releases the event of a subscription that is closed without using it",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "c1", sampleSubscription("s1"));
      await publish(second, "e");

      await commit(first, "c2", { closeSubscriptions: ["s1"], openSubscriptions: [sampleSubscription("s2")] });

      assert.deepEqual(await inboxOf(second), ["s2=e"]);
    },
  },
  {
    name: "shares an event among the subscriptions that are open together, and among instances",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "other");
      await open(first, "c1", sampleSubscription("s1"), sampleSubscription("s2", { pointerId: "2" }), sampleSubscription("elsewhere", { key: "2" }));
      await commit(second, "c2", { workflowId: "other", openSubscriptions: [sampleSubscription("theirs")] });

      const reached = await publish(second, "e");

      assert.deepEqual(reached.toSorted(), ["other", "w"]);
      assert.deepEqual((await inboxOf(first)).toSorted(), ["s1=e", "s2=e"]);
      assert.deepEqual(await inboxOf(first, "other"), ["theirs=e"]);
      assert.equal((await signalsOf(first)).inboxSeq, 1, "one delivery, whatever it fills");
    },
  },
  {
    name: "gives the earliest event by its time, then by arrival, whenever it was stored",
    async run(context) {
      const [first, second] = await withW(context);
      for (const [id, ms] of [
        ["late", 9],
        ["b", 5],
        ["a", 5],
      ] as const)
        await first.createEvent(sampleEvent(id, { time: instant(ms) }), instant());

      await open(second, "c1", sampleSubscription("s1"));
      assert.deepEqual(await inboxOf(first), ["s1=b"]);
      await publish(first, "earliest", 1);

      assert.deepEqual(await inboxOf(first), ["s1=b"], "a delivery is final");
      await commit(second, "c2", { consume: [{ subscriptionId: "s1", eventId: "b" }], openSubscriptions: [sampleSubscription("s2")] });
      assert.deepEqual(await inboxOf(first), ["s2=earliest"]);
    },
  },
  {
    name: "counts events stored after the creation of the instance, whatever their time",
    async run(context) {
      const [first, second] = await context.startTwo();
      await first.createEvent(sampleEvent("before", { time: instant(99) }), instant(99));
      await create(second, "w");
      await open(second, "c1", sampleSubscription("s"));
      assert.deepEqual(await inboxOf(first), [], "later by its time, but stored before");

      await publish(first, "after", -99);

      assert.deepEqual(await inboxOf(first), ["s=after"]);
    },
  },
  {
    name: "counts events from an effective date on, equality included, whenever they were stored",
    async run(context) {
      const [first, second] = await context.startTwo();
      await first.createEvent(sampleEvent("too early", { time: instant(4) }), instant());
      await first.createEvent(sampleEvent("just then", { time: instant(5) }), instant());
      await create(second, "w");

      await open(second, "c1", sampleSubscription("s", { bound: { effectiveDate: instant(5) } }));

      assert.deepEqual(await inboxOf(first), ["s=just then"]);
    },
  },
  {
    name: "gives no event before it is eligible, neither at the opening nor by a delivery",
    async run(context) {
      const [first, second] = await withW(context);
      await first.createEvent(sampleEvent("e", { time: instant(9), eligibleAt: instant(9) }), instant());
      await open(first, "c1", sampleSubscription("s"));

      assert.deepEqual(await second.deliverEvents([PAID], instant(8)), []);
      assert.equal((await first.getEvent("e"))?.delivered, false, "it is still to be delivered");
      assert.deepEqual(await second.deliverEvents([PAID], instant(9)), ["w"]);
      assert.deepEqual(await inboxOf(first), ["s=e"]);
    },
  },
  {
    name: "fills the inbox of a suspended instance, and leaves one that is over alone",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "over");
      await open(first, "c1", sampleSubscription("s"));
      await commit(first, "c2", { workflowId: "over", openSubscriptions: [sampleSubscription("theirs")] });
      await first.command("w", "suspend", instant());
      await first.command("over", "terminate", instant());

      assert.deepEqual(await publish(second, "e"), ["w"]);

      assert.deepEqual(await inboxOf(first), ["s=e"]);
      assert.equal((await signalsOf(first, "over")).inboxSeq, 0);
    },
  },
  {
    name: "delivers on several topics at once, and names each instance once",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "c1", sampleSubscription("s1"), sampleSubscription("s2", { key: "2" }));
      await first.createEvent(sampleEvent("e1"), instant());
      await first.createEvent(sampleEvent("e2", { key: "2" }), instant());

      assert.deepEqual(await second.deliverEvents([PAID, { name: "paid", key: "2" }], instant()), ["w"]);

      assert.deepEqual((await inboxOf(first)).toSorted(), ["s1=e1", "s2=e2"]);
    },
  },
  {
    name: "gives an event once, however often and by whomever it is delivered",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "c1", sampleSubscription("s"));
      await first.createEvent(sampleEvent("e"), instant());

      const reached = await Promise.all([first, second, first, second].map((provider) => provider.deliverEvents([PAID], instant())));

      assert.deepEqual(reached.flat(), ["w"]);
      assert.equal((await signalsOf(first)).inboxSeq, 1);
    },
  },
  {
    name: "reaches 1,200 subscribers of one event, each once",
    async run(context) {
      const [first, second] = await context.startTwo();
      const ids = Array.from({ length: 1_200 }, (_, n) => `w${n}`);
      await Promise.all(ids.map((id) => create(first, id)));
      await Promise.all(
        ids.map((id) => first.persistWorkflow(sampleChange(id, `c of ${id}`, { openSubscriptions: [sampleSubscription(`s of ${id}`)] }), instant())),
      );

      const reached = await publish(second, "e");

      assert.deepEqual(reached.toSorted(), ids.toSorted());
      const signals = await first.readSignals(ids);
      assert.ok(signals.every(({ inboxSeq }) => inboxSeq === 1));
    },
  },
];
