import type { LifecycleEvent, StepOfEvent } from "../models/lifecycle-event.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import type { WorkflowRow } from "../models/workflow-row.ts";

type InstanceOfEvent = Pick<LifecycleEvent, "workflowId" | "definitionId" | "version" | "reference" | "at">;
type StepEventType = "stepStarted" | "stepCompleted" | "stepRetrying" | "stepSkipped" | "stepCompensated";

/** The event that something happened to an instance. */
export function instanceEvent(type: "started" | "resumed" | "suspended" | "completed" | "terminated", row: WorkflowRow, at: Date): LifecycleEvent {
  const { id: workflowId, definitionId, version, reference } = row;
  return reference === undefined ? { workflowId, definitionId, version, at, type } : { workflowId, definitionId, version, at, reference, type };
}

/** The event that something happened to a step. */
export function stepEvent(type: StepEventType, row: WorkflowRow, step: StepDefinition, pointer: PointerRow, at: Date): LifecycleEvent {
  return stepEventOf(type, row, step, pointer, at);
}

/** The event that an attempt failed. */
export function errorEvent(
  error: { readonly code: string; readonly message: string },
  row: WorkflowRow,
  step: StepDefinition,
  pointer: PointerRow,
  at: Date,
): LifecycleEvent {
  return { ...stepEventOf("error", row, step, pointer, at), type: "error", error: { code: error.code, message: error.message } };
}

/** One literal, and no copy of it: two are made for each step that runs. */
function stepEventOf<TType extends LifecycleEvent["type"]>(
  type: TType,
  row: WorkflowRow,
  step: StepDefinition,
  pointer: PointerRow,
  at: Date,
): InstanceOfEvent & StepOfEvent & { readonly type: TType } {
  const event: { reference?: string } & InstanceOfEvent & StepOfEvent & { readonly type: TType } = {
    type,
    workflowId: row.id,
    definitionId: row.definitionId,
    version: row.version,
    at,
    step: step.name,
    stepId: step.id,
    pointerId: pointer.id,
    attempt: pointer.attempt,
  };
  if (row.reference !== undefined) event.reference = row.reference;
  return event;
}
