import type { Lease, WorkflowChange } from "../../../src/index.ts";
import type { FaultyParts, InvariantName, ProgramFactory } from "../../../src/test-support/index.ts";
import { replacing } from "../../replacing.ts";
import { children } from "../programs/children.ts";
import { commands } from "../programs/commands.ts";
import { events } from "../programs/events.ts";
import { retries } from "../programs/retries.ts";
import { saga } from "../programs/saga.ts";

/** A way of breaking a provider, or what a host hears of it. */
export interface ProviderMutation {
  readonly name: string;
  readonly program: ProgramFactory;
  readonly faulty: FaultyParts;
  /** The invariants that may find it first. */
  readonly caughtBy: readonly InvariantName[];
}

/** A holder that does not hear of the end of its lease. */
export const deafHolder: FaultyParts = {
  locks: (provider) =>
    replacing(provider, {
      acquireLock: async (resource, options) => {
        const lease = await provider.acquireLock(resource, options);
        return lease === undefined ? undefined : deaf(lease);
      },
    }),
};

/** Each with the invariants that may find it first. */
export const providerMutations: readonly ProviderMutation[] = [
  {
    name: "a store that accepts every commit",
    program: retries,
    faulty: {
      persistence: (provider, store) =>
        replacing(provider, {
          persistWorkflow: (change, now) => {
            const { revision = 0, controlSeq = 0 } = store.workflows.get(change.workflowId)?.row ?? {};
            return provider.persistWorkflow({ ...change, expected: { revision, controlSeq } }, now);
          },
        }),
    },
    caughtBy: ["I2", "I4", "I5"],
  },
  {
    name: "a store that answers a commit which it has not made",
    program: saga,
    faulty: {
      persistence: (provider, store) => {
        let commits = 0;
        return replacing(provider, {
          persistWorkflow: async (change, now) => {
            const row = store.workflows.get(change.workflowId)?.row;
            if (++commits % 7 > 0 || row === undefined) return provider.persistWorkflow(change, now);
            return { revision: row.revision + 1, inboxSeq: row.inboxSeq, pendingDeliveries: [] };
          },
        });
      },
    },
    caughtBy: ["I2"],
  },
  {
    name: "a store that leaves a changed pointer out",
    program: retries,
    faulty: {
      persistence: (provider) =>
        replacing(provider, {
          persistWorkflow: (change, now) => provider.persistWorkflow({ ...change, pointers: change.pointers.slice(0, 1) }, now),
        }),
    },
    caughtBy: ["I2"],
  },
  {
    name: "a store whose due times never come",
    program: retries,
    faulty: { persistence: (provider) => replacing(provider, { claimDueInstances: async () => [] }) },
    caughtBy: ["I3"],
  },
  {
    name: "a store that keeps what is closed open",
    program: events,
    faulty: {
      persistence: (provider) =>
        replacing(provider, {
          persistWorkflow: (change: WorkflowChange, now: Date) => provider.persistWorkflow({ ...change, closeSubscriptions: [] }, now),
        }),
    },
    caughtBy: ["I2", "I3"],
  },
  {
    name: "a store that forgets what an instance has consumed",
    program: events,
    faulty: {
      persistence: (provider, store) =>
        replacing(provider, {
          persistWorkflow: (change, now) => {
            store.workflows.get(change.workflowId)?.consumed.clear();
            return provider.persistWorkflow(change, now);
          },
          deliverEvents: (topics, now) => {
            for (const { consumed } of store.workflows.values()) consumed.clear();
            return provider.deliverEvents(topics, now);
          },
          publishEvent: undefined,
        }),
    },
    caughtBy: ["I3"],
  },
  {
    name: "a store that gives a delivery without making its instance due",
    program: events,
    faulty: {
      persistence: (provider, store) =>
        replacing(provider, {
          deliverEvents: async (topics, now) => {
            const dueBefore = new Map([...store.workflows].map(([id, { row }]) => [id, row.dueAt]));
            const given = provider.deliverEvents(topics, now);
            for (const kept of store.workflows.values()) {
              const { dueAt: _, ...row } = kept.row;
              const dueAt = dueBefore.get(row.id);
              kept.row = { ...row, ...(dueAt === undefined ? {} : { dueAt }) };
            }
            return given;
          },
          publishEvent: undefined,
        }),
    },
    caughtBy: ["I3"],
  },
  {
    name: "a termination that the next commit undoes",
    program: commands,
    faulty: {
      persistence: (provider, store) =>
        replacing(provider, {
          persistWorkflow: (change, now) => {
            const controlSeq = store.workflows.get(change.workflowId)?.row.controlSeq ?? 0;
            return provider.persistWorkflow({ ...change, expected: { ...change.expected, controlSeq } }, now);
          },
        }),
    },
    caughtBy: ["I2", "I5"],
  },
  {
    name: "a child that is not stored with its parent's wait",
    program: children,
    faulty: {
      persistence: (provider) =>
        replacing(provider, { persistWorkflow: (change, now) => provider.persistWorkflow({ ...change, children: [] }, now) }),
    },
    caughtBy: ["I2"],
  },
  {
    name: "a holder that does not hear of the end of its lease",
    program: retries,
    faulty: deafHolder,
    caughtBy: ["I6", "I4"],
  },
  {
    name: "hints that nobody is given, and a sweep that sees nothing",
    program: saga,
    faulty: {
      queue: (provider) =>
        replacing(provider, {
          dequeueWork: async (type, options) => {
            const items = await provider.dequeueWork(type, options);
            for (const item of items) await item.ack();
            return [];
          },
        }),
      persistence: (provider) => replacing(provider, { claimDueInstances: async () => [] }),
    },
    caughtBy: ["I3"],
  },
];

/** A lease whose signal never aborts, and which says that it was extended whatever the server says. */
function deaf(lease: Lease): Lease {
  return {
    resource: lease.resource,
    token: lease.token,
    expiresAt: lease.expiresAt,
    signal: new AbortController().signal,
    extend: async () => {
      await lease.extend();
      return true;
    },
    release: () => lease.release(),
  };
}
