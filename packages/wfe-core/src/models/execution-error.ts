import type { JsonValue } from "./json.ts";
import type { WorkflowId } from "./ids.ts";

/** The failure that stopped an instance or a step. */
export interface InstanceError {
  /** Code of a `WfeError`, else `WFE_STEP_FAILED`. */
  readonly code: string;
  /** Never empty. */
  readonly message: string;
  /** Of a `NonRetryableError`, a worker's failure, or `{ childId, error? }` of a terminated child. */
  readonly data?: JsonValue;
}

/** One failed attempt, as it is stored. */
export interface ExecutionErrorRow {
  readonly workflowId: string;
  readonly pointerId: string;
  /** Name of the step. */
  readonly step: string;
  readonly attempt: number;
  readonly at: Date;
  readonly code: string;
  readonly message: string;
  readonly stack?: string;
  /** Encoded value that came with the error. */
  readonly data?: string;
}

/** One failed attempt of a step, retried or not. */
export interface ExecutionError {
  readonly workflowId: WorkflowId;
  readonly pointerId: string;
  /** Name of the step. */
  readonly step: string;
  readonly attempt: number;
  readonly at: Date;
  /** `WFE_STEP_FAILED` unless the step threw a `WfeError`. */
  readonly code: string;
  /** The thrown error's own message, or `String(value)` of anything else; never empty. */
  readonly message: string;
  readonly stack?: string;
  readonly data?: JsonValue;
}
