import type { WorkflowChange } from "../models/workflow-change.ts";
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
