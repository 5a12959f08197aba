import type { JsonValue } from "../models/json.ts";
import { WfeError, type WfeErrorOptions } from "./wfe-error.ts";

/** A failure of a step that the engine itself found. */
export class StepExecutionError extends WfeError {
  override readonly name: string = "StepExecutionError";

  constructor(message: string, options?: WfeErrorOptions) {
    super("WFE_STEP_FAILED", message, options);
  }
}

/** Marks a {@link NonRetryableError} and what extends it, also of another copy of the package. */
const NON_RETRYABLE: string = "~wfe.nonRetryable";

/** Thrown by a step to say that another attempt is useless: its retries are skipped. `data` reaches `getErrors` and `instance.error`. May be extended. */
export class NonRetryableError extends WfeError {
  override readonly name: string = "NonRetryableError";
  readonly data: JsonValue | undefined;

  constructor(message: string, options: WfeErrorOptions & { readonly data?: JsonValue } = {}) {
    super("WFE_STEP_FAILED", message, options);
    this.data = options.data;
    withoutRetry(this);
  }
}

/** Marks an error as one that comes again at every attempt. @returns The same error */
export function withoutRetry<T extends Error>(error: T): T {
  return Object.defineProperty(error, NON_RETRYABLE, { value: true });
}

/** Whether something that was thrown is a {@link NonRetryableError}, or extends it, of whichever copy of the package. */
export function isNonRetryable(thrown: unknown): thrown is NonRetryableError {
  return typeof thrown === "object" && thrown !== null && (thrown as Readonly<Record<string, unknown>>)[NON_RETRYABLE] === true;
}

/** An outside worker has submitted a failure of its activity. `data` reaches `getErrors`, `instance.error` and `ctx.compensates.error`. */
export class ActivityFailedError extends WfeError {
  override readonly name = "ActivityFailedError";
  readonly data: JsonValue | undefined;

  constructor(failure: { readonly message: string; readonly data?: JsonValue; readonly retryable: boolean }) {
    super("WFE_ACTIVITY_FAILED", failure.message, { retryable: failure.retryable });
    this.data = failure.data;
    if (!failure.retryable) withoutRetry(this); // the worker has said so
  }
}

/** A sub-workflow was terminated, by an error of its own or by a command. */
export class ChildTerminatedError extends WfeError {
  override readonly name = "ChildTerminatedError";
  readonly childId: string;
  /** The error of the child: why it was terminated, when not by a command. */
  readonly data: JsonValue | undefined;

  constructor(childId: string, error: { readonly code: string; readonly message: string; readonly data?: JsonValue } | undefined) {
    super("WFE_CHILD_TERMINATED", `the sub-workflow ${JSON.stringify(childId)} was terminated${error === undefined ? "" : `: ${error.message}`}`);
    this.childId = childId;
    this.data = { childId, ...(error === undefined ? {} : { error: { ...error } }) };
  }
}

/** Sub-workflows in each other, more than the limit: a recursion that does not end. */
export class WorkflowTooDeepError extends WfeError {
  override readonly name = "WorkflowTooDeepError";

  constructor(step: string, depth: number, limit: number) {
    super(
      "WFE_WORKFLOW_TOO_DEEP",
      `the step ${JSON.stringify(step)} would start a sub-workflow ${depth} levels below the first one, the limit is ${limit}: end the recursion, or raise maxSubWorkflowDepth`,
    );
  }
}

/** A step whose host was lost again and again while its body ran. */
export class StepCrashedError extends WfeError {
  override readonly name = "StepCrashedError";

  constructor(step: string, crashes: number, options?: WfeErrorOptions) {
    super(
      "WFE_STEP_CRASHED",
      `the step ${JSON.stringify(step)} was started ${crashes} times and its host was lost each time before it had a result: it is not taken over again`,
      options,
    );
  }
}

/** An instance would get more open pointers than its limit. */
export class PointersTooManyError extends WfeError {
  override readonly name = "PointersTooManyError";

  constructor(count: number, limit: number, options?: WfeErrorOptions) {
    super(
      "WFE_POINTERS_TOO_MANY",
      `the workflow would have ${count} open pointers, the limit is ${limit}: iterate sequentially, or over pages`,
      options,
    );
  }
}

/** A limit of time is over: of a step, a wait, or a call. */
export class TimeoutError extends WfeError {
  override readonly name = "TimeoutError";

  /** @param timeoutMs - The limit; `undefined` when it was selected and is not known any more. */
  constructor(what: string, timeoutMs: number | undefined, options?: WfeErrorOptions) {
    super("WFE_TIMEOUT", `${what} took longer than its limit${timeoutMs === undefined ? "" : ` of ${timeoutMs} ms`}`, {
      retryable: true,
      ...options,
    });
  }
}

/** Why a body's `ctx.signal` aborted, when not for its timeout; also the rejection of a call whose own signal aborted. */
export class CancelledError extends WfeError {
  override readonly name = "CancelledError";
  readonly reason: CancelReason;

  constructor(reason: CancelReason, options?: WfeErrorOptions) {
    super("WFE_CANCELLED", CANCEL_TEXT[reason], options);
    this.reason = reason;
  }
}

/** Why work was called off. */
export type CancelReason = "cancelled" | "terminated" | "leaseLost" | "shutdown" | "superseded" | "failed" | "aborted";

const CANCEL_TEXT: Readonly<Record<CancelReason, string>> = {
  cancelled: "the step was cancelled by its workflow",
  terminated: "the workflow was terminated",
  leaseLost: "this host lost its lease on the workflow; another one may go on with it",
  shutdown: "the host is stopping; the step runs again when a host takes the workflow over",
  superseded: "another host has gone on with the workflow",
  failed: "the store refused the workflow's last commit; the step runs again when the workflow is taken over",
  aborted: "the caller's signal was aborted",
};
