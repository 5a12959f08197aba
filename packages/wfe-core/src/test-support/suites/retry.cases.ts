import { assert } from "./assert.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import type { CommandOptions } from "../../traits/workflow-repository.ts";
import { instant, SAMPLE_DEFINITION, sampleChange, samplePointer, sampleSubscription } from "../fixtures.ts";
import { inboxOf, send, turnOf } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, conflictOf, create, LATER, recordOf, settled, signalsOf, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** Retries from outside. */
export const RETRY_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "retries a suspended instance, which is then due now and without its error, with the pointers given",
    async run(context) {
      const [first, second] = await suspended(context);
      const { error: _error, ...before } = await recordOf(first);
      const again = samplePointer({ status: "pending", retryCount: 0 });

      assert.equal(await retry(second, "w", { pointers: [again] }, instant(9)), true);

      assert.deepEqual(await recordOf(first), {
        ...before,
        status: "runnable",
        controlSeq: before.controlSeq + 1,
        dueAt: instant(9),
        pointers: [again, ...before.pointers.slice(1)],
      });
      assert.deepEqual([await due(first, instant(8)), await due(first, instant(9))], [[], ["w"]]);
    },
  },
  {
    name: "retries a terminated instance, which is then not completed any more",
    async run(context) {
      const [first, second] = await suspended(context);
      await first.command("w", "terminate", instant(5));
      const { error: _error, completedAt, ...before } = await recordOf(first);
      const pointers = before.pointers.map(({ endedAt: _endedAt, ...pointer }) => ({ ...pointer, status: "pending" as const }));

      assert.equal(await retry(second, "w", { pointers }, instant(9)), true);

      assert.deepEqual(completedAt, instant(5));
      assert.deepEqual(await recordOf(first), { ...before, status: "runnable", controlSeq: before.controlSeq + 1, dueAt: instant(9), pointers });
      assert.deepEqual(await due(second, instant(9)), ["w"]);
      assert.equal(await second.deleteWorkflows(["w"]), 0, "it is not over");
    },
  },
  {
    name: "writes the pointers of a retry whole, new ones too, and moves neither revision nor sequence",
    async run(context) {
      const [first, second] = await suspended(context);
      const before = await recordOf(first);
      const plain = samplePointer();
      const added = samplePointer({ id: "added", seq: 40, stepId: 3, scope: ["c"], compensates: "2", error: '"why"', dueAt: instant(3) });

      await retry(second, "w", { pointers: [added, plain] });

      const after = await recordOf(first);
      assert.deepEqual(after.pointers, [plain, ...before.pointers.slice(1), added], "what is not given is gone from a row, and no row is");
      assert.deepEqual(
        [after.revision, after.sequence, after.data, after.commitId],
        [before.revision, before.sequence, before.data, before.commitId],
      );
      assert.deepEqual((await second.loadForPass("w"))?.pointers, (await recordOf(first)).pointers, "all of them are for the next pass");
    },
  },
  {
    name: "retries with the pointers as they are where none are given",
    async run(context) {
      const [first, second] = await suspended(context);
      const { pointers } = await recordOf(first);

      assert.equal(await retry(second), true);

      assert.deepEqual([(await recordOf(first)).pointers, (await recordOf(first)).status], [pointers, "runnable"]);
    },
  },
  {
    name: "refuses a retry that expects another revision, and writes nothing",
    async run(context) {
      const [first, second] = await suspended(context);
      const pointers = [samplePointer({ stepName: "not written" }), samplePointer({ id: "new", seq: 9 })];

      for (const from of ["suspended", "terminated"] as const) {
        const before = await recordOf(first);
        assert.equal(before.status, from);
        const { revision, controlSeq, inboxSeq, status } = before;
        for (const expected of [revision - 1, revision + 1, 0]) {
          const conflict = await conflictOf("revision", second.command("w", "retry", instant(9), { revision: expected, pointers }));
          assert.deepEqual(conflict.current, { revision, controlSeq, inboxSeq, status });
          assert.deepEqual(await recordOf(first), before);
        }
        await first.command("w", "terminate", instant());
      }
    },
  },
  {
    name: "answers false to a retry of what runs or is complete, whatever revision it expects, and undefined without an instance",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "complete");
      await commit(first, "c1", { workflowId: "complete", status: "complete", completedAt: instant(1), error: '"e"' });
      const pointers = [samplePointer({ stepName: "not written" })];

      for (const id of ["w", "complete"]) {
        const before = await recordOf(first, id);
        for (const revision of [before.revision, before.revision + 1]) {
          assert.equal(await second.command(id, "retry", instant(9), { revision, pointers }), false, id);
        }
        assert.deepEqual(await recordOf(first, id), before);
      }
      assert.equal(await second.command("missing", "retry", instant(9), { revision: 0, pointers }), undefined);
    },
  },
  {
    name: "answers false to a retry from another status than it expects, and writes nothing",
    async run(context) {
      const [first, second] = await suspended(context);
      const pointers = [samplePointer({ stepName: "not written" }), samplePointer({ id: "new", seq: 9 })];

      for (const [is, other] of [
        ["suspended", "terminated"],
        ["terminated", "suspended"],
      ] as const) {
        const before = await recordOf(first);
        const { revision, status } = before;
        assert.equal(status, is);
        assert.equal(await second.command("w", "retry", instant(9), { revision, from: other, pointers }), false);
        assert.deepEqual(await recordOf(first), before);
        await first.command("w", "terminate", instant());
      }
      const { revision } = await recordOf(first);
      assert.equal(await second.command("w", "retry", instant(9), { revision, from: "terminated" }), true);
    },
  },
  {
    name: "refuses a retry that says no revision",
    async run(context) {
      const [first, second] = await suspended(context);
      const before = await recordOf(first);

      await assert.rejects(second.command("w", "retry", instant(), { pointers: [samplePointer({ seq: 9 })] }), RangeError);
      await assert.rejects(second.command("w", "retry", instant()), RangeError);

      assert.deepEqual(await recordOf(first), before);
    },
  },
  {
    name: "does one of many equal retries at the same moment",
    async run(context) {
      const providers = await suspended(context);
      for (let round = 0; round < 5; round += 1) {
        const { revision, controlSeq } = await signalsOf(providers[0]);

        const answers = await Promise.all(
          Array.from({ length: 10 }, (_, turn) =>
            turnOf(providers, turn).command("w", "retry", instant(), { revision, pointers: [samplePointer({ stepName: `${round} ${turn}` })] }),
          ),
        );

        const winners = answers.flatMap((done, turn) => (done === true ? [`${round} ${turn}`] : []));
        const { pointers, controlSeq: moved } = await recordOf(providers[1]);
        assert.deepEqual([[pointers[0]?.stepName], moved], [winners, controlSeq + 1]);
        await providers[0].command("w", "terminate", instant());
      }
    },
  },
  {
    name: "lets a commit follow a retry that knows of it, and refuses one that does not",
    async run(context) {
      const [first, second] = await suspended(context);
      const { revision, controlSeq, inboxSeq } = await signalsOf(first);
      await retry(second);

      const { current } = await conflictOf(
        "control",
        first.persistWorkflow(sampleChange("w", "late", {}, { revision, controlSeq, inboxSeq }), instant()),
      );
      assert.deepEqual(current, { revision, controlSeq: controlSeq + 1, inboxSeq, status: "runnable" });
      const next = sampleChange("w", "next", { data: '"next"' }, { revision, controlSeq: controlSeq + 1, inboxSeq });

      assert.equal((await first.persistWorkflow(next, instant())).revision, revision + 1);
    },
  },
  {
    name: "either retries an instance or commits what its last pass has left, when both meet",
    async run(context) {
      const [first, second] = await suspended(context);
      for (let round = 0; round < 20; round += 1) {
        const { revision, controlSeq, inboxSeq } = await signalsOf(first);
        const finished = samplePointer({ seq: 2, status: "complete", stepName: `commit ${round}` });
        const change = sampleChange(
          "w",
          `round ${round}`,
          { status: "suspended", error: '"e"', pointers: [finished] },
          { revision, controlSeq, inboxSeq },
        );
        const again = samplePointer({ seq: 2, stepName: `retry ${round}` });
        const persist = (): Promise<unknown> => first.persistWorkflow(change, instant());
        const resume = (): Promise<unknown> => second.command("w", "retry", instant(), { revision, pointers: [again] });

        const { refusals } = settled(await Promise.allSettled(round % 2 === 0 ? [persist(), resume()] : [resume(), persist()]));

        assert.equal(refusals.length, 1, `one is refused in round ${round}`);
        const record = await recordOf(second);
        const retried = record.status === "runnable";
        await conflictOf(retried ? "control" : "revision", Promise.reject(refusals[0]));
        assert.deepEqual(record.pointers[1], retried ? again : finished);
        assert.deepEqual([record.revision, record.controlSeq], retried ? [revision, controlSeq + 1] : [revision + 1, controlSeq]);
        if (retried) await first.command("w", "suspend", instant());
      }
    },
  },
  {
    name: "keeps what a suspended instance waits for and was given through its retry",
    async run(context) {
      const [first, second] = await withW(context);
      await commit(first, "c1", { openSubscriptions: [sampleSubscription("open"), sampleSubscription("given", { key: "2" })] });
      await commit(first, "c2", { status: "suspended" });
      await send(first, "e", { key: "2" });

      await retry(second);

      assert.deepEqual([await inboxOf(first), (await signalsOf(first)).inboxSeq], [["given: e"], 1]);
      assert.deepEqual(await send(first, "f"), ["w"]);
    },
  },
  {
    name: "retries one instance and no other, with copies of what it is given",
    async run(context) {
      const [first, second] = await suspended(context);
      await create(first, "x");
      await first.command("x", "suspend", instant());
      const before = await recordOf(first, "x");
      const [dueAt, now, scope] = [instant(3), instant(9), ["c"]];

      await retry(second, "w", { pointers: [samplePointer({ dueAt, scope })] }, now);
      for (const at of [dueAt, now]) at.setTime(0);
      scope.push("changed");

      assert.deepEqual(await recordOf(first, "x"), before);
      const record = await recordOf(first);
      assert.deepEqual([record.dueAt, record.pointers[0]], [instant(9), samplePointer({ dueAt: instant(3), scope: ["c"] })]);
    },
  },
];

/** Retries with the revision that is stored. */
async function retry(provider: PersistenceProvider, id = "w", options: CommandOptions = {}, now: Date = instant()): Promise<boolean | undefined> {
  return await provider.command(id, "retry", now, { ...options, revision: (await signalsOf(provider, id)).revision });
}

/** Ids of what is due; claims it. */
function due(provider: PersistenceProvider, asAt: Date): Promise<readonly string[]> {
  return provider.claimDueInstances(asAt, { definitions: [SAMPLE_DEFINITION], limit: 10, claimUntil: new Date(LATER.getTime() + 1) });
}

/** Two instances on a store where a commit has suspended `w` with an error, a failed pointer and one that sleeps. */
async function suspended(context: PersistenceContext): Promise<readonly [PersistenceProvider, PersistenceProvider]> {
  const failed = samplePointer({ status: "failed", attempt: 4, retryCount: 3, error: '"declined"', item: "1" });
  const [first, second] = await withW(context, { pointers: [samplePointer(), samplePointer({ seq: 2, status: "sleeping", dueAt: instant(70) })] });
  await commit(first, "c1");
  await commit(first, "c2", { status: "suspended", data: '"d"', error: '"e"', sequence: 9, pointers: [failed] });
  return [first, second];
}
