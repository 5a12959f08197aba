import type { EventSubscription } from "../models/event-subscription.ts";
import type { ExecutionErrorRow } from "../models/execution-error.ts";
import type { ScheduledCommand } from "../models/scheduled-command.ts";
import type { WorkflowRow } from "../models/workflow-row.ts";

/** What is asked about an instance. */
export interface InspectionRequest {
  /** Pointers of the instance; those that do not exist are passed over. */
  readonly pointerIds: readonly string[];
  /** Other instances, in no relation to this one as far as the store cares; those that do not exist are passed over. */
  readonly workflowIds: readonly string[];
}

/** An event that is stored, and that no delivery has dealt with. */
export interface UndeliveredEvent {
  readonly eventId: string;
  /** Not delivered before; absent: at once. */
  readonly eligibleAt?: Date;
}

/** A subscription, and what a delivery would give it. */
export interface InspectedSubscription extends EventSubscription {
  /**
   * For one that is open, the first undelivered event that it may take: within its bound, not consumed by its instance; those without
   * `eligibleAt` first, then by that, then by event time and arrival. Absent when there is none.
   */
  readonly undelivered?: UndeliveredEvent;
}

/** What people ask about an instance, beside what a pass loads. */
export interface WorkflowInspection {
  /** Subscriptions of the pointers asked for, open or given an event that is not used yet, in order of creation. */
  readonly subscriptions: readonly InspectedSubscription[];
  /** The last recorded failure of each pointer asked for that has any, in the order they were recorded. */
  readonly lastErrors: readonly ExecutionErrorRow[];
  /** Those of the instances asked for that exist, in the order of the request. */
  readonly workflows: readonly WorkflowRow[];
  /** Commands owed to the instance and not yet carried out. */
  readonly commands: readonly ScheduledCommand[];
}

/** Questions of people. Every method may be called concurrently, from any number of processes. */
export interface InspectionRepository {
  /**
   * Reads what explains where an instance stands. Changes and locks nothing, and looks at what was asked for alone, however much else there is.
   * What it answers need not be of one instant.
   *
   * @returns Nothing but the other instances for an unknown one.
   */
  inspectWorkflow(id: string, request: InspectionRequest): Promise<WorkflowInspection>;
}
