import type { StoredEvent } from "../../src/models/event.ts";
import type { InMemoryStore, KeptWorkflow } from "../../src/test-support/in-memory/in-memory-store.ts";
import type { PersistenceProvider } from "../../src/traits/persistence-provider.ts";
import type { ControlCommand } from "../../src/traits/workflow-repository.ts";
import { keptOf, type PersistenceFault, type PersistenceFaults, pause } from "./faulty-persistence.ts";

type ClaimArgs = Parameters<PersistenceProvider["claimDueInstances"]>;
type CommandArgs = Parameters<PersistenceProvider["command"]>;

/** A fault in what is asked for by a claim. */
function asks(change: (options: ClaimArgs[1], asAt: Date, store: InMemoryStore) => Partial<ClaimArgs[1]>): PersistenceFault["make"] {
  return ({ store }) =>
    (good) => ({
      claimDueInstances: (asAt, options) => good.claimDueInstances(asAt, { ...options, ...change(options, asAt, store) }),
    });
}

/** What a fault of a command can use. */
interface Command {
  readonly args: CommandArgs;
  readonly command: ControlCommand;
  readonly now: Date;
  readonly good: PersistenceProvider;
  readonly store: InMemoryStore;
  readonly kept: KeptWorkflow;
}

/** A fault of commands for instances that exist. */
function commands(run: (command: Command) => Promise<boolean | undefined>): PersistenceFault["make"] {
  return ({ store }) =>
    (good) => ({
      async command(...args) {
        const kept = store.workflows.get(args[0]);
        return kept === undefined ? await good.command(...args) : await run({ args, command: args[1], now: args[2], good, store, kept });
      },
    });
}

/** A fault of what follows a command; `before` is taken when the command comes. */
function after<T>(before: (command: Command) => T, then: (command: Command, done: boolean | undefined, taken: T) => void): PersistenceFault["make"] {
  return commands(async (command) => {
    const taken = before(command);
    const done = await command.good.command(...command.args);
    then(command, done, taken);
    return done;
  });
}

const nothing = (): undefined => undefined;

/** Faults for the cases of due times. */
const DUE_FAULTS: PersistenceFaults = {
  "claims instances due at or before the instant, and no later ones": {
    fault: "claims what is due strictly before",
    make: () => (good) => ({ claimDueInstances: (asAt, options) => good.claimDueInstances(new Date(asAt.getTime() - 1), options) }),
  },
  "claims the earliest first, however they were stored": {
    fault: "claims in the order of ids",
    make: () => (good) => ({ claimDueInstances: async (...args) => (await good.claimDueInstances(...args)).toSorted() }),
  },
  "claims no more than the limit, and the next ones with the next look": {
    fault: "does not keep to the limit",
    make: asks(() => ({ limit: 1000 })),
  },
  "claims instances of those definitions only, by id, version and fingerprint": {
    fault: "does not look at the fingerprint",
    make: asks(({ definitions }, _, store) => ({
      definitions: definitions.flatMap(({ id, version }) =>
        [...store.workflows.values()]
          .filter(({ row }) => row.definitionId === id && row.version === version)
          .map(({ row }) => ({ id, version, fingerprint: row.fingerprint })),
      ),
    })),
  },
  "claims the earliest first over all definitions": {
    fault: "looks at one definition after the other",
    make: () => (good) => ({
      async claimDueInstances(asAt, options) {
        const claimed: string[] = [];
        for (const definition of options.definitions) {
          const limit = options.limit - claimed.length;
          if (limit > 0) claimed.push(...(await good.claimDueInstances(asAt, { ...options, definitions: [definition], limit })));
        }
        return claimed;
      },
    }),
  },
  "hides what was claimed until the claim ends, and then gives it again": {
    fault: "hides for a millisecond more",
    make: asks(({ claimUntil }) => ({ claimUntil: new Date(claimUntil.getTime() + 1) })),
  },
  "gives each instance to one of those who claim at the same moment": {
    fault: "gives all who claim at the same moment the same instances",
    make: () => {
      let claiming: Promise<readonly string[]> | undefined;
      return (good) => ({
        async claimDueInstances(...args) {
          claiming ??= good.claimDueInstances(...args);
          const claimed = await claiming;
          claiming = undefined;
          return claimed;
        },
      });
    },
  },
  "claims nothing that is suspended or over, or has no due time": {
    fault: "claims what is suspended, too",
    make:
      ({ store }) =>
      (good) => ({
        async claimDueInstances(asAt, options) {
          const suspended = [...store.workflows.values()].filter(
            ({ row }) => row.status === "suspended" && row.dueAt !== undefined && row.dueAt.getTime() <= asAt.getTime(),
          );
          return [...suspended.map(({ row }) => row.id), ...(await good.claimDueInstances(asAt, options))];
        },
      }),
  },
  "lets the due time of a commit replace that of a claim": {
    fault: "keeps the later of the due times of claim and commit",
    make:
      ({ store }) =>
      (good) => ({
        persistWorkflow(change, now) {
          const claimed = keptOf(store, change.workflowId).row.dueAt;
          const later = claimed !== undefined && change.dueAt !== undefined && claimed.getTime() > change.dueAt.getTime();
          return good.persistWorkflow(later ? { ...change, dueAt: claimed } : change, now);
        },
      }),
  },
  "keeps an instance due now when its commit has not seen a delivery": {
    fault: "takes the due time of a commit as it comes",
    make: () => (good) => ({ persistWorkflow: (change, now) => good.persistWorkflow({ ...change, seenInboxSeq: Number.MAX_SAFE_INTEGER }, now) }),
  },
  "keeps an instance due when a delivery and a commit meet": {
    fault: "looks at the inbox, and writes the due time later",
    make:
      ({ store }) =>
      (good) => ({
        async deliverEvents(...args) {
          await pause(10);
          return await good.deliverEvents(...args);
        },
        async persistWorkflow(change, now) {
          const seen = change.seenInboxSeq >= keptOf(store, change.workflowId).row.inboxSeq;
          await pause(20);
          return await good.persistWorkflow(seen ? { ...change, seenInboxSeq: Number.MAX_SAFE_INTEGER } : change, now);
        },
      }),
  },
  "makes a claimed instance due now when something is delivered to it": {
    fault: "leaves the due time of an instance that has one",
    make:
      ({ store }) =>
      (good) => ({
        async deliverEvents(...args) {
          const before = new Map([...store.workflows.values()].map(({ row }) => [row.id, row.dueAt]));
          const reached = await good.deliverEvents(...args);
          for (const id of reached) {
            const kept = keptOf(store, id);
            const dueAt = before.get(id);
            if (dueAt !== undefined) kept.row = { ...kept.row, dueAt };
          }
          return reached;
        },
      }),
  },
};

/** Faults for the cases of suspend, resume and terminate. */
const COMMAND_FAULTS: PersistenceFaults = {
  "suspends a runnable instance, which is then not due": {
    fault: "keeps the due time of what it suspends",
    make: after(
      ({ kept }) => kept.row.dueAt,
      ({ kept, command }, done, dueAt) => {
        if (done === true && command === "suspend" && dueAt !== undefined) kept.row = { ...kept.row, dueAt };
      },
    ),
  },
  "resumes a suspended instance, which is then due now and without its error": {
    fault: "keeps the error of what it resumes",
    make: after(
      ({ kept }) => kept.row.error,
      ({ kept, command }, done, error) => {
        if (done === true && command === "resume" && error !== undefined) kept.row = { ...kept.row, error };
      },
    ),
  },
  "resumes an instance that a commit has suspended": {
    fault: "resumes what a command has suspended only",
    make: commands(async ({ args, command, good, kept }) =>
      command === "resume" && kept.row.controlSeq === 0 ? false : await good.command(...args),
    ),
  },
  "terminates a runnable instance, with its open pointers": {
    fault: "leaves failed pointers open",
    make: after(
      ({ kept }) => [...kept.open.values()].filter(({ status }) => status === "failed"),
      ({ store, kept }, _, failed) => {
        for (const pointer of failed) store.putPointer(kept, pointer);
      },
    ),
  },
  "terminates a suspended instance": {
    fault: "terminates from runnable only",
    make: commands(async ({ args, command, good, kept }) =>
      command === "terminate" && kept.row.status === "suspended" ? false : await good.command(...args),
    ),
  },
  "answers false where the status does not allow a command, and changes nothing": {
    fault: "tells of an end that it has refused",
    make: after(nothing, ({ args, now, store }, done) => {
      const event = args[3]?.completedEvent;
      if (done === false && event !== undefined) store.addEvent({ ...event, time: now }, now);
    }),
  },
  "answers undefined to a command for an instance that does not exist": {
    fault: "answers false for an instance that does not exist",
    make: () => (good) => ({ command: async (...args) => (await good.command(...args)) ?? false }),
  },
  "moves the control counter alone, by one with each command that is done": {
    fault: "counts commands that it has refused",
    make: after(nothing, ({ kept }, done) => {
      if (done === false) kept.row = { ...kept.row, controlSeq: kept.row.controlSeq + 1 };
    }),
  },
  "does one of many equal commands at the same moment": {
    fault: "looks whether a command is allowed, and does it later",
    make: commands(async ({ args, command, good, kept }) => {
      const allowed = command === "resume" ? kept.row.status === "suspended" : kept.row.status === "runnable" || command === "terminate";
      await pause();
      await good.command(...args);
      return allowed;
    }),
  },
  "commands one instance and no other": {
    fault: "closes the subscriptions of all instances",
    make: after(nothing, ({ store }) => {
      for (const subscription of store.subscriptions.values()) store.removeSubscription(subscription);
    }),
  },
  "closes the subscriptions of an instance that it terminates, and releases their events": {
    fault: "leaves the subscriptions of what it terminates open",
    make: after(
      ({ kept }) => [...kept.subscriptions.values()].filter(({ given }) => given === undefined).map(({ subscription }) => subscription),
      ({ store, kept }, done, open) => {
        if (done === true) for (const subscription of open) store.addSubscription(kept, subscription);
      },
    ),
  },
  "stores the event of the end with a terminate, undelivered": {
    fault: "stores the event of the end as delivered",
    make: after(nothing, ({ args, store }) => {
      const kept = store.events.get(args[3]?.completedEvent?.id ?? "");
      if (kept === undefined) return;
      kept.event = { ...kept.event, delivered: true } satisfies StoredEvent;
      store.undelivered.delete(kept);
    }),
  },
  "wakes a parent by the event of the end of its child": {
    fault: "loses the key of the event of the end",
    make: commands(async ({ args: [id, command, now, options], good }) => {
      const event = options?.completedEvent;
      return await good.command(id, command, now, event === undefined ? {} : { completedEvent: { ...event, key: "" } });
    }),
  },
  "stores no event of an end where none is given": {
    fault: "tells of an end with every command",
    make: after(nothing, ({ args, now, store }, done) => {
      const event = args[3]?.completedEvent;
      if (done === true && event !== undefined) store.addEvent({ ...event, time: now }, now);
    }),
  },
  "keeps what is delivered to a suspended instance for its resume": {
    fault: "delivers nothing to a suspended instance",
    make:
      ({ store }) =>
      (good) => ({
        async deliverEvents(...args) {
          const suspended = [...store.workflows.values()].filter(({ row }) => row.status === "suspended");
          for (const kept of suspended) kept.row = { ...kept.row, status: "terminated" };
          const reached = await good.deliverEvents(...args);
          for (const kept of suspended) kept.row = { ...kept.row, status: "suspended" };
          return reached;
        },
      }),
  },
  "orders a command and a commit that meet, so that neither undoes the other": {
    fault: "reads a row, and writes all of it later",
    make: commands(async ({ args, good, kept }) => {
      const { row } = kept;
      await pause();
      kept.row = row;
      return await good.command(...args);
    }),
  },
};

/** For every case of due times and commands the fault that it is there for. */
export const PERSISTENCE_CONTROL_FAULTS: PersistenceFaults = { ...DUE_FAULTS, ...COMMAND_FAULTS };
