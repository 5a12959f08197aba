import type { WorkflowNameTakenError } from "../../errors/workflow-errors.ts";
import { assert } from "./assert.ts";
import { instant, sampleChange, sampleEvent, sampleExecutionError, samplePointer, sampleSubscription, sampleWorkflow } from "../fixtures.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { assertNothingOf, commit, create, fullChange, recordOf, refusalOf, signalsOf, takeCommands, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";
import { isWfeError } from "../../errors/wfe-error.ts";

/** What one commit writes. */
export const COMMIT_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "moves the row as a commit says, and its revision by one",
    async run(context) {
      const [first, second] = await withW(context);
      const before = await recordOf(first);

      const answer = await first.persistWorkflow(
        sampleChange("w", "c1", {
          status: "complete",
          data: '{"total":2}',
          sequence: 9,
          dueAt: instant(10),
          error: '{"code":"X"}',
          completedAt: instant(20),
        }),
        instant(),
      );

      assert.deepEqual(answer, { revision: 1, inboxSeq: 0, pendingDeliveries: [] });
      assert.deepEqual(await recordOf(second), {
        ...before,
        status: "complete",
        data: '{"total":2}',
        sequence: 9,
        dueAt: instant(10),
        error: '{"code":"X"}',
        completedAt: instant(20),
        revision: 1,
        commitId: "c1",
      });
    },
  },
  {
    name: "leaves data as it is when a commit has none",
    async run(context) {
      const [first, second] = await withW(context);
      const { data } = await recordOf(first);

      await commit(first, "c1");
      assert.equal((await recordOf(second)).data, data);
      await commit(first, "c2", { data: "null" });
      await commit(second, "c3");

      assert.equal((await recordOf(first)).data, "null");
    },
  },
  {
    name: "takes error, end and due time away when the next commit has none",
    async run(context) {
      const [first, second] = await withW(context);
      await commit(first, "c1", { error: '"first"', dueAt: instant(1), completedAt: instant(2) });

      await commit(second, "c2", { error: '"second"' });
      const replaced = await recordOf(first);
      await commit(first, "c3");
      const cleared = await recordOf(second);

      assert.equal(replaced.error, '"second"');
      for (const key of ["dueAt", "completedAt"]) assert.ok(!(key in replaced), `${key} is gone`);
      assert.ok(!("error" in cleared), "error is gone");
    },
  },
  {
    name: "counts revisions from commit to commit, whoever sends them",
    async run(context) {
      const providers = await withW(context);

      const revisions: number[] = [];
      for (let turn = 0; turn < 6; turn += 1) revisions.push((await commit(providers[turn % 2] ?? providers[0], `c${turn}`)).revision);

      assert.deepEqual(revisions, [1, 2, 3, 4, 5, 6]);
      assert.deepEqual(await signalsOf(providers[1]), { id: "w", status: "runnable", revision: 6, controlSeq: 0, inboxSeq: 0 });
    },
  },
  {
    name: "adds and replaces pointers by their id, and leaves the others as they are",
    async run(context) {
      const kept = samplePointer({ seq: 2, item: "5" });
      const [first, second] = await withW(context, { pointers: [samplePointer({ stepName: "charge", dueAt: instant(), item: "1" }), kept] });
      const replaced = samplePointer({ stepId: 4, status: "complete", endedAt: instant(3) });
      const added = samplePointer({ seq: 3, predecessorId: "1" });

      await commit(first, "c1", { pointers: [added, replaced] });

      assert.deepEqual((await recordOf(second)).pointers, [replaced, kept, added], "a replaced pointer keeps nothing of what it was");
    },
  },
  {
    name: "lists pointers by seq, whatever their ids and their order of writing",
    async run(context) {
      const [first, second] = await withW(context, { pointers: [] });
      const seqs = [10, 2, 33, 1, 100, 9];

      for (const seq of seqs) await commit(first, `c${seq}`, { pointers: [samplePointer({ seq, id: `${1000 - seq}` })] });
      await commit(second, "again", { pointers: [samplePointer({ seq: 1, id: "999", status: "running" })] });

      const order = seqs.toSorted((a, b) => a - b);
      assert.deepEqual(
        (await recordOf(second)).pointers.map(({ seq }) => seq),
        order,
      );
      assert.deepEqual(
        (await first.loadForPass("w"))?.pointers?.map(({ seq }) => seq),
        order,
      );
    },
  },
  {
    name: "keeps pointers of one id in two instances apart",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "x");

      await commit(first, "c1", { pointers: [samplePointer({ stepName: "of w" })] });
      await commit(second, "c1", { workflowId: "x", pointers: [samplePointer({ stepName: "of x" })] });

      assert.deepEqual((await recordOf(second)).pointers, [samplePointer({ stepName: "of w" })]);
      assert.deepEqual((await recordOf(first, "x")).pointers, [samplePointer({ stepName: "of x" })]);
    },
  },
  {
    name: "stores children whole with the commit of their parent",
    async run(context) {
      const [first, second] = await withW(context);
      const parent = { workflowId: "w", pointerId: "1", depth: 1 };
      const children = ["a", "b"].map((id) =>
        sampleWorkflow(id, { parent, rootWorkflowId: "w", pointers: [samplePointer({ seq: 4, id: `of ${id}`, status: "running" })] }),
      );

      await commit(first, "c1", { children });

      for (const child of children) {
        assert.deepEqual(await recordOf(second, child.id), {
          ...child,
          status: "runnable",
          revision: 0,
          controlSeq: 0,
          inboxSeq: 0,
          sequence: 4,
        });
      }
    },
  },
  {
    name: "leaves a child whose id exists as it is, and applies the rest of the commit",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "child m", { data: '"mine"', name: "first name" });
      await commit(first, "own", { workflowId: "child m", pointers: [samplePointer({ status: "complete" })] });
      const child = await recordOf(first, "child m");
      const change = fullChange("m");

      await second.persistWorkflow({ ...change, children: [...change.children, sampleWorkflow("other child")] }, instant());

      assert.deepEqual(await recordOf(first, "child m"), child);
      assert.equal((await recordOf(first, "other child")).revision, 0);
      assert.equal((await recordOf(first)).data, change.data);
      assert.equal((await first.getSubscription("subscription m"))?.workflowId, "w");
    },
  },
  {
    name: "refuses a commit whole when the name of a child is taken, and takes it with another name",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "x", { name: "taken" });
      const before = await recordOf(first);
      const change = fullChange("m");
      const children = [sampleWorkflow("sibling"), sampleWorkflow("child m", { name: "taken" })];

      const error = await refusalOf(first.persistWorkflow({ ...change, children }, instant()));

      if (!isWfeError(error, "WFE_WORKFLOW_NAME_TAKEN")) throw error;
      await assertNothingOf(second, "m", before);
      assert.equal(await second.getWorkflowInstance("sibling"), undefined);
      await first.persistWorkflow(change, instant());
      assert.equal((await recordOf(second, "child m")).name, "name of child m", "the child is not lost");
    },
  },
  {
    name: "refuses a commit whole when two of its children have one name",
    async run(context) {
      const [first, second] = await withW(context);
      const before = await recordOf(first);
      const change = fullChange("m");
      const children = ["sibling", "child m"].map((id) => sampleWorkflow(id, { name: "one" }));

      const error = await refusalOf(first.persistWorkflow({ ...change, children }, instant()));

      if (!isWfeError(error, "WFE_WORKFLOW_NAME_TAKEN")) throw error;
      assert.equal((error as WorkflowNameTakenError).workflowName, "one"); // its code says so
      await assertNothingOf(second, "m", before);
      assert.equal(await second.getWorkflowInstance("sibling"), undefined);
    },
  },
  {
    name: "refuses a commit whole when a part of it cannot be written",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "x");
      await commit(first, "c1", { workflowId: "x", openSubscriptions: [sampleSubscription("taken")] });
      const before = await recordOf(first);
      const change = fullChange("m");

      const error = await refusalOf(
        first.persistWorkflow({ ...change, openSubscriptions: [...change.openSubscriptions, sampleSubscription("taken")] }, instant()),
      );

      if (!isWfeError(error)) throw error;
      await assertNothingOf(second, "m", before);
      assert.equal((await second.getSubscription("taken"))?.workflowId, "x");
    },
  },
  {
    name: "stores events, commands and errors with the commit",
    async run(context) {
      const [first, second] = await withW(context);
      const events = [sampleEvent("e1", { time: instant(3) }), sampleEvent("e2", { key: "2", eligibleAt: instant(9) })];
      const commands = [{ name: "terminateWorkflow", data: "child", executeAt: instant() }];
      const errors = [sampleExecutionError("w"), sampleExecutionError("w", { attempt: 2 })];

      const { delivered = [] } = await first.persistWorkflow(sampleChange("w", "c1", { events, commands, errors }), instant(5));

      for (const event of events) {
        const { arrival: _arrival, ...stored } = (await second.getEvent(event.id)) ?? assert.fail(`${event.id} is stored`);
        assert.deepEqual(stored, { ...event, delivered: delivered.includes(event.id), storedAt: instant(5) });
      }
      assert.deepEqual(await takeCommands(second), commands);
      assert.deepEqual(await second.getErrors("w"), errors);
    },
  },
  {
    name: "leaves an event whose id is stored as it is, and applies the rest of the commit",
    async run(context) {
      const [first, second] = await withW(context);
      await first.createEvent(sampleEvent("event m", { data: '"mine"' }), instant());
      const change = fullChange("m");

      await second.persistWorkflow(change, instant());

      assert.equal((await first.getEvent("event m"))?.data, '"mine"');
      assert.equal((await recordOf(first)).data, change.data);
    },
  },
  {
    name: "shows all of a commit or nothing of it to those who look meanwhile",
    async run(context) {
      const [first, second] = await withW(context);

      for (let revision = 0; revision < 10; revision += 1) {
        const mark = String(revision + 1);
        const pointers = [samplePointer({ seq: revision + 2 })];
        const change = fullChange(mark, { pointers }, { revision, controlSeq: 0, inboxSeq: 0 });
        const committing = first.persistWorkflow(change, instant());
        const looks = await Promise.all(Array.from({ length: 5 }, async () => await Promise.all([recordOf(second), second.loadForPass("w")])));
        await committing;

        for (const [record, loaded] of looks) {
          const seen = record.revision;
          assert.equal(record.data, seen === 0 ? '{"total":1}' : JSON.stringify({ by: String(seen) }), "data is of the revision that is seen");
          assert.equal(record.pointers.length, seen + 1, "so are the pointers");
          assert.equal(loaded?.pointers?.length, loaded?.row.revision === undefined ? undefined : loaded.row.revision + 1);
        }
      }
    },
  },
  {
    name: "refuses a commit whole that opens two subscriptions of one id",
    async run(context) {
      const [first, second] = await withW(context);
      const before = await recordOf(first);
      const change = fullChange("m");
      const openSubscriptions = [...change.openSubscriptions, sampleSubscription("twice"), sampleSubscription("twice", { key: "2" })];

      const error = await refusalOf(first.persistWorkflow({ ...change, openSubscriptions }, instant()));

      if (!isWfeError(error)) throw error;
      await assertNothingOf(second, "m", before);
      assert.equal(await second.getSubscription("twice"), undefined);
    },
  },
];
