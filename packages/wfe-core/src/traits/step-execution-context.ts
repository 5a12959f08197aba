import type { ExecutionPointer } from "../models/execution-pointer.ts";
import type { JsonValue } from "../models/json.ts";
import type { WorkflowInstance } from "../models/workflow-instance.ts";
import type { ArtifactAccess } from "./artifact-access.ts";
import type { WorkflowClient } from "./workflow-client.ts";

/** Writes to the host's log sink; returns at once. */
export interface StepLog {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
  /** Output of the step, as it comes: a chunk beyond 65,536 characters or bytes reaches the sink in several entries. Not copied: leave the bytes alone. */
  stream(name: "stdout" | "stderr", chunk: string | Uint8Array): void;
}

/** In a compensator: what it undoes, and why. */
export interface CompensatedStep {
  readonly pointer: ExecutionPointer;
  readonly item: JsonValue | undefined;
  readonly persistenceData: JsonValue | undefined;
  readonly outcome: JsonValue | undefined;
  readonly error: { readonly code: string; readonly message: string; readonly data?: JsonValue };
}

/**
 * What a step sees of its run. Covariant: a body that asks for `{ total: number }` works in every workflow whose data has one.
 * `TItem` is the value of the innermost `forEach`; `undefined` outside, so a body that needs an item cannot stand outside.
 */
export interface StepExecutionContext<out TData = unknown, out TItem = unknown> {
  /** The data at the moment this run started; frozen. It does not change while the body runs. */
  readonly data: Readonly<TData>;
  readonly item: TItem;
  /** Position of `item` in its list, from 0. */
  readonly index: number | undefined;
  /** What the step stored with its last `persist`, `sleep` or `branch`. */
  readonly persistenceData: JsonValue | undefined;
  readonly pointer: ExecutionPointer;
  readonly step: {
    readonly id: number;
    readonly name: string;
    readonly config: JsonValue | undefined;
  };
  readonly workflow: WorkflowInstance<TData>;
  readonly definition: { readonly id: string; readonly version: number };
  /** Aborts when the run is over for the engine: timeout (a `TimeoutError`), or a `CancelledError` that says why. */
  readonly signal: AbortSignal;
  /** 1 for the first start; every start counts, take-overs included. */
  readonly attempt: number;
  /** The same over retries and take-overs of one run; another one after each result. */
  readonly idempotencyKey: string;
  /** Payload of the event that woke this run; stays over its retries. */
  readonly eventData: JsonValue | undefined;
  readonly compensates: CompensatedStep | undefined;
  readonly log: StepLog;
  readonly host: Pick<WorkflowClient, "startWorkflow" | "publishEvent">;
  readonly artifacts: ArtifactAccess;
}
