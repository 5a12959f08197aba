import { assert } from "./assert.ts";
import { isNotRunning } from "./not-running.ts";
import { idsOf, LONG, type QueueContext, take, takeOne } from "./queue.cases.ts";
import { VISIBLE_AFTER_UNITS, withX } from "./redelivery.cases.ts";
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
  {
    name: "counts starts at the same moment",
    async run(context) {
      const queue = await context.open();

      await Promise.all([queue.start(), queue.start()]);
      await queue.stop();

      await queue.queueWork("x", "workflow");
      await queue.stop();
      await assert.rejects(take(queue), isNotRunning);
    },
  },
  {
    name: "comes up on an empty store with many others at the same moment",
    async run(context) {
      const queues = await Promise.all(Array.from({ length: 5 }, () => context.open()));

      await Promise.all(queues.map((queue) => queue.start()));
      for (const [index, queue] of queues.entries()) await queue.queueWork(`id ${index}`, "workflow");

      assert.equal((await idsOf(queues[0] ?? (await context.start()))).length, queues.length, "all see one store");
    },
  },
  {
    name: "refuses an ack and a retry after its stop, and gives the item again in time",
    async run(context) {
      const [first, second] = await withX(context);
      const item = await takeOne(first);

      await first.stop();
      await assert.rejects(item.ack(), isNotRunning);
      await assert.rejects(item.retry(0), isNotRunning);
      assert.deepEqual(await idsOf(second), [], "its visibility time is not over");
      await context.elapse(VISIBLE_AFTER_UNITS + 1);

      await takeOne(second);
    },
  },
];
