import type { CommitResult, WorkflowChange } from "../models/workflow-change.ts";
import type { WorkflowRow } from "../models/workflow-row.ts";
import type { Payloads } from "../runtime/payloads.ts";
import type { InstanceState } from "./instance-state.ts";

/**
 * The change that takes an instance from its last acknowledged commit to what is in memory.
 *
 * @throws PayloadTooLargeError when the data has grown beyond its limit.
 */
export function buildChange(state: InstanceState, commitId: string, dueAt: Date | undefined, payloads: Payloads): WorkflowChange {
  const { row, effects } = state;
  return {
    workflowId: row.id,
    commitId,
    expected: {
      revision: row.revision,
      controlSeq: row.controlSeq,
      ...(effects.closeSubscriptions.length > 0 ? { inboxSeq: row.inboxSeq } : {}),
    },
    seenInboxSeq: row.inboxSeq,
    status: state.status,
    sequence: state.sequence,
    pointers: state.changedPointers(),
    openSubscriptions: effects.openSubscriptions,
    consume: effects.consume,
    closeSubscriptions: effects.closeSubscriptions,
    children: [],
    events: effects.events,
    commands: [],
    errors: effects.errors,
    ...(state.dataChanged ? { data: payloads.encode(state.data, "the data", payloads.limits.data) } : {}),
    ...(dueAt === undefined ? {} : { dueAt }),
    ...(state.error === undefined ? {} : { error: payloads.encode(state.error, "the error") }),
    ...(state.completedAt === undefined ? {} : { completedAt: state.completedAt }),
  };
}

/** The row as it stands in the store once a change was accepted. */
export function rowAfter(former: WorkflowRow, change: WorkflowChange, result: CommitResult): WorkflowRow {
  const { dueAt: _due, error: _error, completedAt: _completed, ...row } = former;
  return {
    ...row,
    revision: result.revision,
    inboxSeq: result.inboxSeq,
    status: change.status,
    sequence: change.sequence,
    commitId: change.commitId,
    ...(change.data === undefined ? {} : { data: change.data }),
    ...(change.dueAt === undefined ? {} : { dueAt: change.dueAt }),
    ...(change.error === undefined ? {} : { error: change.error }),
    ...(change.completedAt === undefined ? {} : { completedAt: change.completedAt }),
  };
}
