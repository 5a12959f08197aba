import type { WorkflowStatus } from "../../models/workflow-status.ts";
import type { ControlCommand } from "../../traits/workflow-repository.ts";
import type { InMemoryStore, KeptWorkflow } from "./in-memory-store.ts";

/** The event that tells others of an end. */
export interface CompletedEvent {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly data?: string;
}

const FROM: Readonly<Record<ControlCommand, readonly WorkflowStatus[]>> = {
  suspend: ["runnable"],
  resume: ["suspended"],
  terminate: ["runnable", "suspended"],
};

/** Changes the status of an instance from outside. @returns Whether its status allowed it. */
export function applyCommand(store: InMemoryStore, kept: KeptWorkflow, command: ControlCommand, now: Date, completedEvent?: CompletedEvent): boolean {
  if (!FROM[command].includes(kept.row.status)) return false;
  const { dueAt: _dueAt, ...row } = kept.row;
  const controlSeq = row.controlSeq + 1;
  if (command === "suspend") {
    kept.row = { ...row, controlSeq, status: "suspended" };
  } else if (command === "resume") {
    const { error: _error, ...sound } = row;
    kept.row = { ...sound, controlSeq, status: "runnable", dueAt: new Date(now) };
  } else {
    kept.row = { ...row, controlSeq, status: "terminated", completedAt: new Date(now) };
    for (const pointer of [...kept.open.values()]) store.putPointer(kept, { ...pointer, status: "cancelled", endedAt: new Date(now) });
    for (const subscription of [...kept.subscriptions.values()]) store.removeSubscription(subscription);
    if (completedEvent !== undefined) store.addEvent({ ...completedEvent, time: now }, now);
  }
  return true;
}
