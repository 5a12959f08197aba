import type {
  Delivery,
  EventRow,
  EventSubscription,
  ExecutionErrorRow,
  ScheduledCommand,
  StoredEvent,
  TraceContext,
  WorkflowRow,
  WorkflowStatus,
} from "wfe-core";
import { fromText, toText, toTextOrNull } from "./text.ts";
import { topicOf } from "./topic.ts";

/** Epoch milliseconds of an instant, `NULL` when absent. */
export function toInstantOrNull(value: Date | undefined): number | null {
  return value === undefined ? null : value.getTime();
}

/** Columns of {@link WorkflowColumns}, of the workflows `w` joined with their definitions `d`. */
export const WORKFLOW_COLUMNS = `w.row, w.id, w.name, d.id AS definition_id, d.version, d.fingerprint, w.status, w.revision, w.control_seq, w.inbox_seq,
  w.sequence, w.due_at, w.created_at, w.completed_at, w.commit_id, w.input_digest, w.reference, w.description, w.parent_id, w.parent_pointer_id,
  w.parent_depth, w.root_id, w.trace_context, w.error, w.data`;

/** An instance as a query of {@link WORKFLOW_COLUMNS}, or a load, gives it. */
export interface WorkflowColumns {
  readonly id: string;
  readonly name: string;
  readonly definition_id: string;
  readonly version: number;
  readonly fingerprint: string;
  readonly status: WorkflowStatus;
  readonly revision: number;
  readonly control_seq: number;
  readonly inbox_seq: number;
  readonly sequence: number;
  readonly due_at: number | null;
  readonly created_at: number;
  readonly completed_at: number | null;
  readonly commit_id: string | null;
  readonly input_digest: string;
  readonly reference: string | null;
  readonly description: string | null;
  readonly parent_id: string | null;
  readonly parent_pointer_id: string | null;
  readonly parent_depth: number | null;
  readonly root_id: string | null;
  readonly trace_context: string | null;
  readonly error: string | null;
  readonly data: string;
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
    ...(row.trace_context === null ? {} : { traceContext: JSON.parse(row.trace_context) as TraceContext }), // written by newWorkflowObject
    ...(row.error === null ? {} : { error: fromText(row.error) }),
  };
}

/** A row of the events. */
export interface EventColumns {
  readonly arrival: number;
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly data: string | null;
  readonly time: number;
  readonly eligible_at: number | null;
  readonly stored_at: number;
  readonly delivered: boolean;
}

export function storedEvent(row: EventColumns): StoredEvent {
  return {
    id: fromText(row.id),
    name: fromText(row.name),
    key: fromText(row.key),
    time: new Date(row.time),
    arrival: row.arrival,
    delivered: row.delivered,
    storedAt: new Date(row.stored_at),
    ...(row.data === null ? {} : { data: fromText(row.data) }),
    ...(row.eligible_at === null ? {} : { eligibleAt: new Date(row.eligible_at) }),
  };
}

/** A new event, as the functions of the schema take it. */
export function newEventList(event: EventRow, storedAt: number): readonly (string | number | null)[] {
  return [
    toText(event.id),
    toText(event.name),
    toText(event.key),
    topicOf(event.name, event.key),
    toTextOrNull(event.data),
    event.time.getTime(),
    toInstantOrNull(event.eligibleAt),
    storedAt,
  ];
}

/** A command, as the functions of the schema take it. */
export function commandList({ name, data, executeAt }: ScheduledCommand): readonly (string | number)[] {
  return [toText(name), toText(data), executeAt.getTime()];
}

/** A delivery, as the functions of the schema give it. */
export type DeliveryList = readonly [subscriptionId: string, pointerId: string, eventId: string, data: string | null];

export function delivery([subscriptionId, pointerId, eventId, data]: DeliveryList): Delivery {
  return {
    subscriptionId: fromText(subscriptionId),
    pointerId: fromText(pointerId),
    eventId: fromText(eventId),
    ...(data === null ? {} : { data: fromText(data) }),
  };
}

/** A row of the subscriptions, with the ids of its instance and its event. */
export interface SubscriptionColumns {
  readonly id: string;
  readonly workflow_id: string;
  readonly pointer_id: string;
  readonly name: string;
  readonly key: string;
  readonly effective_date: number | null;
  readonly activity: string | null;
  readonly input: string | null;
  readonly event_id: string | null;
  readonly token: string | null;
  readonly worker_id: string | null;
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

/** A row of the errors. */
export interface ErrorColumns {
  readonly pointer_id: string;
  readonly step: string;
  readonly attempt: number;
  readonly at: number;
  readonly code: string;
  readonly message: string;
  readonly stack: string | null;
  readonly data: string | null;
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

/** A failed attempt, as the functions of the schema take it. */
export function errorList(error: ExecutionErrorRow): readonly (string | number | null)[] {
  return [
    toText(error.pointerId),
    toText(error.step),
    error.attempt,
    error.at.getTime(),
    toText(error.code),
    toText(error.message),
    toTextOrNull(error.stack),
    toTextOrNull(error.data),
  ];
}

/** A row of the commands. */
export interface CommandColumns {
  readonly row: number;
  readonly name: string;
  readonly data: string;
  readonly execute_at: number;
}

export function scheduledCommand(row: CommandColumns): ScheduledCommand {
  return { name: fromText(row.name), data: fromText(row.data), executeAt: new Date(row.execute_at) };
}
