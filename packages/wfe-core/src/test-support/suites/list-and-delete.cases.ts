import { assert } from "./assert.ts";
import type { PageRequest, WorkflowFilter } from "../../models/workflow-filter.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import { instant, sampleEvent, sampleExecutionError, samplePointer, sampleSubscription } from "../fixtures.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, create, LATER, recordOf, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** Order and pages of listings, and the removal of what is over. */
export const LIST_AND_DELETE_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "lists the newest first, and by id what was created at one instant",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const [id, ms] of Object.entries({ b: 0, d: 5, a: 0, c: 0, e: -1 })) await create(first, id, { createdAt: instant(ms) });

      const { items } = await second.listWorkflows({}, {});

      assert.deepEqual(
        items.map(({ id }) => id),
        ["d", "c", "b", "a", "e"],
      );
    },
  },
  {
    name: "gives every instance on one page, whatever their ids and instants",
    async run(context) {
      const [first, second] = await context.startTwo();
      const ids = ["a", "B", "b", "A", "á", "Z", "_", "-", "10", "9", "a b", "ab", "\u{1F600}", "\uffee", "\ud83d"];
      for (const [index, id] of ids.entries()) await create(first, id, { createdAt: instant(Math.floor(index / 5)) });
      const { items } = await first.listWorkflows({}, {});

      for (const limit of [1, 2, 4, 7]) {
        const pages = await pagesOf(second, {}, { limit });

        assert.deepEqual(
          pages.flat(),
          items.map(({ id }) => id),
          `each once, in the order of the whole, with pages of ${limit}`,
        );
        assert.equal(pages.length, Math.ceil(ids.length / limit), "no page is empty, and none but the last is short");
      }
      assert.equal(items.length, ids.length);
    },
  },
  {
    name: "says of the last page that it is the last",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const id of ["a", "b", "c", "d"]) await create(first, id);

      const one = await second.listWorkflows({}, { limit: 2 });
      assert.ok(one.cursor !== undefined, "there is a page after the first");
      const two = await second.listWorkflows({}, { limit: 2, cursor: one.cursor });

      assert.ok(!("cursor" in two), "there is none after the last, which is full");
      assert.ok(!("cursor" in (await second.listWorkflows({}, { limit: 4 }))));
    },
  },
  {
    name: "goes on where a page ended when instances come, go and move between two pages",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const [index, id] of ["f", "e", "d", "c", "b", "a"].entries()) await create(first, id, { createdAt: instant(-index) });

      const one = await second.listWorkflows({}, { limit: 2 });
      await create(first, "newer", { createdAt: instant(5) });
      await create(first, "older", { createdAt: instant(-100) });
      for (const id of ["f", "e"]) {
        await first.command(id, "terminate", instant());
        await first.deleteWorkflows([id]);
      }
      await commit(first, "c1", { workflowId: "c", status: "suspended" });
      assert.ok(one.cursor !== undefined, "there is a page after the first");
      const pages = await pagesOf(second, {}, { limit: 2, cursor: one.cursor });

      assert.deepEqual(
        one.items.map(({ id }) => id),
        ["f", "e"],
      );
      assert.deepEqual(pages.flat(), ["d", "c", "b", "a", "older"]);
    },
  },
  {
    name: "pages through what a filter finds",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (let index = 0; index < 9; index += 1) await create(first, `w${index}`, { reference: index % 2 === 0 ? "even" : "odd", data: '{"x":1}' });

      assert.deepEqual(await pagesOf(second, { reference: "even", data: { x: 1 } }, { limit: 2 }), [["w8", "w6"], ["w4", "w2"], ["w0"]]);
      assert.equal(await second.countWorkflows({ reference: "even" }), 5);
    },
  },
  {
    name: "lists 100 instances a page when not told otherwise",
    async run(context) {
      const [first, second] = await context.startTwo();
      await Promise.all(Array.from({ length: 101 }, (_, index) => create(first, `w${index}`)));

      assert.deepEqual(
        (await pagesOf(second, {}, {})).map((page) => page.length),
        [100, 1],
      );
      assert.equal((await second.listWorkflows({}, { limit: 1000 })).items.length, 101);
      assert.equal(await second.countWorkflows({}), 101);
    },
  },
  {
    name: "refuses limits and cursors that make no sense",
    async run(context) {
      const provider = await context.start();
      await create(provider, "w");

      for (const limit of [0, -1, 1.5, 1001, Number.NaN])
        await assert.rejects(provider.listWorkflows({}, { limit }), RangeError, `a limit of ${limit}`);
      for (const cursor of ["", "nonsense", "{}"]) await assert.rejects(provider.listWorkflows({}, { cursor }), RangeError, `the cursor ${cursor}`);
    },
  },
  {
    name: "deletes instances that are over, and leaves others alone",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const status of ["runnable", "suspended", "complete", "terminated"] as const) {
        await create(first, status);
        await commit(first, "c1", { workflowId: status, status });
      }
      await create(first, "unasked");
      await first.command("unasked", "terminate", instant());
      const kept = await Promise.all(["runnable", "suspended", "unasked"].map((id) => recordOf(first, id)));

      const count = await second.deleteWorkflows(["runnable", "complete", "missing", "suspended", "terminated", "complete"]);

      assert.equal(count, 2);
      assert.deepEqual(await first.getWorkflowInstances(["runnable", "suspended", "unasked"]), kept);
      assert.deepEqual(await first.readSignals(["complete", "terminated"]), []);
      assert.equal(await first.getWorkflowInstanceByName("name of complete"), undefined);
      assert.equal(await first.countWorkflows({}), 3);
      assert.equal(await second.deleteWorkflows(["complete"]), 0, "it is gone already");
      assert.equal(await second.deleteWorkflows([]), 0);
    },
  },
  {
    name: "deletes an instance with its pointers, subscriptions and errors, so that its id is free",
    async run(context) {
      const [first, second] = await context.startTwo();
      await create(first, "x");
      // The last one of all: a number that the store has for it may come again.
      await create(first, "w", { pointers: [samplePointer(), samplePointer({ seq: 2, id: "old" })] });
      for (const workflowId of ["w", "x"]) {
        await commit(first, "c1", {
          workflowId,
          status: "complete",
          error: '"e"',
          openSubscriptions: [sampleSubscription(`open of ${workflowId}`), sampleSubscription(`given of ${workflowId}`, { key: "2" })],
          errors: [sampleExecutionError(workflowId)],
        });
      }
      const before = await recordOf(first, "x");

      assert.equal(await second.deleteWorkflows(["w"]), 1);
      await create(first, "w", { data: '"new"' });

      const { data, revision, status, error, commitId, pointers } = await recordOf(second);
      assert.deepEqual(
        { data, revision, status, error, commitId },
        { data: '"new"', revision: 0, status: "runnable", error: undefined, commitId: undefined },
      );
      assert.deepEqual(pointers, [samplePointer()]);
      assert.deepEqual(await second.getErrors("w"), []);
      assert.equal(await second.getSubscription("open of w"), undefined);
      assert.deepEqual(
        (await second.getSubscriptions("paid", "1", LATER)).map(({ id }) => id),
        ["open of x"],
        "subscriptions of others stay",
      );
      assert.deepEqual(await recordOf(second, "x"), before, "so does all else of others");
      assert.equal((await second.getErrors("x")).length, 1);
      assert.equal((await commit(second, "c1")).revision, 1, "the new instance knows nothing of commits of the old one");
    },
  },
  {
    name: "forgets with an instance which events it has used",
    async run(context) {
      const [first, second] = await withW(context);
      await first.createEvent(sampleEvent("e"), instant());
      await commit(first, "c1", { openSubscriptions: [sampleSubscription("s")] });
      await commit(first, "c2", { status: "complete", consume: [{ subscriptionId: "s", eventId: "e" }] });
      await second.deleteWorkflows(["w"]);
      assert.ok((await first.getEvent("e")) !== undefined, "the event stays");

      await create(first, "w");
      const answer = await commit(second, "c1", { openSubscriptions: [sampleSubscription("s", { bound: { effectiveDate: instant(-1) } })] });

      assert.deepEqual(
        answer.pendingDeliveries.map(({ eventId }) => eventId),
        ["e"],
      );
    },
  },
  {
    name: "deletes each instance once, whoever deletes at the same moment",
    async run(context) {
      const providers = await context.startTwo();
      const ids = Array.from({ length: 20 }, (_, index) => `w${index}`);
      for (const id of ids) await create(providers[0], id);
      for (const id of ids) await providers[0].command(id, "terminate", instant());

      const counts = await Promise.all(
        Array.from({ length: 6 }, (_, turn) => (providers[turn % 2] ?? providers[0]).deleteWorkflows(turn % 3 === 0 ? ids : ids.toReversed())),
      );

      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        ids.length,
      );
      assert.equal(await providers[1].countWorkflows({}), 0);
    },
  },
];

/** The ids of all pages from a request on. */
async function pagesOf(provider: PersistenceProvider, filter: WorkflowFilter, request: PageRequest): Promise<readonly (readonly string[])[]> {
  const pages: (readonly string[])[] = [];
  let next: PageRequest | undefined = request;
  while (next !== undefined) {
    const { items, cursor }: Awaited<ReturnType<PersistenceProvider["listWorkflows"]>> = await provider.listWorkflows(filter, next);
    pages.push(items.map(({ id }) => id));
    assert.ok(pages.length <= 100, "the pages come to an end");
    next = cursor === undefined ? undefined : { ...request, cursor };
  }
  return pages;
}
