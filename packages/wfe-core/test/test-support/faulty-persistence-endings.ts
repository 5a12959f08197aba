import { TERMINATE_COMMAND } from "../../src/models/scheduled-command.ts";
import { isFinal } from "../../src/models/workflow-status.ts";
import type { InMemoryStore, KeptWorkflow } from "../../src/test-support/in-memory/in-memory-store.ts";
import type { PersistenceProvider } from "../../src/traits/persistence-provider.ts";
import type { CommandOptions, ControlCommand } from "../../src/traits/workflow-repository.ts";
import { type PersistenceFault, type PersistenceFaults, pause } from "./faulty-persistence.ts";
import { answers, around } from "./persistence-fault-makers.ts";

type CommandArgs = Parameters<PersistenceProvider["command"]>;

/** A fault of what a retry of an instance that exists brings along. */
function retries(change: (options: CommandOptions, kept: KeptWorkflow) => CommandOptions): PersistenceFault["make"] {
  return around("command", async (next, [id, command, now, options = {}], store) => {
    const kept = store.workflows.get(id);
    return await next(id, command, now, kept === undefined || command !== "retry" ? options : change(options, kept));
  });
}

/** A fault of what follows a command that is done; `before` is the row when it came. */
function after(
  command: ControlCommand,
  then: (kept: KeptWorkflow, before: KeptWorkflow["row"], store: InMemoryStore, args: CommandArgs) => void,
): PersistenceFault["make"] {
  return around("command", async (next, args, store) => {
    const kept = store.workflows.get(args[0]);
    const before = kept?.row;
    const done = await next(...args);
    if (done === true && args[1] === command && kept !== undefined && before !== undefined) then(kept, before, store, args);
    return done;
  });
}

/** Owes an end to each of the instances that this says yes to. */
function owe(store: InMemoryStore, executeAt: Date, isOwed: (kept: KeptWorkflow) => boolean): void {
  for (const kept of store.workflows.values()) {
    if (isOwed(kept)) store.commands.schedule({ name: TERMINATE_COMMAND, data: kept.row.id, executeAt });
  }
}

const RETRY_FAULTS: PersistenceFaults = {
  "retries a suspended instance, which is then due now and without its error, with the pointers given": {
    fault: "keeps the error of what it retries",
    make: after("retry", (kept, { error }) => {
      if (error !== undefined) kept.row = { ...kept.row, error };
    }),
  },
  "retries a terminated instance, which is then not completed any more": {
    fault: "leaves when a retried instance was over",
    make: after("retry", (kept, { completedAt }) => {
      if (completedAt !== undefined) kept.row = { ...kept.row, completedAt };
    }),
  },
  "writes the pointers of a retry whole, new ones too, and moves neither revision nor sequence": {
    fault: "moves the revision with a retry",
    make: after("retry", (kept) => {
      kept.row = { ...kept.row, revision: kept.row.revision + 1 };
    }),
  },
  "retries with the pointers as they are where none are given": {
    fault: "does not retry without pointers",
    make: around("command", async (next, args) => (args[1] === "retry" && args[3]?.pointers === undefined ? false : await next(...args))),
  },
  "refuses a retry that expects another revision, and writes nothing": {
    fault: "writes the pointers of a retry that it refuses",
    make: around("command", async (next, args, store) => {
      try {
        return await next(...args);
      } catch (error) {
        const kept = store.workflows.get(args[0]);
        for (const pointer of args[3]?.pointers ?? []) if (kept !== undefined) store.putPointer(kept, pointer);
        throw error;
      }
    }),
  },
  "answers false to a retry from another status than it expects, and writes nothing": {
    fault: "retries whatever the status",
    make: retries(({ from: _, ...options }) => options),
  },
  "answers false to a retry of what runs or is complete, whatever revision it expects, and undefined without an instance": {
    fault: "retries what is complete",
    make: around("command", async (next, args, store) => {
      const kept = store.workflows.get(args[0]);
      if (args[1] === "retry" && kept?.row.status === "complete") kept.row = { ...kept.row, status: "terminated" };
      return await next(...args);
    }),
  },
  "refuses a retry that says no revision": {
    fault: "retries at any revision where none is said",
    make: retries((options, { row }) => ({ revision: row.revision, ...options })),
  },
  "does one of many equal retries at the same moment": {
    fault: "looks whether a retry is allowed, and does it later",
    make: around("command", async (next, args, store) => {
      const status = store.workflows.get(args[0])?.row.status;
      await pause();
      const done = await next(...args);
      return args[1] === "retry" ? status === "suspended" || status === "terminated" : done;
    }),
  },
  "lets a commit follow a retry that knows of it, and refuses one that does not": {
    fault: "does not count a retry",
    make: after("retry", (kept, { controlSeq }) => {
      kept.row = { ...kept.row, controlSeq };
    }),
  },
  "either retries an instance or commits what its last pass has left, when both meet": {
    fault: "looks at the revision, and retries later",
    make: around("command", async (next, [id, command, now, options], store) => {
      if (command !== "retry") return await next(id, command, now, options);
      const expected = store.workflows.get(id)?.row.revision === options?.revision;
      await pause();
      const revision = expected ? store.workflows.get(id)?.row.revision : options?.revision;
      return await next(id, command, now, { ...options, ...(revision === undefined ? {} : { revision }) });
    }),
  },
  "keeps what a suspended instance waits for and was given through its retry": {
    fault: "closes what a retried instance waits for",
    make: after("retry", (kept, _, store) => {
      for (const subscription of [...kept.subscriptions.values()]) store.removeSubscription(subscription);
    }),
  },
  "retries one instance and no other, with copies of what it is given": {
    fault: "keeps the pointers of a retry themselves",
    make: after("retry", (kept, _, store, [, , , options]) => {
      for (const pointer of options?.pointers ?? []) store.putPointer(kept, pointer);
    }),
  },
};

const TERMINATION_FAULTS: PersistenceFaults = {
  "stores with a termination the command to end each child that is not over, due now": {
    fault: "owes an end to children that are over, too",
    make: after("terminate", (_, { id }, store, [, , now]) => owe(store, now, ({ row }) => row.parent?.workflowId === id)),
  },
  "owes an end to the children of a terminated instance alone, and not to theirs or others": {
    fault: "owes an end to all that go back to a terminated instance",
    make: after("terminate", (_, { id }, store, [, , now]) => owe(store, now, ({ row }) => row.rootWorkflowId === id)),
  },
  "owes no end to children by another command, or by a termination that is not done": {
    fault: "owes an end to children by a termination that it refuses",
    make: answers("command", (done, [id, command, now], store) => {
      if (command === "terminate") owe(store, now, ({ row }) => row.parent?.workflowId === id && !isFinal(row.status));
      return done;
    }),
  },
  "owes an end once that is owed already, at the earlier of the two times": {
    fault: "owes the end that is owed already at the time that was said first",
    make: () => {
      const said = new Map<string, Date>();
      return (good) => ({
        async scheduleCommand(command) {
          said.set(command.data, command.executeAt);
          await good.scheduleCommand(command);
        },
        processCommands: (asAt, options, handler) =>
          good.processCommands(asAt, options, (command) => handler({ ...command, executeAt: said.get(command.data) ?? command.executeAt })),
      });
    },
  },
  "finds children by the exact id of their parent, whatever is in it": {
    fault: "folds the case of the ids of parents",
    make: after("terminate", (_, { id }, store, [, , now]) => {
      owe(store, now, ({ row }) => row.parent?.workflowId.toLowerCase() === id.toLowerCase() && !isFinal(row.status));
    }),
  },
  "owes an end to the child that a commit starts, or refuses the commit, when a termination meets it": {
    fault: "looks for the children before it ends their parent",
    make: around("command", async (next, args, store) => {
      const [id, command] = args;
      if (command !== "terminate") return await next(...args);
      const children = [...store.workflows.values()].filter(({ row }) => row.parent?.workflowId === id).map(({ row }) => row);
      await pause();
      const done = await next(...args);
      // Takes back what the good one has found in time.
      const found = store.commands.claim(args[2], { limit: 100, claimUntil: args[2] });
      for (const { command: owed, finish } of found) if (!children.some((child) => child.id === owed.data)) finish();
      return done;
    }),
  },
  "owes an end to each of very many children": {
    fault: "owes an end to a hundred children at most",
    make: after("terminate", (_, __, store, [, , now]) => {
      const found = store.commands.claim(now, { limit: 1000, claimUntil: now });
      for (const { finish } of found.slice(100)) finish();
    }),
  },
};

/** Faults for the cases of retries, and of what a termination owes. */
export const PERSISTENCE_ENDING_FAULTS: PersistenceFaults = { ...RETRY_FAULTS, ...TERMINATION_FAULTS };
