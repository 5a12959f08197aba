import { assert } from "./assert.ts";
import { isWfeError } from "../../errors/wfe-error.ts";
import { TERMINATE_COMMAND } from "../../models/scheduled-command.ts";
import type { NewWorkflow } from "../../models/workflow-row.ts";
import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import { instant, sampleChange, sampleWorkflow } from "../fixtures.ts";
import { DISTINCT_TEXTS, turnOf } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, create, LATER, signalsOf, takeCommands, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** What a termination owes to the children of its instance. */
export const TERMINATION_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "stores with a termination the command to end each child that is not over, due now",
    async run(context) {
      const [first, second] = await withW(context);
      await commit(first, "c1", { children: [sampleWorkflow("committed", childOf("w")), sampleWorkflow("suspended", childOf("w"))] });
      for (const id of ["created", "complete", "terminated"]) await create(first, id, childOf("w"));
      await first.command("suspended", "suspend", instant());
      await first.command("terminated", "terminate", instant());
      await commit(first, "c2", { workflowId: "complete", status: "complete", completedAt: instant() });

      assert.equal(await second.command("w", "terminate", instant(5)), true);

      assert.deepEqual(await owed(first, instant(4)), [], "they are due now, not before");
      assert.deepEqual(
        await owed(first, instant(5)),
        ["committed", "created", "suspended"].map((id) => `${TERMINATE_COMMAND} ${id} at 5`),
      );
    },
  },
  {
    name: "owes an end to the children of a terminated instance alone, and not to theirs or others",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "x");
      await create(first, "child", childOf("w"));
      await create(first, "of the child", { parent: { workflowId: "child", pointerId: "1", depth: 2 }, rootWorkflowId: "w" });
      await create(first, "of x", childOf("x"));
      await create(first, "rooted", { rootWorkflowId: "w" });

      await second.command("w", "terminate", instant());
      assert.deepEqual(await targets(first), ["child"]);
      await second.command("child", "terminate", instant());

      assert.deepEqual(await targets(first), ["of the child"]);
    },
  },
  {
    name: "owes no end to children by another command, or by a termination that is not done",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "child", childOf("w"));
      await create(first, "orphan", childOf("missing"));

      await second.command("w", "suspend", instant());
      await second.command("w", "resume", instant());
      await second.command("w", "suspend", instant());
      await second.command("w", "retry", instant(), { revision: 0 });
      await second.command("missing", "terminate", instant());
      await commit(first, "c1", { status: "complete", completedAt: instant() });
      assert.equal(await second.command("w", "terminate", instant()), false);

      assert.deepEqual(await takeCommands(first), []);
    },
  },
  {
    name: "owes an end once that is owed already, at the earlier of the two times",
    async run(context) {
      const [first, second] = await withW(context);
      for (const [id, ms] of [
        ["late", 90],
        ["early", 3],
      ] as const) {
        await create(first, id, childOf("w"));
        await first.scheduleCommand({ name: TERMINATE_COMMAND, data: id, executeAt: instant(ms) });
      }

      await second.command("w", "terminate", instant(5));

      assert.deepEqual(
        await owed(first, LATER),
        ["early at 3", "late at 5"].map((text) => `${TERMINATE_COMMAND} ${text}`),
      );
    },
  },
  {
    name: "finds children by the exact id of their parent, whatever is in it",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (const [index, text] of DISTINCT_TEXTS.entries()) {
        await create(first, `parent ${text}`);
        await create(first, `child ${index} of ${text}`, childOf(`parent ${text}`));
      }

      for (const [index, text] of DISTINCT_TEXTS.entries()) {
        await second.command(`parent ${text}`, "terminate", instant());
        assert.deepEqual(await targets(first), [`child ${index} of ${text}`]);
      }
    },
  },
  {
    name: "owes an end to the child that a commit starts, or refuses the commit, when a termination meets it",
    async run(context) {
      const providers = await context.startTwo();
      for (let round = 0; round < 30; round += 1) {
        const [owner, other] = [turnOf(providers, round >> 1), turnOf(providers, (round >> 1) + 1)];
        const [id, child] = [`w${round}`, `child ${round}`];
        await create(owner, id);
        const change = sampleChange(id, "c1", { children: [sampleWorkflow(child, childOf(id))] }, await signalsOf(owner, id));
        const starts = (): Promise<unknown> =>
          owner.persistWorkflow(change, instant()).catch((error: unknown) => {
            if (!isWfeError(error, "WFE_COMMIT_CONFLICT")) throw error;
          });
        const ends = (): Promise<unknown> => other.command(id, "terminate", instant());

        await Promise.all(round % 2 === 0 ? [starts(), ends()] : [ends(), starts()]);

        const started = (await other.getWorkflowInstance(child)) !== undefined;
        assert.deepEqual(await targets(owner), started ? [child] : [], `round ${round}`);
      }
    },
  },
  {
    name: "owes an end to each of very many children",
    async run(context) {
      const [first, second] = await withW(context);
      const ids = Array.from({ length: 300 }, (_, index) => `child ${index}`);
      await commit(first, "c1", { children: ids.map((id) => sampleWorkflow(id, childOf("w"))) });

      await second.command("w", "terminate", instant());

      const ended: string[] = [];
      for (let part = await targets(first); part.length > 0; part = await targets(first)) ended.push(...part);
      assert.deepEqual(ended.toSorted(), ids.toSorted());
    },
  },
];

function childOf(id: string): Partial<NewWorkflow> {
  return { parent: { workflowId: id, pointerId: "1", depth: 1 }, rootWorkflowId: id };
}

/** To whom an end is owed, sorted; takes what is due, 100 at most. */
async function targets(provider: PersistenceProvider): Promise<readonly string[]> {
  return (await takeCommands(provider)).map(({ data }) => data).toSorted();
}

/** What is due at an instant, sorted; takes it. */
async function owed(provider: PersistenceProvider, asAt: Date): Promise<readonly string[]> {
  const texts: string[] = [];
  await provider.processCommands(asAt, { limit: 100, claimUntil: LATER }, async ({ name, data, executeAt }) => {
    texts.push(`${name} ${data} at ${executeAt.getTime() - instant().getTime()}`);
  });
  return texts.toSorted();
}
