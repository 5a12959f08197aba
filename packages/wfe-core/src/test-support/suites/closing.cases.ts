import { assert } from "./assert.ts";
import { isWfeError } from "../../errors/wfe-error.ts";
import { instant, sampleChange, sampleSubscription } from "../fixtures.ts";
import { deliver, given, inboxOf, open, publish, send, turnOf } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, conflictOf, create, LATER, recordOf, refusalOf, settled, signalsOf, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** Waits that end without their event: a timeout, a lost race, a cancel, the end of an instance. */
export const CLOSING_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "delivers nothing to a subscription that was closed before",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await commit(first, "c1", { closeSubscriptions: ["s"], dueAt: instant(50) });

      assert.deepEqual(await send(second, "e"), []);

      assert.deepEqual([await inboxOf(second), (await signalsOf(first)).inboxSeq, (await recordOf(first)).dueAt], [[], 0, instant(50)]);
    },
  },
  {
    name: "either closes a subscription or delivers to it, when both meet",
    async run(context) {
      const providers = await context.startTwo();
      for (let round = 0; round < 40; round += 1) {
        const [owner, other] = [turnOf(providers, round >> 1), turnOf(providers, (round >> 1) + 1)];
        const [id, key] = [`w${round}`, String(round)];
        await create(owner, id);
        await open(owner, `s${round}`, { workflowId: id, key });
        await publish(other, `e${round}`, { key });
        const { revision, controlSeq, inboxSeq } = await signalsOf(owner, id);
        const expected = { revision, controlSeq, inboxSeq };
        const change = sampleChange(id, `close ${round}`, {
          expected,
          seenInboxSeq: inboxSeq,
          closeSubscriptions: [`s${round}`],
          data: '"timed out"',
        });
        const close = (): Promise<unknown> => owner.persistWorkflow(change, instant());
        const give = (): Promise<unknown> => deliver(other, instant(), key);

        const { refusals } = settled(await Promise.allSettled(round % 2 === 0 ? [close(), give()] : [give(), close()]));

        for (const error of refusals) assert.ok(isWfeError(error, "WFE_COMMIT_CONFLICT"), String(error));
        const { data } = await recordOf(other, id);
        const kept = await inboxOf(other, id);
        // A closing that has won comes before the delivery, which then reaches nobody.
        assert.equal((await signalsOf(other, id)).inboxSeq, refusals.length, `round ${round}`);
        if (refusals.length === 0) {
          assert.deepEqual([data, kept, await other.getSubscription(`s${round}`)], ['"timed out"', [], undefined], `round ${round}`);
          assert.deepEqual(
            given((await open(owner, `t${round}`, { workflowId: id, key })).pendingDeliveries),
            [`t${round}: e${round}`],
            "it is unused",
          );
        } else {
          assert.deepEqual([data, kept], ['{"total":1}', [`s${round}: e${round}`]], `round ${round}`);
        }
      }
    },
  },
  {
    name: "refuses to close the loser of two waits that got its event meanwhile, and takes the decision for both",
    async run(context) {
      const [first, second] = await withW(context);
      await commit(first, "c1", { openSubscriptions: [sampleSubscription("s"), sampleSubscription("t", { key: "2" })] });
      await send(second, "e");
      const { revision, controlSeq, inboxSeq } = await signalsOf(first);
      const decided = sampleChange("w", "c2", {
        expected: { revision, controlSeq, inboxSeq },
        seenInboxSeq: inboxSeq,
        consume: [{ subscriptionId: "s", eventId: "e" }],
        closeSubscriptions: ["t"],
      });
      await send(second, "f", { key: "2" });

      const { current } = await conflictOf("inbox", first.persistWorkflow(decided, instant()));
      assert.deepEqual(await inboxOf(second), ["s: e", "t: f"], "neither is used or closed");
      const seen = current?.inboxSeq ?? 0;
      const answer = await first.persistWorkflow({ ...decided, expected: { revision, controlSeq, inboxSeq: seen }, seenInboxSeq: seen }, instant());

      assert.deepEqual([answer.inboxSeq, answer.pendingDeliveries, await inboxOf(second)], [2, [], []]);
      const again = await commit(first, "c3", { openSubscriptions: [sampleSubscription("u"), sampleSubscription("v", { key: "2" })] });
      assert.deepEqual(given(again.pendingDeliveries), ["v: f"], "what was used is gone, what was released is not");
    },
  },
  {
    name: "refuses to close for a delivery on any topic, and not for one to another instance",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "x");
      await commit(first, "c1", { openSubscriptions: [sampleSubscription("s"), sampleSubscription("t", { key: "2" })] });
      await open(first, "of x", { workflowId: "x" });
      const { revision, controlSeq, inboxSeq } = await signalsOf(first);
      const change = sampleChange("w", "c2", { expected: { revision, controlSeq, inboxSeq }, closeSubscriptions: ["s"] });

      await send(second, "e", { key: "3" });
      await second.createEvent({ id: "g", name: "paid", key: "2", time: instant() }, instant());
      await deliver(second, instant(), "2");
      await conflictOf("inbox", first.persistWorkflow(change, instant()));
      const reached = await signalsOf(first, "x");
      const ofX = sampleChange("x", "c3", {
        expected: { revision: reached.revision, controlSeq: reached.controlSeq, inboxSeq: reached.inboxSeq },
        closeSubscriptions: ["of x"],
      });

      assert.equal((await first.persistWorkflow(ofX, instant())).inboxSeq, 0);
    },
  },
  {
    name: "refuses a subscription whose id another instance has open, though the commit closes or uses one of that id",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "x");
      await open(first, "s", { workflowId: "x" });
      const before = await recordOf(second);
      const openSubscriptions = [sampleSubscription("s", { key: "2" })];

      const refusals = [
        await refusalOf(commit(second, "c1", { closeSubscriptions: ["s"], openSubscriptions })),
        await refusalOf(commit(second, "c2", { consume: [{ subscriptionId: "s", eventId: "none" }], openSubscriptions })),
      ];

      for (const error of refusals) if (!isWfeError(error, "WFE_PERSISTENCE_FAILED")) throw error;
      assert.deepEqual(await recordOf(second), before, "nothing of that commit is written");
      assert.deepEqual([await send(second, "f", { key: "2" }), await send(second, "e")], [[], ["x"]]);
      assert.deepEqual(await inboxOf(first, "x"), ["s: e"]);
    },
  },
  {
    name: "closes a subscription for one of two who want to close it, and uses its event for neither",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await send(second, "e");
      const { revision, controlSeq, inboxSeq } = await signalsOf(first);
      const expected = { revision, controlSeq, inboxSeq };

      const { answers, refusals } = settled(
        await Promise.allSettled(
          [first, second].map((provider, turn) =>
            provider.persistWorkflow(sampleChange("w", `c ${turn}`, { expected, seenInboxSeq: inboxSeq, closeSubscriptions: ["s"] }), instant()),
          ),
        ),
      );

      assert.deepEqual([answers.length, refusals.length], [1, 1]);
      assert.ok(isWfeError(refusals[0], "WFE_COMMIT_CONFLICT"));
      assert.deepEqual(given((await open(first, "t")).pendingDeliveries), ["t: e"]);
    },
  },
  {
    name: "closes what an instance waits for with its termination, though a delivery meets it",
    async run(context) {
      const providers = await context.startTwo();
      for (let round = 0; round < 20; round += 1) {
        const [first, second] = [turnOf(providers, round >> 1), turnOf(providers, (round >> 1) + 1)];
        const [id, key] = [`w${round}`, String(round)];
        for (const workflowId of [id, `x${round}`]) {
          await create(first, workflowId);
          await open(first, `s of ${workflowId}`, { workflowId, key });
        }
        await publish(first, `e${round}`, { key });
        const terminate = (): Promise<unknown> => first.command(id, "terminate", instant());
        const give = (): Promise<unknown> => deliver(second, instant(), key);

        await Promise.all(round % 2 === 0 ? [terminate(), give()] : [give(), terminate()]);

        assert.deepEqual([await inboxOf(second, id), await second.getSubscription(`s of ${id}`)], [[], undefined], `round ${round}`);
        assert.deepEqual(await inboxOf(second, `x${round}`), [`s of x${round}: e${round}`], "the other one has it");
        assert.equal((await recordOf(second, id)).dueAt, undefined, "one that is over is not due");
      }
    },
  },
  {
    name: "lists nothing that a terminated or deleted instance has waited for, and claims none of it",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "x");
      await open(first, "of w", { activity: "ask" });
      await open(first, "of x", { workflowId: "x", activity: "ask" });

      await second.command("x", "terminate", instant());
      assert.deepEqual(
        (await second.getSubscriptions("paid", "1", instant())).map(({ id }) => id),
        ["of w"],
      );
      await first.command("w", "terminate", instant());
      assert.equal(await second.deleteWorkflows(["w", "x"]), 2);

      assert.deepEqual([await second.getSubscriptions("paid", "1", instant()), await second.getSubscription("of w")], [[], undefined]);
      assert.equal(await second.getFirstOpenSubscription("ask", instant()), undefined);
      assert.equal(await second.setSubscriptionToken("of x", "t", "worker", LATER, instant()), false);
    },
  },
  {
    name: "releases the events of a deleted instance, so that they can be removed",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await send(second, "e");
      await commit(first, "c1", { status: "complete", completedAt: instant() });
      assert.equal(await second.deleteDeliveredEvents(LATER, 10), 0, "it is still held");

      await second.deleteWorkflows(["w"]);

      assert.equal(await first.deleteDeliveredEvents(LATER, 10), 1);
    },
  },
  {
    name: "releases the events of a terminated instance, so that they can be removed",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await send(second, "e");

      await second.command("w", "terminate", instant());

      assert.equal(await first.deleteDeliveredEvents(LATER, 10), 1);
    },
  },
  {
    name: "terminates an instance though the event of its end is stored already, and keeps that event",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await publish(first, "ended", { data: '"first"' });
      const before = await first.getEvent("ended");

      assert.equal(
        await second.command("w", "terminate", instant(5), { completedEvent: { id: "ended", name: "wfe.workflow.completed", key: "w" } }),
        true,
      );

      const { status, pointers } = await recordOf(first);
      assert.deepEqual([status, pointers[0]?.status, await first.getSubscription("s")], ["terminated", "cancelled", undefined]);
      assert.deepEqual(await first.getEvent("ended"), before);
    },
  },
];
