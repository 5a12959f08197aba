import type { InstanceError } from "./execution-error.ts";
import type { JsonValue } from "./json.ts";
import type { PointerStatus } from "./workflow-status.ts";

/** One position in a run, decoded: what steps, histories and people see of a {@link PointerRow}. */
export interface ExecutionPointer {
  readonly id: string;
  readonly stepId: number;
  readonly stepName?: string;
  /** Ids of the enclosing containers, outermost first. */
  readonly scope: readonly string[];
  readonly predecessorId?: string;
  /** Value of the innermost `forEach` or `branch`. */
  readonly item?: JsonValue;
  /** Position of `item` in its list, from 0. */
  readonly index?: number;
  /** Starts so far, take-overs included. */
  readonly attempt: number;
  /** Failures so far; set back by resume. */
  readonly retryCount: number;
  readonly persistenceData?: JsonValue;
  readonly outcome?: JsonValue;
  readonly eventName?: string;
  readonly eventKey?: string;
  /** When a `sleeping` pointer wakes, or the limit of a `waitingForEvent` one ends. */
  readonly dueAt?: Date;
  /** Of its first start. */
  readonly startedAt?: Date;
  readonly endedAt?: Date;
  /** Order in which results were processed within the instance; compensation runs it backwards. */
  readonly endSeq?: number;
  /** Why the step failed for good or was undone, or what its `cancelWhen` threw; absent while it is retried: `getErrors` has each attempt. */
  readonly error?: InstanceError;
  /** The pointer that this one undoes. */
  readonly compensates?: string;
  readonly status: PointerStatus;
}
