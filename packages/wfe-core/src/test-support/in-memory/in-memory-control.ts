import { ConflictError } from "../../errors/store-errors.ts";
import { TERMINATE_COMMAND } from "../../models/scheduled-command.ts";
import { isFinal, type WorkflowStatus } from "../../models/workflow-status.ts";
import type { CommandOptions, ControlCommand } from "../../traits/workflow-repository.ts";
import type { InMemoryStore, KeptWorkflow } from "./in-memory-store.ts";

const FROM: Readonly<Record<ControlCommand, readonly WorkflowStatus[]>> = {
  suspend: ["runnable"],
  resume: ["suspended"],
  terminate: ["runnable", "suspended"],
  retry: ["suspended", "terminated"],
};

/**
 * Changes the status of an instance from outside. @returns Whether its status allowed it.
 *
 * @throws ConflictError when a retry expects another revision.
 */
export function applyCommand(store: InMemoryStore, kept: KeptWorkflow, command: ControlCommand, now: Date, options: CommandOptions): boolean {
  if (!FROM[command].includes(kept.row.status) || (options.from ?? kept.row.status) !== kept.row.status) return false;
  if (command === "retry") refuseConflict(kept, options);
  const { dueAt: _dueAt, ...row } = kept.row;
  const controlSeq = row.controlSeq + 1;
  if (command === "suspend") {
    kept.row = { ...row, controlSeq, status: "suspended" };
  } else if (command === "resume") {
    const { error: _error, ...sound } = row;
    kept.row = { ...sound, controlSeq, status: "runnable", dueAt: new Date(now) };
  } else if (command === "retry") {
    const { error: _error, completedAt: _completedAt, ...again } = row;
    kept.row = { ...again, controlSeq, status: "runnable", dueAt: new Date(now) };
    for (const pointer of structuredClone(options.pointers ?? [])) store.putPointer(kept, pointer);
  } else {
    kept.row = { ...row, controlSeq, status: "terminated", completedAt: new Date(now) };
    for (const pointer of [...kept.open.values()]) store.putPointer(kept, { ...pointer, status: "cancelled", endedAt: new Date(now) });
    for (const subscription of [...kept.subscriptions.values()]) store.removeSubscription(subscription);
    if (options.completedEvent !== undefined) store.addEvent({ ...options.completedEvent, time: now }, now);
    for (const child of childrenOf(store, row.id)) store.commands.schedule({ name: TERMINATE_COMMAND, data: child, executeAt: now });
  }
  return true;
}

function refuseConflict({ row }: KeptWorkflow, { revision: expected }: CommandOptions): void {
  if (row.revision === expected) return;
  const { revision, controlSeq, inboxSeq, status } = row;
  throw new ConflictError(row.id, "revision", { revision, controlSeq, inboxSeq, status });
}

/** Instances that were started from one and are not over. */
function childrenOf(store: InMemoryStore, id: string): readonly string[] {
  return [...store.workflows.values()].filter(({ row }) => row.parent?.workflowId === id && !isFinal(row.status)).map(({ row }) => row.id);
}
