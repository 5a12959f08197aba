import { PersistenceError } from "../../src/errors/store-errors.ts";
import type { ExecutionErrorRow } from "../../src/models/execution-error.ts";
import type { WorkflowFilter } from "../../src/models/workflow-filter.ts";
import type { WorkflowRow } from "../../src/models/workflow-row.ts";
import { PERSISTENCE_CALLS } from "../../src/test-support/suites/persistence-not-running.cases.ts";
import type { PersistenceProvider } from "../../src/traits/persistence-provider.ts";
import { keptOf, type PersistenceFault, type PersistenceFaults, pause } from "./faulty-persistence.ts";
import { lifecycleFaults } from "./faulty-provider.ts";

type ListArgs = Parameters<PersistenceProvider["listWorkflows"]>;
type List = Awaited<ReturnType<PersistenceProvider["listWorkflows"]>>;

/** A fault in the filter. */
function filters(change: (filter: WorkflowFilter) => WorkflowFilter): PersistenceFault["make"] {
  return () => (good) => ({
    listWorkflows: (filter, page) => good.listWorkflows(change(filter), page),
    countWorkflows: (filter) => good.countWorkflows(change(filter)),
  });
}

/** A fault in how one field of the filter is compared; small stores, one page. */
function compares<F extends keyof WorkflowFilter>(
  field: F,
  matches: (row: WorkflowRow, wanted: NonNullable<WorkflowFilter[F]>) => boolean,
): PersistenceFault["make"] {
  return () => (good) => {
    const find = async (filter: WorkflowFilter): Promise<readonly WorkflowRow[]> => {
      const { [field]: wanted, ...rest } = filter;
      const { items } = await good.listWorkflows(rest as WorkflowFilter, { limit: 1000 }); // a filter without one of its fields is one
      return wanted === undefined ? items : items.filter((row) => matches(row, wanted as NonNullable<WorkflowFilter[F]>)); // not undefined: asked
    };
    return {
      listWorkflows: async (filter) => ({ items: await find(filter) }),
      countWorkflows: async (filter) => (await find(filter)).length,
    };
  };
}

/** A fault in how data is compared: with one value at a path. */
function comparesData(matches: (root: unknown, path: string, wanted: unknown, text: string) => boolean): PersistenceFault["make"] {
  return compares("data", ({ data }, wanted) => {
    let root: unknown;
    try {
      root = JSON.parse(data);
    } catch {
      return false;
    }
    return Object.entries(wanted).every(([path, value]) => matches(root, path, value, data));
  });
}

function valueAt(root: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined), root);
}

/** A fault in the pages. */
function lists(change: (good: PersistenceProvider, ...args: ListArgs) => Promise<List>): PersistenceFault["make"] {
  return () => (good) => ({ listWorkflows: (...args) => change(good, ...args) });
}

/** Faults for the cases of filters. */
const LIST_FAULTS: PersistenceFaults = {
  "lists instances as they are stored, without their pointers": {
    fault: "lists instances with their pointers",
    make: lists(async (good, ...args) => {
      const list = await good.listWorkflows(...args);
      return { ...list, items: await good.getWorkflowInstances(list.items.map(({ id }) => id)) };
    }),
  },
  "lists and counts nothing in an empty store": {
    fault: "promises a page after an empty one",
    make: lists(async (good, ...args) => {
      const list = await good.listWorkflows(...args);
      return list.items.length > 0 ? list : { ...list, cursor: "more" };
    }),
  },
  "filters by one status and by several": {
    fault: "looks at the first of several statuses",
    make: filters(({ status, ...rest }) =>
      status === undefined || typeof status === "string" || status[0] === undefined
        ? { ...rest, ...(status === undefined ? {} : { status }) }
        : { ...rest, status: status[0] },
    ),
  },
  "filters by definition and version": {
    fault: "looks at the version of a definition only where it is named",
    make: filters(({ version, ...rest }) => (version === undefined || rest.definitionId === undefined ? rest : { ...rest, version })),
  },
  "filters by name and reference, compared exactly": {
    fault: "takes a reference for a pattern",
    make: compares("reference", ({ reference }, wanted) => reference !== undefined && new RegExp(`^${wanted.replaceAll("_", ".")}$`).test(reference)),
  },
  "filters by creation, at or after and strictly before": {
    fault: "finds what was created strictly after",
    make: compares("createdAfter", ({ createdAt }, wanted) => createdAt.getTime() > wanted.getTime()),
  },
  "filters by the end, strictly before, and finds none that is not over": {
    fault: "finds what is not over",
    make: compares("completedBefore", ({ completedAt }, wanted) => (completedAt?.getTime() ?? 0) < wanted.getTime()),
  },
  "filters by whether there is an error": {
    fault: "finds sound and broken ones when asked for sound ones",
    make: compares("hasError", ({ error }, wanted) => !wanted || error !== undefined),
  },
  "filters data by scalars, type included": {
    fault: "compares values of data as texts",
    make: comparesData((root, path, wanted) => String(valueAt(root, path)) === String(wanted)),
  },
  "filters data by the value of a number, however it is written": {
    fault: "looks for the text of a number",
    make: comparesData((_root, path, wanted, text) => text.includes(`${JSON.stringify(path)}:${JSON.stringify(wanted)}}`)),
  },
  "filters data at dotted paths, and finds none where the path is missing": {
    fault: "takes a missing path for null",
    make: comparesData((root, path, wanted) => (valueAt(root, path) ?? null) === wanted),
  },
  "filters data by keys and texts of any kind": {
    fault: "removes quotes from paths",
    make: comparesData((root, path, wanted) => valueAt(root, path.replaceAll(/["'`]/g, "")) === wanted),
  },
  "finds what every field of a filter says": {
    fault: "does not look at the reference where a filter has many fields",
    make: filters(({ reference, ...rest }) => (reference === undefined || Object.keys(rest).length > 5 ? rest : { ...rest, reference })),
  },
};

/** Faults for the cases of pages. */
const PAGE_FAULTS: PersistenceFaults = {
  "lists the newest first, and by id what was created at one instant": {
    fault: "lists the oldest first",
    make: lists(async (good, ...args) => {
      const list = await good.listWorkflows(...args);
      return { ...list, items: list.items.toReversed() };
    }),
  },
  "gives every instance on one page, whatever their ids and instants": {
    fault: "goes on after the instant of the last one",
    make: lists(async (good, filter, { cursor, limit }) => {
      const before = cursor === undefined ? filter : { ...filter, createdBefore: new Date(Number(cursor)) };
      const list = await good.listWorkflows(before, limit === undefined ? {} : { limit });
      return list.cursor === undefined ? list : { ...list, cursor: String(list.items.at(-1)?.createdAt.getTime()) };
    }),
  },
  "says of the last page that it is the last": {
    fault: "promises a page after every full one",
    make: lists(async (good, filter, page) => {
      const list = await good.listWorkflows(filter, page);
      return list.items.length === page.limit ? { cursor: "more", ...list } : list;
    }),
  },
  "goes on where a page ended when instances come, go and move between two pages": {
    fault: "counts how many it has listed",
    make: lists(async (good, filter, { cursor, limit = 100 }) => {
      const { items } = await good.listWorkflows(filter, { limit: 1000 });
      const from = Number(cursor ?? 0);
      return { items: items.slice(from, from + limit), ...(items.length > from + limit ? { cursor: String(from + limit) } : {}) };
    }),
  },
  "pages through what a filter finds": {
    fault: "forgets the filter after the first page",
    make: lists(async (good, filter, { cursor, limit = 100 }) => {
      const { items } = await good.listWorkflows(cursor === undefined ? filter : {}, { limit: 1000 });
      const from = items.findIndex(({ id }) => id === cursor) + 1;
      const last = items[from + limit - 1];
      return { items: items.slice(from, from + limit), ...(last === undefined || items.length === from + limit ? {} : { cursor: last.id }) };
    }),
  },
  "lists 100 instances a page when not told otherwise": {
    fault: "lists 50 instances a page",
    make: lists((good, filter, page) => good.listWorkflows(filter, { limit: 50, ...page })),
  },
  "refuses limits and cursors that make no sense": {
    fault: "takes the nearest limit that makes sense",
    make: lists((good, filter, { limit, ...page }) =>
      good.listWorkflows(filter, limit === undefined ? page : { ...page, limit: Math.min(1000, Math.max(1, Math.trunc(limit) || 1)) }),
    ),
  },
};

/** Faults for the cases of deletion. */
const DELETE_FAULTS: PersistenceFaults = {
  "deletes instances that are over, and leaves others alone": {
    fault: "deletes suspended instances, too",
    make:
      ({ store }) =>
      (good) => ({
        async deleteWorkflows(ids) {
          const count = await good.deleteWorkflows(ids);
          for (const id of ids) if (store.workflows.get(id)?.row.status === "suspended") store.removeWorkflow(keptOf(store, id));
          return count;
        },
      }),
  },
  "deletes an instance with its pointers, subscriptions and errors, so that its id is free": {
    fault: "leaves the errors of what it deletes",
    make: ({ store }) => {
      const left = new Map<string, readonly ExecutionErrorRow[]>();
      return (good) => ({
        deleteWorkflows(ids) {
          for (const id of ids) left.set(id, store.workflows.get(id)?.errors ?? []);
          return good.deleteWorkflows(ids);
        },
        async createNewWorkflow(workflow, now) {
          const id = await good.createNewWorkflow(workflow, now);
          keptOf(store, id).errors.push(...(left.get(id) ?? []));
          return id;
        },
      });
    },
  },
  "forgets with an instance which events it has used": {
    fault: "remembers which events an id has used",
    make: ({ store }) => {
      const left = new Map<string, ReadonlySet<number>>();
      return (good) => ({
        deleteWorkflows(ids) {
          for (const id of ids) left.set(id, store.workflows.get(id)?.consumed ?? new Set());
          return good.deleteWorkflows(ids);
        },
        async createNewWorkflow(workflow, now) {
          const id = await good.createNewWorkflow(workflow, now);
          for (const arrival of left.get(id) ?? []) keptOf(store, id).consumed.add(arrival);
          return id;
        },
      });
    },
  },
  "deletes each instance once, whoever deletes at the same moment": {
    fault: "counts what it was asked to delete",
    make: () => (good) => ({
      async deleteWorkflows(ids) {
        await good.deleteWorkflows(ids);
        return ids.length;
      },
    }),
  },
};

/** Faults for the cases of start and stop. */
const LIFECYCLE_FAULTS: PersistenceFaults = {
  ...lifecycleFaults<PersistenceProvider>(Object.keys(PERSISTENCE_CALLS) as (keyof typeof PERSISTENCE_CALLS)[]), // its keys are these
  "keeps what is stored when every instance has stopped": {
    fault: "empties the store with its last stop",
    make: ({ store }) => {
      let running = 0;
      return (good) => ({
        async start() {
          running += 1;
          await good.start();
        },
        async stop() {
          running -= 1;
          if (running === 0) for (const kept of [...store.workflows.values()]) store.removeWorkflow(kept);
          await good.stop();
        },
      });
    },
  },
  "answers calls that were made before its stop": {
    fault: "forgets at its stop what it has not written yet, and says that it has",
    make: () => (good) => {
      let stopped = false;
      return {
        async createNewWorkflow(workflow, now) {
          await pause();
          return stopped ? workflow.id : await good.createNewWorkflow(workflow, now);
        },
        async stop() {
          stopped = true;
          await good.stop();
        },
      };
    },
  },
  "makes its store as often as it is told to, and keeps what is in it": {
    fault: "makes its store anew",
    make:
      ({ store }) =>
      () => ({
        async ensureStoreExists() {
          for (const kept of [...store.workflows.values()]) store.removeWorkflow(kept);
        },
      }),
  },
  "makes its store when told to before its start and after its stop, without being started by that": {
    fault: "makes its store only while it runs",
    make: () => (good) => ({ ensureStoreExists: async () => void (await good.countWorkflows({})) }),
  },
  "comes up on an empty store with many others at the same moment": {
    fault: "does not come up while another one does",
    make: () => {
      let starting = 0;
      return (good) => ({
        async start() {
          starting += 1;
          if (starting > 1) throw new PersistenceError("WFE_PERSISTENCE_FAILED", "the table exists already");
          await pause();
          starting -= 1;
          await good.start();
        },
      });
    },
  },
};

/** For every case of listing, deletion, start and stop the fault that it is there for. */
export const PERSISTENCE_LISTING_FAULTS: PersistenceFaults = { ...LIST_FAULTS, ...PAGE_FAULTS, ...DELETE_FAULTS, ...LIFECYCLE_FAULTS };
