import { assert } from "./assert.ts";
import type { QueueProvider } from "../../traits/queue-provider.ts";
import { idsOf, LONG, type QueueContext, take, takeOne } from "./queue.cases.ts";
import type { SuiteCase } from "./suite-case.ts";

/** Visibility time of what {@link withX} opens. */
export const VISIBLE_AFTER_UNITS = 10;

/** Two instances whose items come back after 10 units, with `x` queued. */
export async function withX(context: QueueContext): Promise<readonly [QueueProvider, QueueProvider]> {
  const queues = await context.startTwo({ visibilityMs: VISIBLE_AFTER_UNITS * context.unitMs });
  await queues[0].queueWork("x", "workflow");
  return queues;
}

/** What becomes of an item that was taken: ack, retry, and nothing at all. */
export const REDELIVERY_CASES: readonly SuiteCase<QueueContext>[] = [
  {
    name: "gives an item again that was neither acked nor retried in time",
    async run(context) {
      const [first, second] = await withX(context);
      await takeOne(first);

      await context.elapse(VISIBLE_AFTER_UNITS + 1);

      await takeOne(second);
    },
  },
  {
    name: "gives an item again whose taker has stopped",
    async run(context) {
      const [first, second] = await withX(context);
      await takeOne(first);

      await first.stop();
      await context.elapse(VISIBLE_AFTER_UNITS + 1);

      await takeOne(second);
    },
  },
  {
    name: "gives an item again and again until it is acked",
    async run(context) {
      const [first, second] = await withX(context);

      for (let turn = 0; turn < 3; turn += 1) {
        await takeOne(turn % 2 === 0 ? first : second);
        await context.elapse(VISIBLE_AFTER_UNITS + 1);
      }
      await (await takeOne(first)).ack();
      await context.elapse(VISIBLE_AFTER_UNITS + 1);

      assert.deepEqual(await idsOf(second), []);
    },
  },
  {
    name: "does not give an item again before its visibility time is over",
    async run(context) {
      const [first, second] = await withX(context);
      await takeOne(first);

      await context.elapse(6);

      assert.deepEqual(await idsOf(second), [], "its taker has time left");
    },
  },
  {
    name: "does not give an acked item again",
    async run(context) {
      const [first, second] = await withX(context);

      await (await takeOne(first)).ack();
      assert.deepEqual(await idsOf(second), [], "not at once");
      await context.elapse(VISIBLE_AFTER_UNITS + 1);

      assert.deepEqual(await idsOf(second), [], "not when the visibility time would be over");
    },
  },
  {
    name: "acks each item of a batch for itself",
    async run(context) {
      const [first, second] = await context.startTwo({ visibilityMs: VISIBLE_AFTER_UNITS * context.unitMs });
      for (const id of ["a", "b", "c"]) await first.queueWork(id, "workflow");
      const items = await take(first, 3);

      await items[1]?.ack();
      await context.elapse(VISIBLE_AFTER_UNITS + 1);

      assert.deepEqual([...(await idsOf(second))].sort(), ["a", "c"]);
    },
  },
  {
    name: "wakes who waits when an item comes back",
    async run(context) {
      const [first, second] = await withX(context);
      await takeOne(first);
      const waiting = second.dequeueWork("workflow", { limit: 1, wait: LONG });

      await context.elapse(VISIBLE_AFTER_UNITS + 1);
      const items = await context.soon("waking up", waiting);

      assert.deepEqual(
        items.map((item) => item.id),
        ["x"],
      );
    },
  },
  {
    name: "ignores a late ack of an item that nobody has taken again",
    async run(context) {
      const [first, second] = await withX(context);
      const late = await takeOne(first);
      await context.elapse(VISIBLE_AFTER_UNITS + 1);

      await late.ack();

      await takeOne(second);
    },
  },
  {
    name: "ignores a late ack of an item that another works on",
    async run(context) {
      const [first, second] = await withX(context);
      const late = await takeOne(first);
      await context.elapse(VISIBLE_AFTER_UNITS + 1);
      await takeOne(second);

      await late.ack();
      await context.elapse(VISIBLE_AFTER_UNITS + 1);

      await takeOne(first);
    },
  },
  {
    name: "ignores a late retry",
    async run(context) {
      const [first, second] = await withX(context);
      const late = await takeOne(first);
      await context.elapse(VISIBLE_AFTER_UNITS + 1);
      const current = await takeOne(second);

      await late.retry(0);
      assert.deepEqual(await idsOf(first), [], "it does not take the item from who works on it");
      await current.ack();

      assert.deepEqual(await idsOf(first), [], "it leaves nothing behind");
    },
  },
  {
    name: "ignores a second ack",
    async run(context) {
      const [first, second] = await withX(context);
      const item = await takeOne(first);
      await item.ack();
      await first.queueWork("x", "workflow");

      await item.ack();
      const again = await takeOne(second);
      await item.ack();
      await item.retry(0);

      assert.deepEqual(await idsOf(first), [], "the work of now is not disturbed");
      await again.retry(0);
      await takeOne(first);
    },
  },
  {
    name: "gives a retried item again after the delay, not before",
    async run(context) {
      const [first, second] = await withX(context);

      await (await takeOne(first)).retry(6 * context.unitMs);
      assert.deepEqual(await idsOf(second), [], "not at once");
      await context.elapse(3);
      assert.deepEqual(await idsOf(second), [], "half of the delay is left");
      await context.elapse(4);

      await takeOne(second);
    },
  },
  {
    name: "gives an item again at once that is retried without delay",
    async run(context) {
      const [first, second] = await withX(context);

      await (await takeOne(first)).retry(0);

      await (await takeOne(second)).ack();
      assert.deepEqual(await idsOf(first), [], "once");
    },
  },
  {
    name: "keeps a retry beyond the visibility time",
    async run(context) {
      const [first, second] = await withX(context);

      await (await takeOne(first)).retry(2 * VISIBLE_AFTER_UNITS * context.unitMs);
      await context.elapse(VISIBLE_AFTER_UNITS + 2);

      assert.deepEqual(await idsOf(second), [], "the delay decides, not the visibility time of before");
    },
  },
  {
    name: "wakes who waits by a retry",
    async run(context) {
      const [first, second] = await context.startTwo(); // the end of the visibility time is far, so it is not that which wakes
      await first.queueWork("x", "workflow");
      const item = await takeOne(first);
      const waiting = second.dequeueWork("workflow", { limit: 1, wait: LONG });
      await context.elapse(1);

      await item.retry(0);

      assert.equal((await context.soon("waking up", waiting)).length, 1);
    },
  },
  {
    name: "gives an item again that a wait was given and that was neither acked nor retried in time",
    async run(context) {
      const [first, second] = await context.startTwo({ visibilityMs: VISIBLE_AFTER_UNITS * context.unitMs });
      const waiting = first.dequeueWork("workflow", { limit: 1, wait: LONG });
      await context.elapse(1);
      await second.queueWork("x", "workflow");
      assert.equal((await context.soon("waking up", waiting)).length, 1);

      await context.elapse(VISIBLE_AFTER_UNITS + 1);

      await (await takeOne(second)).ack();
    },
  },
];
