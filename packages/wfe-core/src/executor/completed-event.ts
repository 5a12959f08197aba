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
 * place. Another life under an id that was purged has another one, and so has the next end of an instance that was retried after its end.
 */
export function completedEvent(
  { id, createdAt, controlSeq }: Pick<WorkflowRow, "id" | "createdAt" | "controlSeq">,
  end: WorkflowEnd,
  payloads: Payloads,
): Omit<EventRow, "time"> & { readonly data: string } {
  return {
    id: `${ENGINE_EVENT_PREFIX}completed/${id}/${createdAt.getTime()}/${controlSeq}`,
    name: WORKFLOW_COMPLETED_EVENT,
    key: id,
    data: payloads.encode(end, "the end of the workflow"),
  };
}
