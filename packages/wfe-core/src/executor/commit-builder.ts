import { isWfeError } from "../errors/wfe-error.ts";
import type { CommitResult, WorkflowChange } from "../models/workflow-change.ts";
import type { WorkflowRow } from "../models/workflow-row.ts";
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

/**
 * The row as it stands in the store once a change was accepted. Written field by field: it is made with every commit, and a copy that leaves
 * fields out costs about eight times as much.
 */
export function rowAfter(former: WorkflowRow, change: WorkflowChange, result: CommitResult): WorkflowRow {
  const row: Mutable<WorkflowRow> = {
    id: former.id,
    name: former.name,
    definitionId: former.definitionId,
    version: former.version,
    fingerprint: former.fingerprint,
    inputDigest: former.inputDigest,
    createdAt: former.createdAt,
    controlSeq: former.controlSeq,
    revision: result.revision,
    inboxSeq: result.inboxSeq,
    status: change.status,
    sequence: change.sequence,
    commitId: change.commitId,
    data: change.data ?? former.data,
  };
  if (former.reference !== undefined) row.reference = former.reference;
  if (former.description !== undefined) row.description = former.description;
  if (former.parent !== undefined) row.parent = former.parent;
  if (former.rootWorkflowId !== undefined) row.rootWorkflowId = former.rootWorkflowId;
  if (former.traceContext !== undefined) row.traceContext = former.traceContext;
  if (change.dueAt !== undefined) row.dueAt = change.dueAt;
  if (change.error !== undefined) row.error = change.error;
  if (change.completedAt !== undefined) row.completedAt = change.completedAt;
  return row;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
