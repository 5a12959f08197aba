import { assert } from "./assert.ts";
import { instant, sampleExecutionError } from "../fixtures.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, create, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** Failed attempts, as they are recorded by commits. */
export const ERROR_LOG_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "gives errors in the order they were recorded, whatever their times",
    async run(context) {
      const [first, second] = await withW(context);
      await commit(first, "c1", {
        errors: [sampleExecutionError("w", { message: "1", at: instant(9) }), sampleExecutionError("w", { message: "2", at: instant(5) })],
      });
      await commit(second, "c2", { errors: [sampleExecutionError("w", { message: "3", at: instant(1) })] });

      assert.deepEqual(
        (await second.getErrors("w")).map(({ message }) => message),
        ["1", "2", "3"],
      );
    },
  },
  {
    name: "gives every field of an error back, and leaves absent ones absent",
    async run(context) {
      const [first, second] = await withW(context);
      const full = sampleExecutionError("w", { attempt: 7, code: "WFE_TIMEOUT", message: "\u0000\ud800", stack: "at x\n", data: '{"b":1,"a":""}' });
      const bare = sampleExecutionError("w");

      await commit(first, "c1", { errors: [full, bare] });

      assert.deepEqual(await second.getErrors("w"), [full, bare]);
    },
  },
  {
    name: "keeps the errors of instances apart, and has none of an unknown one",
    async run(context) {
      const [first, second] = await withW(context);
      await create(first, "other");
      await commit(first, "c1", { errors: [sampleExecutionError("w")] });
      await commit(first, "c2", { workflowId: "other", errors: [sampleExecutionError("other", { message: "mine" })] });

      assert.deepEqual(await second.getErrors("w"), [sampleExecutionError("w")]);
      assert.deepEqual(await second.getErrors("other"), [sampleExecutionError("other", { message: "mine" })]);
      assert.deepEqual(await second.getErrors("nobody"), []);
    },
  },
  {
    name: "gives thousands of errors of an instance, each once and in order",
    async run(context) {
      const [first, second] = await withW(context);
      const messages = Array.from({ length: 2_001 }, (_, index) => String(index));
      const half = Math.ceil(messages.length / 2);
      const errors = messages.map((message) => sampleExecutionError("w", { message }));
      await commit(first, "c1", { errors: errors.slice(0, half) });
      await commit(first, "c2", { errors: errors.slice(half) });

      assert.deepEqual(
        (await second.getErrors("w")).map(({ message }) => message),
        messages,
      );
    },
  },
];
