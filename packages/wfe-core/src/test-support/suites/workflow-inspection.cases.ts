import { assert } from "./assert.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import type { WorkflowInspection } from "../../traits/inspection-repository.ts";
import { instant, sampleExecutionError, sampleSubscription } from "../fixtures.ts";
import { deliver, open, publish, use } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, create, LATER, recordOf, takeCommands, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** What people ask about an instance. */
export const WORKFLOW_INSPECTION_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "gives the subscriptions of the pointers that are asked for, with their claims, in order of creation",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "other");
      await open(first, "z", { pointerId: "2", activity: "ask", input: '"a"' });
      await open(first, "passed over", { pointerId: "3" });
      await open(first, "of another", { workflowId: "other", pointerId: "2" });
      await open(first, "a", { pointerId: "1", key: "2", bound: { effectiveDate: instant(7) } });
      await open(first, "m", { pointerId: "2", key: "3" });
      await first.setSubscriptionToken("z", "token", "worker", LATER, instant());

      const { subscriptions } = await inspect(second, ["1", "2", "1", "nobody"]);

      assert.deepEqual(subscriptions, [await second.getSubscription("z"), await second.getSubscription("a"), await second.getSubscription("m")]);
      assert.equal(subscriptions[0]?.workerId, "worker");
      assert.deepEqual((await inspect(second, [])).subscriptions, []);
    },
  },
  {
    name: "tells of the undelivered event that an open subscription may take, and of none that it may not",
    async run(context) {
      const [first, second] = await context.startTwo();
      await publish(first, "before creation", { key: "after" });
      await create(first, "w");
      for (const key of ["after", "none"]) await open(first, key, { key });
      await open(first, "effective", { key: "effective", bound: { effectiveDate: instant(5) } });
      await publish(first, "too old", { key: "effective", time: instant(4) });
      assert.deepEqual(await undelivered(second), ["after: -", "none: -", "effective: -"]);

      await publish(first, "later", { key: "after", time: instant(9) });
      await publish(first, "first", { key: "after", time: instant(3) });
      await publish(first, "exact", { key: "effective", time: instant(5) });
      assert.deepEqual(await undelivered(second), ["after: first", "none: -", "effective: exact"]);

      await deliver(first, instant(), "after");
      await deliver(first, instant(), "effective");
      assert.deepEqual(await undelivered(second), ["after: -", "none: -", "effective: -"]);
    },
  },
  {
    name: "tells of an event for a future time when there is none before, and when it becomes eligible",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await publish(first, "in an hour", { time: instant(3_600_000), eligibleAt: instant(3_600_000) });
      await publish(first, "in a minute", { time: instant(60_000), eligibleAt: instant(60_000) });
      const [waiting] = (await inspect(second, ["1"])).subscriptions;
      assert.deepEqual(waiting?.undelivered, { eventId: "in a minute", eligibleAt: instant(60_000) });

      await publish(first, "now", { time: instant(7_200_000) });

      const [open_] = (await inspect(second, ["1"])).subscriptions;
      assert.deepEqual(open_?.undelivered, { eventId: "now" });
    },
  },
  {
    name: "tells of no event that the instance has used before its delivery",
    async run(context) {
      const [first, second] = await withW(context);
      await publish(first, "used");
      await open(first, "s"); // is given it at once
      const given = (await inspect(second, ["1"])).subscriptions;
      assert.deepEqual(
        given.map(({ id, eventId, undelivered }) => ({ id, eventId, undelivered })),
        [{ id: "s", eventId: "used", undelivered: undefined }],
      );
      await use(first, "s", "used", { openSubscriptions: [sampleSubscription("next")] });

      assert.deepEqual(await undelivered(second), ["next: -"]);
    },
  },
  {
    name: "gives the last failure of each pointer that is asked for, in the order they were recorded",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "other");
      const failure = (pointerId: string, message: string): ReturnType<typeof sampleExecutionError> =>
        sampleExecutionError("w", { pointerId, message, at: instant(9 - Number(message)), data: message });
      await commit(first, "c1", { errors: [failure("2", "1"), failure("1", "2"), failure("3", "3")] });
      await commit(first, "c2", { errors: [failure("2", "4"), failure("2", "5")] });
      await commit(first, "c3", { workflowId: "other", errors: [sampleExecutionError("other", { pointerId: "1" })] });

      const { lastErrors } = await inspect(second, ["2", "1", "2", "4"]);

      assert.deepEqual(lastErrors, [failure("1", "2"), failure("2", "5")]);
    },
  },
  {
    name: "gives other instances as they are, in the order they are asked for, and passes over those that are unknown",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "a", { parent: { workflowId: "w", pointerId: "1", depth: 1 }, reference: "r" });
      await create(first, "b");
      await first.command("a", "suspend", instant());

      const { workflows } = await inspect(second, [], ["b", "nobody", "a"]);

      const { pointers: _, ...a } = await recordOf(second, "a");
      const { pointers: __, ...b } = await recordOf(second, "b");
      assert.deepEqual(workflows, [b, a]);
    },
  },
  {
    name: "tells of the command that is owed to an instance until it has been carried out",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "other");
      const command = { name: "terminateWorkflow", data: "w", executeAt: instant(5) };
      await commit(first, "c1", { workflowId: "other", commands: [command] });

      assert.deepEqual((await inspect(second, [])).commands, [command]);
      assert.deepEqual((await inspect(second, [], [], "other")).commands, []);
      await takeCommands(first);
      assert.deepEqual((await inspect(second, [])).commands, []);
    },
  },
  {
    name: "has nothing of an unknown instance, and changes nothing by a look",
    async run(context) {
      const [first, second] = await withW(context);
      await open(first, "s");
      await publish(first, "e");
      const before = await recordOf(second);

      await inspect(first, ["1"], ["w"]);
      const unknown = await inspect(second, ["1"], ["w"], "nobody");

      const { pointers: _, ...row } = before;
      assert.deepEqual(unknown, { subscriptions: [], lastErrors: [], workflows: [row], commands: [] });
      assert.deepEqual(await recordOf(second), before);
      assert.equal((await second.getEvent("e"))?.delivered, false);
      assert.deepEqual(await deliver(second), ["w"], "the event is still to be delivered");
    },
  },
];

function inspect(
  provider: PersistenceProvider,
  pointerIds: readonly string[],
  workflowIds: readonly string[] = [],
  id = "w",
): Promise<WorkflowInspection> {
  return provider.inspectWorkflow(id, { pointerIds, workflowIds });
}

/** What the subscriptions of the first pointer would be given, as `subscription: event`. */
async function undelivered(provider: PersistenceProvider): Promise<readonly string[]> {
  const { subscriptions } = await inspect(provider, ["1"]);
  return subscriptions.map(({ id, undelivered: event }) => `${id}: ${event?.eventId ?? "-"}`);
}
