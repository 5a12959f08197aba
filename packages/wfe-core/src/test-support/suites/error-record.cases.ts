import { assert } from "./assert.ts";
import type { ExecutionErrorRow } from "../../models/execution-error.ts";
import { instant, sampleExecutionError } from "../fixtures.ts";
import { turnOf } from "./event-steps.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, conflictOf, create, fullChange, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** How often failures are recorded, and how long they are kept. */
export const ERROR_RECORD_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "records equal failures as often as they come",
    async run(context) {
      const [first, second] = await withW(context);
      const error = sampleExecutionError("w");

      await commit(first, "c1", { errors: [error, error] });
      await commit(second, "c2", { errors: [error] });

      assert.deepEqual(await first.getErrors("w"), [error, error, error]);
    },
  },
  {
    name: "keeps failures when the instance goes on and ends",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "x");
      for (const workflowId of ["w", "x"]) await commit(first, "c1", { workflowId, errors: [sampleExecutionError(workflowId)] });

      await commit(first, "c2");
      await commit(first, "c3", { status: "complete", completedAt: instant(9) });
      await second.command("x", "terminate", instant(9));

      for (const id of ["w", "x"]) assert.deepEqual(await second.getErrors(id), [sampleExecutionError(id)]);
    },
  },
  {
    name: "records no failure of a commit that is refused, and none twice of one that is sent again",
    async run(context) {
      const [first, second] = await withW(context);
      const change = fullChange("m");
      await first.persistWorkflow(change, instant());

      await conflictOf("revision", second.persistWorkflow(fullChange("refused"), instant()));
      await second.persistWorkflow(change, instant());

      assert.deepEqual(
        (await first.getErrors("w")).map(({ message }) => message),
        ["m"],
      );
    },
  },
  {
    name: "records many failures of many instances at the same moment, each in its order",
    async run(context) {
      const providers = await context.startTwo();
      const ids = Array.from({ length: 10 }, (_, turn) => `w${turn}`);
      for (const id of ids) await create(providers[0], id);
      const errorsOf = (id: string): ExecutionErrorRow[] => Array.from({ length: 30 }, (_, turn) => sampleExecutionError(id, { attempt: 30 - turn }));

      await Promise.all(ids.map((id, turn) => commit(turnOf(providers, turn), "c1", { workflowId: id, errors: errorsOf(id) })));

      for (const id of ids) assert.deepEqual(await providers[1].getErrors(id), errorsOf(id));
    },
  },
];
