import type { WorkflowId } from "./ids.ts";

/** Which step a lifecycle event is about. */
export interface StepOfEvent {
  /** Name of the step. */
  readonly step: string;
  readonly stepId: number;
  readonly pointerId: string;
  readonly attempt: number;
}

/** What can happen to an instance. */
const INSTANCE_EVENT_TYPES = ["started", "resumed", "suspended", "completed", "terminated"] as const;
/** What can happen to a step. */
const STEP_EVENT_TYPES = ["stepStarted", "stepCompleted", "stepRetrying", "stepSkipped", "stepCompensated"] as const;

/** Every type of lifecycle event. */
export const LIFECYCLE_EVENT_TYPES: readonly LifecycleEventType[] = [...INSTANCE_EVENT_TYPES, "error", ...STEP_EVENT_TYPES];

/** Type of a lifecycle event. */
export type LifecycleEventType = LifecycleEvent["type"];

/** The lifecycle events of these types. */
export type LifecycleEventOf<TType extends LifecycleEventType> = LifecycleEvent & { readonly type: TType };

/**
 * Notification to observers, published after the commit it reports; each recorded failure publishes one `error`, and `stepRetrying`
 * after it when a retry follows. Containers publish no step events.
 */
export type LifecycleEvent = {
  readonly workflowId: WorkflowId;
  readonly definitionId: string;
  readonly version: number;
  readonly reference?: string;
  readonly at: Date;
} & (
  | {
      readonly type: (typeof INSTANCE_EVENT_TYPES)[number];
    }
  | ({
      readonly type: "error";
      readonly error: { readonly code: string; readonly message: string };
    } & Partial<StepOfEvent>)
  | ({
      readonly type: (typeof STEP_EVENT_TYPES)[number];
    } & StepOfEvent)
);
