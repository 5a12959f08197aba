import { type CommitResult, ConflictError, type ConflictReason, type NewSubscription, type WorkflowChange, type WorkflowStatus } from "wfe-core";
import type { Connection } from "./connection.ts";
import { insertCommand } from "./command-store.ts";
import { insertError } from "./error-log-store.ts";
import { deliveriesOf, earliestEvent } from "./event-matching.ts";
import { insertEvent } from "./event-store.ts";
import { toInstantOrNull } from "./rows.ts";
import { toText, toTextOrNull } from "./text.ts";
import { createChild, definitionRow, refuseTakenNames, upsertPointer } from "./workflow-creation.ts";

interface Head {
  readonly row: number;
  readonly revision: number;
  readonly control_seq: number;
  readonly inbox_seq: number;
  readonly status: WorkflowStatus;
  readonly commit_id: string | Buffer | null;
  readonly created_arrival: number;
}

// Absent data means unchanged.
const MOVE = `
  UPDATE wfe_workflows SET status = ?, revision = revision + 1, inbox_seq = ?, sequence = ?, due_at = ?, completed_at = ?, commit_id = ?,
    error = ?, data = coalesce(?, data) WHERE row = ?`;

/**
 * Applies one commit within a transaction, whose single writer makes every read here as good as a lock.
 *
 * @throws ConflictError before anything is written.
 */
export function applyChange(connection: Connection, change: WorkflowChange, now: number): CommitResult {
  const head = connection
    .sql<Head>("SELECT row, revision, control_seq, inbox_seq, status, commit_id, created_arrival FROM wfe_workflows WHERE id = ?")
    .get(toText(change.workflowId));
  if (head === undefined) throw new ConflictError(change.workflowId, "missing");
  // The answer to this change was lost, and it is sent again.
  if (isSame(head.commit_id, toText(change.commitId))) return answer(connection, head.row, head.revision, head.inbox_seq);
  refuseConflict(head, change);
  refuseTakenNames(connection, change.children);

  const workflow = head.row;
  for (const { subscriptionId, eventId } of change.consume) {
    connection
      .sql("INSERT OR IGNORE INTO wfe_consumed_events (workflow, event) SELECT ?, arrival FROM wfe_events WHERE id = ?")
      .run(workflow, toText(eventId));
    closeSubscription(connection, workflow, subscriptionId);
  }
  for (const id of change.closeSubscriptions) closeSubscription(connection, workflow, id);
  for (const pointer of change.pointers) upsertPointer(connection, workflow, pointer);
  // A pick-up is a delivery; those of one commit move the counter once.
  let inboxSeq = head.inbox_seq;
  for (const subscription of change.openSubscriptions) {
    if (openSubscription(connection, head, subscription, now)) inboxSeq = head.inbox_seq + 1;
  }
  for (const event of change.events) insertEvent(connection, event, now);
  for (const command of change.commands) insertCommand(connection, command);
  for (const error of change.errors) insertError(connection, workflow, error);

  connection.sql(MOVE).run(
    change.status,
    inboxSeq,
    change.sequence,
    // Something was delivered that the pass has not seen: it is to look again at once.
    inboxSeq > change.seenInboxSeq ? now : toInstantOrNull(change.dueAt),
    toInstantOrNull(change.completedAt),
    toText(change.commitId),
    toTextOrNull(change.error),
    toTextOrNull(change.data),
    workflow,
  );
  if (change.definition !== undefined) migrate(connection, workflow, change.definition);
  for (const child of change.children) createChild(connection, child);
  return answer(connection, workflow, head.revision + 1, inboxSeq);
}

/** A statement of its own: hardly any commit has it, and `MOVE` is part of every one. */
function migrate(connection: Connection, workflow: number, to: NonNullable<WorkflowChange["definition"]>): void {
  const { id } = connection
    .sql<{ id: string | Buffer }>("SELECT d.id FROM wfe_definitions d JOIN wfe_workflows w ON w.definition = d.row WHERE w.row = ?")
    .get(workflow) as { id: string | Buffer }; // an instance has a definition
  connection.sql("UPDATE wfe_workflows SET definition = ? WHERE row = ?").run(definitionRow(connection, id, to), workflow);
}

function answer(connection: Connection, workflow: number, revision: number, inboxSeq: number): CommitResult {
  // Nothing was ever delivered to most instances.
  return { revision, inboxSeq, pendingDeliveries: inboxSeq === 0 ? [] : deliveriesOf(connection, workflow) };
}

function refuseConflict(head: Head, { workflowId, expected }: WorkflowChange): void {
  let reason: ConflictReason | undefined;
  if (head.revision !== expected.revision) reason = "revision";
  else if (head.control_seq !== expected.controlSeq) reason = "control";
  else if (expected.inboxSeq !== undefined && head.inbox_seq !== expected.inboxSeq) reason = "inbox";
  if (reason === undefined) return;
  throw new ConflictError(workflowId, reason, {
    revision: head.revision,
    controlSeq: head.control_seq,
    inboxSeq: head.inbox_seq,
    status: head.status,
  });
}

function closeSubscription(connection: Connection, workflow: number, id: string): void {
  connection.sql("DELETE FROM wfe_subscriptions WHERE id = ? AND workflow = ?").run(toText(id), workflow);
}

/** @returns Whether it was given an event at once. */
function openSubscription(connection: Connection, head: Head, subscription: NewSubscription, now: number): boolean {
  const { bound } = subscription;
  const seeker = {
    workflow: head.row,
    name: toText(subscription.name),
    key: toText(subscription.key),
    effectiveDate: "effectiveDate" in bound ? bound.effectiveDate.getTime() : null,
    createdArrival: head.created_arrival,
    inboxSeq: head.inbox_seq,
  };
  const event = earliestEvent(connection, seeker, now);
  connection
    .sql(
      `INSERT INTO wfe_subscriptions (id, workflow, pointer_id, name, key, effective_date, activity, input, event, delivered_seq)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      toText(subscription.id),
      head.row,
      toText(subscription.pointerId),
      seeker.name,
      seeker.key,
      seeker.effectiveDate,
      toTextOrNull(subscription.activity),
      toTextOrNull(subscription.input),
      event ?? null,
      event === undefined ? null : head.inbox_seq + 1,
    );
  return event !== undefined;
}

function isSame(stored: string | Buffer | null, given: string | Buffer): boolean {
  return stored === given || (Buffer.isBuffer(stored) && Buffer.isBuffer(given) && stored.equals(given));
}
