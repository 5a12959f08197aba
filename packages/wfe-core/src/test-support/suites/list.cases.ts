import { assert } from "./assert.ts";
import type { WorkflowFilter } from "../../models/workflow-filter.ts";
import type { WorkflowStatus } from "../../models/workflow-status.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import { instant } from "../fixtures.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, create, recordOf } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** Which instances a filter finds. */
export const LIST_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "lists instances as they are stored, without their pointers",
    async run(context) {
      const [first, second] = await context.startTwo();
      const parent = { workflowId: "p", pointerId: "1", depth: 1 };
      await create(first, "w", { reference: "r", description: "d", parent, rootWorkflowId: "p" });
      await commit(first, "c1", { status: "complete", error: '"e"', completedAt: instant(5), dueAt: instant(4) });

      const { pointers: _pointers, ...row } = await recordOf(first);
      assert.deepEqual(await second.listWorkflows({}, {}), { items: [row] });
    },
  },
  {
    name: "lists and counts nothing in an empty store",
    async run(context) {
      const provider = await context.start();

      assert.deepEqual(await provider.listWorkflows({}, {}), { items: [] });
      assert.equal(await provider.countWorkflows({}), 0);
    },
  },
  {
    name: "filters by one status and by several",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const status of ["runnable", "suspended", "complete", "terminated"] satisfies WorkflowStatus[]) {
        await create(first, status);
        await commit(first, "c1", { workflowId: status, status });
      }

      await assertFinds(second, { status: "complete" }, ["complete"]);
      await assertFinds(second, { status: ["terminated"] }, ["terminated"]);
      await assertFinds(second, { status: ["runnable", "suspended"] }, ["runnable", "suspended"]);
      await assertFinds(second, { status: [] }, []);
    },
  },
  {
    name: "filters by definition and version",
    async run(context) {
      const [first, second] = await context.startTwo();
      await create(first, "a1", { definitionId: "a" });
      await create(first, "a2", { definitionId: "a", version: 2, fingerprint: "0".repeat(64) });
      await create(first, "a2 too", { definitionId: "a", version: 2 });
      await create(first, "b2", { definitionId: "b", version: 2 });

      await assertFinds(second, { definitionId: "a" }, ["a1", "a2", "a2 too"]);
      await assertFinds(second, { version: 2 }, ["a2", "a2 too", "b2"]);
      await assertFinds(second, { definitionId: "a", version: 2 }, ["a2", "a2 too"]);
      await assertFinds(second, { definitionId: "A" }, []);
    },
  },
  {
    name: "filters by name and reference, compared exactly",
    async run(context) {
      const [first, second] = await context.startTwo();
      await create(first, "a", { name: "n", reference: "order 7" });
      await create(first, "b", { name: "N", reference: "order 7" });
      await create(first, "c", { name: "n%", reference: "Order 7" });
      await create(first, "d", { name: "order 7" });

      await assertFinds(second, { name: "n" }, ["a"]);
      await assertFinds(second, { name: "n%" }, ["c"]);
      await assertFinds(second, { reference: "order 7" }, ["a", "b"]);
      await assertFinds(second, { reference: "order _" }, []);
      await assertFinds(second, { reference: "" }, []);
    },
  },
  {
    name: "filters by creation, at or after and strictly before",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const ms of [-1, 0, 1, 2]) await create(first, `at ${ms}`, { createdAt: instant(ms) });

      await assertFinds(second, { createdAfter: instant() }, ["at 0", "at 1", "at 2"]);
      await assertFinds(second, { createdBefore: instant() }, ["at -1"]);
      await assertFinds(second, { createdAfter: instant(0), createdBefore: instant(2) }, ["at 0", "at 1"]);
      await assertFinds(second, { createdAfter: instant(2), createdBefore: instant(2) }, []);
    },
  },
  {
    name: "filters by the end, strictly before, and finds none that is not over",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const ms of [-1, 0, 1]) {
        await create(first, `at ${ms}`);
        await commit(first, "c1", { workflowId: `at ${ms}`, status: "complete", completedAt: instant(ms) });
      }
      await create(first, "terminated");
      await first.command("terminated", "terminate", instant(-5));
      await create(first, "runnable");

      await assertFinds(second, { completedBefore: instant() }, ["at -1", "terminated"]);
      await assertFinds(second, { completedBefore: instant(1e9) }, ["at -1", "at 0", "at 1", "terminated"]);
    },
  },
  {
    name: "filters by whether there is an error",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const id of ["sound", "broken", "mended"]) await create(first, id);
      await commit(first, "c1", { workflowId: "broken", error: '{"code":"X"}' });
      await commit(first, "c1", { workflowId: "mended", error: '{"code":"X"}' });
      await commit(first, "c2", { workflowId: "mended" });

      await assertFinds(second, { hasError: true }, ["broken"]);
      await assertFinds(second, { hasError: false }, ["mended", "sound"]);
    },
  },
  {
    name: "filters data by scalars, type included",
    async run(context) {
      const [first, second] = await context.startTwo();
      const values = { number: "1", text: '"1"', yes: "true", word: '"true"', nothing: "null", nil: '"null"', empty: '""', zero: "0", half: "0.5" };
      for (const [id, value] of Object.entries(values)) await create(first, id, { data: `{"x":${value}}` });
      await create(first, "none", { data: '{"y":1}' });
      await create(first, "object", { data: '{"x":{"x":1}}' });
      await create(first, "list", { data: '{"x":[1]}' });

      const wanted = { number: 1, text: "1", yes: true, word: "true", nothing: null, nil: "null", empty: "", zero: 0, half: 0.5 };
      for (const [id, x] of Object.entries(wanted)) await assertFinds(second, { data: { x } }, [id]);
      await assertFinds(second, { data: { x: false } }, []);
      await assertFinds(second, { data: { x: "[1]" } }, []);
      await assertFinds(second, { data: { "x.length": 1 } }, []);
    },
  },
  {
    name: "filters data by the value of a number, however it is written",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const [id, value] of Object.entries({ a: "100", b: "1e2", c: "100.0", d: "100.5", e: '"100"' }))
        await create(first, id, { data: `{"x":${value}}` });

      await assertFinds(second, { data: { x: 100 } }, ["a", "b", "c"]);
    },
  },
  {
    name: "filters data at dotted paths, and finds none where the path is missing",
    async run(context) {
      const [first, second] = await context.startTwo();
      await create(first, "deep", { data: '{"order":{"customer":{"name":"Ann"}},"total":1}' });
      await create(first, "other", { data: '{"order":{"customer":{"name":"Bob"}},"total":1}' });
      await create(first, "shallow", { data: '{"order":"Ann","name":"Ann","total":1}' });
      await create(first, "null", { data: '{"order":null,"total":1}' });
      await create(first, "scalar", { data: "5" });
      await create(first, "nothing", { data: "null" });
      await create(first, "not JSON", { data: "{order: cipher text" });

      await assertFinds(second, { data: { "order.customer.name": "Ann" } }, ["deep"]);
      await assertFinds(second, { data: { "order.customer.name": "Bob", total: 1 } }, ["other"]);
      await assertFinds(second, { data: { "order.customer.name": "Bob", total: 2 } }, []);
      await assertFinds(second, { data: { "order.customer.missing": null } }, []);
      await assertFinds(second, { data: { "order.customer": "Ann" } }, []);
      await assertFinds(second, { data: { order: null } }, ["null"]);
      await assertFinds(second, { data: { missing: null } }, []);
    },
  },
  {
    name: "filters data by keys and texts of any kind",
    async run(context) {
      const [first, second] = await context.startTwo();
      const keys = ["it's", 'a "b"', "$", "ü", "a b", "a\\b", "[0]", "{}", "%", "constructor", "toString", "__proto__"];
      for (const key of keys) {
        await create(first, key, { data: `{${JSON.stringify(key)}:${JSON.stringify(`value of ${key}`)}}` });
      }

      for (const key of keys) {
        const data = Object.fromEntries([[key, `value of ${key}`]]);
        await assertFinds(second, { data }, [key]);
      }
      await create(first, "text", { data: '"x"' });
      await assertFinds(second, { data: { length: 1 } }, []);
    },
  },
  {
    name: "finds what every field of a filter says",
    async run(context) {
      const [first, second] = await context.startTwo();
      const filter = {
        status: "complete",
        definitionId: "d",
        version: 3,
        name: "the one",
        reference: "r",
        createdAfter: instant(),
        createdBefore: instant(1),
        completedBefore: instant(10),
        hasError: true,
        data: { x: 1 },
      } satisfies WorkflowFilter;
      const others: WorkflowFilter = {
        status: "suspended",
        definitionId: "e",
        version: 4,
        name: "another",
        reference: "s",
        createdAfter: instant(1),
        createdBefore: instant(),
        completedBefore: instant(9),
        hasError: false,
        data: { x: 2 },
      };
      await create(first, "w", { definitionId: "d", version: 3, name: "the one", reference: "r" });
      await commit(first, "c1", { status: "complete", completedAt: instant(9), error: '"e"', data: '{"x":1}' });
      await create(first, "x");

      await assertFinds(second, filter, ["w"]);
      for (const [field, other] of Object.entries(others)) await assertFinds(second, { ...filter, [field]: other }, []);
    },
  },
];

/** That a filter finds these instances, and counts them. */
async function assertFinds(provider: PersistenceProvider, filter: WorkflowFilter, ids: readonly string[]): Promise<void> {
  const { items } = await provider.listWorkflows(filter, {});
  const shown = JSON.stringify(filter);
  assert.deepEqual(items.map(({ id }) => id).toSorted(), ids.toSorted(), `found by ${shown}`);
  assert.equal(await provider.countWorkflows(filter), ids.length, `counted by ${shown}`);
}
