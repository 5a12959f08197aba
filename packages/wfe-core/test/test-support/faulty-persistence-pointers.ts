import type { PointerQuery, PointerRow } from "../../src/models/pointer-row.ts";
import { isOpen } from "../../src/models/workflow-status.ts";
import type { InMemoryStore } from "../../src/test-support/in-memory/in-memory-store.ts";
import { keptOf, type PersistenceFault, type PersistenceFaults } from "./faulty-persistence.ts";
import { answers, around, asks } from "./persistence-fault-makers.ts";

/** A fault in what is asked for by a query of pointers. */
function queries(change: (query: PointerQuery) => Partial<PointerQuery>): PersistenceFault["make"] {
  return asks("getPointers", ([id, query]) => [id, { ...query, ...change(query) }]);
}

/** A fault of compensable pointers: those of an instance that this says yes to, in the right order, without an end of before. */
function undoes(mayUndo: (pointer: PointerRow, stepIds: readonly number[]) => boolean): PersistenceFault["make"] {
  return around("getPointers", async (next, [id, query], store) => {
    if (query.compensable === undefined) return await next(id, query);
    const { stepIds } = query.compensable;
    return all(store, id)
      .filter((pointer) => mayUndo(pointer, stepIds))
      .sort((a, b) => (b.endSeq ?? 0) - (a.endSeq ?? 0));
  });
}

function all(store: InMemoryStore, id: string): PointerRow[] {
  return [...(store.workflows.get(id)?.pointers.values() ?? [])];
}

function isClosedByResult({ status, endSeq }: PointerRow): boolean {
  return (status === "complete" || status === "cancelled" || status === "compensated") && endSeq !== undefined;
}

const POINTER_QUERY_FAULTS: PersistenceFaults = {
  "gives the pointers of an instance, of every status, in order of creation": {
    fault: "sorts pointers by their ids",
    make: answers("getPointers", (found, [, { compensable }]) =>
      compensable === undefined ? found.toSorted((a, b) => (a.id < b.id ? -1 : 1)) : found,
    ),
  },
  "gives no pointers of an instance that does not exist or has none": {
    fault: "takes an instance that it does not find for another one",
    make: asks("getPointers", ([id, query], store) => [store.workflows.has(id) ? id : "x", query]),
  },
  "gives no more pointers than asked for, and goes on behind one": {
    fault: "begins with the pointer behind which it is to go on",
    make: queries(({ after, compensable }) => (after === undefined || compensable !== undefined ? {} : { after: after - 1 })),
  },
  "refuses a limit of pointers that is no whole number of 1 or more": {
    fault: "rounds a limit, and takes one that cannot be for none",
    make: queries(({ limit }) => ({ limit: Number.isFinite(limit) && limit >= 1 ? Math.floor(limit) : 1 })),
  },
  "finds the pointers inside a container, at any depth, and not the container itself": {
    fault: "finds the children of a container, and not theirs",
    make: around("getPointers", async (next, [id, query]) =>
      (await next(id, query)).filter(({ scope }) => query.scope === undefined || scope.at(-1) === query.scope),
    ),
  },
  "compares the ids of containers exactly, whatever is in them": {
    fault: "looks for the id in the text of the scope",
    make: around("getPointers", async (next, [id, { scope, ...query }], store) =>
      scope === undefined
        ? await next(id, query)
        : all(store, id)
            .filter((pointer) => JSON.stringify(pointer.scope).includes(JSON.stringify(scope)))
            .sort((a, b) => a.seq - b.seq),
    ),
  },
  "gives pointers as the last commit has left them": {
    fault: "gives pointers as they were when they were first asked for",
    make: () => {
      const known = new Map<string, Promise<readonly PointerRow[]>>();
      return (good) => ({
        getPointers(id, query) {
          const key = JSON.stringify([id, query]);
          const found = known.get(key) ?? good.getPointers(id, query);
          known.set(key, found);
          return found;
        },
      });
    },
  },
};

const COMPENSABLE_FAULTS: PersistenceFaults = {
  "finds what compensation may have to undo, of every status, the last result first": {
    fault: "does not find what was compensated before",
    make: answers("getPointers", (found, [, { compensable }]) =>
      compensable === undefined ? found : found.filter(({ status }) => status !== "compensated"),
    ),
  },
  "does not find for compensation what was never started, undoes something itself, or was closed without a result": {
    fault: "finds what was never started",
    make: undoes((pointer, stepIds) => isClosedByResult(pointer) && pointer.compensates === undefined && stepIds.includes(pointer.stepId)),
  },
  "finds for compensation pointers of the steps that are asked for": {
    fault: "finds pointers of every step",
    make: undoes((pointer) => isClosedByResult(pointer) && pointer.compensates === undefined && pointer.attempt > 0),
  },
  "gives what compensation may have to undo part by part, going on below an end": {
    fault: "begins with the end below which it is to go on",
    make: queries(({ after, compensable }) => (after === undefined || compensable === undefined ? {} : { after: after + 1 })),
  },
  "finds inside a container what compensation may have to undo, as many as asked for": {
    fault: "counts what is outside of the container against the limit",
    make: around("getPointers", async (next, [id, { scope, ...query }]) => {
      const found = await next(id, query);
      return scope === undefined ? found : found.filter((pointer) => pointer.scope.includes(scope));
    }),
  },
};

/** A fault of which pointers are loaded for a pass. */
function loads(change: (pointers: readonly PointerRow[], id: string, store: InMemoryStore) => readonly PointerRow[]): PersistenceFault["make"] {
  return answers("loadForPass", (loaded, [id], store) =>
    loaded?.pointers === undefined ? loaded : { ...loaded, pointers: change(loaded.pointers, id, store) },
  );
}

const COMPENSATED_LOAD_FAULTS: PersistenceFaults = {
  "loads with the open pointers the closed ones that they compensate, each once, in order of creation": {
    fault: "loads what is compensated before what is open",
    make: loads((pointers) => [...pointers.filter(({ status }) => !isOpen(status)), ...pointers.filter(({ status }) => isOpen(status))]),
  },
  "loads of the closed pointers none that another closed one compensates, and none of another instance": {
    fault: "loads what is undone by what is undone",
    make: loads((pointers, id, store) => {
      const further = pointers.map(({ compensates }) => keptOf(store, id).pointers.get(compensates ?? "")).filter((pointer) => pointer !== undefined);
      return [...new Map([...further, ...pointers].map((pointer) => [pointer.id, pointer])).values()].sort((a, b) => a.seq - b.seq);
    }),
  },
  "loads a compensated pointer for as long as the one that undoes it is open": {
    fault: "loads what a closed pointer has compensated",
    make: loads((pointers, id, store) => {
      const undone = new Set(all(store, id).map(({ compensates }) => compensates));
      return all(store, id).filter((pointer) => pointers.includes(pointer) || isOpen(pointer.status) || undone.has(pointer.id));
    }),
  },
};

/** Faults for the cases of the pointers that are looked for, or loaded for what they undo. */
export const PERSISTENCE_POINTER_FAULTS: PersistenceFaults = { ...POINTER_QUERY_FAULTS, ...COMPENSABLE_FAULTS, ...COMPENSATED_LOAD_FAULTS };
