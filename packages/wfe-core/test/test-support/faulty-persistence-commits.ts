import { ConflictError, type ConflictReason, PersistenceError } from "../../src/errors/store-errors.ts";
import { isWfeError } from "../../src/errors/wfe-error.ts";
import type { CommitResult, WorkflowChange } from "../../src/models/workflow-change.ts";
import type { InMemoryStore, KeptWorkflow } from "../../src/test-support/in-memory/in-memory-store.ts";
import type { PersistenceProvider } from "../../src/traits/persistence-provider.ts";
import { keptOf, type PersistenceFault, type PersistenceFaults, pause } from "./faulty-persistence.ts";

/** What a fault of a commit can use. */
interface Commit {
  readonly change: WorkflowChange;
  readonly now: Date;
  readonly good: PersistenceProvider;
  readonly store: InMemoryStore;
  /** The instance, when there is one. */
  readonly kept: KeptWorkflow | undefined;
}

type CommitFault = (commit: Commit) => Promise<CommitResult>;

/** A fault of the commit; what it keeps is made for each store. */
function commits(make: () => CommitFault): PersistenceFault["make"] {
  return ({ store }) => {
    const commit = make();
    return (good) => ({ persistWorkflow: (change, now) => commit({ change, now, good, store, kept: store.workflows.get(change.workflowId) }) });
  };
}

/** A fault in what is committed. */
function changes(change: (commit: Commit) => Partial<WorkflowChange>): PersistenceFault["make"] {
  return commits(
    () => (commit) => commit.good.persistWorkflow({ ...commit.change, ...(commit.kept === undefined ? {} : change(commit)) }, commit.now),
  );
}

/** A fault in what a commit expects. */
function expects(change: (commit: Commit & { readonly kept: KeptWorkflow }) => Partial<WorkflowChange["expected"]>): PersistenceFault["make"] {
  return changes((commit) => {
    const { kept } = commit;
    return kept === undefined ? {} : { expected: { ...commit.change.expected, ...change({ ...commit, kept }) } };
  });
}

/** A fault of what follows a commit that was accepted. */
function after(then: (commit: Commit & { readonly kept: KeptWorkflow }, answer: CommitResult) => void): PersistenceFault["make"] {
  return commits(() => async (commit) => {
    const answer = await commit.good.persistWorkflow(commit.change, commit.now);
    then({ ...commit, kept: keptOf(commit.store, commit.change.workflowId) }, answer);
    return answer;
  });
}

/** A fault of what is done in spite of a conflict. */
function half(reason: ConflictReason, write: (commit: Commit) => unknown): PersistenceFault["make"] {
  return commits(() => async (commit) => {
    try {
      return await commit.good.persistWorkflow(commit.change, commit.now);
    } catch (error) {
      if (error instanceof ConflictError && error.reason === reason) await write(commit);
      throw error;
    }
  });
}

/** A fault of a commit that is sent again; what it keeps is made for each store. */
function repeats(make: () => CommitFault): PersistenceFault["make"] {
  return commits(() => {
    const again = make();
    return async (commit) => {
      const { change, now, good, kept } = commit;
      return kept?.row.commitId === change.commitId ? await again(commit) : await good.persistWorkflow(change, now);
    };
  });
}

/** Answers of commits, by what the fault takes for their identity. */
function remembers(key: (change: WorkflowChange) => string): PersistenceFault["make"] {
  return commits(() => {
    const answers = new Map<string, CommitResult>();
    return async ({ change, now, good }) => {
      const known = answers.get(key(change));
      if (known !== undefined) return known;
      const answer = await good.persistWorkflow(change, now);
      answers.set(key(change), answer);
      return answer;
    };
  });
}

/** Refuses all that travels together when one is refused for this. */
function failsTogether(isReason: (error: unknown) => boolean): PersistenceFault["make"] {
  return commits(() => {
    let batch: Promise<CommitResult>[] = [];
    return async ({ change, now, good }) => {
      const own = good.persistWorkflow(change, now);
      own.catch(() => {}); // looked at below
      const mates = batch;
      mates.push(own);
      await pause();
      if (batch === mates) batch = [];
      for (const outcome of await Promise.allSettled(mates)) if (outcome.status === "rejected" && isReason(outcome.reason)) throw outcome.reason;
      return await own;
    };
  });
}

function conflict({ row: { id, revision, controlSeq, inboxSeq, status } }: KeptWorkflow, reason: ConflictReason): ConflictError {
  return new ConflictError(id, reason, { revision, controlSeq, inboxSeq, status });
}

/** Faults for the cases of what one commit writes. */
const COMMIT_FAULTS: PersistenceFaults = {
  "moves the row as a commit says, and its revision by one": {
    fault: "leaves the sequence as it was",
    make: changes(({ kept }) => ({ sequence: kept?.row.sequence ?? 0 })),
  },
  "leaves data as it is when a commit has none": {
    fault: "takes absent data for null",
    make: changes(({ change }) => ({ data: change.data ?? "null" })),
  },
  "takes error, end and due time away when the next commit has none": {
    fault: "keeps an error until another one comes",
    make: changes(({ kept }) => (kept?.row.error === undefined ? {} : { error: kept.row.error })),
  },
  "counts revisions from commit to commit, whoever sends them": {
    fault: "counts the commits of each instance of the provider",
    make: () => (good) => {
      let revision = 0;
      return {
        async persistWorkflow(change, now) {
          revision += 1;
          return { ...(await good.persistWorkflow(change, now)), revision };
        },
      };
    },
  },
  "adds and replaces pointers by their id, and leaves the others as they are": {
    fault: "keeps the fields of a pointer that its new row does not have",
    make: changes(({ change, kept }) => ({ pointers: change.pointers.map((pointer) => ({ ...kept?.pointers.get(pointer.id), ...pointer })) })),
  },
  "lists pointers by seq, whatever their ids and their order of writing": {
    fault: "lists pointers by id",
    make: () => (good) => ({
      async getWorkflowInstance(id) {
        const record = await good.getWorkflowInstance(id);
        return record === undefined ? undefined : { ...record, pointers: record.pointers.toSorted((a, b) => (a.id < b.id ? -1 : 1)) };
      },
    }),
  },
  "keeps pointers of one id in two instances apart": {
    fault: "has one pointer of an id in the whole store",
    make: after(({ change, store }) => {
      for (const other of store.workflows.values()) {
        for (const pointer of change.pointers) if (other.pointers.has(pointer.id)) store.putPointer(other, pointer);
      }
    }),
  },
  "stores children whole with the commit of their parent": {
    fault: "stores children without their pointers",
    make: changes(({ change }) => ({ children: change.children.map((child) => ({ ...child, pointers: [] })) })),
  },
  "leaves a child whose id exists as it is, and applies the rest of the commit": {
    fault: "replaces a child whose id exists",
    make: changes(({ change, store }) => {
      for (const { id } of change.children) if (store.workflows.has(id)) store.removeWorkflow(keptOf(store, id));
      return {};
    }),
  },
  "refuses a commit whole when the name of a child is taken, and takes it with another name": {
    fault: "swallows a child whose name is taken",
    make: changes(({ change, store }) => ({ children: change.children.filter(({ name }) => !store.workflowIdsByName.has(name)) })),
  },
  "makes one child of several of one commit that have one id: the first, of one piece": {
    fault: "gives a child the pointers of all that have its id",
    make: after(({ change: { children }, store }) => {
      for (const { id, pointers } of children) for (const pointer of pointers) store.putPointer(keptOf(store, id), pointer);
    }),
  },
  "refuses a commit whole when one of its children has the id of another as its name": {
    fault: "keeps the one whose id the other has as its name",
    make: changes(({ change: { children } }) => ({ children: children.filter(({ name }) => !children.some(({ id }) => id === name)) })),
  },
  "refuses a commit whole when two of its children have one name": {
    fault: "keeps the first of two children with one name",
    make: changes(({ change: { children } }) => ({
      children: children.filter((child, at) => children.findIndex(({ name }) => name === child.name) === at),
    })),
  },
  "refuses a commit whole when a part of it cannot be written": {
    fault: "leaves out what cannot be written",
    make: changes(({ change, store }) => ({ openSubscriptions: change.openSubscriptions.filter(({ id }) => !store.subscriptions.has(id)) })),
  },
  "refuses a commit whole that opens two subscriptions of one id": {
    fault: "opens the last of two subscriptions of one id",
    make: changes(({ change }) => ({ openSubscriptions: [...new Map(change.openSubscriptions.map((each) => [each.id, each])).values()] })),
  },
  "stores events, commands and errors with the commit": {
    fault: "forgets commands",
    make: changes(() => ({ commands: [] })),
  },
  "leaves an event whose id is stored as it is, and applies the rest of the commit": {
    fault: "replaces an event whose id is stored",
    make: changes(({ change, store }) => {
      for (const { id } of change.events) {
        const stored = store.events.get(id);
        if (stored !== undefined) store.removeEvent(stored);
      }
      return {};
    }),
  },
  "shows all of a commit or nothing of it to those who look meanwhile": {
    fault: "writes pointers after the row",
    make: commits(() => async ({ change, now, good, store }) => {
      const answer = await good.persistWorkflow({ ...change, pointers: [] }, now);
      await pause();
      for (const pointer of change.pointers) store.putPointer(keptOf(store, change.workflowId), pointer);
      return answer;
    }),
  },
};

/** Faults for the cases of a commit that is sent again. */
const REPEAT_FAULTS: PersistenceFaults = {
  "answers a commit that is sent again as the first time, and applies it once": {
    fault: "records errors again",
    make: repeats(() => async ({ change, now, good, kept }) => {
      kept?.errors.push(...change.errors);
      return await good.persistWorkflow(change, now);
    }),
  },
  "answers a commit that is sent again through another instance": {
    fault: "knows its own commits only",
    make: ({ store }) => {
      return (good) => {
        const own = new Set<string>();
        return {
          async persistWorkflow(change, now) {
            const kept = keptOf(store, change.workflowId);
            if (kept.row.commitId === change.commitId && !own.has(change.commitId)) throw conflict(kept, "revision");
            own.add(change.commitId);
            return await good.persistWorkflow(change, now);
          },
        };
      };
    },
  },
  "answers a commit that is sent twice at the same moment, and applies it once": {
    fault: "looks for a repeated commit before its turn has come",
    make: commits(() => async ({ change, now, good, kept }) => {
      const repeated = kept?.row.commitId === change.commitId;
      await pause();
      if (!repeated && kept?.row.commitId === change.commitId) throw conflict(kept, "revision");
      return await good.persistWorkflow(change, now);
    }),
  },
  "answers with the events it picked up when it is sent again": {
    fault: "forgets what a commit has picked up",
    make: repeats(() => async ({ change, now, good }) => ({ ...(await good.persistWorkflow(change, now)), pendingDeliveries: [] })),
  },
  "hides no later delivery from a commit that is sent again": {
    fault: "answers with the deliveries of then and the counter of now",
    make: commits(() => {
      const first = new Map<string, CommitResult>();
      return async ({ change, now, good }) => {
        const answer = await good.persistWorkflow(change, now);
        const pendingDeliveries = first.get(change.commitId)?.pendingDeliveries ?? answer.pendingDeliveries;
        first.set(change.commitId, answer);
        return { ...answer, pendingDeliveries };
      };
    }),
  },
  "answers a commit that is sent again after a command as committed": {
    fault: "looks for commands first",
    make: commits(() => async ({ change, now, good, kept }) => {
      if (kept !== undefined && kept.row.controlSeq !== change.expected.controlSeq) throw conflict(kept, "control");
      return await good.persistWorkflow(change, now);
    }),
  },
  "answers by the id of the commit alone, and applies nothing of what it says now": {
    fault: "applies a repeated commit that expects what is stored",
    make: repeats(() => async ({ change, now, good, kept }) => {
      if (kept?.row.revision === change.expected.revision) kept.row = { ...kept.row, commitId: "another" };
      return await good.persistWorkflow(change, now);
    }),
  },
  "refuses a commit that is sent again after the next one": {
    fault: "remembers the answers of all commits",
    make: remembers((change) => JSON.stringify([change.workflowId, change.commitId])),
  },
  "tells commits apart by their ids, compared exactly": {
    fault: "compares ids of commits without their case",
    make: commits(() => async ({ change, now, good, kept }) => {
      const same = kept?.row.commitId?.toLowerCase() === change.commitId.toLowerCase();
      return await good.persistWorkflow(same && kept?.row.commitId !== undefined ? { ...change, commitId: kept.row.commitId } : change, now);
    }),
  },
  "keeps the ids of commits of two instances apart": {
    fault: "remembers commits by their id alone",
    make: remembers((change) => change.commitId),
  },
  "keeps no id of a commit that was refused": {
    fault: "notes the id of a commit before it looks at the row",
    make: half("revision", ({ change, kept }) => {
      if (kept !== undefined) kept.row = { ...kept.row, commitId: change.commitId };
    }),
  },
};

/** Faults for the cases of commits that are wanted at the same moment. */
const BATCH_FAULTS: PersistenceFaults = {
  "lets one of two commits of one revision through, in every round": {
    fault: "compares the revision, and sets it later",
    make: commits(() => async ({ change, now, good, store }) => {
      const compared = keptOf(store, change.workflowId).row;
      if (compared.revision !== change.expected.revision) return await good.persistWorkflow(change, now);
      await pause();
      const { revision, controlSeq } = keptOf(store, change.workflowId).row;
      return await good.persistWorkflow({ ...change, expected: { revision, controlSeq } }, now);
    }),
  },
  "lets one of two changes of one instance in one batch through, and writes nothing of the other": {
    fault: "writes the pointers of a stale change",
    make: half("revision", ({ change, store, kept }) => {
      if (kept !== undefined) for (const pointer of change.pointers) store.putPointer(kept, pointer);
    }),
  },
  "refuses the stale one of many commits at the same moment, and no other": {
    fault: "refuses a batch for one stale change in it",
    make: failsTogether((error) => error instanceof ConflictError),
  },
  "refuses the one of many commits at the same moment that cannot be written, and no other": {
    fault: "refuses a batch for one change in it that cannot be written",
    make: failsTogether((error) => !(error instanceof ConflictError)),
  },
  "refuses the one of many commits at the same moment that fails half-way, and no other": {
    fault: "takes all of a batch back when one change in it fails half-way",
    make: failsTogether((error) => isWfeError(error, "WFE_PERSISTENCE_FAILED")),
  },
  "takes batches that hold the same instances in different orders": {
    fault: "runs into a deadlock of two batches and does not try again",
    make: ({ store }) => {
      const locks = new Map<string, PersistenceProvider>();
      return (good) => ({
        async persistWorkflow(change, now) {
          const holder = locks.get(change.workflowId);
          if (holder !== undefined && holder !== good) throw new PersistenceError("WFE_PERSISTENCE_FAILED", "deadlock detected", { retryable: true });
          locks.set(keptOf(store, change.workflowId).row.id, good);
          await pause();
          locks.delete(change.workflowId);
          return await good.persistWorkflow(change, now);
        },
      });
    },
  },
  "takes commits and commands of the same instances at the same moment": {
    fault: "looks for commands, and writes the status later",
    make: commits(() => async ({ change, now, good, store }) => {
      const { controlSeq } = keptOf(store, change.workflowId).row;
      if (controlSeq !== change.expected.controlSeq) return await good.persistWorkflow(change, now);
      await pause();
      const expected = { ...change.expected, controlSeq: keptOf(store, change.workflowId).row.controlSeq };
      return await good.persistWorkflow({ ...change, expected }, now);
    }),
  },
  "refuses what an owner sends after the claim commit of the next one": {
    fault: "does not count a commit that changes no data",
    make: after(({ change, kept }) => {
      if (change.data === undefined) kept.row = { ...kept.row, revision: kept.row.revision - 1 };
    }),
  },
};

/** Faults for the cases of what a commit is refused for. */
const CONFLICT_FAULTS: PersistenceFaults = {
  "refuses a commit of an instance that does not exist, and writes nothing": {
    fault: "starts the children of an instance that does not exist",
    make: half("missing", async ({ change, now, good }) => {
      for (const child of change.children) await good.createNewWorkflow(child, now);
    }),
  },
  "refuses a commit from an earlier revision, and writes nothing": {
    fault: "sends the events of a stale change",
    make: half("revision", ({ change, now, store }) => {
      for (const event of change.events) store.addEvent(event, now);
    }),
  },
  "refuses a commit from a revision that has not been": {
    fault: "takes any revision that is not lower",
    make: expects(({ change, kept }) => (change.expected.revision > kept.row.revision ? { revision: kept.row.revision } : {})),
  },
  "refuses a commit that does not know of a command, and writes nothing": {
    fault: "opens the subscriptions of a change that it refuses",
    make: half("control", ({ change, store, kept }) => {
      if (kept === undefined) return;
      for (const subscription of change.openSubscriptions) store.addSubscription(kept, { ...subscription, workflowId: kept.row.id });
    }),
  },
  "refuses a commit that does not know of commands which left the status as it was": {
    fault: "compares the status in place of the counter",
    make: expects(({ change, kept }) => (change.status === kept.row.status ? { controlSeq: kept.row.controlSeq } : {})),
  },
  "refuses a commit that expects another inbox, and writes nothing": {
    fault: "closes the subscriptions of a change that it refuses",
    make: half("inbox", ({ change, store }) => {
      for (const id of change.closeSubscriptions) {
        const subscription = store.subscriptions.get(id);
        if (subscription !== undefined) store.removeSubscription(subscription);
      }
    }),
  },
  "refuses a commit that expects an inbox that has not been": {
    fault: "takes a commit that expects a later inbox",
    make: expects(({ change, kept }) => ({ inboxSeq: Math.min(change.expected.inboxSeq ?? 0, kept.row.inboxSeq) })),
  },
  "takes a commit that does not say which inbox it expects, whatever was delivered": {
    fault: "expects of every commit that it has seen the inbox",
    make: expects(({ change }) => ({ inboxSeq: change.seenInboxSeq })),
  },
  "takes a commit that was refused for the inbox once it expects what is there": {
    fault: "moves the inbox with each refusal",
    make: half("inbox", ({ kept }) => {
      if (kept !== undefined) kept.row = { ...kept.row, inboxSeq: kept.row.inboxSeq + 1 };
    }),
  },
  "tells of the revision before a command, and of a command before the inbox": {
    fault: "tells of a command first",
    make: commits(() => async ({ change, now, good, kept }) => {
      const repeated = kept?.row.commitId === change.commitId;
      if (kept !== undefined && !repeated && kept.row.controlSeq !== change.expected.controlSeq) throw conflict(kept, "control");
      return await good.persistWorkflow(change, now);
    }),
  },
  "takes a finished step that a suspend came before, once its commit knows of it": {
    fault: "moves the revision with a command",
    make:
      ({ store }) =>
      (good) => ({
        async command(id, ...rest) {
          const done = await good.command(id, ...rest);
          const kept = keptOf(store, id);
          if (done === true) kept.row = { ...kept.row, revision: kept.row.revision + 1 };
          return done;
        },
      }),
  },
  "takes a finished step that a suspend and a resume came before, once its commit knows of them": {
    fault: "refuses for good what it has refused",
    make: commits(() => {
      const refused = new Map<string, unknown>();
      return async ({ change, now, good }) => {
        if (refused.has(change.commitId)) throw refused.get(change.commitId);
        try {
          return await good.persistWorkflow(change, now);
        } catch (error) {
          refused.set(change.commitId, error);
          throw error;
        }
      };
    }),
  },
  "refuses a finished step that a terminate came before": {
    fault: "takes what was finished before a terminate",
    make: expects(({ kept }) => (kept.row.status === "terminated" ? { controlSeq: kept.row.controlSeq } : {})),
  },
  "refuses every time what it has refused, until the expectation holds": {
    fault: "gives in at the third time",
    make: commits(() => {
      let refusals = 0;
      return async ({ change, now, good, store }) => {
        const { revision, controlSeq } = keptOf(store, change.workflowId).row;
        const expected = refusals < 2 ? change.expected : { revision, controlSeq };
        try {
          return await good.persistWorkflow({ ...change, expected }, now);
        } catch (error) {
          if (isWfeError(error, "WFE_COMMIT_CONFLICT")) refusals += 1;
          throw error;
        }
      };
    }),
  },
};

/** For every case of commits and conflicts the fault that it is there for. */
export const PERSISTENCE_COMMIT_FAULTS: PersistenceFaults = { ...COMMIT_FAULTS, ...REPEAT_FAULTS, ...BATCH_FAULTS, ...CONFLICT_FAULTS };
