import { type CommitResult, type ConflictError, isOpen, type NewWorkflow, TERMINATE_COMMAND, type WorkflowChange } from "wfe-core";
import type { CommandOptions, ControlCommand } from "wfe-core";
import type { Expected } from "./call.ts";
import { earliestFor } from "./delivery-rules.ts";
import {
  addCommand,
  addEvent,
  addInstance,
  isTaken,
  type ModelInstance,
  type ModelSubscription,
  type PersistenceState,
  subscriptionsOf,
} from "./persistence-state.ts";
import { isFinal } from "wfe-core";

/** What a commit does: its refusals, of which it is given one; or its counters, its deliveries being judged apart. */
export type CommitRuling =
  | { readonly refusals: readonly Expected[] }
  | { readonly counters: Pick<CommitResult, "revision" | "inboxSeq">; readonly repeated: boolean };

/** Carries out a commit by the rules of `persistWorkflow`. */
export function commit(state: PersistenceState, change: WorkflowChange, now: Date): CommitRuling {
  const instance = state.instances.get(change.workflowId);
  if (instance === undefined) return conflict("missing", undefined);
  const { row } = instance;
  if (row.commitId === change.commitId) return { counters: { revision: row.revision, inboxSeq: row.inboxSeq }, repeated: true };
  const { expected } = change;
  const current = { revision: row.revision, controlSeq: row.controlSeq, inboxSeq: row.inboxSeq, status: row.status };
  if (row.revision !== expected.revision) return conflict("revision", current);
  if (row.controlSeq !== expected.controlSeq) return conflict("control", current);
  if (expected.inboxSeq !== undefined && row.inboxSeq !== expected.inboxSeq) return conflict("inbox", current);
  const draft = structuredClone(state);
  const refusals = apply(draft, change, now);
  if (refusals.length > 0) return { refusals };
  Object.assign(state, draft);
  const { revision, inboxSeq } = kept(state, change.workflowId).row;
  return { counters: { revision, inboxSeq }, repeated: false };
}

function conflict(reason: ConflictError["reason"], current: ConflictError["current"]): CommitRuling {
  return { refusals: [{ refusal: { code: "WFE_COMMIT_CONFLICT", reason, current } }] };
}

function apply(state: PersistenceState, change: WorkflowChange, now: Date): readonly Expected[] {
  const instance = kept(state, change.workflowId);
  const refusals: Expected[] = [];
  for (const pointer of change.pointers) instance.pointers.set(pointer.id, pointer);
  for (const { subscriptionId, eventId } of change.consume) {
    if (state.subscriptions.get(subscriptionId)?.workflowId !== change.workflowId) continue;
    instance.used.add(eventId);
    state.subscriptions.delete(subscriptionId);
  }
  for (const id of change.closeSubscriptions) if (state.subscriptions.get(id)?.workflowId === change.workflowId) state.subscriptions.delete(id);
  if (!openAll(state, change)) refusals.push({ refusal: { code: "WFE_PERSISTENCE_FAILED" } });
  // What is sent along is stored after it.
  else moveRow(state, instance, change, now);
  for (const event of change.events) addEvent(state, event, now);
  for (const command of change.commands) addCommand(state, command);
  for (const error of change.errors) state.errors.set(error.workflowId, [...(state.errors.get(error.workflowId) ?? []), error]);
  if (!addChildren(state, change.children)) refusals.push({ refusal: { code: "WFE_WORKFLOW_NAME_TAKEN" } });
  return refusals;
}

function openAll(state: PersistenceState, change: WorkflowChange): boolean {
  for (const opened of change.openSubscriptions) {
    if (state.subscriptions.has(opened.id)) return false;
    state.openings += 1;
    state.subscriptions.set(opened.id, { ...opened, workflowId: change.workflowId, opened: state.openings });
  }
  return true;
}

function addChildren(state: PersistenceState, children: readonly NewWorkflow[]): boolean {
  for (const child of children) {
    if (state.instances.has(child.id)) continue;
    if (isTaken(state, child)) return false;
    addInstance(state, child);
  }
  return true;
}

function moveRow(state: PersistenceState, instance: ModelInstance, change: WorkflowChange, now: Date): void {
  const pickedUp = pickUp(state, instance, change, now);
  const { dueAt: _dueAt, error: _error, completedAt: _completedAt, ...row } = instance.row;
  const dueAt = pickedUp || row.inboxSeq > change.seenInboxSeq ? now : change.dueAt;
  instance.row = {
    ...row,
    status: change.status,
    data: change.data ?? row.data,
    sequence: change.sequence,
    revision: row.revision + 1,
    inboxSeq: row.inboxSeq + (pickedUp ? 1 : 0),
    commitId: change.commitId,
    ...(dueAt === undefined ? {} : { dueAt }),
    ...(change.error === undefined ? {} : { error: change.error }),
    ...(change.completedAt === undefined ? {} : { completedAt: change.completedAt }),
  };
}

function pickUp(state: PersistenceState, instance: ModelInstance, change: WorkflowChange, now: Date): boolean {
  state.deliveries += 1;
  let any = false;
  for (const { id } of change.openSubscriptions) {
    const subscription = state.subscriptions.get(id) as ModelSubscription; // opened just now
    const event = earliestFor(state, instance, subscription, now);
    if (event === undefined) continue;
    any = true;
    const place = { delivery: state.deliveries, timeMs: event.time.getTime(), arrival: event.arrival };
    state.subscriptions.set(id, { ...subscription, eventId: event.id, place });
  }
  return any;
}

/** The statuses that a command goes from. */
export const FROM: Readonly<Record<ControlCommand, readonly string[]>> = {
  suspend: ["runnable"],
  resume: ["suspended"],
  terminate: ["runnable", "suspended"],
  retry: ["suspended", "terminated"],
};

/** Carries out a command by the rules of `command`. */
export function control(state: PersistenceState, id: string, command: ControlCommand, now: Date, options: CommandOptions): Expected {
  if (command === "retry" && options.revision === undefined) return { refusal: { type: "RangeError" } };
  const instance = state.instances.get(id);
  if (instance === undefined) return { answer: undefined };
  const { dueAt: _dueAt, ...row } = instance.row;
  if (!FROM[command].includes(row.status)) return { answer: false };
  const controlSeq = row.controlSeq + 1;
  const { error: _error, completedAt: _completedAt, ...cleared } = row;
  switch (command) {
    case "suspend":
      instance.row = { ...row, controlSeq, status: "suspended" };
      break;
    case "resume": {
      const completedAt = row.completedAt === undefined ? {} : { completedAt: row.completedAt };
      instance.row = { ...cleared, ...completedAt, controlSeq, status: "runnable", dueAt: now };
      break;
    }
    case "terminate":
      instance.row = { ...row, controlSeq, status: "terminated", completedAt: now };
      terminate(state, instance, now, options);
      break;
    case "retry":
      if (options.revision !== row.revision) {
        const { revision, inboxSeq, status } = row;
        const current = { revision, controlSeq: row.controlSeq, inboxSeq, status };
        return { refusal: { code: "WFE_COMMIT_CONFLICT", reason: "revision", current } };
      }
      instance.row = { ...cleared, controlSeq, status: "runnable", dueAt: now };
      for (const pointer of options.pointers ?? []) instance.pointers.set(pointer.id, pointer);
      break;
  }
  return { answer: true };
}

function terminate(state: PersistenceState, instance: ModelInstance, now: Date, { completedEvent }: CommandOptions): void {
  for (const pointer of instance.pointers.values()) {
    if (isOpen(pointer.status)) instance.pointers.set(pointer.id, { ...pointer, status: "cancelled", endedAt: now });
  }
  for (const { id } of subscriptionsOf(state, instance.row.id)) state.subscriptions.delete(id);
  if (completedEvent !== undefined) addEvent(state, { ...completedEvent, time: now }, now);
  for (const { row } of state.instances.values()) {
    if (row.parent?.workflowId === instance.row.id && !isFinal(row.status))
      addCommand(state, { name: TERMINATE_COMMAND, data: row.id, executeAt: now });
  }
}

function kept(state: PersistenceState, id: string): ModelInstance {
  return state.instances.get(id) as ModelInstance; // its callers have looked
}
