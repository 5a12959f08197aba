import type { WorkflowStatus } from "../models/workflow-status.ts";
import type { ErrorCode } from "./error-codes.ts";
import { WfeError, type WfeErrorOptions } from "./wfe-error.ts";

/** A failure of a persistence provider; `code` says which. The driver's error is the `cause`. */
export class PersistenceError extends WfeError {
  override readonly name = "PersistenceError";

  constructor(
    code: Extract<ErrorCode, "WFE_PERSISTENCE_FAILED" | `WFE_STORE_${string}` | "WFE_PROVIDER_NOT_RUNNING">,
    message: string,
    options?: WfeErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** Why a commit was refused. */
export type ConflictReason = "revision" | "control" | "inbox" | "missing";

/** What the row holds in place of what a refused commit expected. */
export interface CurrentState {
  readonly revision: number;
  readonly controlSeq: number;
  readonly inboxSeq: number;
  readonly status: WorkflowStatus;
}

/**
 * A commit was refused and nothing of it was written. `revision`: another owner has committed; `control`: a command came in between;
 * `inbox`: an event was delivered to a subscription that the change closes; `missing`: there is no such instance. Where several hold,
 * the first of `missing`, `revision`, `control`, `inbox` is given.
 */
export class ConflictError extends WfeError {
  override readonly name = "ConflictError";
  readonly workflowId: string;
  readonly reason: ConflictReason;
  /** Absent when the instance is missing. */
  readonly current: CurrentState | undefined;

  constructor(workflowId: string, reason: ConflictReason, current?: CurrentState, options?: WfeErrorOptions) {
    super("WFE_COMMIT_CONFLICT", `a commit of the workflow ${JSON.stringify(workflowId)} was refused (${reason})`, options);
    this.workflowId = workflowId;
    this.reason = reason;
    this.current = current;
  }
}

/** A failure of a lock provider; safe to try again when `retryable`. */
export class LockError extends WfeError {
  override readonly name = "LockError";

  /** @param options.code - Which failure it is. @default "WFE_LOCK_BACKEND" */
  constructor(
    message: string,
    options?: WfeErrorOptions & {
      readonly code?: "WFE_LOCK_BACKEND" | "WFE_PROVIDER_NOT_RUNNING";
    },
  ) {
    super(options?.code ?? "WFE_LOCK_BACKEND", message, options);
  }
}

/** A failure of a queue provider; safe to try again when `retryable`. */
export class QueueError extends WfeError {
  override readonly name = "QueueError";

  /** @param options.code - Which failure it is. @default "WFE_QUEUE_BACKEND" */
  constructor(
    message: string,
    options?: WfeErrorOptions & {
      readonly code?: "WFE_QUEUE_BACKEND" | "WFE_PROVIDER_NOT_RUNNING";
    },
  ) {
    super(options?.code ?? "WFE_QUEUE_BACKEND", message, options);
  }
}
