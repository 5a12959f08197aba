import { assert } from "./assert.ts";
import type { WorkflowChange } from "../../models/workflow-change.ts";
import { instant, sampleChange, sampleEvent, samplePointer, sampleSubscription } from "../fixtures.ts";
import { DISTINCT_TEXTS } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, conflictOf, create, fullChange, recordOf, signalsOf, takeCommands, withoutDelivered, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** A commit whose answer was lost, and is sent again. */
export const COMMIT_REPEAT_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "answers a commit that is sent again as the first time, and applies it once",
    async run(context) {
      const [first] = await withW(context);
      const change = fullChange("m");

      const answer = await first.persistWorkflow(change, instant());
      const before = await recordOf(first);
      const again = await first.persistWorkflow(change, instant(9));

      assert.deepEqual(withoutDelivered(again), withoutDelivered(answer));
      assert.deepEqual(await recordOf(first), before);
      assert.equal((await first.getErrors("w")).length, 1, "the error is recorded once");
      assert.equal((await takeCommands(first)).length, 1, "the command is stored once");
      assert.deepEqual(await first.getEvents("sent", "m", instant()), ["event m"]);
    },
  },
  {
    name: "answers a commit that is sent again through another instance",
    async run(context) {
      const [first, second] = await withW(context);
      const change = fullChange("m");

      const answer = await first.persistWorkflow(change, instant());

      assert.deepEqual(withoutDelivered(await second.persistWorkflow(structuredClone(change), instant())), withoutDelivered(answer));
      assert.equal((await signalsOf(second)).revision, 1);
      assert.equal((await second.getErrors("w")).length, 1);
    },
  },
  {
    name: "answers a commit that is sent twice at the same moment, and applies it once",
    async run(context) {
      const providers = await withW(context);
      const change = fullChange("m");

      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, turn) => (providers[turn % 2] ?? providers[0]).persistWorkflow(structuredClone(change), instant())),
      );

      for (const answer of answers) assert.deepEqual(withoutDelivered(answer), { revision: 1, inboxSeq: 0, pendingDeliveries: [] });
      assert.equal((await signalsOf(providers[0])).revision, 1);
      assert.equal((await providers[1].getErrors("w")).length, 1);
    },
  },
  {
    name: "answers with the events it picked up when it is sent again",
    async run(context) {
      const [first, second] = await withW(context);
      await first.createEvent(sampleEvent("e"), instant());
      const change = sampleChange("w", "c1", { openSubscriptions: [sampleSubscription("s")] });

      const answer = await first.persistWorkflow(change, instant());
      const again = await second.persistWorkflow(change, instant());

      assert.deepEqual(answer, {
        revision: 1,
        inboxSeq: 1,
        pendingDeliveries: [{ subscriptionId: "s", pointerId: "1", eventId: "e", data: '{"ok":true}' }],
      });
      assert.deepEqual(again, answer);
      assert.equal((await signalsOf(first)).inboxSeq, 1, "the event is delivered once");
    },
  },
  {
    name: "hides no later delivery from a commit that is sent again",
    async run(context) {
      const [first, second] = await withW(context);
      const change = sampleChange("w", "c1", { openSubscriptions: [sampleSubscription("s")] });
      await first.persistWorkflow(change, instant());
      await second.createEvent(sampleEvent("e"), instant());
      await second.deliverEvents([{ name: "paid", key: "1" }], instant(5));

      const { revision, inboxSeq, pendingDeliveries } = await first.persistWorkflow(change, instant(6));

      assert.equal(revision, 1);
      // Either what was true then, or what is true now; a counter that includes a delivery which the answer lacks would lose it.
      assert.deepEqual(
        pendingDeliveries.map(({ eventId }) => eventId),
        inboxSeq === 0 ? [] : ["e"],
      );
      assert.equal((await recordOf(second)).dueAt?.getTime(), instant(5).getTime(), "the instance stays due");
    },
  },
  {
    name: "answers a commit that is sent again after a command as committed",
    async run(context) {
      const [first, second] = await withW(context);
      const change = sampleChange("w", "c1", { dueAt: instant(50) });
      await first.persistWorkflow(change, instant());
      await second.command("w", "suspend", instant());
      const before = await recordOf(first);

      const again = await first.persistWorkflow(change, instant());

      assert.equal(again.revision, 1);
      assert.deepEqual(await recordOf(first), before, "the command is not undone");
    },
  },
  {
    name: "answers by the id of the commit alone, and applies nothing of what it says now",
    async run(context) {
      const [first, second] = await withW(context);
      await first.persistWorkflow(sampleChange("w", "c1", { data: "1" }), instant());

      const again = await second.persistWorkflow(
        sampleChange("w", "c1", { data: "2", pointers: [samplePointer({ status: "complete" })] }, { revision: 1, controlSeq: 0, inboxSeq: 0 }),
        instant(),
      );

      assert.equal(again.revision, 1);
      assert.equal((await recordOf(first)).data, "1");
      assert.deepEqual((await recordOf(first)).pointers, [samplePointer()]);
    },
  },
  {
    name: "refuses a commit that is sent again after the next one",
    async run(context) {
      const [first, second] = await withW(context);
      const change = fullChange("m");
      await first.persistWorkflow(change, instant());
      await commit(second, "c2", { data: "2" });
      const before = await recordOf(first);

      await conflictOf("revision", first.persistWorkflow(change, instant()));

      assert.deepEqual(await recordOf(first), before);
      assert.equal((await first.getErrors("w")).length, 1);
    },
  },
  {
    name: "keeps the ids of commits of two instances apart",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "x");

      await first.persistWorkflow(sampleChange("w", "c1", { data: '"of w"' }), instant());
      await second.persistWorkflow(sampleChange("x", "c1", { data: '"of x"' }), instant());

      assert.deepEqual([(await recordOf(second)).data, (await recordOf(first, "x")).data], ['"of w"', '"of x"']);
    },
  },
  {
    name: "keeps no id of a commit that was refused",
    async run(context) {
      const [first, second] = await withW(context);
      const change = (revision: number): WorkflowChange => sampleChange("w", "c1", { data: '"done"' }, { revision, controlSeq: 0, inboxSeq: 0 });

      await conflictOf("revision", first.persistWorkflow(change(1), instant()));
      const answer = await second.persistWorkflow(change(0), instant());

      assert.equal(answer.revision, 1);
      assert.equal((await recordOf(first)).data, '"done"', "the same id is no proof of a commit that never was");
    },
  },
  {
    name: "tells commits apart by their ids, compared exactly",
    async run(context) {
      const [first, second] = await withW(context);

      for (const [revision, id] of DISTINCT_TEXTS.entries()) {
        const change = sampleChange("w", id, { data: JSON.stringify(id) }, { revision, controlSeq: 0, inboxSeq: 0 });
        const answers = [await first.persistWorkflow(change, instant()), await second.persistWorkflow(change, instant())];

        assert.deepEqual(
          answers.map((answer) => answer.revision),
          [revision + 1, revision + 1],
          `${JSON.stringify(id)} is applied, and once`,
        );
        assert.equal((await recordOf(first)).data, JSON.stringify(id));
      }
    },
  },
];
