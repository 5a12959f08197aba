import type { PointerRow } from "./pointer-row.ts";
import type { TraceContext } from "./trace-context.ts";
import type { WorkflowStatus } from "./workflow-status.ts";

/** Due time of what is due at once: past on every clock. */
export const DUE_AT_ONCE: Date = new Date(0);

/** The instance from which a sub-workflow was started. */
export interface ParentReference {
  readonly workflowId: string;
  readonly pointerId: string;
  /** 1 for a child of a root instance. */
  readonly depth: number;
}

/** An instance as it is created: whole, with its first pointer. */
export interface NewWorkflow {
  readonly id: string;
  readonly name: string;
  readonly definitionId: string;
  readonly version: number;
  readonly fingerprint: string;
  /** Encoded data. */
  readonly data: string;
  /** SHA-256 of the canonical JSON of the start input, hexadecimal; tells a repeated start from another one. */
  readonly inputDigest: string;
  readonly createdAt: Date;
  /** When the engine looks at it next. */
  readonly dueAt?: Date;
  readonly reference?: string;
  readonly description?: string;
  readonly parent?: ParentReference;
  readonly rootWorkflowId?: string;
  /** Of its start; a sub-workflow has its parent's. Never changes. */
  readonly traceContext?: TraceContext;
  readonly pointers: readonly PointerRow[];
}

/** The three counters of an instance; each has one kind of writer. */
export interface Counters {
  /** Moved by commits alone. */
  readonly revision: number;
  /** Moved by commands alone (suspend, resume, terminate, retry). */
  readonly controlSeq: number;
  /** Moved by every delivery of an event. */
  readonly inboxSeq: number;
}

/** An instance as it is stored, without its pointers. */
export interface WorkflowRow extends Omit<NewWorkflow, "pointers">, Counters {
  readonly status: WorkflowStatus;
  /** Highest number given so far to the creation or the end of a pointer. */
  readonly sequence: number;
  /** Encoded {@link InstanceError}. */
  readonly error?: string;
  readonly completedAt?: Date;
  /** The last commit; answers whether a commit whose answer was lost has happened. */
  readonly commitId?: string;
}

/** An instance with all its pointers, open and closed, in order of creation. */
export interface WorkflowRecord extends WorkflowRow {
  readonly pointers: readonly PointerRow[];
}
