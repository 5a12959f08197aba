import assert from "node:assert/strict";
import { idsOf, LONG, type QueueContext, takeOne } from "./queue.cases.ts";
import { VISIBLE_AFTER_UNITS, withX } from "./redelivery.cases.ts";
import type { SuiteCase } from "./suite-case.ts";

/** An id that is queued again while it is being worked on. */
export const REQUEUE_CASES: readonly SuiteCase<QueueContext>[] = [
  {
    name: "keeps an id that is queued while it is being worked on, for after the ack",
    async run(context) {
      const [first, second] = await withX(context);
      const item = await takeOne(first);

      await second.queueWork("x", "workflow");
      await first.queueWork("x", "workflow");
      assert.deepEqual(await idsOf(second), [], "it is still being worked on");
      await item.ack();

      await (await takeOne(second)).ack();
      assert.deepEqual(await idsOf(first), [], "however often it was queued, it is given once more");
    },
  },
  {
    name: "wakes who waits by an ack that leaves an entry",
    async run(context) {
      const [first, second] = await withX(context);
      const item = await takeOne(first);
      await first.queueWork("x", "workflow");
      const waiting = second.dequeueWork("workflow", { limit: 1, wait: LONG });
      await context.elapse(1);

      await item.ack();

      assert.equal((await context.soon("waking up", waiting)).length, 1);
    },
  },
  {
    name: "keeps the delay of an id that is queued while it is being worked on",
    async run(context) {
      const [first, second] = await withX(context);
      const item = await takeOne(first);
      await first.queueWork("x", "workflow", { delay: 6 * context.unitMs });

      await item.ack();
      assert.deepEqual(await idsOf(second), [], "its delay is not over");
      await context.elapse(7);

      await takeOne(second);
    },
  },
  {
    name: "keeps the earliest of the times for which an id is queued while it is being worked on",
    async run(context) {
      const [first, second] = await withX(context);
      const item = await takeOne(first);
      await first.queueWork("x", "workflow", { delay: LONG });
      await second.queueWork("x", "workflow");
      await first.queueWork("x", "workflow", { delay: LONG });

      await item.ack();

      await takeOne(second);
    },
  },
  {
    name: "retries at the time it was queued for meanwhile when that is earlier",
    async run(context) {
      const [first, second] = await withX(context);
      const item = await takeOne(first);
      await second.queueWork("x", "workflow");

      await item.retry(LONG);

      await (await takeOne(second)).ack();
      assert.deepEqual(await idsOf(first), []);
    },
  },
  {
    name: "retries after the delay when it was queued for later meanwhile",
    async run(context) {
      const [first, second] = await withX(context);
      const item = await takeOne(first);
      await second.queueWork("x", "workflow", { delay: LONG });

      await item.retry(0);

      await takeOne(second);
    },
  },
  {
    name: "gives one entry when an id was queued again and then comes back",
    async run(context) {
      const [first, second] = await withX(context);
      await takeOne(first);
      await second.queueWork("x", "workflow");

      await context.elapse(VISIBLE_AFTER_UNITS + 1);
      await (await takeOne(second)).ack();

      assert.deepEqual(await idsOf(first), [], "the queueing is served by what came back");
    },
  },
  {
    name: "does not let a later queueing delay an item that comes back",
    async run(context) {
      const [first, second] = await withX(context);
      await takeOne(first);
      await second.queueWork("x", "workflow", { delay: LONG });

      await context.elapse(VISIBLE_AFTER_UNITS + 1);

      await takeOne(second);
    },
  },
];
