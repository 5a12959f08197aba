import { setImmediate as pause } from "node:timers/promises";
import type {
  DistributedLockProvider,
  EventPublication,
  EventRow,
  Lease,
  PersistenceProvider,
  QueueProvider,
  WorkflowChange,
  WorkItem,
} from "wfe-core";
import { altered, type Fault } from "./in-memory-targets.ts";

const FAR = new Date(Date.UTC(2100, 0, 1));

function later(instant: Date, ms: number): Date {
  return new Date(Math.min(instant.getTime() + ms, 8.64e15));
}

async function published(good: PersistenceProvider, event: EventRow, now: Date): Promise<EventPublication> {
  if (good.publishEvent === undefined) throw new Error("this provider publishes no events");
  return good.publishEvent(event, now);
}

/** A fault in what is committed. */
function commits(
  change: (change: WorkflowChange, good: PersistenceProvider) => Partial<WorkflowChange> | Promise<Partial<WorkflowChange>>,
): Fault<PersistenceProvider> {
  return () => (good) => ({
    persistWorkflow: async (given, now) => good.persistWorkflow({ ...given, ...(await change(given, good)) }, now),
  });
}

async function countersOf(good: PersistenceProvider, id: string): Promise<{ readonly revision: number; readonly controlSeq: number } | undefined> {
  return (await good.readSignals([id]))[0];
}

/** Deliberate faults of persistence, by what is wrong. */
export const PERSISTENCE_FAULTS: Readonly<Record<string, Fault<PersistenceProvider>>> = {
  "takes an event for used that was delivered": () => (good) => ({
    isEventConsumed: async (id) => (await good.getEvent(id))?.delivered === true,
  }),
  "takes a commit that does not know of a command": commits(async ({ workflowId, expected }, good) => {
    const current = await countersOf(good, workflowId);
    return current === undefined ? {} : { expected: { ...expected, controlSeq: current.controlSeq } };
  }),
  "takes a commit that closes what was delivered meanwhile": commits(({ expected: { revision, controlSeq } }) => ({
    expected: { revision, controlSeq },
  })),
  "looks at the revision, and writes later whatever has become of it": () => (good) => ({
    persistWorkflow: async (change, now) => {
      const before = await countersOf(good, change.workflowId);
      if (before?.revision !== change.expected.revision) return good.persistWorkflow(change, now);
      await pause();
      const current = await countersOf(good, change.workflowId);
      return good.persistWorkflow({ ...change, expected: { ...change.expected, revision: current?.revision ?? 0 } }, now);
    },
  }),
  "does not know a commit again": () => {
    let commit = 0;
    return (good) => ({
      persistWorkflow: (change, now) => good.persistWorkflow({ ...change, commitId: `${(commit += 1)} ${change.commitId}` }, now),
    });
  },
  "takes the due time of a commit that has not seen the inbox": commits(() => ({ seenInboxSeq: Number.MAX_SAFE_INTEGER })),
  "releases events that are used": commits(({ consume, closeSubscriptions }) => ({
    consume: [],
    closeSubscriptions: [...closeSubscriptions, ...consume.map(({ subscriptionId }) => subscriptionId)],
  })),
  "says that all events of a commit are delivered": () => (good) => ({
    persistWorkflow: async (change, now) => ({ ...(await good.persistWorkflow(change, now)), delivered: change.events.map(({ id }) => id) }),
  }),
  "says of events that nobody has sent that they are delivered": () => (good) => ({
    persistWorkflow: async (change, now) => ({ ...(await good.persistWorkflow(change, now)), delivered: ["unsent"] }),
  }),
  "drops the pointers of children": commits(({ children }) => ({ children: children.map((child) => ({ ...child, pointers: [] })) })),
  "does not record failures": commits(() => ({ errors: [] })),
  "cannot keep half of a surrogate pair": () => (good) => ({
    createEvent: (event, now) => good.createEvent(event.data === undefined ? event : { ...event, data: Buffer.from(event.data).toString() }, now),
  }),
  "delivers on the first of several topics": () => (good) => ({ deliverEvents: (topics, now) => good.deliverEvents(topics.slice(0, 1), now) }),
  "delivers events before their time": () => (good) => ({ deliverEvents: (topics, _now) => good.deliverEvents(topics, FAR) }),
  "publishes an event, and names nobody": () => (good) => ({
    publishEvent: async (event, now) => ({ ...(await published(good, event, now)), reached: [] }),
  }),
  "stores an event that is published, and says that it is delivered": () => (good) => ({
    publishEvent: async (event, now) => {
      await good.createEvent(event, now);
      return { reached: [], delivered: true };
    },
  }),
  "publishes an event before its time": () => (good) => ({ publishEvent: ({ eligibleAt: _, ...event }, now) => published(good, event, now) }),
  "gives events to two sweeps": () => (good) => ({
    getRunnableEvents: (asAt, options) => good.getRunnableEvents(asAt, { ...options, claimUntil: asAt }),
  }),
  "claims more than the limit": () => (good) => ({
    claimDueInstances: (asAt, options) => good.claimDueInstances(asAt, { ...options, limit: options.limit + 1 }),
  }),
  "takes a claim for over too early": () => (good) => ({
    setSubscriptionToken: (id, token, worker, expiresAt, now) => good.setSubscriptionToken(id, token, worker, expiresAt, later(now, 30)),
  }),
  "extends claims that are over": () => (good) => ({
    extendSubscriptionToken: (id, token, expiresAt, _now) => good.extendSubscriptionToken(id, token, expiresAt, new Date(0)),
  }),
  "forgets the event of an end": () => (good) => ({
    command: (id, command, now, { completedEvent: _, ...options } = {}) => good.command(id, command, now, options),
  }),
  "retries whatever has been committed": () => (good) => ({
    command: async (id, command, now, options = {}) => {
      const current = command === "retry" && options.revision !== undefined ? await countersOf(good, id) : undefined;
      return good.command(id, command, now, current === undefined ? options : { ...options, revision: current.revision });
    },
  }),
  "gives the pointer again behind which it is to go on": () => (good) => ({
    getPointers: (id, query) =>
      good.getPointers(id, query.after === undefined ? query : { ...query, after: query.after + (query.compensable === undefined ? -1 : 1) }),
  }),
  "counts no error as an error": () => (good) => ({ countWorkflows: ({ hasError: _, ...filter }) => good.countWorkflows(filter) }),
  "removes events stored at the very instant": () => (good) => ({
    deleteDeliveredEvents: (storedBefore, limit) => good.deleteDeliveredEvents(later(storedBefore, 1), limit),
  }),
  "removes a command whose handler rejects": () => (good) => ({
    processCommands: (asAt, options, handler) => good.processCommands(asAt, options, (command) => handler(command).catch(() => {})),
  }),
  "reads a number, and writes the next one later": () => {
    const next = new Map<string, number>();
    return (good) => ({
      nextDefinitionSequence: async (id, count) => {
        if (!(Number.isInteger(count) && count >= 1)) return good.nextDefinitionSequence(id, count);
        const first = next.get(id) ?? 1;
        await pause();
        next.set(id, first + count);
        return first;
      },
    });
  },
};

/** A fault of leases. */
function leases(change: (lease: Lease, good: DistributedLockProvider) => Partial<Lease>): Fault<DistributedLockProvider> {
  return () => (good) => ({
    acquireLock: async (resource, options) => {
      const lease = await good.acquireLock(resource, options);
      return lease === undefined ? undefined : altered(lease, change(lease, good));
    },
  });
}

/** Deliberate faults of locks, by what is wrong. */
export const LOCK_FAULTS: Readonly<Record<string, Fault<DistributedLockProvider>>> = {
  "gives leases that last a moment longer": () => (good) => ({
    acquireLock: (resource, { ttl }) => good.acquireLock(resource, { ttl: typeof ttl === "number" ? ttl + 1 : ttl }),
  }),
  "says that a release was done which came too late": leases((lease) => ({ release: async () => (await lease.release()) || true })),
  "does not extend, and says that it did": leases((lease) => ({ extend: async () => !lease.signal.aborted })),
  "gives the same resource twice to who asks at the same moment": () => {
    let given: Promise<Lease | undefined> | undefined;
    return (good) => ({
      acquireLock: async (resource, options) => {
        given ??= good.acquireLock(resource, options);
        const mine = given;
        mine.catch(() => {}); // whoever asks has it, below
        await pause();
        given = undefined;
        return await mine;
      },
    });
  },
  "releases its locks by stopping": () => {
    return (good) => {
      const held: Lease[] = [];
      return {
        acquireLock: async (resource, options) => {
          const lease = await good.acquireLock(resource, options);
          if (lease !== undefined) held.push(lease);
          return lease;
        },
        stop: async () => {
          for (const lease of held) await lease.release();
          await good.stop();
        },
      };
    };
  },
};

/** A fault of items. */
function items(change: (item: WorkItem, good: QueueProvider) => Partial<WorkItem>): Fault<QueueProvider> {
  return () => (good) => ({
    dequeueWork: async (type, options) => (await good.dequeueWork(type, options)).map((item) => altered(item, change(item, good))),
  });
}

/** Deliberate faults of queues, by what is wrong. */
export const QUEUE_FAULTS: Readonly<Record<string, Fault<QueueProvider>>> = {
  "gives the latest first": () => (good) => ({ dequeueWork: async (type, options) => (await good.dequeueWork(type, options)).toReversed() }),
  "retries at once, whatever the delay": items((item) => ({
    retry: (delay) => item.retry(delay === 0 || Number(delay) < 0 || Number.isNaN(delay) ? delay : 0),
  })),
  "queues again what is acked late": items((item, good) => ({
    ack: async () => {
      await item.ack();
      await item.ack();
      await good.queueWork(item.id, "event");
    },
  })),
  "loses what is queued while it is being worked on": () => {
    const worked = new Set<string>();
    return (good) => ({
      queueWork: (id, type, options) => (worked.has(id) && options?.delay === undefined ? Promise.resolve() : good.queueWork(id, type, options)),
      dequeueWork: async (type, options) => {
        const given = await good.dequeueWork(type, options);
        for (const { id } of given) worked.add(id);
        return given;
      },
    });
  },
  "does not delay": () => (good) => ({
    queueWork: (id, type, options) => good.queueWork(id, type, typeof options?.delay === "number" && options.delay > 0 ? {} : options),
  }),
};
