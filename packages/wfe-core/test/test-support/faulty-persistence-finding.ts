import type { WorkflowFilter } from "../../src/models/workflow-filter.ts";
import type { PersistenceFaults } from "./faulty-persistence.ts";

/** A filter without the fields that no filter has. */
function known({
  status,
  definitionId,
  version,
  name,
  reference,
  createdAfter,
  createdBefore,
  completedBefore,
  hasError,
  data,
}: WorkflowFilter): WorkflowFilter {
  const fields = { status, definitionId, version, name, reference, createdAfter, createdBefore, completedBefore, hasError, data };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** For every case of finding and of purges the fault that it is there for. */
export const PERSISTENCE_FINDING_FAULTS: PersistenceFaults = {
  "gives each instance that was there all the time once, whatever is created, changed and removed between its pages": {
    fault: "counts how many it has listed",
    make: () => (good) => ({
      async listWorkflows(filter, { cursor, limit = 100 }) {
        const { items } = await good.listWorkflows(filter, { limit: 1000 });
        const from = Number(cursor ?? 0);
        return { items: items.slice(from, from + limit), ...(items.length > from + limit ? { cursor: String(from + limit) } : {}) };
      },
    }),
  },
  "refuses the cursor of another filter": {
    fault: "begins anew with a cursor that it does not like",
    make: () => (good) => ({
      listWorkflows: (filter, page) =>
        good.listWorkflows(filter, page).catch(() => good.listWorkflows(filter, page.limit === undefined ? {} : { limit: page.limit })),
    }),
  },
  "takes the cursor of a filter that says the same in another way": {
    fault: "compares filters word for word",
    make: () => {
      const filters = new Map<string, string>();
      return (good) => ({
        async listWorkflows(filter, page) {
          if (page.cursor !== undefined && filters.get(page.cursor) !== JSON.stringify(filter))
            throw new RangeError("the cursor is of another filter");
          const answer = await good.listWorkflows(filter, page);
          if (answer.cursor !== undefined) filters.set(answer.cursor, JSON.stringify(filter));
          return answer;
        },
      });
    },
  },
  "refuses a filter with a field that it does not know": {
    fault: "passes over the fields that it does not know",
    make: () => (good) => ({
      listWorkflows: (filter, page) => good.listWorkflows(known(filter), page),
      countWorkflows: (filter) => good.countWorkflows(known(filter)),
    }),
  },
  "filters data by values that databases write in another way": {
    fault: "ends texts at their first null character",
    make: () => (good) => ({
      async listWorkflows({ data = {}, ...filter }, page) {
        const { items } = await good.listWorkflows(filter, page);
        const cut = (value: unknown): unknown => (typeof value === "string" ? value.split("\0")[0] : value);
        const valueOf = (text: string): unknown => {
          try {
            return (JSON.parse(text) as { readonly x: unknown }).x;
          } catch {
            return undefined;
          }
        };
        return { items: items.filter((row) => data["x"] === undefined || cut(valueOf(row.data)) === cut(data["x"])) };
      },
    }),
  },
  "finds what has ended, the earliest first": {
    fault: "finds the latest end first",
    make: () => (good) => ({ getEndedWorkflows: async (...args) => (await good.getEndedWorkflows(...args)).toReversed() }),
  },
  "deletes of those that have ended the ones that are still meant": {
    fault: "deletes whatever is over",
    make: () => (good) => ({ deleteWorkflows: (ids) => good.deleteWorkflows(ids) }),
  },
};
