import type {
  EventRow,
  EventSubscription,
  ExecutionErrorRow,
  NewWorkflow,
  ScheduledCommand,
  StoredEvent,
  TraceContext,
  WorkflowRow,
  WorkflowStatus,
} from "wfe-core";
import type { SqlValue } from "./connection.ts";
import { fromText, toText, toTextOrNull } from "./text.ts";

/** Text as it comes out of the database, see `text.ts`. */
export type Text = string | Buffer;

/** Epoch milliseconds of an instant, `NULL` when absent. */
export function toInstantOrNull(value: Date | undefined): number | null {
  return value === undefined ? null : value.getTime();
}

/** Columns of {@link WorkflowColumns}, of `wfe_workflows w` joined with `wfe_definitions d`. */
export const WORKFLOW_COLUMNS = `w.row, w.id, w.name, d.id AS definition_id, d.version, d.fingerprint, w.status, w.revision, w.control_seq, w.inbox_seq,
  w.sequence, w.due_at, w.created_at, w.completed_at, w.commit_id, w.input_digest, w.reference, w.description, w.parent_id, w.parent_pointer_id,
  w.parent_depth, w.root_id, w.trace_context, w.error, w.data`;

/** An instance as a query of {@link WORKFLOW_COLUMNS} gives it. */
export interface WorkflowColumns {
  readonly row: number;
  readonly id: Text;
  readonly name: Text;
  readonly definition_id: Text;
  readonly version: number;
  readonly fingerprint: Text;
  readonly status: WorkflowStatus;
  readonly revision: number;
  readonly control_seq: number;
  readonly inbox_seq: number;
  readonly sequence: number;
  readonly due_at: number | null;
  readonly created_at: number;
  readonly completed_at: number | null;
  readonly commit_id: Text | null;
  readonly input_digest: Text;
  readonly reference: Text | null;
  readonly description: Text | null;
  readonly parent_id: Text | null;
  readonly parent_pointer_id: Text | null;
  readonly parent_depth: number | null;
  readonly root_id: Text | null;
  readonly trace_context: string | null;
  readonly error: Text | null;
  readonly data: Text;
}

export function workflowRow(row: WorkflowColumns): WorkflowRow {
  return {
    id: fromText(row.id),
    name: fromText(row.name),
    definitionId: fromText(row.definition_id),
    version: row.version,
    fingerprint: fromText(row.fingerprint),
    status: row.status,
    revision: row.revision,
    controlSeq: row.control_seq,
    inboxSeq: row.inbox_seq,
    sequence: row.sequence,
    data: fromText(row.data),
    inputDigest: fromText(row.input_digest),
    createdAt: new Date(row.created_at),
    ...(row.due_at === null ? {} : { dueAt: new Date(row.due_at) }),
    ...(row.completed_at === null ? {} : { completedAt: new Date(row.completed_at) }),
    ...(row.commit_id === null ? {} : { commitId: fromText(row.commit_id) }),
    ...(row.reference === null ? {} : { reference: fromText(row.reference) }),
    ...(row.description === null ? {} : { description: fromText(row.description) }),
    ...(row.parent_id === null || row.parent_pointer_id === null || row.parent_depth === null
      ? {}
      : { parent: { workflowId: fromText(row.parent_id), pointerId: fromText(row.parent_pointer_id), depth: row.parent_depth } }),
    ...(row.root_id === null ? {} : { rootWorkflowId: fromText(row.root_id) }),
    ...(row.trace_context === null ? {} : { traceContext: JSON.parse(row.trace_context) as TraceContext }), // written below
    ...(row.error === null ? {} : { error: fromText(row.error) }),
  };
}

/** Values of a new row of `wfe_workflows`, in the order of its columns from `id` on. */
export function workflowValues(workflow: NewWorkflow, definition: number, createdArrival: number): SqlValue[] {
  return [
    toText(workflow.id),
    toText(workflow.name),
    definition,
    "runnable",
    0,
    0,
    0,
    workflow.pointers.reduce((highest, pointer) => Math.max(highest, pointer.seq), 0),
    toInstantOrNull(workflow.dueAt),
    workflow.createdAt.getTime(),
    null,
    createdArrival,
    null,
    toText(workflow.inputDigest),
    toTextOrNull(workflow.reference),
    toTextOrNull(workflow.description),
    toTextOrNull(workflow.parent?.workflowId),
    toTextOrNull(workflow.parent?.pointerId),
    workflow.parent?.depth ?? null,
    toTextOrNull(workflow.rootWorkflowId),
    workflow.traceContext === undefined ? null : JSON.stringify(workflow.traceContext),
    null,
    toText(workflow.data),
  ];
}

/** A row of `wfe_events`. */
export interface EventColumns {
  readonly arrival: number;
  readonly id: Text;
  readonly name: Text;
  readonly key: Text;
  readonly data: Text | null;
  readonly time: number;
  readonly eligible_at: number | null;
  readonly stored_at: number;
  readonly delivered: 0 | 1;
}

export function storedEvent(row: EventColumns): StoredEvent {
  return {
    id: fromText(row.id),
    name: fromText(row.name),
    key: fromText(row.key),
    time: new Date(row.time),
    arrival: row.arrival,
    delivered: row.delivered === 1,
    storedAt: new Date(row.stored_at),
    ...(row.data === null ? {} : { data: fromText(row.data) }),
    ...(row.eligible_at === null ? {} : { eligibleAt: new Date(row.eligible_at) }),
  };
}

/** Values of a new row of `wfe_events`: id, name, key, data, time, eligible_at, stored_at, visible_at. */
export function eventValues(event: EventRow, now: number): SqlValue[] {
  const eligibleAt = toInstantOrNull(event.eligibleAt);
  return [toText(event.id), toText(event.name), toText(event.key), toTextOrNull(event.data), event.time.getTime(), eligibleAt, now, eligibleAt ?? 0];
}

/** A row of `wfe_subscriptions`, with the ids of its instance and its event. */
export interface SubscriptionColumns {
  readonly id: Text;
  readonly workflow_id: Text;
  readonly pointer_id: Text;
  readonly name: Text;
  readonly key: Text;
  readonly effective_date: number | null;
  readonly activity: Text | null;
  readonly input: Text | null;
  readonly event_id: Text | null;
  readonly token: Text | null;
  readonly worker_id: Text | null;
  readonly token_expires_at: number | null;
}

export function eventSubscription(row: SubscriptionColumns): EventSubscription {
  return {
    id: fromText(row.id),
    workflowId: fromText(row.workflow_id),
    pointerId: fromText(row.pointer_id),
    name: fromText(row.name),
    key: fromText(row.key),
    bound: row.effective_date === null ? { storedAfter: "creation" } : { effectiveDate: new Date(row.effective_date) },
    ...(row.activity === null ? {} : { activity: fromText(row.activity) }),
    ...(row.input === null ? {} : { input: fromText(row.input) }),
    ...(row.event_id === null ? {} : { eventId: fromText(row.event_id) }),
    ...(row.token === null ? {} : { token: fromText(row.token) }),
    ...(row.worker_id === null ? {} : { workerId: fromText(row.worker_id) }),
    ...(row.token_expires_at === null ? {} : { tokenExpiresAt: new Date(row.token_expires_at) }),
  };
}

/** A row of `wfe_errors`. */
export interface ErrorColumns {
  readonly pointer_id: Text;
  readonly step: Text;
  readonly attempt: number;
  readonly at: number;
  readonly code: Text;
  readonly message: Text;
  readonly stack: Text | null;
  readonly data: Text | null;
}

export function executionError(workflowId: string, row: ErrorColumns): ExecutionErrorRow {
  return {
    workflowId,
    pointerId: fromText(row.pointer_id),
    step: fromText(row.step),
    attempt: row.attempt,
    at: new Date(row.at),
    code: fromText(row.code),
    message: fromText(row.message),
    ...(row.stack === null ? {} : { stack: fromText(row.stack) }),
    ...(row.data === null ? {} : { data: fromText(row.data) }),
  };
}

/** A row of `wfe_commands`. */
export interface CommandColumns {
  readonly row: number;
  readonly name: Text;
  readonly data: Text;
  readonly execute_at: number;
}

export function scheduledCommand(row: CommandColumns): ScheduledCommand {
  return { name: fromText(row.name), data: fromText(row.data), executeAt: new Date(row.execute_at) };
}
