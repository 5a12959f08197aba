import { assert } from "./assert.ts";
import { isWfeError } from "../../errors/wfe-error.ts";
import type { NewWorkflow } from "../../models/workflow-row.ts";
import { instant, SAMPLE_DEFINITION, samplePointer, sampleWorkflow } from "../fixtures.ts";
import { inboxOf, insist, later, open, publish, send, turnOf } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, recordOf, refusalOf, settled, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** That an instance made by the commit of its parent is one like any other. */
export const CHILD_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "gives a child the events that are stored after the commit that made it, and none from before",
    async run(context) {
      const [first, second] = await withW(context);
      await publish(first, "before", { time: instant(9) });
      await commit(second, "c1", { children: [sampleWorkflow("child")] });

      await open(first, "s", { workflowId: "child" });
      assert.deepEqual(await inboxOf(second, "child"), [], "it was stored before the child");
      await send(second, "after", { time: instant(-9) });

      assert.deepEqual(await inboxOf(first, "child"), ["s: after"]);
    },
  },
  {
    name: "makes a child of another definition, which is found by its name and due for its own definition",
    async run(context) {
      const [first, second] = await withW(context);
      const other = { id: "other", version: 7, fingerprint: "0".repeat(64) };
      const child = sampleWorkflow("child", {
        definitionId: other.id,
        version: other.version,
        fingerprint: other.fingerprint,
        inputDigest: "e".repeat(64),
        createdAt: instant(-3),
        dueAt: instant(5),
        reference: "order 7",
        description: "a child",
        parent: { workflowId: "w", pointerId: "1", depth: 1 },
        rootWorkflowId: "w",
        pointers: [samplePointer({ seq: 3 }), samplePointer({ seq: 2, status: "complete" })],
      });
      const claim = (ms: number, definition = other): Promise<readonly string[]> =>
        first.claimDueInstances(instant(ms), { definitions: [definition], limit: 10, claimUntil: instant(100) });

      await commit(first, "c1", { children: [child] });

      const stored = await second.getWorkflowInstanceByName("name of child");
      const counters = { revision: 0, controlSeq: 0, inboxSeq: 0, sequence: 3 };
      assert.deepEqual(stored, { ...child, pointers: child.pointers.toReversed(), status: "runnable", ...counters });
      assert.deepEqual((await second.loadForPass("child"))?.pointers, [child.pointers[0]], "the open one alone");
      assert.deepEqual([await claim(5, SAMPLE_DEFINITION), await claim(4), await claim(5)], [[], [], ["child"]]);
    },
  },
  {
    name: "stores nothing for a child where nothing was given",
    async run(context) {
      const [first, second] = await withW(context, { reference: "of the parent", description: "the parent", rootWorkflowId: "w" });
      const { dueAt: _dueAt, ...child } = sampleWorkflow("child", { pointers: [] });

      await commit(first, "c1", { children: [child], dueAt: instant(5) });

      const counters = { revision: 0, controlSeq: 0, inboxSeq: 0, sequence: 0 };
      assert.deepEqual(await second.getWorkflowInstance("child"), { ...child, status: "runnable", ...counters });
    },
  },
  {
    name: "makes one of a child and an instance that are created under one id at the same moment, of one piece",
    async run(context) {
      const providers = await withW(context);
      const made = (id: string, by: string): NewWorkflow =>
        sampleWorkflow(id, { name: `${id} by ${by}`, data: by, pointers: [samplePointer({ id: by })] });

      for (let round = 0; round < 20; round += 1) {
        const id = `c${round}`;
        const [parent, other] = [turnOf(providers, round >> 1), turnOf(providers, (round >> 1) + 1)];
        const calls: readonly (() => Promise<unknown>)[] = [
          () => insist(parent, id, { children: [made(id, "commit")] }),
          async () => {
            await later(other, round % 5);
            await other.createNewWorkflow(made(id, "creation"), instant());
          },
        ];

        const { refusals } = settled(await Promise.allSettled((round % 2 === 0 ? calls : calls.toReversed()).map((call) => call())));

        for (const error of refusals) if (!isWfeError(error, "WFE_WORKFLOW_ALREADY_EXISTS")) throw error;
        const { data, name, pointers } = await recordOf(providers[1], id);
        assert.deepEqual(
          [data, name, pointers.map((pointer) => pointer.id)],
          [refusals.length === 1 ? "commit" : "creation", `${id} by ${data}`, [data]],
        );
      }
    },
  },
  {
    name: "makes one child of several of one commit that have one id: the first, of one piece",
    async run(context) {
      const [first, second] = await withW(context);
      const children = ["first", "second", "third"].map((text, index) =>
        sampleWorkflow("child", { name: `name of ${text}`, data: `"${text}"`, pointers: [samplePointer({ id: text, seq: index + 1 })] }),
      );

      await commit(first, "c1", { children });

      const { name, data, pointers } = await recordOf(second, "child");
      assert.deepEqual([name, data, pointers.map(({ id }) => id)], ["name of first", '"first"', ["first"]]);
      assert.equal(await second.getWorkflowInstanceByName("name of second"), undefined);
    },
  },
  {
    name: "refuses a commit whole when one of its children has the id of another as its name",
    async run(context) {
      const [first, second] = await withW(context);
      const before = await recordOf(first);
      const [one, other] = [sampleWorkflow("one"), sampleWorkflow("other", { name: "one" })];

      for (const children of [
        [one, other],
        [other, one],
      ]) {
        const error = await refusalOf(commit(first, "c1", { children }));
        if (!isWfeError(error, "WFE_WORKFLOW_NAME_TAKEN")) throw error;
      }

      assert.deepEqual(await recordOf(second), before);
      assert.deepEqual(await second.getWorkflowInstances(["one", "other"]), []);
    },
  },
];
