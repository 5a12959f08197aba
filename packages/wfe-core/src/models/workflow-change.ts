import type { ExecutionErrorRow } from "./execution-error.ts";
import type { EventRow } from "./event.ts";
import type { Delivery, NewSubscription } from "./event-subscription.ts";
import type { PointerRow } from "./pointer-row.ts";
import type { ScheduledCommand } from "./scheduled-command.ts";
import type { DefinitionKey } from "./workflow-definition.ts";
import type { NewWorkflow } from "./workflow-row.ts";
import type { WorkflowStatus } from "./workflow-status.ts";

/** The use of a delivered event by its pointer. */
export interface Consumption {
  readonly subscriptionId: string;
  readonly eventId: string;
}

/**
 * One commit of one instance: everything a pass has changed since the last one. A store applies it whole or not at all.
 * JSON-safe but for its instants; payloads are encoded strings already.
 */
export interface WorkflowChange {
  readonly workflowId: string;
  /** New for every change; a change whose id is the row's last is answered as committed, as the first time. */
  readonly commitId: string;
  /** What the row must hold for the change to be accepted. `inboxSeq` is there only when an undelivered subscription is closed. */
  readonly expected: {
    readonly revision: number;
    readonly controlSeq: number;
    readonly inboxSeq?: number;
  };
  /** Deliveries up to this one are known to the pass; if the row has more, it stays due now whatever `dueAt` says. */
  readonly seenInboxSeq: number;
  readonly status: WorkflowStatus;
  /** Another version, or another graph, of the same definition, to which the instance belongs from now on; absent = unchanged. */
  readonly definition?: Omit<DefinitionKey, "id">;
  /** Encoded data; absent = unchanged. */
  readonly data?: string;
  /** New value of the row's `sequence`. */
  readonly sequence: number;
  /** When to look at the instance next; absent = only when an event or a command comes. */
  readonly dueAt?: Date;
  /** New value of the row's error, encoded; absent = none. Always the whole truth, not a difference. */
  readonly error?: string;
  readonly completedAt?: Date;
  /** New or changed, whole rows: upsert by (workflow id, pointer id). */
  readonly pointers: readonly PointerRow[];
  readonly openSubscriptions: readonly NewSubscription[];
  readonly consume: readonly Consumption[];
  /** Closes these and releases their events unused. Unknown ids are ignored. */
  readonly closeSubscriptions: readonly string[];
  /** Whole instances; one whose id exists already is left as it is. */
  readonly children: readonly NewWorkflow[];
  readonly events: readonly EventRow[];
  readonly commands: readonly ScheduledCommand[];
  readonly errors: readonly ExecutionErrorRow[];
}

/** What the store answers to a commit. */
export interface CommitResult {
  /** The row's revision after the commit. */
  readonly revision: number;
  /** The row's inbox counter after the commit. */
  readonly inboxSeq: number;
  /** Events assigned to open subscriptions of this instance and not yet used, whenever they came, pick-ups of this commit included; in the order of a load. */
  readonly pendingDeliveries: readonly Delivery[];
  /**
   * Ids of the change's events that were stored as delivered, since nobody waited for them; the others, also where a change is answered once more, are for
   * a delivery. @default none
   */
  readonly delivered?: readonly string[];
}
