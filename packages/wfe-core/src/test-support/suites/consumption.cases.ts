import { assert } from "./assert.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import { instant, sampleChange, sampleEvent, sampleSubscription } from "../fixtures.ts";
import { deliver, given, inboxOf, open, publish, send, use } from "./event-steps.ts";
import type { WorkflowChange } from "../../models/workflow-change.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, conflictOf, create, signalsOf, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** Which events later waits get, after what was used, shared and released before. */
export const CONSUMPTION_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "takes an event out of the inbox and closes its subscription when it is used",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await open(first, "t", { key: "2" });
      await send(second, "e");
      await send(second, "f", { key: "2" });

      const answer = await use(first, "s", "e");

      assert.deepEqual(given(answer.pendingDeliveries), ["t: f"]);
      assert.equal(answer.inboxSeq, 2, "what is used is not counted back");
      assert.deepEqual([await inboxOf(second), await second.getSubscription("s")], [["t: f"], undefined]);
    },
  },
  {
    name: "tells whether an event was used, and not only given",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await send(second, "e");
      await send(second, "f", { key: "2" });
      const told = (): Promise<readonly boolean[]> => Promise.all(["e", "f", "nobody"].map((id) => second.isEventConsumed(id)));

      const before = await told();
      await use(first, "s", "e");

      assert.deepEqual(
        [before, await told()],
        [
          [false, false, false],
          [true, false, false],
        ],
      );
    },
  },
  {
    name: "gives two waits in a row the next two events, though both were there before",
    async run(context) {
      const [first, second] = await withW(context);
      for (const [ms, id] of ["e", "f", "g"].entries()) await publish(second, id, { time: instant(ms) });

      const got: unknown[] = [given((await open(first, "1")).pendingDeliveries)];
      for (const [id, event] of [
        ["1", "e"],
        ["2", "f"],
        ["3", "g"],
      ] as const) {
        const next = String(Number(id) + 1);
        got.push(given((await use(first, id, event, { openSubscriptions: [sampleSubscription(next)] })).pendingDeliveries));
      }

      assert.deepEqual(got, [["1: e"], ["2: f"], ["3: g"], []]);
    },
  },
  {
    name: "shares an event with a wait that opens before it is used",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await send(second, "e");

      assert.deepEqual(given((await open(first, "t")).pendingDeliveries), ["s: e", "t: e"]);
      await use(first, "s", "e");

      assert.deepEqual(await inboxOf(second), ["t: e"], "the other one still has it");
      await use(first, "t", "e");
      assert.deepEqual(given((await open(first, "u")).pendingDeliveries), []);
    },
  },
  {
    name: "lets a wait that opens after the use of an event wait for the next one",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await send(second, "e");
      await use(first, "s", "e");

      assert.deepEqual(given((await open(first, "t")).pendingDeliveries), []);
      assert.deepEqual(await deliver(second), [], "not by another delivery either");
      await send(second, "f", { time: instant(1) });

      assert.deepEqual(await inboxOf(first), ["t: f"]);
    },
  },
  {
    name: "keeps what one instance has used for the others, before and after",
    async run(context) {
      const [first, second] = await withW(context);
      for (const id of ["x", "y"]) await create(first, id);
      await open(first, "of w");
      await open(first, "of x", { workflowId: "x" });
      await send(second, "e");
      await use(first, "of w", "e");

      assert.deepEqual(await inboxOf(second, "x"), ["of x: e"]);
      assert.deepEqual(given((await open(first, "of y", { workflowId: "y" })).pendingDeliveries), ["of y: e"]);
    },
  },
  {
    name: "uses an event of several subscriptions in one commit",
    async run(context) {
      const [first, second] = await withW(context);
      for (const id of ["s", "t", "u"]) await open(first, id);
      await send(second, "e");

      const consume = ["s", "t"].map((subscriptionId) => ({ subscriptionId, eventId: "e" }));
      await commit(first, "c1", { consume, closeSubscriptions: ["u"], openSubscriptions: [sampleSubscription("v")] });

      assert.deepEqual(await inboxOf(second), []);
      assert.deepEqual(
        (await second.getSubscriptions("paid", "1", instant())).map(({ id }) => id),
        ["v"],
      );
    },
  },
  {
    name: "releases an event for the waits of later commits, whatever their bound",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await send(second, "e");
      await commit(first, "release", { closeSubscriptions: ["s"] });
      assert.deepEqual(await inboxOf(second), []);

      assert.deepEqual(given((await open(first, "t")).pendingDeliveries), ["t: e"]);
      await commit(first, "again", { closeSubscriptions: ["t"] });
      assert.deepEqual(given((await open(first, "u", { bound: { effectiveDate: instant() } })).pendingDeliveries), ["u: e"]);
    },
  },
  {
    name: "gives a released event again before later ones",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await send(second, "e", { time: instant(1) });
      await send(second, "f", { time: instant(2) });

      const answer = await commit(first, "c1", { closeSubscriptions: ["s"], openSubscriptions: [sampleSubscription("t")] });

      assert.deepEqual(given(answer.pendingDeliveries), ["t: e"]);
    },
  },
  {
    name: "uses nothing by a commit that is refused",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await send(second, "e");

      const stale = sampleChange("w", "stale", { consume: [{ subscriptionId: "s", eventId: "e" }] });
      await conflictOf("revision", first.persistWorkflow(stale, instant()));

      assert.deepEqual(await inboxOf(second), ["s: e"]);
      assert.deepEqual(given((await open(first, "t")).pendingDeliveries), ["s: e", "t: e"], "it was not used");
    },
  },
  {
    name: "answers a commit with all events that are not used yet, seen before or not",
    async run(context) {
      const [first, second] = await withW(context);
      for (const key of ["1", "2", "3"]) await open(first, key, { key });
      await send(second, "e");
      await send(second, "f", { key: "2" });

      const seen = await commit(first, "c1", { seenInboxSeq: 2 });
      await send(second, "g", { key: "3" });
      const unseen = await commit(first, "c2", { seenInboxSeq: 2 });

      assert.deepEqual([seen.inboxSeq, given(seen.pendingDeliveries)], [2, ["1: e", "2: f"]]);
      assert.deepEqual([unseen.inboxSeq, given(unseen.pendingDeliveries)], [3, ["1: e", "2: f", "3: g"]]);
    },
  },
  {
    name: "closes subscriptions before it opens others, so that an id can be used again",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await send(first, "e");

      const again = { key: "2", pointerId: "2" };
      await use(second, "s", "e", { openSubscriptions: [sampleSubscription("s", again)] });
      assert.deepEqual(await first.getSubscription("s"), { ...sampleSubscription("s", again), workflowId: "w" });
      await commit(second, "c2", { closeSubscriptions: ["s"], openSubscriptions: [sampleSubscription("s")] });

      assert.deepEqual(await first.getSubscription("s"), { ...sampleSubscription("s"), workflowId: "w" }, "the event was used, so it is open");
    },
  },
  {
    name: "opens, fills and closes 1,000 subscriptions of one instance",
    async run(context) {
      const [first, second] = await withW(context);
      const ids = Array.from({ length: 1000 }, (_, index) => `s${index}`);

      await commit(first, "c1", { openSubscriptions: ids.map((id) => sampleSubscription(id)) });
      assert.deepEqual(
        (await second.getSubscriptions("paid", "1", instant())).map(({ id }) => id),
        ids,
        "in the order in which they were opened",
      );
      assert.deepEqual(await send(second, "e"), ["w"]);
      assert.equal((await inboxOf(first)).length, 1000);
      await commit(first, "c2", { closeSubscriptions: ids.slice(1), seenInboxSeq: (await signalsOf(first)).inboxSeq });

      assert.deepEqual(await inboxOf(second), ["s0: e"]);
    },
  },
  {
    name: "gives waits in a row the events by their time, though the later ones arrived before those that were used",
    async run(context) {
      const [first, second] = await withW(context);
      for (const [arrival, ms] of [3, 1, 2].entries()) await publish(second, `at ${ms}`, { time: instant(ms) }, instant(arrival));

      const got = [given((await open(first, "a")).pendingDeliveries)];
      got.push(given((await use(first, "a", "at 1", { openSubscriptions: [sampleSubscription("b")] })).pendingDeliveries));
      got.push(given((await use(first, "b", "at 2", { openSubscriptions: [sampleSubscription("c")] })).pendingDeliveries));

      assert.deepEqual(got, [["a: at 1"], ["b: at 2"], ["c: at 3"]]);
    },
  },
  {
    name: "gives a wait that follows on many others the earliest event that is left, though it came last or was given back",
    async run(context) {
      const [first, second] = await withW(context);
      await useMany(first, second);

      // Nobody waits when they come; the last is not delivered yet.
      await send(second, "late", { time: instant(7) });
      await send(second, "last", { time: instant(50) });
      await publish(second, "soon", { time: instant(3) });
      const got = [given((await open(first, "a")).pendingDeliveries)];
      const then = async (id: string, changes: Partial<WorkflowChange>, next: string): Promise<void> => {
        const answer = await commit(first, id, { ...changes, openSubscriptions: [sampleSubscription(next)] });
        got.push(given(answer.pendingDeliveries));
      };
      await then("use soon", { consume: [{ subscriptionId: "a", eventId: "soon" }] }, "b");
      await then("give late back", { closeSubscriptions: ["b"] }, "c");
      await deliver(second);
      await then("use late", { consume: [{ subscriptionId: "c", eventId: "late" }] }, "d");
      await then("use last", { consume: [{ subscriptionId: "d", eventId: "last" }] }, "e");

      assert.deepEqual(got, [["a: soon"], ["b: late"], ["c: late"], ["d: last"], []]);
    },
  },
  {
    name: "gives a wait that follows on many others an event that a commit sent while nobody waited, though it is earlier",
    async run(context) {
      const [first, second] = await withW(context);
      await create(second, "sender");
      await useMany(first, second);
      const events = [sampleEvent("late", { time: instant(7) })];
      await commit(second, "sends", { workflowId: "sender", events });
      await deliver(second);

      assert.deepEqual(given((await open(first, "a")).pendingDeliveries), ["a: late"]);
    },
  },
];

/** Has `w` use 40 events of the topic, one after the other, each later than the one before. */
async function useMany(first: PersistenceProvider, second: PersistenceProvider): Promise<void> {
  await open(first, "w0");
  for (let turn = 0; turn < 40; turn += 1) {
    await send(second, `e${turn}`, { time: instant(turn) });
    const next = turn < 39 ? { openSubscriptions: [sampleSubscription(`w${turn + 1}`)] } : {};
    await use(first, `w${turn}`, `e${turn}`, next);
  }
}
