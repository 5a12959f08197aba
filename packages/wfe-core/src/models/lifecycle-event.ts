import type { WorkflowId } from "./ids.ts";

/** Which step a lifecycle event is about. */
export interface StepOfEvent {
  /** Name of the step. */
  readonly step: string;
  readonly stepId: number;
  readonly pointerId: string;
  readonly attempt: number;
}

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
      readonly type: "started" | "resumed" | "suspended" | "completed" | "terminated";
    }
  | ({
      readonly type: "error";
      readonly error: { readonly code: string; readonly message: string };
    } & Partial<StepOfEvent>)
  | ({
      readonly type: "stepStarted" | "stepCompleted" | "stepRetrying" | "stepSkipped" | "stepCompensated";
    } & StepOfEvent)
);
