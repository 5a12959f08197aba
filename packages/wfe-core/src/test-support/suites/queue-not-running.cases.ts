import assert from "node:assert/strict";
import { isNotRunning } from "./not-running.ts";
import { idsOf, LONG, type QueueContext, take } from "./queue.cases.ts";
import type { SuiteCase } from "./suite-case.ts";

/** Start and stop of a queue provider. */
export const QUEUE_NOT_RUNNING_CASES: readonly SuiteCase<QueueContext>[] = [
  {
    name: "refuses calls before its start",
    async run(context) {
      const queue = await context.open();

      await assert.rejects(queue.queueWork("x", "workflow"), isNotRunning);
      await assert.rejects(take(queue), isNotRunning);
    },
  },
  {
    name: "refuses calls after its stop",
    async run(context) {
      const queue = await context.start();

      await queue.stop();

      await assert.rejects(queue.queueWork("x", "workflow"), isNotRunning);
      await assert.rejects(take(queue), isNotRunning);
    },
  },
  {
    name: "ends waits at its stop, with what they have",
    async run(context) {
      const [first, second] = await context.startTwo();
      const waiting = first.dequeueWork("workflow", { limit: 1, wait: LONG });
      await context.elapse(1);

      await context.soon("the stop", first.stop());
      assert.deepEqual(await context.soon("the end of the wait", waiting), []);
      await second.queueWork("x", "workflow");
      await context.elapse(1);

      assert.deepEqual(await idsOf(second), ["x"], "the item is not lost to a wait that was ended");
    },
  },
  {
    name: "starts and stops twice without harm",
    async run(context) {
      const queue = await context.open();

      await queue.stop();
      await queue.start();
      await queue.start();
      await queue.queueWork("x", "workflow");
      await queue.stop();
      await queue.stop();
      await queue.stop();

      await assert.rejects(take(queue), isNotRunning);
    },
  },
  {
    name: "runs until it was stopped as often as started",
    async run(context) {
      const queue = await context.start();
      await queue.start();
      await queue.queueWork("x", "workflow");

      await queue.stop();

      assert.deepEqual(await idsOf(queue), ["x"], "one user is left");
      await queue.stop();
      await assert.rejects(take(queue), isNotRunning);
    },
  },
  {
    name: "starts again after its stop, on the same store",
    async run(context) {
      const [first, second] = await context.startTwo();

      await first.stop();
      await first.start();
      await first.queueWork("x", "workflow");
      assert.deepEqual(await idsOf(second), ["x"], "both see one store");
      const waiting = first.dequeueWork("workflow", { limit: 1, wait: LONG });
      await second.queueWork("y", "workflow");

      assert.equal((await context.soon("waking up", waiting)).length, 1, "it is woken as before");
    },
  },
];
