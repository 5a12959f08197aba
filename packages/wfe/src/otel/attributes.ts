import type { Attributes } from "@opentelemetry/api";
import type { StepExecutionContext, WorkflowInstance } from "wfe-core";

/** Names of what spans and metrics say beyond the semantic conventions. `docs/operating.md` explains them. */
export const WFE = {
  definitionId: "wfe.definition.id",
  definitionVersion: "wfe.definition.version",
  workflowId: "wfe.workflow.id",
  workflowName: "wfe.workflow.name",
  workflowStatus: "wfe.workflow.status",
  workflowReference: "wfe.workflow.reference",
  parentId: "wfe.workflow.parent.id",
  rootId: "wfe.workflow.root.id",
  stepName: "wfe.step.name",
  stepId: "wfe.step.id",
  stepAttempt: "wfe.step.attempt",
  stepOutcome: "wfe.step.outcome",
  pointerId: "wfe.pointer.id",
  compensatedPointerId: "wfe.compensates.pointer.id",
  compensatedStepName: "wfe.compensates.step.name",
  callOff: "wfe.cancel.reason",
  eventNames: "wfe.event.names",
  eventIds: "wfe.event.ids",
  deliveredCount: "wfe.event.delivered_workflows",
  queueType: "wfe.queue.type",
  sweepFound: "wfe.sweep.found",
  storeName: "wfe.store.name",
} as const;

/** Of the semantic conventions: what kind of error it was, of few values. */
export const ERROR_TYPE = "error.type";

/** What a span says of the instance it is about. */
export function workflowAttributes(workflow: WorkflowInstance): Attributes {
  const { id, name, definitionId, version, reference, parent, rootWorkflowId } = workflow;
  return {
    [WFE.definitionId]: definitionId,
    [WFE.definitionVersion]: version,
    [WFE.workflowId]: id,
    [WFE.workflowName]: name,
    ...(reference === undefined ? {} : { [WFE.workflowReference]: reference }),
    ...(parent === undefined ? {} : { [WFE.parentId]: parent.workflowId }),
    ...(rootWorkflowId === undefined ? {} : { [WFE.rootId]: rootWorkflowId }),
  };
}

/** What a span says of the run of a step's body. */
export function stepAttributes({ workflow, step, pointer, attempt, compensates }: StepExecutionContext): Attributes {
  const undone = compensates?.pointer;
  return {
    ...workflowAttributes(workflow),
    [WFE.stepName]: step.name,
    [WFE.stepId]: step.id,
    [WFE.stepAttempt]: attempt,
    [WFE.pointerId]: pointer.id,
    ...(undone === undefined ? {} : { [WFE.compensatedPointerId]: undone.id }),
    ...(undone?.stepName === undefined ? {} : { [WFE.compensatedStepName]: undone.stepName }),
  };
}
