import type { QueueType } from "./queue-type.ts";

/** The definition that a measurement is about. */
export interface MeasuredDefinition {
  readonly definitionId: string;
  readonly version: number;
}

/** How a run of a step's body ended, in the eyes of the engine. */
export type MeasuredOutcome =
  /** With a result that ends the step. Its output mappings may still fail it: the attempt is then made anew. */
  | "completed"
  /** With a result after which the step goes on: a sleep, a wait, kept state, branches, another request of a poll. */
  | "continued"
  /** It threw, or took longer than its limit. */
  | "failed"
  /** It was called off: cancelled, terminated, the lease lost, the host stopped. */
  | "cancelled";

/** Something that can be counted or measured. Durations are milliseconds. More kinds may come with any version: pass over what you do not know. */
export type Measurement =
  /** An instance was stored by this process, sub-workflows included. */
  | ({ readonly kind: "workflowStarted" } & MeasuredDefinition)
  /** An instance has ended by a commit or a command of this process. `durationMs` counts from its start, waits included. */
  | ({ readonly kind: "workflowEnded"; readonly status: "complete" | "terminated"; readonly durationMs: number } & MeasuredDefinition)
  /** An instance was suspended, by an error or a command. */
  | ({ readonly kind: "workflowSuspended" } & MeasuredDefinition)
  /** A run of a step's body has ended, one of the engine's own (polls, sub-workflows) included. */
  | ({
      readonly kind: "stepEnded";
      readonly step: string;
      readonly outcome: MeasuredOutcome;
      readonly durationMs: number;
      /** Of what failed it: the code of a `WfeError`, else `WFE_STEP_FAILED`. */
      readonly errorCode?: string;
    } & MeasuredDefinition)
  /** A failed attempt is followed by another one. */
  | ({ readonly kind: "stepRetried"; readonly step: string } & MeasuredDefinition)
  /** A queue item was taken, so long after it was due. Only of queues that say so. */
  | { readonly kind: "queueLag"; readonly queue: QueueType; readonly lagMs: number }
  /** The net has caught something: what was due, undelivered, or left by a process that is gone. Not told when it has found nothing. */
  | { readonly kind: "swept"; readonly found: "dueInstances" | "undeliveredEvents" | "orphans"; readonly count: number }
  /** A lease was lost while its pass ran. */
  | { readonly kind: "leaseLost" }
  /** A store has written so many requests in one transaction or call. */
  | { readonly kind: "batchWritten"; readonly store: string; readonly size: number }
  /** A host has met an instance whose definition, by id, version and fingerprint, it does not know. */
  | ({ readonly kind: "unknownDefinitionSeen"; readonly fingerprint: string } & MeasuredDefinition);
