import type { InstanceError } from "./execution-error.ts";
import type { WorkflowId } from "./ids.ts";
import type { TraceContext } from "./trace-context.ts";
import type { WorkflowStatus } from "./workflow-status.ts";

/** One run of a definition, decoded. Frozen; a snapshot of the moment it was read. */
export interface WorkflowInstance<out TData = unknown, out TStatus extends WorkflowStatus = WorkflowStatus> {
  readonly id: WorkflowId<TData>;
  readonly name: string;
  readonly reference?: string;
  readonly definitionId: string;
  readonly version: number;
  readonly status: TStatus;
  readonly data: Readonly<TData>;
  /** The first failure that led to a suspension, a termination or a compensation; a complete instance can have one. */
  readonly error?: InstanceError;
  readonly parent?: {
    readonly workflowId: WorkflowId;
    readonly pointerId: string;
  };
  readonly rootWorkflowId?: WorkflowId;
  /** The trace that it was started in; a sub-workflow has its parent's. */
  readonly traceContext?: TraceContext;
  /** When the engine looks at it next; absent when it waits for events alone, or is over. */
  readonly dueAt?: Date;
  readonly createdAt: Date;
  /** When it became complete or terminated. */
  readonly completedAt?: Date;
}

/** An instance that is over. */
export type FinishedWorkflow<TData> = WorkflowInstance<TData, "complete"> | WorkflowInstance<TData, "terminated">;
