import { ConflictError, type ConflictReason, PersistenceError } from "../../errors/store-errors.ts";
import { WorkflowNameTakenError } from "../../errors/workflow-errors.ts";
import type { CommitResult, WorkflowChange } from "../../models/workflow-change.ts";
import { give, markWhereNobodyWaits } from "./in-memory-delivery.ts";
import { deliveriesOf, type InMemoryStore, type KeptWorkflow } from "./in-memory-store.ts";

/**
 * Applies one commit: everything is checked before anything is changed, so that it happens whole or not at all.
 *
 * @throws ConflictError when the row holds something else.
 */
export function applyChange(store: InMemoryStore, given: WorkflowChange, now: Date): CommitResult {
  const kept = store.workflows.get(given.workflowId);
  if (kept === undefined) throw new ConflictError(given.workflowId, "missing");
  // The answer to this change was lost, and it is sent again.
  if (kept.row.commitId === given.commitId) return answer(kept);
  refuseConflict(kept, given);
  refuseTakenIds(store, kept, given);

  const change = structuredClone(given);
  for (const { subscriptionId, eventId } of change.consume) {
    const event = store.events.get(eventId);
    if (event !== undefined) kept.consumed.add(event.event.arrival);
    close(store, kept, subscriptionId);
  }
  for (const id of change.closeSubscriptions) close(store, kept, id);
  for (const pointer of change.pointers) store.putPointer(kept, pointer);
  // A pick-up is a delivery; those of one commit move the counter once.
  let inboxSeq = kept.row.inboxSeq;
  for (const subscription of change.openSubscriptions) {
    const opened = store.addSubscription(kept, { ...subscription, workflowId: change.workflowId });
    if (give(store, opened, kept.row.inboxSeq + 1, now)) inboxSeq = kept.row.inboxSeq + 1;
  }
  const delivered = change.events.filter((event) => store.addEvent(event, now) && markWhereNobodyWaits(store, event, now)).map(({ id }) => id);
  for (const command of change.commands) store.commands.schedule(command);
  kept.errors.push(...change.errors);

  const { error: _error, completedAt: _completedAt, dueAt: _dueAt, ...former } = kept.row;
  // Something was delivered that the pass has not seen: it is to look again at once.
  const dueAt = inboxSeq > change.seenInboxSeq ? new Date(now) : change.dueAt;
  kept.row = {
    ...former,
    version: change.definition?.version ?? former.version,
    fingerprint: change.definition?.fingerprint ?? former.fingerprint,
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
  for (const child of change.children) if (!store.workflows.has(child.id)) store.addWorkflow(child);
  return delivered.length === 0 ? answer(kept) : { ...answer(kept), delivered };
}

function answer(kept: KeptWorkflow): CommitResult {
  return { revision: kept.row.revision, inboxSeq: kept.row.inboxSeq, pendingDeliveries: deliveriesOf(kept) };
}

function refuseConflict({ row }: KeptWorkflow, { workflowId, expected }: WorkflowChange): void {
  let reason: ConflictReason | undefined;
  if (row.revision !== expected.revision) reason = "revision";
  else if (row.controlSeq !== expected.controlSeq) reason = "control";
  else if (expected.inboxSeq !== undefined && row.inboxSeq !== expected.inboxSeq) reason = "inbox";
  if (reason === undefined) return;
  const { revision, controlSeq, inboxSeq, status } = row;
  throw new ConflictError(workflowId, reason, { revision, controlSeq, inboxSeq, status });
}

/** What a database's unique keys refuse. */
function refuseTakenIds(store: InMemoryStore, kept: KeptWorkflow, change: WorkflowChange): void {
  const closed = new Set([...change.closeSubscriptions, ...change.consume.map(({ subscriptionId }) => subscriptionId)]);
  const opened = new Set<string>();
  for (const { id } of change.openSubscriptions) {
    const isStored = store.subscriptions.has(id) && !(closed.has(id) && kept.subscriptions.has(id));
    if (opened.has(id) || isStored) {
      throw new PersistenceError("WFE_PERSISTENCE_FAILED", `a subscription with the id ${JSON.stringify(id)} is stored already`);
    }
    opened.add(id);
  }
  const taken = new Set<string>();
  const ids = new Set<string>();
  for (const { id, name } of change.children) {
    if (store.workflows.has(id) || ids.has(id)) continue;
    // A name is usable wherever an id is: the children among themselves, too.
    const among = [name, id].find((text) => taken.has(text));
    const other = among ?? store.takenOf({ id, name });
    if (other !== undefined) throw new WorkflowNameTakenError(other);
    ids.add(id);
    taken.add(id).add(name);
  }
}

function close(store: InMemoryStore, kept: KeptWorkflow, id: string): void {
  const subscription = kept.subscriptions.get(id);
  if (subscription !== undefined) store.removeSubscription(subscription);
}
