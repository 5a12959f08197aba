import { isWfeError } from "../../src/errors/wfe-error.ts";
import type { WorkflowChange } from "../../src/models/workflow-change.ts";
import { keptOf, type PersistenceFaults, pause } from "./faulty-persistence.ts";
import { around, commits } from "./persistence-fault-makers.ts";

/** Faults for the cases of commits that take an instance to another version. */
export const PERSISTENCE_MIGRATION_FAULTS: PersistenceFaults = {
  "takes an instance to another version of its definition, with the rest of the commit": {
    fault: "takes the fingerprint alone",
    make: commits(({ workflowId, definition }, store) =>
      definition === undefined ? {} : { definition: { ...definition, version: keptOf(store, workflowId).row.version } },
    ),
  },
  "claims an instance for the version that it was taken to, and for that alone": {
    fault: "knows of which definition an instance is from its creation",
    make: ({ store }) => {
      const created = new Map<string, WorkflowChange["definition"]>();
      return (good) => ({
        async createNewWorkflow(workflow, now) {
          created.set(workflow.id, { version: workflow.version, fingerprint: workflow.fingerprint });
          return await good.createNewWorkflow(workflow, now);
        },
        async claimDueInstances(asAt, options) {
          for (const kept of store.workflows.values()) kept.row = { ...kept.row, ...created.get(kept.row.id) };
          return await good.claimDueInstances(asAt, options);
        },
      });
    },
  },
  "takes only those to another version whose commits say so, of many at the same moment, and each to its own": {
    fault: "takes a batch where one of it goes",
    make: () => {
      let definition: WorkflowChange["definition"];
      return (good) => ({
        async persistWorkflow(change, now) {
          definition ??= change.definition;
          await pause();
          return await good.persistWorkflow(definition === undefined ? change : { ...change, definition }, now);
        },
      });
    },
  },
  "takes an instance to another graph of the same version, and back to one that it had": {
    fault: "compares versions alone to see whether it goes anywhere",
    make:
      ({ store }) =>
      (good) => ({
        async persistWorkflow({ definition, ...change }, now) {
          const goes = definition !== undefined && definition.version !== keptOf(store, change.workflowId).row.version;
          return await good.persistWorkflow(goes ? { ...change, definition } : change, now);
        },
      }),
  },
  "leaves the version as it is when the commit that says another is refused": {
    fault: "takes an instance to another version in a step of its own",
    make: around("persistWorkflow", async (next, [change, now], store) => {
      try {
        return await next(change, now);
      } catch (error) {
        if (!isWfeError(error, "WFE_COMMIT_CONFLICT")) throw error;
        const kept = keptOf(store, change.workflowId);
        kept.row = { ...kept.row, ...change.definition };
        throw error;
      }
    }),
  },
};
