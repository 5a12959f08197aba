import { assert } from "./assert.ts";
import { idsOf, LONG, type QueueContext } from "./queue.cases.ts";
import type { SuiteCase } from "./suite-case.ts";

/** Waiting for the first item. */
export const WAITING_CASES: readonly SuiteCase<QueueContext>[] = [
  {
    name: "waits for the first item and is woken by its queueing",
    async run(context) {
      const queue = await context.start();
      const waiting = queue.dequeueWork("workflow", { limit: 5, wait: LONG });
      await context.elapse(1);

      await queue.queueWork("x", "workflow");
      const items = await context.soon("waking up", waiting);

      assert.deepEqual(
        items.map((item) => item.id),
        ["x"],
      );
    },
  },
  {
    name: "is woken by a queueing through another instance",
    async run(context) {
      const [first, second] = await context.startTwo();
      const waiting = first.dequeueWork("workflow", { limit: 5, wait: LONG });
      await context.elapse(1);

      await second.queueWork("x", "workflow");
      const items = await context.soon("waking up", waiting);

      assert.deepEqual(
        items.map((item) => item.id),
        ["x"],
      );
    },
  },
  {
    name: "is woken when a delayed item comes due",
    async run(context) {
      const [first, second] = await context.startTwo();
      await second.queueWork("x", "workflow", { delay: 6 * context.unitMs });
      const waiting = first.dequeueWork("workflow", { limit: 5, wait: LONG });
      await context.elapse(7);

      const items = await context.soon("waking up", waiting);

      assert.deepEqual(
        items.map((item) => item.id),
        ["x"],
      );
    },
  },
  {
    name: "is not woken by another type of work",
    async run(context) {
      const queue = await context.start();
      const waiting = queue.dequeueWork("workflow", { limit: 5, wait: 6 * context.unitMs });
      await context.elapse(1);

      await queue.queueWork("x", "event");
      const items = await context.soon("the end of the wait", waiting);

      assert.deepEqual(items, []);
      assert.deepEqual(await idsOf(queue, "event"), ["x"], "the item is where it belongs");
    },
  },
  {
    name: "ends a wait with nothing when its time is over, and takes nothing after",
    async run(context) {
      const queue = await context.start();

      const waiting = queue.dequeueWork("workflow", { limit: 5, wait: 4 * context.unitMs });
      await context.elapse(5);
      assert.deepEqual(await context.soon("the end of the wait", waiting), []);
      await queue.queueWork("x", "workflow");
      await context.elapse(1);

      assert.deepEqual(await idsOf(queue), ["x"], "the item is not lost to a wait that is over");
    },
  },
  {
    name: "waits as long as it was told to",
    async run(context) {
      const queue = await context.start();
      let over = false;
      const waiting = queue.dequeueWork("workflow", { limit: 5, wait: 10 * context.unitMs }).then((items) => {
        over = true;
        return items;
      });

      await context.elapse(5);
      assert.equal(over, false, "half of the time is left");
      await context.elapse(6);

      assert.deepEqual(await context.soon("the end of the wait", waiting), []);
    },
  },
  {
    name: "ends a wait with nothing when its signal aborts, and takes nothing after",
    async run(context) {
      const queue = await context.start();
      const stop = new AbortController();
      const waiting = queue.dequeueWork("workflow", { limit: 5, wait: LONG, signal: stop.signal });
      await context.elapse(1);

      stop.abort();
      assert.deepEqual(await context.soon("the end of the wait", waiting), []);
      await queue.queueWork("x", "workflow");
      await context.elapse(1);

      assert.deepEqual(await idsOf(queue), ["x"], "the item is not lost to a wait that was ended");
    },
  },
  {
    name: "does not wait, nor reject, when its signal has aborted before",
    async run(context) {
      const queue = await context.start();

      const waiting = queue.dequeueWork("workflow", { limit: 5, wait: LONG, signal: AbortSignal.abort() });

      await assert.doesNotReject(context.soon("the end of the wait", waiting));
      assert.deepEqual(await waiting, []);
    },
  },
  {
    name: "takes no more than asked for when several items come due at once",
    async run(context) {
      const [first, second] = await context.startTwo();
      const waiting = first.dequeueWork("workflow", { limit: 2, wait: LONG });
      await Promise.all(["a", "b", "c"].map((id) => second.queueWork(id, "workflow", { delay: 4 * context.unitMs })));
      await context.elapse(5);

      const taken = (await context.soon("waking up", waiting)).map((item) => item.id);

      assert.ok(taken.length >= 1 && taken.length <= 2, `it asked for 2, and got ${taken.length}`);
      assert.deepEqual([...taken, ...(await idsOf(second))].sort(), ["a", "b", "c"], "the others are there for others");
    },
  },
];
