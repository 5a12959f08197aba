import { assert } from "./assert.ts";
import type { PageRequest, WorkflowFilter } from "../../models/workflow-filter.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import { instant } from "../fixtures.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, create } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

const LONG = "x".repeat(5_000);

/** Values at the path `x`, as JSON has them, which databases write, compare or refuse in ways of their own. */
const VALUES: Readonly<Record<string, string>> = {
  nul: '"a\\u0000b"',
  "nul and more": '"a\\u0000c"',
  half: '"\\ud83d"',
  "other half": '"\\ude00"',
  mark: '"\\ufffd"',
  emoji: '"\\ud83d\\ude00"',
  long: `"${LONG}a"`,
  "as long": `"${LONG}b"`,
  "ends like a number": '"1.0"',
  "a mark of our own": '"?"',
  tenth: "0.1",
  sum: "0.30000000000000004",
  third: "0.3",
  nought: "0",
  "minus nought": "-0.0",
  large: "9007199254740992",
  "as large": "9007199254740993",
  larger: "9007199254740994",
  largest: "1.7976931348623157e308",
  "too large": "1e999",
  least: "5e-324",
  "too small": "1e-999",
  spaced: " \n1\t",
  deep: `1,"deep":${"[".repeat(2_000)}${"]".repeat(2_000)}`,
  "beside a nul": '1,"note":"\\u0000"',
  "beside a half": '1,"note":"\\ud83d"',
};

/** Pages while others work, cursors that are given to the wrong listing, and values that are hard to find. */
export const FINDING_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "gives each instance that was there all the time once, whatever is created, changed and removed between its pages",
    async run(context) {
      const [first, second] = await context.startTwo();
      const stays = Array.from({ length: 12 }, (_, index) => `stays ${index}`);
      const goes = Array.from({ length: 12 }, (_, index) => `goes ${index}`);
      for (const [index, id] of stays.entries()) await create(first, id, { createdAt: instant(index) });
      for (const [index, id] of goes.entries()) await create(first, id, { createdAt: instant(index) });

      const listed: string[] = [];
      let next: PageRequest | undefined = { limit: 3 };
      while (next !== undefined) {
        const { items, cursor }: Awaited<ReturnType<PersistenceProvider["listWorkflows"]>> = await second.listWorkflows({}, next);
        listed.push(...items.map(({ id }) => id));
        next = cursor === undefined ? undefined : { limit: 3, cursor };
        const id = goes.pop();
        if (id !== undefined) {
          await Promise.all([
            create(first, `new before ${id}`, { createdAt: instant(100) }),
            create(first, `new among ${id}`, { createdAt: instant(6) }),
            commit(first, `changes before ${id}`, { workflowId: "stays 3", status: goes.length % 2 === 0 ? "suspended" : "runnable" }),
          ]);
          await first.command(id, "terminate", instant());
          await second.deleteWorkflows([id]);
        }
      }

      assert.deepEqual(listed.filter((id) => id.startsWith("stays")).toSorted(), stays.toSorted(), "each of those that stayed is listed once");
      assert.equal(new Set(listed).size, listed.length, "nothing is listed twice");
    },
  },
  {
    name: "refuses the cursor of another filter",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const id of ["a", "b", "c"]) await create(first, id, { reference: "r", data: '{"x":1}' });
      const filter = { status: "runnable", reference: "r", data: { x: 1 } } satisfies WorkflowFilter;
      const { cursor = "" } = await first.listWorkflows(filter, { limit: 1 });
      const others: readonly WorkflowFilter[] = [
        {},
        { status: "runnable", reference: "r" },
        { ...filter, status: ["runnable", "complete"] },
        { ...filter, reference: "s" },
        { ...filter, createdAfter: instant(-1) },
        { ...filter, data: { x: "1" } },
        { ...filter, data: { y: 1 } },
      ];

      for (const other of others) await assert.rejects(second.listWorkflows(other, { limit: 1, cursor }), RangeError, JSON.stringify(other));
      const { items } = await second.listWorkflows(filter, { limit: 2, cursor });
      assert.deepEqual(
        items.map(({ id }) => id),
        ["b", "a"],
      );
    },
  },
  {
    name: "takes the cursor of a filter that says the same in another way",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const id of ["a", "b"]) await create(first, id, { reference: "r", data: '{"x":1,"y":2}' });
      const { cursor = "" } = await first.listWorkflows({ status: ["runnable", "complete"], reference: "r", data: { x: 1, y: 2 } }, { limit: 1 });

      const filter = { data: { y: 2, x: 1 }, reference: "r", status: ["complete", "runnable", "complete"] } satisfies WorkflowFilter;
      const ids = await second.listWorkflows(filter, { limit: 5, cursor }).then(({ items }) => items.map(({ id }) => id), String);

      assert.deepEqual(ids, ["a"]);
    },
  },
  {
    name: "refuses a filter with a field that it does not know",
    async run(context) {
      const provider = await context.start();
      await create(provider, "w");
      const misspelled: object = { state: "complete" };

      await assert.rejects(provider.listWorkflows(misspelled, {}), TypeError, "listed");
      await assert.rejects(provider.countWorkflows(misspelled), TypeError, "counted");
    },
  },
  {
    name: "filters data by values that databases write in another way",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const [id, value] of Object.entries(VALUES)) await create(first, id, { data: `{"x":${value}}` });
      await create(first, "no JSON", { data: "\u0001{" });

      const found = async (x: string | number): Promise<readonly string[]> =>
        (await second.listWorkflows({ data: { x } }, {})).items.map(({ id }) => id).toSorted();

      for (const id of ["nul", "nul and more", "half", "other half", "mark", "emoji", "long", "as long", "ends like a number", "a mark of our own"])
        assert.deepEqual(await found(JSON.parse(VALUES[id] ?? "") as string), [id], id);
      assert.deepEqual(await found(0.1), ["tenth"]);
      assert.deepEqual(await found(0.1 + 0.2), ["sum"]);
      assert.deepEqual(await found(0.3), ["third"]);
      for (const nought of [0, -0]) assert.deepEqual(await found(nought), ["minus nought", "nought", "too small"]);
      assert.deepEqual(await found(2 ** 53), ["as large", "large"]);
      assert.deepEqual(await found(2 ** 53 + 2), ["larger"]);
      assert.deepEqual(await found(Number.MAX_VALUE), ["largest"]);
      assert.deepEqual(await found(Number.MIN_VALUE), ["least"]);
      assert.deepEqual(await found(1), ["beside a half", "beside a nul", "deep", "spaced"]);
    },
  },
  {
    name: "finds what has ended, the earliest first",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const [id, ms] of Object.entries({ third: 3, first: -1, limit: 9, second: 2 })) {
        await create(first, id);
        await commit(first, "c1", { workflowId: id, status: "complete", completedAt: instant(ms) });
      }
      await create(first, "terminated");
      await first.command("terminated", "terminate", instant(1));
      await create(first, "runs");

      assert.deepEqual(await second.getEndedWorkflows({ status: "complete", before: instant(9) }, 10), ["first", "second", "third"]);
      assert.deepEqual(await second.getEndedWorkflows({ status: "complete", before: instant(10) }, 2), ["first", "second"]);
      assert.deepEqual(await second.getEndedWorkflows({ status: "terminated", before: instant(2) }, 10), ["terminated"]);
      assert.deepEqual(await second.getEndedWorkflows({ status: "terminated", before: instant(1) }, 10), []);
    },
  },
  {
    name: "deletes of those that have ended the ones that are still meant",
    async run(context) {
      const [first, second] = await context.startTwo();
      const ids = ["ended", "ends again", "runs again", "completes", "ended late"];
      for (const id of ids) {
        await create(first, id);
        await first.command(id, "terminate", instant(id === "ended late" ? 5 : 0));
      }
      const only = { status: "terminated", before: instant(5) } as const;
      const found = await second.getEndedWorkflows(only, 10);
      for (const id of ["ends again", "runs again", "completes"])
        assert.equal(await first.command(id, "retry", instant(1), { revision: 0 }), true, `${id} is retried`);
      await first.command("ends again", "terminate", instant(6));
      await commit(first, "c1", { workflowId: "completes", status: "complete", completedAt: instant(2) });

      const deleted = await second.deleteWorkflows([...found, "ended late", "missing"], only);

      assert.deepEqual(found.toSorted(), ["completes", "ended", "ends again", "runs again"]);
      assert.equal(deleted, 1);
      const { items } = await first.listWorkflows({}, {});
      assert.deepEqual(items.map(({ id }) => id).toSorted(), ["completes", "ended late", "ends again", "runs again"]);
    },
  },
];
