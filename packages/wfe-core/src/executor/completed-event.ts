import { ENGINE_EVENT_PREFIX, type EventRow, WORKFLOW_COMPLETED_EVENT } from "../models/event.ts";
import type { InstanceError } from "../models/execution-error.ts";
import type { WorkflowRow } from "../models/workflow-row.ts";
import type { WorkflowStatus } from "../models/workflow-status.ts";
import type { Payloads } from "../runtime/payloads.ts";

/** What is told of the end of an instance. */
export interface WorkflowEnd {
  readonly status: Extract<WorkflowStatus, "complete" | "terminated">;
  /** Absent where it cannot be decoded. */
  readonly data?: unknown;
  readonly error?: InstanceError;
}

/**
 * The event that tells of the end of an instance, without its time. Its id is one that users cannot give: nothing published before takes its
 * place. An instance that was retried after its end has another one for its next end.
 */
export function completedEvent(
  { id, controlSeq }: Pick<WorkflowRow, "id" | "controlSeq">,
  end: WorkflowEnd,
  payloads: Payloads,
): Omit<EventRow, "time"> & { readonly data: string } {
  return {
    id: `${ENGINE_EVENT_PREFIX}completed/${id}${controlSeq === 0 ? "" : `/${controlSeq}`}`,
    name: WORKFLOW_COMPLETED_EVENT,
    key: id,
    data: payloads.encode(end, "the end of the workflow"),
  };
}
