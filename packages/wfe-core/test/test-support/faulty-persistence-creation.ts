import { WorkflowAlreadyExistsError, WorkflowNameTakenError } from "../../src/errors/workflow-errors.ts";
import type { PointerRow } from "../../src/models/pointer-row.ts";
import type { WorkflowChange } from "../../src/models/workflow-change.ts";
import type { NewWorkflow, WorkflowRecord } from "../../src/models/workflow-row.ts";
import { keptOf, type PersistenceFault, type PersistenceFaults, pause } from "./faulty-persistence.ts";
import { answers } from "./persistence-fault-makers.ts";

/** A fault in what is created. */
function creates(change: (workflow: NewWorkflow) => NewWorkflow): PersistenceFault["make"] {
  return () => (good) => ({ createNewWorkflow: (workflow, now) => good.createNewWorkflow(change(workflow), now) });
}

/** A fault in what is created and in what is committed. */
function writes<T extends Pick<WorkflowChange, "data" | "pointers">>(change: (written: Partial<T>) => Partial<T>): PersistenceFault["make"] {
  const apply = <W>(written: W): W => ({ ...written, ...change(written as Partial<T>) }); // creations and commits share these fields
  return () => (good) => ({
    createNewWorkflow: (workflow, now) => good.createNewWorkflow(apply(workflow), now),
    persistWorkflow: (written, now) => good.persistWorkflow(apply(written), now),
  });
}

/** A fault in the data that is written. */
function writesData(change: (data: string) => string): PersistenceFault["make"] {
  return writes(({ data }) => (data === undefined ? {} : { data: change(data) }));
}

/** A fault in the pointers that are written. */
function writesPointers(change: (pointers: readonly PointerRow[]) => readonly PointerRow[]): PersistenceFault["make"] {
  return writes(({ pointers }) => (pointers === undefined ? {} : { pointers: change(pointers) }));
}

/** Faults for the cases of creating and finding instances. */
const CREATION_FAULTS: PersistenceFaults = {
  "stores a new instance whole and answers its id": {
    fault: "forgets when a new instance is due",
    make: creates(({ dueAt: _dueAt, ...workflow }) => workflow),
  },
  "stores nothing where nothing was given": {
    fault: "makes a new instance due that is not",
    make: creates((workflow) => ({ dueAt: new Date(0), ...workflow })),
  },
  "keeps reference, description, parent and root over commits": {
    fault: "loses the root with the first commit",
    make:
      ({ store }) =>
      (good) => ({
        async persistWorkflow(change, now) {
          const answer = await good.persistWorkflow(change, now);
          const kept = keptOf(store, change.workflowId);
          const { rootWorkflowId: _root, ...row } = kept.row;
          kept.row = row;
          return answer;
        },
      }),
  },
  "keeps the trace context of an instance and of a child, as it was given, over loads, listings and commits": {
    fault: "loses the trace context with the first commit",
    make:
      ({ store }) =>
      (good) => ({
        async persistWorkflow(change, now) {
          const answer = await good.persistWorkflow(change, now);
          const kept = keptOf(store, change.workflowId);
          const { traceContext: _context, ...row } = kept.row;
          kept.row = row;
          return answer;
        },
      }),
  },
  "takes a start with another trace context for one of an id that exists": {
    fault: "stores the trace context of the repeat",
    make:
      ({ store }) =>
      (good) => ({
        createNewWorkflow: (workflow, now) =>
          good.createNewWorkflow(workflow, now).catch((error: unknown) => {
            const kept = store.workflows.get(workflow.id);
            if (kept !== undefined && workflow.traceContext !== undefined) kept.row = { ...kept.row, traceContext: workflow.traceContext };
            throw error;
          }),
      }),
  },
  "refuses an id that exists, tells what is stored under it, and leaves it as it is": {
    fault: "tells what was given in place of what is stored",
    make: () => (good) => ({
      createNewWorkflow: (workflow, now) =>
        good.createNewWorkflow(workflow, now).catch((error: unknown) => {
          throw error instanceof WorkflowAlreadyExistsError ? new WorkflowAlreadyExistsError(workflow.id, workflow) : error;
        }),
    }),
  },
  "refuses a name that is taken, and stores nothing": {
    fault: "has stored an instance when it looks at its name",
    make: () => (good) => ({
      createNewWorkflow: (workflow, now) =>
        good.createNewWorkflow(workflow, now).catch(async (error: unknown) => {
          if (error instanceof WorkflowNameTakenError) await good.createNewWorkflow({ ...workflow, name: `${workflow.name} of ${workflow.id}` }, now);
          throw error;
        }),
    }),
  },
  "refuses a name that another instance has as its id, and an id that another has as its name": {
    fault: "does not compare names with ids",
    make:
      ({ store }) =>
      (good) => ({
        createNewWorkflow: (workflow, now) =>
          good.createNewWorkflow(workflow, now).catch((error: unknown) => {
            if (!(error instanceof WorkflowNameTakenError) || store.workflowIdsByName.has(workflow.name)) throw error;
            store.addWorkflow(workflow);
            return workflow.id;
          }),
      }),
  },
  "tells of a taken id before it tells of a taken name": {
    fault: "looks at the name first",
    make: () => (good) => ({
      async createNewWorkflow(workflow, now) {
        if ((await good.getWorkflowInstanceByName(workflow.name)) !== undefined) throw new WorkflowNameTakenError(workflow.name);
        return await good.createNewWorkflow(workflow, now);
      },
    }),
  },
  "lets one of many creations of one id at the same moment through": {
    fault: "looks whether an id is free, and writes over it later",
    make:
      ({ store }) =>
      (good) => ({
        async createNewWorkflow(workflow, now) {
          const free = !store.workflows.has(workflow.id);
          await pause();
          const other = store.workflows.get(workflow.id);
          if (free && other !== undefined) store.removeWorkflow(other);
          return await good.createNewWorkflow(workflow, now);
        },
      }),
  },
  "lets one of many creations with one name at the same moment through": {
    fault: "looks whether a name is free, and gives it twice later",
    make:
      ({ store }) =>
      (good) => ({
        async createNewWorkflow(workflow, now) {
          const free = !store.workflowIdsByName.has(workflow.name);
          await pause();
          if (free) store.workflowIdsByName.delete(workflow.name);
          return await good.createNewWorkflow(workflow, now);
        },
      }),
  },
  "stores 30 instances that are created at the same moment": {
    fault: "drops what is created while 10 others are on their way",
    make: () => {
      let travelling = 0;
      return (good) => ({
        async createNewWorkflow(workflow, now) {
          travelling += 1;
          if (travelling <= 10) await good.createNewWorkflow(workflow, now);
          await pause();
          travelling -= 1;
          return workflow.id;
        },
      });
    },
  },
  "answers undefined for an instance that does not exist": {
    fault: "takes a name for an id",
    make: () => (good) => ({
      getWorkflowInstance: async (id) => (await good.getWorkflowInstance(id)) ?? (await good.getWorkflowInstanceByName(id)),
    }),
  },
  "finds an instance by its name, compared exactly": {
    fault: "compares names without their case",
    make:
      ({ store }) =>
      (good) => ({
        async getWorkflowInstanceByName(name) {
          const found = [...store.workflowIdsByName].find(([stored]) => stored.toLowerCase() === name.toLowerCase());
          return found === undefined ? undefined : await good.getWorkflowInstance(found[1]);
        },
      }),
  },
  "gives several instances in the order asked for, without those that are missing": {
    fault: "gives instances in the order of their ids",
    make: () => (good) => ({
      getWorkflowInstances: (ids) => good.getWorkflowInstances(ids.toSorted()),
    }),
  },
  "numbers each definition from 1 on": {
    fault: "has one number for all definitions",
    make: () => (good) => ({ nextDefinitionSequence: (_, count) => good.nextDefinitionSequence("", count) }),
  },
  "reserves as many numbers as asked for": {
    fault: "reserves one number, whatever is asked for",
    make: () => (good) => ({ nextDefinitionSequence: (id) => good.nextDefinitionSequence(id, 1) }),
  },
  "reserves nothing but whole numbers, 1 or more": {
    fault: "takes any count of numbers for one",
    make: () => (good) => ({ nextDefinitionSequence: (id, count) => good.nextDefinitionSequence(id, count >= 1 ? Math.trunc(count) : 1) }),
  },
  "gives each number once, whoever asks at the same moment": {
    fault: "reads the number, and writes the next one later",
    make: () => {
      const next = new Map<string, number>();
      return () => ({
        async nextDefinitionSequence(id, count) {
          const first = next.get(id) ?? 1;
          await pause();
          next.set(id, first + count);
          return first;
        },
      });
    },
  },
};

/** Faults for the cases of loading. */
const LOAD_FAULTS: PersistenceFaults = {
  "loads the row and its open pointers in order of creation": {
    fault: "takes a failed pointer for a closed one",
    make: () => (good) => ({
      async loadForPass(id, options) {
        const loaded = await good.loadForPass(id, options);
        return loaded?.pointers === undefined ? loaded : { ...loaded, pointers: loaded.pointers.filter(({ status }) => status !== "failed") };
      },
    }),
  },
  "loads a pointer no longer once a commit has closed it, and again once one has opened it": {
    fault: "never opens a pointer again",
    make:
      ({ store }) =>
      (good) => {
        const closed = new Set<string>();
        return {
          async loadForPass(id, options) {
            for (const pointer of keptOf(store, id).pointers.values()) if (pointer.status === "complete") closed.add(pointer.id);
            const loaded = await good.loadForPass(id, options);
            return loaded?.pointers === undefined ? loaded : { ...loaded, pointers: loaded.pointers.filter((pointer) => !closed.has(pointer.id)) };
          },
          async persistWorkflow(change, now) {
            for (const pointer of change.pointers) if (pointer.status === "complete") closed.add(pointer.id);
            return await good.persistWorkflow(change, now);
          },
        };
      },
  },
  "leaves pointers out when the revision is the one that is known": {
    fault: "loads pointers that are known",
    make: () => (good) => ({ loadForPass: (id) => good.loadForPass(id) }),
  },
  "loads the events that were given and not yet used, in order of delivery": {
    fault: "loads deliveries in the order of their subscriptions",
    make: () => (good) => ({
      async loadForPass(id, options) {
        const loaded = await good.loadForPass(id, options);
        if (loaded === undefined) return undefined;
        return { ...loaded, deliveries: loaded.deliveries.toSorted((a, b) => (a.subscriptionId < b.subscriptionId ? -1 : 1)) };
      },
    }),
  },
  "loads what one commit has picked up in the order of its events, by their time, then by their arrival": {
    fault: "loads what was delivered together in the order of its arrival",
    make: answers("loadForPass", (loaded, _, store) => {
      if (loaded === undefined) return undefined;
      const arrivalOf = (id: string): number => store.events.get(id)?.event.arrival ?? 0;
      return { ...loaded, deliveries: loaded.deliveries.toSorted((a, b) => arrivalOf(a.eventId) - arrivalOf(b.eventId)) };
    }),
  },
  "reads counters and status of those instances that exist": {
    fault: "counts commands as revisions",
    make: () => (good) => ({
      readSignals: async (ids) => (await good.readSignals(ids)).map((signals) => ({ ...signals, revision: signals.revision + signals.controlSeq })),
    }),
  },
  "keeps a copy of what it is given": {
    fault: "keeps the parent that it is given",
    make:
      ({ store }) =>
      (good) => ({
        async createNewWorkflow(workflow, now) {
          const id = await good.createNewWorkflow(workflow, now);
          const kept = keptOf(store, id);
          if (workflow.parent !== undefined) kept.row = { ...kept.row, parent: workflow.parent };
          return id;
        },
      }),
  },
  "keeps copies of the instants that it is given": {
    fault: "keeps the end of a claim that it is given",
    make:
      ({ store }) =>
      (good) => ({
        async claimDueInstances(asAt, options) {
          const ids = await good.claimDueInstances(asAt, options);
          for (const id of ids) keptOf(store, id).row = { ...keptOf(store, id).row, dueAt: options.claimUntil };
          return ids;
        },
      }),
  },
  "gives copies of what it keeps": {
    fault: "gives what it keeps",
    make:
      ({ store }) =>
      () => ({
        async getWorkflowInstance(id): Promise<WorkflowRecord | undefined> {
          const kept = store.workflows.get(id);
          return kept === undefined ? undefined : { ...kept.row, pointers: [...kept.pointers.values()] };
        },
      }),
  },
};

/** Faults for the cases of payloads. */
const PAYLOAD_FAULTS: PersistenceFaults = {
  "keeps every field of a pointer, from its creation and from a commit": {
    fault: "takes a position of 0 for none",
    make: writesPointers((pointers) =>
      pointers.map(({ index, ...pointer }) => (index === undefined || index === 0 ? pointer : { ...pointer, index })),
    ),
  },
  "keeps texts as they are": {
    fault: "reads data as JSON and writes it again",
    make: writesData((data) => {
      try {
        return JSON.stringify(JSON.parse(data));
      } catch {
        return data;
      }
    }),
  },
  "keeps null characters and halves of surrogate pairs": {
    fault: "keeps data in UTF-8",
    make: writesData((data) => Buffer.from(data, "utf8").toString("utf8")),
  },
  "tells an empty text from an absent one": {
    fault: "takes an empty reference for none",
    make: creates(({ reference, ...workflow }) => (reference === undefined || reference === "" ? workflow : { ...workflow, reference })),
  },
  "finds ids and names that differ in little": {
    fault: "composes the characters of ids",
    make: creates((workflow) => ({ ...workflow, id: workflow.id.normalize("NFC") })),
  },
  "keeps instants to the millisecond, before 1970 and far away": {
    fault: "keeps due times to the second",
    make: creates(({ dueAt, ...workflow }) =>
      dueAt === undefined ? workflow : { ...workflow, dueAt: new Date(Math.floor(dueAt.getTime() / 1000) * 1000) },
    ),
  },
  "keeps large payloads": {
    fault: "cuts data after a megabyte",
    make: writesData((data) => data.slice(0, 1_048_576)),
  },
  "keeps many pointers and long scopes": {
    fault: "writes a thousand pointers at most",
    make: writesPointers((pointers) => pointers.slice(0, 1000)),
  },
  "keeps large counts": {
    fault: "counts attempts in 16 bits",
    make: writesPointers((pointers) => pointers.map((pointer) => ({ ...pointer, attempt: pointer.attempt % 65_536 }))),
  },
};

/** For every case of creating, finding, loading and payloads the fault that it is there for. */
export const PERSISTENCE_CREATION_FAULTS: PersistenceFaults = { ...CREATION_FAULTS, ...LOAD_FAULTS, ...PAYLOAD_FAULTS };
