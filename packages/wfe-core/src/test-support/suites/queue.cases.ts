import { assert } from "./assert.ts";
import type { QueueType } from "../../models/queue-type.ts";
import type { QueueProvider, WorkItem } from "../../traits/queue-provider.ts";
import type { SuiteCase } from "./suite-case.ts";
import type { SuiteContext } from "./suite-context.ts";

/** What a case asks of a queue provider that it opens. */
export interface QueueOpenOptions {
  /** Visibility time of what this instance takes. @default the provider's own default, which has to be 10 seconds or more */
  readonly visibilityMs?: number;
}

/** What a case of the queue suite works with. */
export type QueueContext = SuiteContext<QueueProvider, QueueOpenOptions>;

/** So long that no case sees its end. */
export const LONG = "10m";

/** What is due now. */
export function take(queue: QueueProvider, limit = 100, type: QueueType = "workflow"): Promise<readonly WorkItem[]> {
  return queue.dequeueWork(type, { limit, wait: 0 });
}

/** The ids of what is due now; takes it. */
export async function idsOf(queue: QueueProvider, type: QueueType = "workflow"): Promise<readonly string[]> {
  return (await take(queue, 100, type)).map((item) => item.id);
}

/** Takes the one item that has to be due now. */
export async function takeOne(queue: QueueProvider): Promise<WorkItem> {
  const items = await take(queue);
  assert.deepEqual(
    items.map((item) => item.id),
    ["x"],
    "x is due",
  );
  return items[0] as WorkItem; // there is one: asserted above
}

/** What a queue gives, in which order. */
export const QUEUE_CASES: readonly SuiteCase<QueueContext>[] = [
  {
    name: "gives items in order of queueing",
    async run(context) {
      const queue = await context.start();
      for (const id of ["b", "a", "c"]) await queue.queueWork(id, "workflow");

      const given: string[] = [];
      for (let turn = 0; turn < 3; turn += 1) {
        const [item] = await take(queue, 1);
        assert.ok(item !== undefined, "there is an item");
        given.push(item.id);
        await item.ack();
      }

      assert.deepEqual(given, ["b", "a", "c"]);
    },
  },
  {
    name: "gives nothing when empty, at once when not told to wait",
    async run(context) {
      const queue = await context.start();

      assert.deepEqual(await context.soon("the answer of an empty queue", take(queue)), []);
      assert.deepEqual(await context.soon("the answer of an empty queue", take(queue, 1, "event")), []);
    },
  },
  {
    name: "keeps the types of work apart",
    async run(context) {
      const queue = await context.start();
      await queue.queueWork("w", "workflow");
      await queue.queueWork("e", "event");
      await queue.queueWork("both", "workflow");
      await queue.queueWork("both", "event");

      assert.deepEqual(await idsOf(queue, "event"), ["e", "both"]);
      assert.deepEqual(await idsOf(queue, "workflow"), ["w", "both"]);
    },
  },
  {
    name: "drains many items in order, then gives nothing",
    async run(context) {
      const [first, second] = await context.startTwo();
      const ids = Array.from({ length: 20 }, (_, index) => `id ${(index * 7) % 20}`);
      for (const id of ids) await first.queueWork(id, "workflow");

      const drained: string[] = [];
      for (let items = await take(second, 6); items.length > 0; items = await take(second, 6)) {
        for (const item of items) {
          drained.push(item.id);
          await item.ack();
        }
      }

      assert.deepEqual(drained, ids);
      assert.deepEqual(await idsOf(first), []);
    },
  },
  {
    name: "takes as many as asked for, and what there is when that is less",
    async run(context) {
      const queue = await context.start();
      for (const id of ["a", "b", "c", "d", "e"]) await queue.queueWork(id, "workflow");

      assert.equal((await take(queue, 2)).length, 2);
      assert.equal((await take(queue, 10)).length, 3);
    },
  },
  {
    name: "takes any number of items queued at the same moment, each once",
    async run(context) {
      const [first, second] = await context.startTwo();
      const ids = Array.from({ length: 300 }, (_, index) => `id ${index}`);

      await Promise.all(ids.map((id, index) => (index % 2 === 0 ? first : second).queueWork(id, "workflow")));
      const given: string[] = [];
      for (let items = await take(first); items.length > 0; items = await take(first)) given.push(...items.map((item) => item.id));

      assert.deepEqual(given.sort(), ids.sort());
    },
  },
  {
    name: "keeps ids as they are",
    async run(context) {
      const queue = await context.start();
      const ids = ["a", "A", "a ", " a", "a:b", "{a}", "'\"\\", "%_*", "\u00e9", "e\u0301", "\u{1f355}", "0", "-1", "x".repeat(255)];

      for (const id of ids) await queue.queueWork(id, "workflow");

      assert.deepEqual(await idsOf(queue), ids);
    },
  },
  {
    name: "hides a delayed item until it is due",
    async run(context) {
      const queue = await context.start();
      await queue.queueWork("x", "workflow", { delay: 8 * context.unitMs });

      assert.deepEqual(await idsOf(queue), [], "it was just queued");
      await context.elapse(4);
      assert.deepEqual(await idsOf(queue), [], "half of its delay is over");
      await context.elapse(5);

      assert.deepEqual(await idsOf(queue), ["x"], "its delay is over");
    },
  },
  {
    name: "says of each item how long it had been due when it was given out",
    requires: ["lateness"],
    async run(context) {
      const queue = await context.start({ visibilityMs: 10 * context.unitMs });
      const before = context.now();
      const elapsed = (): number => (context.now() - before) / context.unitMs;
      await queue.queueWork("x", "workflow");
      await queue.queueWork("delayed", "workflow", { delay: 4 * context.unitMs });
      await context.elapse(6);

      const items = await take(queue);

      assert.deepEqual(
        items.map(({ id }) => id),
        ["x", "delayed"],
      );
      const units = ({ lateMs = Number.NaN }: Partial<WorkItem> = {}): number => lateMs / context.unitMs;
      const [x, delayed] = items.map(units) as [number, number]; // as many as ids
      assert.ok(x > 5 && x < elapsed() + 1, `x was due for 6 units: it says ${x}`);
      assert.ok(delayed > 1 && delayed < x - 3, `the delayed one was due for 2 units, 4 less than x: it says ${delayed}`);
      await context.elapse(12);
      const again = units((await take(queue, 1))[0]);
      assert.ok(again >= 0 && again < elapsed() - 15, `it came again for 2 units, since the end of its visibility time: it says ${again}`);
    },
  },
  {
    name: "gives items by due time, whatever order they were queued in",
    async run(context) {
      const queue = await context.start();
      await queue.queueWork("late", "workflow", { delay: 10 * context.unitMs });
      await queue.queueWork("soon", "workflow", { delay: 4 * context.unitMs });
      await queue.queueWork("now", "workflow");
      await context.elapse(11);

      assert.deepEqual(await idsOf(queue), ["now", "soon", "late"]);
    },
  },
  {
    name: "has one entry for an id that is queued many times",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (let turn = 0; turn < 3; turn += 1) {
        await first.queueWork("x", "workflow");
        await second.queueWork("x", "workflow");
      }

      const item = await takeOne(first);
      assert.deepEqual(await idsOf(second), [], "there is one entry");
      await item.ack();

      assert.deepEqual(await idsOf(second), [], "the surplus leaves no copy behind");
    },
  },
  {
    name: "pulls an entry forward to the earlier time",
    async run(context) {
      const queue = await context.start();
      await queue.queueWork("x", "workflow", { delay: 10 * context.unitMs });
      await queue.queueWork("x", "workflow", { delay: 4 * context.unitMs });
      await context.elapse(5);
      await (await takeOne(queue)).ack();

      await context.elapse(7);

      assert.deepEqual(await idsOf(queue), [], "the later time is forgotten");
    },
  },
  {
    name: "pulls a delayed entry forward to now",
    async run(context) {
      const queue = await context.start();
      await queue.queueWork("x", "workflow", { delay: LONG });

      await queue.queueWork("x", "workflow");

      assert.deepEqual(await idsOf(queue), ["x"]);
    },
  },
  {
    name: "does not push an entry back to the later time",
    async run(context) {
      const queue = await context.start();
      await queue.queueWork("x", "workflow");

      await queue.queueWork("x", "workflow", { delay: LONG });

      assert.deepEqual(await idsOf(queue), ["x"]);
    },
  },
  {
    name: "refuses arguments that make no sense",
    async run(context) {
      const queue = await context.start();

      for (const limit of [0, -1, 1.5, Number.NaN]) {
        await assert.rejects(queue.dequeueWork("workflow", { limit, wait: 0 }), RangeError, `a limit of ${limit} is refused`);
      }
      await assert.rejects(queue.dequeueWork("workflow", { limit: 1, wait: -1 }), RangeError);
      await assert.rejects(queue.queueWork("x", "workflow", { delay: -1 }), RangeError);
      await assert.rejects(queue.queueWork("x", "workflow", { delay: "soon" as "1s" }), RangeError);

      assert.deepEqual(await idsOf(queue), [], "what was refused is not queued");
      await queue.queueWork("x", "workflow");
      const item = await takeOne(queue);
      for (const delay of [-1, Number.NaN, "soon" as "1s"]) await assert.rejects(item.retry(delay), RangeError, `a retry after ${delay} is refused`);
      assert.deepEqual(await idsOf(queue), [], "it is still being worked on");
    },
  },
  {
    name: "keeps entries when an instance stops and starts again",
    async run(context) {
      const [first, second] = await context.startTwo();
      await first.queueWork("x", "workflow");
      await first.queueWork("y", "workflow", { delay: 4 * context.unitMs });

      await first.stop();
      assert.deepEqual(await idsOf(second), ["x"], "the other instance has it");
      await context.elapse(5);
      await first.start();

      assert.deepEqual(await idsOf(first), ["y"], "the instance finds it again");
    },
  },
  {
    name: "holds any number of items, and gives each once",
    async run(context) {
      const queue = await context.start();
      const ids = Array.from({ length: 3000 }, (_, index) => `id ${index}`);
      for (let from = 0; from < ids.length; from += 500) await Promise.all(ids.slice(from, from + 500).map((id) => queue.queueWork(id, "workflow")));

      const given: string[] = [];
      for (let items = await take(queue, 1000); items.length > 0; items = await take(queue, 1000)) given.push(...items.map((item) => item.id));

      assert.equal(given.length, ids.length, "however many wait, none is refused or dropped");
      assert.deepEqual(new Set(given), new Set(ids));
    },
  },
];
