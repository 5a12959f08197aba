import { assert } from "./assert.ts";
import type { WorkflowChange } from "../../models/workflow-change.ts";
import { isWfeError } from "../../errors/wfe-error.ts";
import { instant, sampleChange, sampleExecutionError, samplePointer, sampleSubscription } from "../fixtures.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { assertNothingOf, conflictOf, create, fullChange, recordOf, settled, signalsOf, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

const ROUNDS = 25;

/** Commits that are wanted at the same moment: by one owner and a stale one, of one instance and of many. */
export const COMMIT_BATCH_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "lets one of two commits of one revision through, in every round",
    async run(context) {
      const [first, second] = await withW(context);

      for (let revision = 0; revision < ROUNDS; revision += 1) {
        const outcomes = await Promise.allSettled([
          first.persistWorkflow(by(`first ${revision}`, revision), instant()),
          second.persistWorkflow(by(`second ${revision}`, revision), instant()),
        ]);

        const { answers, refusals } = settled(outcomes);
        assert.deepEqual(answers, [{ revision: revision + 1, inboxSeq: 0, pendingDeliveries: [] }], `one wins round ${revision}`);
        for (const error of refusals) await conflictOf("revision", Promise.reject(error));
        const winner = `${outcomes[0]?.status === "fulfilled" ? "first" : "second"} ${revision}`;
        const { data, commitId, pointers } = await recordOf(first);
        assert.deepEqual([commitId, data], [winner, JSON.stringify(winner)], "what is stored is the winner's");
        assert.equal(pointers.at(-1)?.id, winner, "so are the pointers");
        assert.equal(pointers.length, revision + 2, "and nothing of the other's");
      }
      assert.equal((await first.getErrors("w")).length, ROUNDS);
    },
  },
  {
    name: "lets one of two changes of one instance in one batch through, and writes nothing of the other",
    async run(context) {
      const [provider] = await withW(context);

      const outcomes = await Promise.allSettled([
        provider.persistWorkflow(fullChange("a"), instant()),
        provider.persistWorkflow(fullChange("b"), instant()),
      ]);

      const { answers, refusals } = settled(outcomes);
      assert.equal(answers.length, 1);
      await conflictOf("revision", Promise.reject(refusals[0]));
      const [winner, loser] = outcomes[0]?.status === "fulfilled" ? ["a", "b"] : ["b", "a"];
      const { data, pointers } = await recordOf(provider);
      assert.equal(data, JSON.stringify({ by: winner }));
      assert.deepEqual(
        pointers.map(({ id }) => id),
        ["1", `pointer ${winner}`],
      );
      await assertNothingOf(provider, loser ?? "", await recordOf(provider));
    },
  },
  {
    name: "refuses the stale one of many commits at the same moment, and no other",
    async run(context) {
      const [first, second] = await context.startTwo();
      const ids = Array.from({ length: 20 }, (_, index) => `w${index}`);
      for (const id of ids) await create(first, id);
      await first.persistWorkflow(sampleChange("w7", "newer", { data: '"newer"' }), instant());
      const before = await recordOf(first, "w7");

      const outcomes = await Promise.allSettled(ids.map((id) => second.persistWorkflow(fullChange(`of ${id}`, { workflowId: id }), instant())));

      for (const [index, outcome] of outcomes.entries()) {
        const id = ids[index] ?? "";
        if (id === "w7") continue;
        if (outcome.status === "rejected") throw outcome.reason;
        assert.equal(outcome.value.revision, 1, `the answer for ${id} is of ${id}`);
        assert.equal((await recordOf(first, id)).data, JSON.stringify({ by: `of ${id}` }));
        assert.equal((await first.getSubscription(`subscription of ${id}`))?.workflowId, id);
      }
      await conflictOf("revision", outcomes[7]?.status === "rejected" ? Promise.reject(outcomes[7].reason) : Promise.resolve());
      await assertNothingOf(first, "of w7", before);
    },
  },
  {
    name: "refuses the one of many commits at the same moment that cannot be written, and no other",
    async run(context) {
      const [first, second] = await context.startTwo();
      const ids = Array.from({ length: 10 }, (_, index) => `w${index}`);
      for (const id of ids) await create(first, id);
      await create(first, "x", { name: "name of child of w4" });
      const before = await recordOf(first, "w4");

      const outcomes = await Promise.allSettled(ids.map((id) => second.persistWorkflow(fullChange(`of ${id}`, { workflowId: id }), instant())));

      const { answers, refusals } = settled(outcomes);
      assert.equal(answers.length, ids.length - 1);
      for (const error of refusals) if (!isWfeError(error, "WFE_WORKFLOW_NAME_TAKEN")) throw error;
      for (const id of ids) assert.equal((await signalsOf(first, id)).revision, id === "w4" ? 0 : 1);
      await assertNothingOf(first, "of w4", before);
    },
  },
  {
    name: "takes batches that hold the same instances in different orders",
    async run(context) {
      const [first, second] = await context.startTwo();
      const ids = Array.from({ length: 8 }, (_, index) => `w${index}`);
      for (const id of ids) await create(first, id);

      for (let revision = 0; revision < ROUNDS; revision += 1) {
        const batch = (provider: typeof first, mark: string, order: readonly string[]): Promise<unknown>[] =>
          order.map((workflowId) => provider.persistWorkflow(by(`${mark} ${revision}`, revision, { workflowId }), instant()));
        const outcomes = await Promise.allSettled([...batch(first, "first", ids), ...batch(second, "second", ids.toReversed())]);

        const { answers, refusals } = settled(outcomes);
        for (const error of refusals) await conflictOf("revision", Promise.reject(error));
        assert.equal(answers.length, ids.length, "one commit of each instance goes through, whatever waits for what");
      }
      for (const id of ids) assert.equal((await signalsOf(second, id)).revision, ROUNDS);
    },
  },
  {
    name: "takes commits and commands of the same instances at the same moment",
    async run(context) {
      const [first, second] = await context.startTwo();
      const ids = Array.from({ length: 6 }, (_, index) => `w${index}`);
      for (const id of ids) await create(first, id);

      const commits = ids.map((workflowId) => first.persistWorkflow(fullChange(`of ${workflowId}`, { workflowId }), instant()));
      const commands = ids.toReversed().map((id) => second.command(id, "suspend", instant()));
      const outcomes = await Promise.allSettled(commits);

      assert.deepEqual(
        await Promise.all(commands),
        ids.map(() => true),
      );
      for (const [index, id] of ids.entries()) {
        const outcome = outcomes[index];
        if (outcome?.status === "rejected") await conflictOf("control", Promise.reject(outcome.reason));
        const { revision, controlSeq, status } = await signalsOf(first, id);
        assert.deepEqual({ revision, controlSeq, status }, { revision: outcome?.status === "fulfilled" ? 1 : 0, controlSeq: 1, status: "suspended" });
      }
    },
  },
  {
    name: "refuses what an owner sends after the claim commit of the next one",
    async run(context) {
      const [zombie, owner] = await withW(context, { pointers: [samplePointer({ status: "running", attempt: 1 })] });
      const finished = fullChange("zombie");
      await owner.persistWorkflow(sampleChange("w", "claim", { pointers: [samplePointer({ status: "running", attempt: 2 })] }), instant());
      const before = await recordOf(owner);

      await conflictOf("revision", zombie.persistWorkflow(finished, instant()));

      await assertNothingOf(owner, "zombie", before);
    },
  },
  {
    name: "refuses the one of many commits at the same moment that fails half-way, and no other",
    async run(context) {
      const [first, second] = await context.startTwo();
      const ids = Array.from({ length: 10 }, (_, index) => `w${index}`);
      for (const id of [...ids, "x"]) await create(first, id);
      await first.persistWorkflow(sampleChange("x", "c1", { openSubscriptions: [sampleSubscription("taken")] }), instant());
      const before = await recordOf(first, "w4");

      const outcomes = await Promise.allSettled(
        ids.map((id) => {
          const change = fullChange(`of ${id}`, { workflowId: id });
          const openSubscriptions = [...change.openSubscriptions, ...(id === "w4" ? [sampleSubscription("taken")] : [])];
          return second.persistWorkflow({ ...change, openSubscriptions }, instant());
        }),
      );

      const { answers, refusals } = settled(outcomes);
      assert.equal(answers.length, ids.length - 1, "a refusal is for its own caller");
      for (const error of refusals) if (!isWfeError(error)) throw error;
      for (const id of ids) assert.equal((await signalsOf(first, id)).revision, id === "w4" ? 0 : 1);
      await assertNothingOf(first, "of w4", before);
    },
  },
];

/** A change from a revision that adds a pointer and an error, all named after its commit. */
function by(commitId: string, revision: number, changes: Partial<WorkflowChange> = {}): WorkflowChange {
  return sampleChange(
    changes.workflowId ?? "w",
    commitId,
    {
      data: JSON.stringify(commitId),
      pointers: [samplePointer({ id: commitId, seq: revision + 2 })],
      errors: [sampleExecutionError(changes.workflowId ?? "w", { message: commitId })],
      ...changes,
    },
    { revision, controlSeq: 0, inboxSeq: 0 },
  );
}
