import { WfeError, type WfeErrorOptions } from "./wfe-error.ts";

/** No instance has this id or name. */
export class WorkflowNotFoundError extends WfeError {
  override readonly name = "WorkflowNotFoundError";
  readonly workflowId: string;

  constructor(workflowId: string, options?: WfeErrorOptions) {
    super("WFE_WORKFLOW_NOT_FOUND", `no workflow has the id or name ${JSON.stringify(workflowId)}`, options);
    this.workflowId = workflowId;
  }
}

/** This host has no definition of this id and version. */
export class DefinitionNotFoundError extends WfeError {
  override readonly name = "DefinitionNotFoundError";
  readonly definitionId: string;
  readonly version: number | undefined;

  constructor(definitionId: string, version?: number, options?: WfeErrorOptions) {
    const which = version === undefined ? JSON.stringify(definitionId) : `${JSON.stringify(definitionId)} version ${version}`;
    super(
      "WFE_DEFINITION_NOT_FOUND",
      `the definition ${which} is not registered here: call host.registerWorkflowDefinition(definition) first`,
      options,
    );
    this.definitionId = definitionId;
    this.version = version;
  }
}

/** No stored event has this id. */
export class EventNotFoundError extends WfeError {
  override readonly name = "EventNotFoundError";
  readonly eventId: string;

  constructor(eventId: string, options?: WfeErrorOptions) {
    super("WFE_EVENT_NOT_FOUND", `no event has the id ${JSON.stringify(eventId)}`, options);
    this.eventId = eventId;
  }
}

/** No subscription has this id. */
export class SubscriptionNotFoundError extends WfeError {
  override readonly name = "SubscriptionNotFoundError";
  readonly subscriptionId: string;

  constructor(subscriptionId: string, options?: WfeErrorOptions) {
    super("WFE_SUBSCRIPTION_NOT_FOUND", `no subscription has the id ${JSON.stringify(subscriptionId)}`, options);
    this.subscriptionId = subscriptionId;
  }
}

/** A definition has no step of this number. */
export class StepNotFoundError extends WfeError {
  override readonly name = "StepNotFoundError";
  readonly stepId: number;

  constructor(definitionId: string, version: number, stepId: number, options?: WfeErrorOptions) {
    super("WFE_STEP_NOT_FOUND", `the definition ${JSON.stringify(definitionId)} version ${version} has no step ${stepId}`, options);
    this.stepId = stepId;
  }
}
