import { isWfeError } from "../errors/wfe-error.ts";
import type { CommitResult, WorkflowChange } from "../models/workflow-change.ts";
import type { NewWorkflow, WorkflowRow } from "../models/workflow-row.ts";
import type { Payloads } from "../runtime/payloads.ts";
import type { PassScope } from "./pass-scope.ts";
import type { InstanceState } from "./instance-state.ts";

/**
 * The change that takes an instance from its last acknowledged commit to what is in memory.
 *
 * @throws PayloadTooLargeError when the data has grown beyond its limit.
 */
export function buildChange(state: InstanceState, commitId: string, dueAt: Date | undefined, payloads: Payloads): WorkflowChange {
  const { row, effects } = state;
  const { revision, controlSeq, inboxSeq } = row;
  const change: Mutable<WorkflowChange> = {
    workflowId: row.id,
    commitId,
    expected: effects.closeSubscriptions.length > 0 ? { revision, controlSeq, inboxSeq } : { revision, controlSeq },
    seenInboxSeq: inboxSeq,
    status: state.status,
    sequence: state.sequence,
    pointers: state.changedPointers(),
    openSubscriptions: effects.openSubscriptions,
    consume: effects.consume,
    closeSubscriptions: effects.closeSubscriptions,
    children: effects.children,
    events: effects.events,
    commands: effects.commands,
    errors: effects.errors,
  };
  if (state.dataChanged) change.data = payloads.encode(state.data, "the data", payloads.limits.data);
  if (dueAt !== undefined) change.dueAt = dueAt;
  if (state.error !== undefined) change.error = payloads.encode(state.error, "the error");
  if (state.completedAt !== undefined) change.completedAt = state.completedAt;
  return change;
}

/** The change to commit; `undefined` when the data has outgrown its limit and the decision is to be made again, looking for the culprit. */
export function changeOf(scope: PassScope, dueAt: Date | undefined): WorkflowChange | undefined {
  const { state, services } = scope;
  scope.changes += 1;
  try {
    return buildChange(state, `${scope.passId}/${scope.changes}`, dueAt, services.payloads);
  } catch (error) {
    if (scope.checksSizes || !isWfeError(error)) throw error;
    state.rollback();
    scope.checksSizes = true;
    return undefined;
  }
}

/** The row as it stands in the store once a change was accepted. */
export function rowAfter(former: WorkflowRow, change: WorkflowChange, result: CommitResult): WorkflowRow {
  const { status, sequence, commitId, data = former.data, dueAt, error, completedAt } = change;
  const { revision, inboxSeq } = result;
  return rowWith(former, { controlSeq: former.controlSeq, revision, inboxSeq, status, sequence, commitId, data, dueAt, error, completedAt });
}

/** The row as the store makes it of a new instance. */
export function createdRow(workflow: NewWorkflow): WorkflowRow {
  const { data, dueAt, pointers } = workflow;
  const sequence = pointers.reduce((highest, { seq }) => Math.max(highest, seq), 0);
  return rowWith(workflow, { controlSeq: 0, revision: 0, inboxSeq: 0, status: "runnable", sequence, data, dueAt });
}

/** What moves in a row. */
interface Moving extends Pick<WorkflowRow, "controlSeq" | "revision" | "inboxSeq" | "status" | "sequence" | "data"> {
  readonly commitId?: string;
  readonly dueAt: Date | undefined;
  readonly error?: string | undefined;
  readonly completedAt?: Date | undefined;
}

/** Written field by field: it is made with every commit, and a copy that leaves fields out costs about eight times as much. */
function rowWith(former: Omit<NewWorkflow, "pointers">, moving: Moving): WorkflowRow {
  const row: Mutable<WorkflowRow> = {
    id: former.id,
    name: former.name,
    definitionId: former.definitionId,
    version: former.version,
    fingerprint: former.fingerprint,
    inputDigest: former.inputDigest,
    createdAt: former.createdAt,
    controlSeq: moving.controlSeq,
    revision: moving.revision,
    inboxSeq: moving.inboxSeq,
    status: moving.status,
    sequence: moving.sequence,
    data: moving.data,
  };
  if (moving.commitId !== undefined) row.commitId = moving.commitId;
  if (former.reference !== undefined) row.reference = former.reference;
  if (former.description !== undefined) row.description = former.description;
  if (former.parent !== undefined) row.parent = former.parent;
  if (former.rootWorkflowId !== undefined) row.rootWorkflowId = former.rootWorkflowId;
  if (former.traceContext !== undefined) row.traceContext = former.traceContext;
  if (moving.dueAt !== undefined) row.dueAt = moving.dueAt;
  if (moving.error !== undefined) row.error = moving.error;
  if (moving.completedAt !== undefined) row.completedAt = moving.completedAt;
  return row;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
