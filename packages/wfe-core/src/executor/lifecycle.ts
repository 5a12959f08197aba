import type { LifecycleEvent, StepOfEvent } from "../models/lifecycle-event.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import type { WorkflowRow } from "../models/workflow-row.ts";

type InstanceOfEvent = Pick<LifecycleEvent, "workflowId" | "definitionId" | "version" | "reference" | "at">;
type StepEventType = "stepStarted" | "stepCompleted" | "stepRetrying" | "stepSkipped" | "stepCompensated";

/** The event that something happened to an instance. */
export function instanceEvent(type: "started" | "resumed" | "suspended" | "completed" | "terminated", row: WorkflowRow, at: Date): LifecycleEvent {
  return { ...instanceOf(row, at), type };
}

/** The event that something happened to a step. */
export function stepEvent(type: StepEventType, row: WorkflowRow, step: StepDefinition, pointer: PointerRow, at: Date): LifecycleEvent {
  return { ...instanceOf(row, at), ...stepOf(step, pointer), type };
}

/** The event that an attempt failed. */
export function errorEvent(
  error: { readonly code: string; readonly message: string },
  row: WorkflowRow,
  step: StepDefinition,
  pointer: PointerRow,
  at: Date,
): LifecycleEvent {
  return {
    ...instanceOf(row, at),
    ...stepOf(step, pointer),
    type: "error",
    error: { code: error.code, message: error.message },
  };
}

function instanceOf(row: WorkflowRow, at: Date): InstanceOfEvent {
  return {
    workflowId: row.id,
    definitionId: row.definitionId,
    version: row.version,
    at,
    ...(row.reference === undefined ? {} : { reference: row.reference }),
  };
}

function stepOf(step: StepDefinition, pointer: PointerRow): StepOfEvent {
  return {
    step: step.name,
    stepId: step.id,
    pointerId: pointer.id,
    attempt: pointer.attempt,
  };
}
