import { ConflictError } from "../../src/errors/store-errors.ts";
import type { InMemoryStore, KeptWorkflow } from "../../src/test-support/in-memory/in-memory-store.ts";
import type { PersistenceProvider } from "../../src/traits/persistence-provider.ts";
import { keptOf, type PersistenceFaults, pause } from "./faulty-persistence.ts";
import type { Change } from "./faulty-provider.ts";
import { answers, around, commits, takeBack } from "./persistence-fault-makers.ts";

/** Faults for the cases of children. */
const CHILD_FAULTS: PersistenceFaults = {
  "gives a child the events that are stored after the commit that made it, and none from before": {
    fault: "notes for a child of no event that it came before",
    make: answers("persistWorkflow", (answer, [{ children }], store) => {
      for (const { id } of children) Object.assign(keptOf(store, id), { createdArrival: 0 } satisfies Partial<KeptWorkflow>);
      return answer;
    }),
  },
  "makes a child of another definition, which is found by its name and due for its own definition": {
    fault: "makes a child of the definition of its parent",
    make: commits(({ workflowId, children }, store) => {
      const { definitionId, version, fingerprint } = keptOf(store, workflowId).row;
      return { children: children.map((child) => ({ ...child, definitionId, version, fingerprint })) };
    }),
  },
  "stores nothing for a child where nothing was given": {
    fault: "makes a child due that is not",
    make: commits(({ children }) => ({ children: children.map((child) => ({ dueAt: new Date(0), ...child })) })),
  },
  "makes one of a child and an instance that are created under one id at the same moment, of one piece": {
    fault: "looks whether the id of a child is free, and writes its row later",
    make: around("persistWorkflow", async (next, [change, now], store) => {
      const [child] = change.children;
      if (child === undefined || store.workflows.has(child.id)) return await next(change, now);
      await pause();
      const other = store.workflows.get(child.id);
      if (other !== undefined) other.row = { ...other.row, data: child.data };
      return await next(change, now);
    }),
  },
};

/** Marks an event delivered with the first 500 who wait, and gives it to the others later, unless it was stopped by then. */
const deliversInTwo =
  (store: InMemoryStore, turns: number): Change<PersistenceProvider> =>
  (good) => {
    let stopped = false;
    return {
      async deliverEvents(topics, now) {
        const beyond = topics.flatMap((topic) => [...store.topic(topic).open].slice(500));
        for (const kept of beyond) store.topic(kept.subscription).open.delete(kept);
        const ids = await good.deliverEvents(topics, now);
        for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
        for (const kept of beyond) store.topic(kept.subscription).open.add(kept);
        return stopped ? ids : [...new Set([...ids, ...(await good.deliverEvents(topics, now))])];
      },
      async stop() {
        stopped = true;
        await good.stop();
      },
    };
  };

/** Faults for the cases of what meets half-way. */
const MEETING_FAULTS: PersistenceFaults = {
  "loses no event that is stored while a delivery to many is under way": {
    fault: "marks delivered at the end of a delivery what has come since its beginning",
    make: around("deliverEvents", async (next, [topics, now], store) => {
      const ids = await next(topics, now);
      await pause(20);
      for (const kept of topics.flatMap((topic) => store.topic(topic).events)) {
        kept.event = { ...kept.event, delivered: true };
        store.undelivered.delete(kept);
      }
      return ids;
    }),
  },
  "marks an event delivered when all who wait have it, not before": {
    fault: "marks an event delivered, and gives it later to those beyond the first 500",
    make: ({ store }) => deliversInTwo(store, 20),
  },
  "reaches all who wait when the one who delivers stops half-way": {
    fault: "marks an event delivered, gives it later to those beyond the first 500, and forgets them at its stop",
    make: ({ store }) => deliversInTwo(store, 1),
  },
  "either gives an old event to a wait or removes it, when both meet": {
    fault: "looks for events that nobody holds, and removes them later",
    make: around("deleteDeliveredEvents", async (_, [before, limit], store) => {
      const old = [...store.events.values()].filter(({ event, holders }) => event.delivered && holders === 0 && event.storedAt < before);
      await pause();
      for (const kept of old.slice(0, limit)) store.removeEvent(kept);
      return Math.min(old.length, limit);
    }),
  },
  "keeps one of equal commands of one commit, and of many commits at the same moment, with the earliest time": {
    fault: "stores the first of equal commands of a commit",
    make: commits(({ commands }) => ({
      commands: [...new Map(commands.toReversed().map((command) => [JSON.stringify([command.name, command.data]), command])).values()],
    })),
  },
  "begins to handle a command though the handling of another one takes long": {
    fault: "handles one command after the other",
    make: around("processCommands", async (next, [asAt, options, handler]) => {
      let before: Promise<unknown> = Promise.resolve();
      return await next(asAt, options, (command) => {
        const handling = before.then(() => handler(command));
        before = handling.catch(() => {});
        return handling;
      });
    }),
  },
};

/** Faults for the cases of writers that wait for a row. */
const HELD_FAULTS: PersistenceFaults = {
  "loses no event that is stored and delivered while the commit which opens its subscription waits for its row (race 1)": {
    fault: "looks for events with what it saw before it waited",
    make: around("persistWorkflow", async (next, [change, now], store) => {
      const known = new Set(store.events.values());
      const answer = await next(change, now);
      for (const { id } of change.openSubscriptions) {
        const kept = store.subscriptions.get(id);
        if (kept?.given !== undefined && !known.has(kept.given.event)) takeBack(store, kept);
      }
      return answer;
    }),
  },
  "keeps an instance due whose commit and whose delivery wait for its row together, whichever comes first (race 2)": {
    fault: "decides on the due time with what it saw before it waited",
    make: around("persistWorkflow", async (next, [change, now], store) => {
      const { inboxSeq } = keptOf(store, change.workflowId).row;
      const answer = await next(change, now);
      const kept = keptOf(store, change.workflowId);
      if (inboxSeq > change.seenInboxSeq || change.openSubscriptions.length > 0) return answer;
      const { dueAt: _, ...row } = kept.row;
      kept.row = change.dueAt === undefined ? row : { ...row, dueAt: change.dueAt };
      return answer;
    }),
  },
  "closes a subscription or delivers to it, when both wait for its row, whichever comes first": {
    fault: "compares the inbox with what it saw before it waited",
    make: around("persistWorkflow", async (next, [change, now], store) => {
      const { inboxSeq, ...expected } = change.expected;
      const matches = inboxSeq === keptOf(store, change.workflowId).row.inboxSeq;
      return await next(matches ? { ...change, expected } : change, now);
    }),
  },
  "answers a commit that is sent twice while it waits for its row, and applies it once (race 5)": {
    fault: "looks for the id of a commit before it waits",
    make: ({ store }) => {
      const applied = new Set<string>();
      return (good) => ({
        async persistWorkflow(change, now) {
          const isRepeated = keptOf(store, change.workflowId).row.commitId === change.commitId;
          const answer = await good.persistWorkflow(change, now);
          if (!isRepeated && applied.has(change.commitId)) throw new ConflictError(change.workflowId, "revision");
          applied.add(change.commitId);
          return answer;
        },
      });
    },
  },
  "lets neither of a command and a commit that wait for one row undo the other, whichever comes first (race 6)": {
    fault: "compares the commands with what it saw before it waited",
    make: around("persistWorkflow", async (next, [change, now], store) => {
      const matches = change.expected.controlSeq === keptOf(store, change.workflowId).row.controlSeq;
      if (!matches) return await next(change, now);
      try {
        return await next(change, now);
      } catch (error) {
        if (!(error instanceof ConflictError) || error.reason !== "control") throw error;
        const { controlSeq } = keptOf(store, change.workflowId).row;
        return await next({ ...change, expected: { ...change.expected, controlSeq } }, now);
      }
    }),
  },
};

/** Faults for the cases of children, and of what meets half-way. */
export const PERSISTENCE_MEETING_FAULTS: PersistenceFaults = { ...CHILD_FAULTS, ...MEETING_FAULTS, ...HELD_FAULTS };
