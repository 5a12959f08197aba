import { isWfeError } from "../../errors/wfe-error.ts";
import type { TraceContext } from "../../models/trace-context.ts";
import { instant, samplePointer, sampleWorkflow } from "../fixtures.ts";
import { assert } from "./assert.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, recordOf, refusalOf, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** Text that a store could take for its own: of JSON, of SQL, of no encoding at all. */
const CONTEXT: TraceContext = {
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  tracestate: "",
  baggage: `who=o'brien,quote="\\",emoji=🧾`,
  "of another propagator": "\u0000\u0001 \ud800",
};

/** What traces travel in. */
export const TRACE_CONTEXT_CASES: readonly SuiteCase<PersistenceContext>[] = [
  {
    name: "keeps the trace context of an instance and of a child, as it was given, over loads, listings and commits",
    async run(context) {
      const [first, second] = await withW(context, { traceContext: CONTEXT });
      const child = sampleWorkflow("child", { traceContext: { traceparent: "of the child" } });

      await commit(first, "c1", { data: "2", children: [child] });
      await commit(second, "c2", { status: "suspended", pointers: [samplePointer({ status: "complete" })] });

      assert.deepEqual((await recordOf(first)).traceContext, CONTEXT);
      assert.deepEqual((await second.loadForPass("w"))?.row.traceContext, CONTEXT);
      assert.deepEqual((await second.getWorkflowInstanceByName("name of child"))?.traceContext, { traceparent: "of the child" });
      const { items } = await first.listWorkflows({ name: "name of w" }, {});
      assert.deepEqual(
        items.map(({ traceContext }) => traceContext),
        [CONTEXT],
      );
    },
  },
  {
    name: "takes a start with another trace context for one of an id that exists",
    async run(context) {
      const [first, second] = await withW(context, { traceContext: CONTEXT });

      const error = await refusalOf(second.createNewWorkflow(sampleWorkflow("w", { traceContext: { traceparent: "other" } }), instant(1)));

      if (!isWfeError(error, "WFE_WORKFLOW_ALREADY_EXISTS")) throw error;
      assert.deepEqual((await recordOf(first)).traceContext, CONTEXT);
    },
  },
];
