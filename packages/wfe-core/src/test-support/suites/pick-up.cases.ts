import { assert } from "./assert.ts";
import { instant, sampleChange, sampleEvent, sampleSubscription, sampleWorkflow } from "../fixtures.ts";
import { deliver, given, idsOfLook, inboxOf, insist, later, look, open, publish, send, sweep, turnOf, use } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, conflictOf, create, recordOf, refusalOf, signalsOf, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** Every order of three steps. */
const ORDERS: readonly (readonly [number, number, number])[] = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

/** How a wait and an event find each other when they meet, and after what went wrong between them. */
export const PICK_UP_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "delivers nothing a second time that a commit has picked up before its delivery",
    async run(context) {
      const [first, second] = await withW(context);
      await publish(second, "e");
      assert.deepEqual(given((await open(first, "s")).pendingDeliveries), ["s: e"]);

      assert.deepEqual(await deliver(second, instant(5)), []);

      assert.deepEqual([await inboxOf(second), (await signalsOf(first)).inboxSeq], [["s: e"], 1]);
      assert.equal((await first.getEvent("e"))?.delivered, true);
    },
  },
  {
    name: "picks up an event that a sweep has claimed",
    async run(context) {
      const [first, second] = await withW(context);
      await publish(first, "e");
      await look(first, instant(), { claimUntil: instant(1000) });

      assert.deepEqual(given((await open(second, "s")).pendingDeliveries), ["s: e"]);
    },
  },
  {
    name: "picks up an event for a future time at that time, and not before",
    async run(context) {
      const [first, second] = await withW(context);
      await publish(second, "e", { time: instant(50), eligibleAt: instant(50) });

      assert.deepEqual((await open(first, "early", {}, instant(49))).pendingDeliveries, []);
      assert.deepEqual(given((await open(first, "on time", {}, instant(50))).pendingDeliveries), ["on time: e"]);
    },
  },
  {
    name: "picks up an event that another has found due, though the commit's own instant is before it",
    async run(context) {
      const [first, second] = await withW(context);
      await publish(second, "e", { time: instant(50), eligibleAt: instant(50) });
      assert.deepEqual(await deliver(second, instant(50)), [], "nobody waits yet");

      const answer = await open(first, "s", {}, instant(49));

      assert.deepEqual([answer.inboxSeq, given(answer.pendingDeliveries), await inboxOf(second)], [1, ["s: e"], ["s: e"]]);
    },
  },
  {
    name: "counts the events that one commit picks up as one delivery",
    async run(context) {
      const [first, second] = await withW(context);
      for (const key of ["1", "2", "3"]) await send(second, `e${key}`, { key });

      const answer = await commit(first, "c1", { openSubscriptions: ["1", "2", "3"].map((key) => sampleSubscription(`s${key}`, { key })) });

      assert.deepEqual([answer.inboxSeq, given(answer.pendingDeliveries)], [1, ["s1: e1", "s2: e2", "s3: e3"]]);
      assert.deepEqual((await recordOf(second)).dueAt, instant());
    },
  },
  {
    name: "tells of deliveries in their order, whatever the order of subscriptions, topics and times",
    async run(context) {
      const [first, second] = await withW(context);
      await publish(first, "picked up", { key: "4" });
      await commit(first, "c1", { openSubscriptions: ["1", "2", "3"].map((key) => sampleSubscription(`s${key}`, { key })) });
      for (const [ms, key] of ["3", "1"].entries()) await send(second, `e${key}`, { key, time: instant(-ms) });
      await open(first, "s4", { key: "4" });
      await send(second, "e2", { key: "2", time: instant(-9) });

      const answer = await commit(first, "c2");

      const order = ["e3", "e1", "picked up", "e2"];
      assert.deepEqual(
        answer.pendingDeliveries.map(({ eventId }) => eventId),
        order,
      );
      assert.deepEqual(
        (await second.loadForPass("w"))?.deliveries.map(({ eventId }) => eventId),
        order,
      );
    },
  },
  {
    name: "picks up nothing by a commit that is refused, and the same event by the next",
    async run(context) {
      const [first, second] = await withW(context);
      await send(second, "e");
      const openSubscriptions = [sampleSubscription("s")];

      await conflictOf(
        "control",
        first.persistWorkflow(sampleChange("w", "c1", { openSubscriptions }, { revision: 0, controlSeq: 1, inboxSeq: 0 }), instant()),
      );

      assert.deepEqual([await inboxOf(second), await second.getSubscription("s"), (await signalsOf(second)).inboxSeq], [[], undefined, 0]);
      assert.deepEqual(given((await commit(first, "c2", { openSubscriptions })).pendingDeliveries), ["s: e"]);
    },
  },
  {
    name: "keeps the first subscription of an id that is opened again by another instance",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "x");
      await open(first, "s");
      const before = await recordOf(first, "x");

      await refusalOf(commit(second, "c1", { workflowId: "x", openSubscriptions: [sampleSubscription("s", { key: "2" })] }));

      assert.deepEqual(await second.getSubscription("s"), { ...sampleSubscription("s"), workflowId: "w" });
      assert.deepEqual(await recordOf(first, "x"), before, "nothing of that commit is written");
    },
  },
  {
    name: "loses no event when its subscription, its delivery and a command meet, in every order",
    async run(context) {
      const providers = await context.startTwo();
      for (let round = 0; round < 48; round += 1) {
        const turn = Math.floor(round / ORDERS.length);
        const [owner, other] = [turnOf(providers, turn), turnOf(providers, turn + 1)];
        const [id, key] = [`w${round}`, String(round)];
        await create(owner, id);
        const steps: readonly (() => Promise<unknown>)[] = [
          () => insist(owner, `c${round}`, { workflowId: id, openSubscriptions: [sampleSubscription(`s${round}`, { key })] }),
          async () => {
            await later(other, turn);
            await send(other, `e${round}`, { key });
          },
          async () => {
            await later(other, turn);
            await other.command(id, "suspend", instant());
            await other.command(id, "resume", instant());
          },
        ];

        await Promise.all((ORDERS[round % ORDERS.length] ?? [0, 1, 2]).map(async (step) => steps[step]?.()));

        const { inboxSeq, dueAt, status } = await recordOf(other, id);
        assert.deepEqual(await inboxOf(owner, id), [`s${round}: e${round}`], `round ${round}`);
        assert.deepEqual([inboxSeq, dueAt?.getTime(), status], [1, instant().getTime(), "runnable"], `round ${round}`);
      }
    },
  },
  {
    name: "gives an event to all who wait when many subscribe and many deliver at the same moment",
    async run(context) {
      const providers = await context.startTwo();
      const ids = Array.from({ length: 40 }, (_, turn) => `w${turn}`);
      for (const id of ids) await create(providers[0], id);

      await Promise.all(
        ids.flatMap((id, turn): readonly Promise<unknown>[] => [
          open(turnOf(providers, turn), `s of ${id}`, { workflowId: id }),
          ...(turn === 13 ? [later(providers[1], 3).then(() => send(providers[1], "e"))] : []),
          deliver(turnOf(providers, turn + 1)),
        ]),
      );

      for (const id of ids) assert.deepEqual([await inboxOf(providers[1], id), (await signalsOf(providers[0], id)).inboxSeq], [[`s of ${id}: e`], 1]);
    },
  },
  {
    name: "gives a loop of waits every event once, while they are being published",
    async run(context) {
      const [first, second] = await withW(context);
      const ids = Array.from({ length: 30 }, (_, turn) => `e${turn}`);
      const publishAll = async (): Promise<void> => {
        for (const [ms, id] of ids.entries()) await send(second, id, { time: instant(ms) });
      };
      const used: string[] = [];
      const waitForAll = async (): Promise<void> => {
        await insist(first, "open 0", { openSubscriptions: [sampleSubscription("0")] });
        while (used.length < ids.length) {
          const delivery = await context.until(`the delivery after ${used.length} events`, async () => (await first.loadForPass("w"))?.deliveries[0]);
          const { subscriptionId, eventId } = delivery;
          used.push(eventId);
          const openSubscriptions = [sampleSubscription(String(used.length))];
          await insist(first, `use ${eventId}`, { consume: [{ subscriptionId, eventId }], openSubscriptions });
        }
      };

      await Promise.all([publishAll(), waitForAll()]);

      assert.deepEqual(used, ids, "in their order");
      assert.deepEqual(await inboxOf(second), []);
    },
  },
  {
    name: "gives a commit that sends the event it waits for that event once",
    async run(context) {
      const [first, second] = await withW(context);

      await commit(first, "c1", { openSubscriptions: [sampleSubscription("s")], events: [sampleEvent("e")] });
      await sweep(second);

      assert.deepEqual([await inboxOf(second), (await signalsOf(first)).inboxSeq], [["s: e"], 1]);
    },
  },
  {
    name: "wakes a parent by a child that has ended before the parent looks again",
    async run(context) {
      const [first, second] = await withW(context);
      const wait = sampleSubscription("of the child", { name: "wfe.workflow.completed", key: "child" });
      const parent = { workflowId: "w", pointerId: "1", depth: 1 };
      await commit(first, "c1", { openSubscriptions: [wait], children: [sampleWorkflow("child", { parent, rootWorkflowId: "w" })] });
      const seen = await signalsOf(first);

      const event = sampleEvent("end of child", { name: wait.name, key: wait.key });
      await commit(second, "c2", { workflowId: "child", status: "complete", completedAt: instant(3), events: [event] }, instant(3));
      await sweep(second, instant(4));
      const answer = await first.persistWorkflow(sampleChange("w", "c3", {}, seen), instant(5));

      assert.deepEqual(given(answer.pendingDeliveries), ["of the child: end of child"]);
      assert.deepEqual((await recordOf(second)).dueAt, instant(5), "it is to look at once");
    },
  },
  {
    name: "finds the event of a publisher that has gone before its delivery, in another process",
    async run(context) {
      const publisher = await context.start();
      await create(publisher, "w");
      await open(publisher, "s");
      await publish(publisher, "e");
      await publisher.stop();

      const other = await context.start();
      await sweep(other, instant(5));

      assert.deepEqual([await inboxOf(other), (await recordOf(other)).dueAt], [["s: e"], instant(5)]);
      assert.deepEqual(await idsOfLook(other), []);
      await publisher.start();
    },
  },
  {
    name: "finds an instance by its due time when nobody was told of its delivery",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await send(second, "e", {}, instant(5));
      const { definitionId: id, version, fingerprint } = await recordOf(first);

      const options = { definitions: [{ id, version, fingerprint }], limit: 10, claimUntil: instant(20) };
      assert.deepEqual(await first.claimDueInstances(instant(4), options), []);
      assert.deepEqual(await first.claimDueInstances(instant(5), options), ["w"]);
    },
  },
  {
    name: "gives a repeated commit what it has picked up, and a wait that follows the next event",
    async run(context) {
      const [first, second] = await withW(context);
      for (const [ms, id] of ["e", "f"].entries()) await send(second, id, { time: instant(ms) });
      const change = sampleChange("w", "c1", { openSubscriptions: [sampleSubscription("s")] });

      const answers = [await first.persistWorkflow(change, instant()), await second.persistWorkflow(change, instant(9))];
      const next = await use(second, "s", "e", { openSubscriptions: [sampleSubscription("t")] });

      assert.deepEqual(answers[1], answers[0]);
      assert.deepEqual([next.inboxSeq, given(next.pendingDeliveries)], [2, ["t: f"]]);
    },
  },
];
