import { type CommitResult, ConflictError, type ConflictReason, PersistenceError, type WorkflowChange } from "wfe-core";
import { schedule } from "./command-store.ts";
import { deliveriesOf, give } from "./delivery.ts";
import { addEvent } from "./event-store.ts";
import { addWorkflow, eventsOf, idsByName, type KeptWorkflow, refuseTakenName, type State } from "./state.ts";

/** Applies one commit. What it throws on the way leaves nothing behind: the state is not stored then. @throws ConflictError, WorkflowNameTakenError */
export function applyChange(state: State, change: WorkflowChange, now: Date): CommitResult {
  const kept = state.workflows.get(change.workflowId);
  if (kept === undefined) throw new ConflictError(change.workflowId, "missing");
  // The answer to this change was lost, and it is sent again.
  if (kept.row.commitId === change.commitId) return answer(state, kept);
  refuseConflict(kept, change);

  for (const { eventId } of change.consume) {
    const event = state.events.get(eventId)?.event;
    if (event !== undefined) kept.consumed.push(event.arrival);
  }
  close(state, change);
  for (const pointer of change.pointers) kept.pointers.set(pointer.id, pointer);
  const pickedUp = openSubscriptions(state, kept, change, now);
  for (const event of change.events) addEvent(state, event, now);
  for (const command of change.commands) schedule(state, command);
  kept.errors.push(...change.errors);
  writeRow(kept, change, kept.row.inboxSeq + Number(pickedUp), now);
  addChildren(state, change);
  return answer(state, kept);
}

function answer(state: State, { row: { id, revision, inboxSeq } }: KeptWorkflow): CommitResult {
  return { revision, inboxSeq, pendingDeliveries: deliveriesOf(state, id) };
}

function refuseConflict({ row }: KeptWorkflow, { workflowId, expected }: WorkflowChange): void {
  let reason: ConflictReason;
  if (row.revision !== expected.revision) reason = "revision";
  else if (row.controlSeq !== expected.controlSeq) reason = "control";
  else if (expected.inboxSeq !== undefined && row.inboxSeq !== expected.inboxSeq) reason = "inbox";
  else return;
  const { revision, controlSeq, inboxSeq, status } = row;
  throw new ConflictError(workflowId, reason, { revision, controlSeq, inboxSeq, status });
}

/** Closes what was used and what is closed, of this instance alone; unknown ids are passed over. */
function close(state: State, { workflowId, consume, closeSubscriptions }: WorkflowChange): void {
  for (const id of [...consume.map(({ subscriptionId }) => subscriptionId), ...closeSubscriptions])
    if (state.subscriptions.get(id)?.subscription.workflowId === workflowId) state.subscriptions.delete(id);
}

/** Opens subscriptions, each of which looks for a stored event first. @returns Whether one was found: together they are one delivery. */
function openSubscriptions(state: State, owner: KeptWorkflow, change: WorkflowChange, now: Date): boolean {
  let found = false;
  for (const opened of change.openSubscriptions) {
    if (state.subscriptions.has(opened.id)) {
      throw new PersistenceError("WFE_PERSISTENCE_FAILED", `a subscription with the id ${JSON.stringify(opened.id)} is stored already`);
    }
    const kept = { subscription: { ...opened, workflowId: change.workflowId } };
    state.subscriptions.set(opened.id, kept);
    found = give(kept, owner, eventsOf(state, opened), owner.row.inboxSeq + 1, now) || found;
  }
  return found;
}

function writeRow(kept: KeptWorkflow, change: WorkflowChange, inboxSeq: number, now: Date): void {
  const { error: _error, completedAt: _completedAt, dueAt: _dueAt, ...former } = kept.row;
  // Something was delivered that the pass has not seen: it is to look again at once.
  const dueAt = inboxSeq > change.seenInboxSeq ? now : change.dueAt;
  kept.row = {
    ...former,
    ...change.definition,
    status: change.status,
    revision: former.revision + 1,
    inboxSeq,
    sequence: change.sequence,
    commitId: change.commitId,
    data: change.data ?? former.data,
    ...(dueAt === undefined ? {} : { dueAt }),
    ...(change.completedAt === undefined ? {} : { completedAt: change.completedAt }),
    ...(change.error === undefined ? {} : { error: change.error }),
  };
}

function addChildren(state: State, { children }: WorkflowChange): void {
  if (children.length === 0) return;
  const names = idsByName(state);
  for (const child of children) {
    if (state.workflows.has(child.id)) continue;
    refuseTakenName(state, names, child);
    addWorkflow(state, child);
    names.set(child.name, child.id);
  }
}
