import { assert } from "./assert.ts";
import type { CurrentState } from "../../errors/store-errors.ts";
import type { WorkflowChange } from "../../models/workflow-change.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import { instant, sampleChange, sampleEvent, samplePointer, sampleSubscription } from "../fixtures.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { assertNothingOf, commit, conflictOf, create, fullChange, recordOf, signalsOf, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** What a commit is refused for, and that nothing of it is then written. */
export const CONFLICT_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "refuses a commit of an instance that does not exist, and writes nothing",
    async run(context) {
      const [first, second] = await context.startTwo();
      await create(first, "x");

      const { workflowId, current } = await conflictOf("missing", first.persistWorkflow(fullChange("m"), instant()));

      assert.deepEqual({ workflowId, current }, { workflowId: "w", current: undefined });
      await assertNothingOf(second, "m", undefined);
      assert.equal(await second.countWorkflows({}), 1);
    },
  },
  {
    name: "refuses a commit from an earlier revision, and writes nothing",
    async run(context) {
      const [first, second] = await withW(context);
      await commit(first, "c1", { status: "complete", completedAt: instant(1) });
      const before = await recordOf(first);

      const { workflowId, current } = await conflictOf("revision", second.persistWorkflow(fullChange("m"), instant()));

      assert.deepEqual({ workflowId, current }, { workflowId: "w", current: { revision: 1, controlSeq: 0, inboxSeq: 0, status: "complete" } });
      await assertNothingOf(first, "m", before);
    },
  },
  {
    name: "refuses a commit from a revision that has not been",
    async run(context) {
      const [first, second] = await withW(context);
      const before = await recordOf(first);

      const change = fullChange("m", {}, { revision: 1, controlSeq: 0, inboxSeq: 0 });
      await conflictOf("revision", second.persistWorkflow(change, instant()));

      await assertNothingOf(first, "m", before);
    },
  },
  {
    name: "refuses a commit that does not know of a command, and writes nothing",
    async run(context) {
      const [first, second] = await withW(context);
      await second.command("w", "suspend", instant());
      const before = await recordOf(first);

      const { current } = await conflictOf("control", first.persistWorkflow(fullChange("m"), instant()));

      assert.deepEqual(current, { revision: 0, controlSeq: 1, inboxSeq: 0, status: "suspended" });
      await assertNothingOf(second, "m", before);
    },
  },
  {
    name: "refuses a commit that does not know of commands which left the status as it was",
    async run(context) {
      const [first, second] = await withW(context);
      await second.command("w", "suspend", instant());
      await second.command("w", "resume", instant());

      const { current } = await conflictOf("control", first.persistWorkflow(fullChange("m"), instant()));

      assert.deepEqual(current, { revision: 0, controlSeq: 2, inboxSeq: 0, status: "runnable" });
    },
  },
  {
    name: "refuses a commit that expects another inbox, and writes nothing",
    async run(context) {
      const [first, second] = await withDelivery(context);
      const before = await recordOf(first);
      const change = fullChange("m", { closeSubscriptions: ["s"] }, { revision: 1, controlSeq: 0, inboxSeq: 0 });

      const refused = first.persistWorkflow({ ...change, expected: { ...change.expected, inboxSeq: 0 } }, instant());

      const { current } = await conflictOf("inbox", refused);
      assert.deepEqual(current, { revision: 1, controlSeq: 0, inboxSeq: 1, status: "runnable" });
      await assertNothingOf(second, "m", before);
      assert.equal((await second.getSubscription("s"))?.eventId, "e", "the subscription keeps its event");
      assert.equal((await second.loadForPass("w"))?.deliveries.length, 1);
    },
  },
  {
    name: "takes a commit that does not say which inbox it expects, whatever was delivered",
    async run(context) {
      const [first, second] = await withDelivery(context);

      const answer = await first.persistWorkflow(fullChange("m", {}, { revision: 1, controlSeq: 0, inboxSeq: 0 }), instant());

      assert.deepEqual([answer.revision, answer.inboxSeq, answer.pendingDeliveries.map(({ eventId }) => eventId)], [2, 1, ["e"]]);
      assert.equal((await signalsOf(second)).revision, 2);
    },
  },
  {
    name: "takes a commit that was refused for the inbox once it expects what is there",
    async run(context) {
      const [first, second] = await withDelivery(context);
      const change = sampleChange("w", "c2", { closeSubscriptions: ["s"] }, { revision: 1, controlSeq: 0, inboxSeq: 0 });
      const { current } = await conflictOf("inbox", first.persistWorkflow({ ...change, expected: { ...change.expected, inboxSeq: 0 } }, instant()));

      const answer = await first.persistWorkflow(
        { ...change, seenInboxSeq: 1, expected: { revision: 1, controlSeq: 0, inboxSeq: current?.inboxSeq ?? 0 } },
        instant(),
      );

      assert.deepEqual(answer, { revision: 2, inboxSeq: 1, pendingDeliveries: [] });
      assert.equal(await second.getSubscription("s"), undefined);
    },
  },
  {
    name: "tells of the revision before a command, and of a command before the inbox",
    async run(context) {
      const [first, second] = await withDelivery(context);
      await second.command("w", "suspend", instant());
      const send = (revision: number, controlSeq: number): Promise<unknown> =>
        first.persistWorkflow({ ...fullChange(`${revision} ${controlSeq}`), expected: { revision, controlSeq, inboxSeq: 0 } }, instant());

      await conflictOf("revision", send(0, 0));
      await conflictOf("revision", send(0, 1));
      await conflictOf("control", send(1, 0));
      await conflictOf("inbox", send(1, 1));
    },
  },
  {
    name: "takes a finished step that a suspend came before, once its commit knows of it",
    async run(context) {
      const [owner, other] = await withW(context, { pointers: [samplePointer({ status: "running", attempt: 1 })] });
      const finished = sampleChange("w", "c1", { pointers: [samplePointer({ status: "complete", endedAt: instant(1) })], data: '"result"' });
      await other.command("w", "suspend", instant());

      const { current } = await conflictOf("control", owner.persistWorkflow(finished, instant()));
      const answer = await owner.persistWorkflow(knowing(finished, current), instant());

      assert.equal(answer.revision, 1, "the command has not moved the revision");
      const { status, data, pointers, controlSeq } = await recordOf(other);
      assert.deepEqual({ status, data, controlSeq }, { status: "suspended", data: '"result"', controlSeq: 1 });
      assert.equal(pointers[0]?.status, "complete");
    },
  },
  {
    name: "takes a finished step that a suspend and a resume came before, once its commit knows of them",
    async run(context) {
      const [owner, other] = await withW(context);
      const finished = sampleChange("w", "c1", { data: '"result"' });
      await other.command("w", "suspend", instant());
      await other.command("w", "resume", instant());

      const { current } = await conflictOf("control", owner.persistWorkflow(finished, instant()));
      await owner.persistWorkflow(knowing(finished, current), instant());

      const { status, data } = await recordOf(other);
      assert.deepEqual({ status, data }, { status: "runnable", data: '"result"' });
    },
  },
  {
    name: "refuses a finished step that a terminate came before",
    async run(context) {
      const [owner, other] = await withW(context);
      await other.command("w", "terminate", instant(3));
      const before = await recordOf(other);

      const { current } = await conflictOf("control", owner.persistWorkflow(fullChange("m"), instant()));

      assert.deepEqual(current, { revision: 0, controlSeq: 1, inboxSeq: 0, status: "terminated" });
      await assertNothingOf(other, "m", before);
    },
  },
  {
    name: "refuses every time what it has refused, until the expectation holds",
    async run(context) {
      const providers = await withW(context);
      await commit(providers[0], "c1");

      for (let turn = 0; turn < 6; turn += 1) {
        await conflictOf("revision", (providers[turn % 2] ?? providers[0]).persistWorkflow(sampleChange("w", "c2"), instant()));
      }

      assert.equal((await commit(providers[1], "c2")).revision, 2);
    },
  },
  {
    name: "refuses a commit that expects an inbox that has not been",
    async run(context) {
      const [first, second] = await withDelivery(context);
      const before = await recordOf(first);
      const change = fullChange("m", {}, { revision: 1, controlSeq: 0, inboxSeq: 2 });

      await conflictOf("inbox", second.persistWorkflow({ ...change, expected: { ...change.expected, inboxSeq: 2 } }, instant()));

      await assertNothingOf(first, "m", before);
    },
  },
];

/** What a pass sends again after a conflict that a command was the reason of. */
function knowing(change: WorkflowChange, current: CurrentState | undefined): WorkflowChange {
  assert.ok(current !== undefined, "the conflict says what is stored");
  const { revision, controlSeq, status } = current;
  return { ...change, status, expected: { revision, controlSeq } };
}

/** Two instances on a store where the subscription `s` of `w` was given the event `e`, which no commit has seen. */
async function withDelivery(context: PersistenceContext): Promise<readonly [PersistenceProvider, PersistenceProvider]> {
  const [first, second] = await withW(context);
  await commit(first, "c1", { openSubscriptions: [sampleSubscription("s")] });
  await second.createEvent(sampleEvent("e"), instant());
  await second.deliverEvents([{ name: "paid", key: "1" }], instant());
  return [first, second];
}
