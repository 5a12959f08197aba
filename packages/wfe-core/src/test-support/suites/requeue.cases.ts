import { assert } from "./assert.ts";
import { idsOf, LONG, type QueueContext, take, takeOne } from "./queue.cases.ts";
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
      const [first, second] = await context.startTwo(); // the end of the visibility time is far, so it is not that which wakes
      await first.queueWork("x", "workflow");
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
  {
    name: "gives an item that comes again behind what has waited meanwhile",
    async run(context) {
      const queue = await context.start();
      for (const id of ["retried", "queued again"]) await queue.queueWork(id, "workflow");
      const [retried, again] = await take(queue, 2);
      await queue.queueWork("meanwhile", "workflow");
      await queue.queueWork("queued again", "workflow");

      await retried?.retry(0);
      await again?.ack();

      const [first, ...others] = await idsOf(queue);
      assert.equal(first, "meanwhile", "it has waited longest");
      assert.deepEqual(new Set(others), new Set(["retried", "queued again"]));
    },
  },
  {
    name: "has an entry like any other in what an ack or a retry leaves for later",
    async run(context) {
      const [first, second] = await context.startTwo();
      await first.queueWork("x", "workflow");
      const acked = await takeOne(first);
      await second.queueWork("x", "workflow", { delay: 4 * context.unitMs });
      await acked.ack();
      await acked.ack(); // a second one, which is late
      await context.elapse(5);

      const retried = await takeOne(second);
      await retried.retry(4 * context.unitMs);
      await retried.ack(); // it has ended already
      await context.elapse(5);

      const again = await takeOne(first);
      await second.queueWork("x", "workflow", { delay: LONG });
      await again.ack();
      await first.queueWork("x", "workflow");
      await (await takeOne(second)).ack();

      assert.deepEqual(await idsOf(first), [], "it was pulled forward, there is one");
    },
  },
];
