import { assert } from "./assert.ts";
import { idsOf, LONG, type QueueContext, take, takeOne } from "./queue.cases.ts";
import type { SuiteCase } from "./suite-case.ts";

/** Several consumers on one queue. */
export const COMPETITION_CASES: readonly SuiteCase<QueueContext>[] = [
  {
    name: "gives each item to one of those who take at the same moment",
    async run(context) {
      const [first, second] = await context.startTwo();
      const ids = Array.from({ length: 60 }, (_, index) => `id ${index}`);
      for (const id of ids) await first.queueWork(id, "workflow");

      const given: string[] = [];
      for (let taken = 1; taken > 0; ) {
        const answers = await Promise.all([first, second, first, second].map((queue) => take(queue, 4)));
        const items = answers.flat();
        given.push(...items.map((item) => item.id));
        await Promise.all(items.map((item) => item.ack()));
        taken = items.length;
      }

      assert.deepEqual(given.sort(), ids.sort(), "each is given once");
    },
  },
  {
    name: "hides an item that is being worked on",
    async run(context) {
      const [first, second] = await context.startTwo();
      await first.queueWork("x", "workflow");
      await takeOne(first);

      assert.deepEqual(await idsOf(second), [], "hidden from the other instance");
      assert.deepEqual(await idsOf(first), [], "hidden from the instance that took it");
    },
  },
  {
    name: "gives each item to one of those who wait",
    async run(context) {
      const [first, second] = await context.startTwo();
      const waits = [first, second, first, second].map((queue) => queue.dequeueWork("workflow", { limit: 1, wait: 30 * context.unitMs }));
      await context.elapse(1);

      await Promise.all([first.queueWork("a", "workflow"), second.queueWork("b", "workflow")]);
      await context.elapse(30);
      const answers = await context.soon("the end of all waits", Promise.all(waits));

      const given = answers.flat().map((item) => item.id);
      assert.deepEqual(given.sort(), ["a", "b"], "each is given once, and those who got nothing end their wait");
    },
  },
  {
    name: "wakes as many of those who wait as there are items",
    async run(context) {
      const [first, second] = await context.startTwo();
      const waits = [first, second, first].map((queue) => queue.dequeueWork("workflow", { limit: 1, wait: LONG }));
      await context.elapse(1);

      for (const id of ["a", "b", "c"]) await first.queueWork(id, "workflow");
      const answers = await context.soon("waking up all three", Promise.all(waits));

      assert.deepEqual(
        answers
          .flat()
          .map((item) => item.id)
          .sort(),
        ["a", "b", "c"],
      );
    },
  },
  {
    name: "loses no queueing to an ack at the same moment",
    async run(context) {
      const [first, second] = await context.startTwo();
      await first.queueWork("x", "workflow");

      for (let round = 0; round < 20; round += 1) {
        const item = await takeOne(round % 2 === 0 ? first : second);
        // Before, at or after the ack: in each order the id has to wait once more.
        await Promise.all(round % 4 < 2 ? [second.queueWork("x", "workflow"), item.ack()] : [item.ack(), first.queueWork("x", "workflow")]);
      }

      await (await takeOne(first)).ack();
      assert.deepEqual(await idsOf(second), [], "twenty rounds leave one entry");
    },
  },
  {
    name: "loses no item to a wait that ends at the moment of its queueing",
    async run(context) {
      const [first, second] = await context.startTwo();

      for (let round = 0; round < 24; round += 1) {
        const stop = new AbortController();
        const waiting = first.dequeueWork("workflow", { limit: 1, wait: LONG, signal: stop.signal });
        await context.elapse(0);
        const queueing = (round % 2 === 0 ? first : second).queueWork("x", "workflow");
        // Before, with and after the end of the queueing, by so many turns.
        const ending = round % 3 === 0 ? Promise.resolve() : queueing;
        await ending;
        for (let turn = 0; turn < round >> 2; turn += 1) await Promise.resolve();
        stop.abort();
        await queueing;

        const [item] = await context.soon("the end of the wait", waiting);
        if (item === undefined) await (await takeOne(second)).ack();
        else await item.ack();
        assert.deepEqual(await idsOf(second), [], `round ${round}: it was given once`);
      }
    },
  },
];
