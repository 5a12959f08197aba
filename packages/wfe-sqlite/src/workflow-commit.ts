import {
  type CommitResult,
  ConflictError,
  type ConflictReason,
  isFinal,
  type NewSubscription,
  type WorkflowChange,
  type WorkflowStatus,
} from "wfe-core";
import type { Connection } from "./connection.ts";
import { insertCommand } from "./command-store.ts";
import { insertError } from "./error-log-store.ts";
import { deliveriesOf, earliestEvent } from "./event-matching.ts";
import { insertEventForWaits } from "./event-store.ts";
import type { KnownRows } from "./known-rows.ts";
import { writePointer } from "./pointer-writes.ts";
import { toInstantOrNull } from "./rows.ts";
import { toText, toTextOrNull } from "./text.ts";
import { createChild, definitionRow, refuseTakenNames } from "./workflow-creation.ts";

/** That an instance stays as it stands: its status, due time, end and error are those of the change. */
const UNMOVED = "status = ? AND due_at IS ? AND completed_at IS ? AND error IS ?";

// Numbers alone: text that comes out of the database is most of what such a read costs. The second last tells whether the answer to this very change
// was lost, the last whether the instance stays as it stands, but for its counters.
const HEAD = `
  SELECT row, revision, control_seq, inbox_seq, created_arrival, commit_id IS ?, ${UNMOVED}
  FROM wfe_workflows WHERE id = ?`;

type Head = readonly [row: number, revision: number, controlSeq: number, inboxSeq: number, createdArrival: number, isSent: 0 | 1, isUnmoved: 0 | 1];

// Columns that are set are written to each index that holds them, changed or not: of most commits only the counters are new.
const MOVE = (changed: string): string => `
  UPDATE wfe_workflows SET revision = revision + 1, inbox_seq = ?, sequence = ?, commit_id = ?${changed} WHERE row = ?`;
const STANDING = ", status = ?, due_at = ?, completed_at = ?, error = ?";
const COUNT = { bare: MOVE(""), withData: MOVE(", data = ?") };
const STAND = { bare: MOVE(STANDING), withData: MOVE(`${STANDING}, data = ?`) };

// All of it in one, where the row of the instance is known and everything is as it is expected.
const TAKE = (changed: string): string => `
  UPDATE wfe_workflows SET revision = revision + 1, sequence = ?, commit_id = ?${changed}
  WHERE row = ? AND id = ? AND revision = ? AND control_seq = ? AND inbox_seq = ? AND commit_id IS NOT ? AND ${UNMOVED}`;
const STEP = { bare: TAKE(""), withData: TAKE(", data = ?") };

/**
 * Applies one commit within a transaction, whose single writer makes every read here as good as a lock.
 *
 * @param rows - Of the instances that are under way.
 * @throws ConflictError before anything is written.
 */
export function applyChange(connection: Connection, rows: KnownRows, change: WorkflowChange, now: number): CommitResult {
  return takeStep(connection, rows, change, now) ?? move(connection, rows, change, now);
}

/** @returns `undefined` when nothing was written: the change is not known to be one that leaves all but the counters and the data as they are. */
function takeStep(connection: Connection, rows: KnownRows, change: WorkflowChange, now: number): CommitResult | undefined {
  const workflow = rows.get(change.workflowId);
  if (workflow === undefined || change.openSubscriptions.length > 0 || change.children.length > 0 || change.definition !== undefined)
    return undefined;
  const { expected, seenInboxSeq, data } = change;
  if (expected.inboxSeq !== undefined && expected.inboxSeq !== seenInboxSeq) return undefined;
  const commitId = toText(change.commitId);
  const { changes } = connection
    .sql(data === undefined ? STEP.bare : STEP.withData)
    .run(
      change.sequence,
      commitId,
      ...(data === undefined ? [] : [toText(data)]),
      workflow,
      toText(change.workflowId),
      expected.revision,
      expected.controlSeq,
      seenInboxSeq,
      commitId,
      change.status,
      toInstantOrNull(change.dueAt),
      toInstantOrNull(change.completedAt),
      toTextOrNull(change.error),
    );
  if (changes === 0) return undefined;
  writePointers(connection, workflow, change);
  const delivered = insertOthers(connection, workflow, change, now);
  return answer(connection, workflow, expected.revision + 1, seenInboxSeq, delivered);
}

/** A change of any kind. */
function move(connection: Connection, rows: KnownRows, change: WorkflowChange, now: number): CommitResult {
  const commitId = toText(change.commitId);
  const standing = [change.status, toInstantOrNull(change.dueAt), toInstantOrNull(change.completedAt), toTextOrNull(change.error)] as const;
  const head = connection.sql<Head>(HEAD, "arrays").get(commitId, ...standing, toText(change.workflowId));
  if (head === undefined) throw new ConflictError(change.workflowId, "missing");
  const [workflow, revision, , deliveredSeq, , isSent, isUnmoved] = head;
  if (isSent === 1) return answer(connection, workflow, revision, deliveredSeq);
  refuseConflict(connection, head, change);
  refuseTakenNames(connection, change.children);

  writePointers(connection, workflow, change);
  // A pick-up is a delivery; those of one commit move the counter once.
  let inboxSeq = deliveredSeq;
  for (const subscription of change.openSubscriptions) {
    if (openSubscription(connection, head, subscription, now)) inboxSeq = deliveredSeq + 1;
  }
  const delivered = insertOthers(connection, workflow, change, now);

  // Something was delivered that the pass has not seen: it is to look again at once.
  const isBehind = inboxSeq > change.seenInboxSeq;
  const [status, dueAt, ...end] = standing;
  const moved = isUnmoved === 1 && !isBehind ? [] : [status, isBehind ? now : dueAt, ...end];
  const data = change.data === undefined ? [] : [toText(change.data)];
  const statements = moved.length === 0 ? COUNT : STAND;
  connection.sql(data.length === 0 ? statements.bare : statements.withData).run(inboxSeq, change.sequence, commitId, ...moved, ...data, workflow);
  if (change.definition !== undefined) migrate(connection, workflow, change.definition);
  for (const child of change.children) createChild(connection, child);
  if (isFinal(status)) rows.forget(change.workflowId);
  else rows.add(change.workflowId, workflow);
  return answer(connection, workflow, revision + 1, inboxSeq, delivered);
}

/** The pointers, and the subscriptions that they have used or left: before others are opened, which take their place. */
function writePointers(connection: Connection, workflow: number, { consume, closeSubscriptions, pointers }: WorkflowChange): void {
  for (const { subscriptionId, eventId } of consume) {
    connection
      .sql("INSERT OR IGNORE INTO wfe_consumed_events (workflow, event) SELECT ?, arrival FROM wfe_events WHERE id = ?")
      .run(workflow, toText(eventId));
    closeSubscription(connection, workflow, subscriptionId);
  }
  for (const id of closeSubscriptions) closeSubscription(connection, workflow, id);
  for (const pointer of pointers) writePointer(connection, workflow, pointer);
}

/** @returns Ids of the events that are delivered with that. */
function insertOthers(connection: Connection, workflow: number, { events, commands, errors }: WorkflowChange, now: number): readonly string[] {
  const delivered: string[] = [];
  for (const event of events) if (insertEventForWaits(connection, event, now)) delivered.push(event.id);
  for (const command of commands) insertCommand(connection, command);
  for (const error of errors) insertError(connection, workflow, error);
  return delivered;
}

/** A statement of its own: hardly any commit has it, and those above are part of every one. */
function migrate(connection: Connection, workflow: number, to: NonNullable<WorkflowChange["definition"]>): void {
  const { id } = connection
    .sql<{ id: string | Buffer }>("SELECT d.id FROM wfe_definitions d JOIN wfe_workflows w ON w.definition = d.row WHERE w.row = ?")
    .get(workflow) as { id: string | Buffer }; // an instance has a definition
  connection.sql("UPDATE wfe_workflows SET definition = ? WHERE row = ?").run(definitionRow(connection, id, to), workflow);
}

function answer(connection: Connection, workflow: number, revision: number, inboxSeq: number, delivered: readonly string[] = []): CommitResult {
  // Nothing was ever delivered to most instances.
  const pendingDeliveries = inboxSeq === 0 ? [] : deliveriesOf(connection, workflow);
  return delivered.length === 0 ? { revision, inboxSeq, pendingDeliveries } : { revision, inboxSeq, pendingDeliveries, delivered };
}

function refuseConflict(connection: Connection, head: Head, { workflowId, expected }: WorkflowChange): void {
  const [workflow, revision, controlSeq, inboxSeq] = head;
  let reason: ConflictReason | undefined;
  if (revision !== expected.revision) reason = "revision";
  else if (controlSeq !== expected.controlSeq) reason = "control";
  else if (expected.inboxSeq !== undefined && inboxSeq !== expected.inboxSeq) reason = "inbox";
  if (reason === undefined) return;
  const { status } = connection.sql<{ status: WorkflowStatus }>("SELECT status FROM wfe_workflows WHERE row = ?").get(workflow) as {
    status: WorkflowStatus; // `head` is of this row
  };
  throw new ConflictError(workflowId, reason, { revision, controlSeq, inboxSeq, status });
}

function closeSubscription(connection: Connection, workflow: number, id: string): void {
  connection.sql("DELETE FROM wfe_subscriptions WHERE id = ? AND workflow = ?").run(toText(id), workflow);
}

/** @returns Whether it was given an event at once. */
function openSubscription(connection: Connection, head: Head, subscription: NewSubscription, now: number): boolean {
  const [workflow, , , deliveredSeq, createdArrival] = head;
  const { bound } = subscription;
  const seeker = {
    workflow,
    name: toText(subscription.name),
    key: toText(subscription.key),
    effectiveDate: "effectiveDate" in bound ? bound.effectiveDate.getTime() : null,
    createdArrival,
    inboxSeq: deliveredSeq,
  };
  const event = earliestEvent(connection, seeker, now);
  connection
    .sql(
      `INSERT INTO wfe_subscriptions (id, workflow, pointer_id, name, key, effective_date, activity, input, event, delivered_seq)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      toText(subscription.id),
      workflow,
      toText(subscription.pointerId),
      seeker.name,
      seeker.key,
      seeker.effectiveDate,
      toTextOrNull(subscription.activity),
      toTextOrNull(subscription.input),
      event ?? null,
      event === undefined ? null : deliveredSeq + 1,
    );
  return event !== undefined;
}
