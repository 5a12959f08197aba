import type { InstanceError } from "../models/execution-error.ts";
import type { MigrationFault } from "../models/migration.ts";
import type { DefinitionKey } from "../models/workflow-definition.ts";
import { WfeError, type WfeErrorOptions } from "./wfe-error.ts";

/** An instance of this id exists and is not a repeat of this start. */
export class WorkflowAlreadyExistsError extends WfeError {
  override readonly name = "WorkflowAlreadyExistsError";
  readonly workflowId: string;
  /** What is stored under the id: enough to tell a repeated start from another one. */
  readonly existing: {
    readonly definitionId: string;
    readonly version: number;
    readonly inputDigest: string;
  };

  constructor(
    workflowId: string,
    existing: {
      readonly definitionId: string;
      readonly version: number;
      readonly inputDigest: string;
    },
    options?: WfeErrorOptions,
  ) {
    super(
      "WFE_WORKFLOW_ALREADY_EXISTS",
      `a workflow with the id ${JSON.stringify(workflowId)} exists already, of the definition ${JSON.stringify(existing.definitionId)} version ${existing.version}, started with other input or another definition`,
      options,
    );
    this.workflowId = workflowId;
    this.existing = existing;
  }
}

/** Another instance has this name, or this id: both are used alike. */
export class WorkflowNameTakenError extends WfeError {
  override readonly name = "WorkflowNameTakenError";
  readonly workflowName: string;

  constructor(workflowName: string, options?: WfeErrorOptions) {
    super("WFE_WORKFLOW_NAME_TAKEN", `another workflow has the name or id ${JSON.stringify(workflowName)}: both are unique in a store`, options);
    this.workflowName = workflowName;
  }
}

/** The awaited instance is suspended. */
export class WorkflowSuspendedError extends WfeError {
  override readonly name = "WorkflowSuspendedError";
  readonly workflowId: string;
  /** The failure that suspended it; absent when a command did. */
  readonly error: InstanceError | undefined;

  constructor(workflowId: string, error: InstanceError | undefined, options?: WfeErrorOptions) {
    super(
      "WFE_WORKFLOW_SUSPENDED",
      `the workflow ${JSON.stringify(workflowId)} is suspended${error === undefined ? "" : `: ${error.message}`}; resumeWorkflow lets it go on, waitForWorkflow(id, { onSuspended: "wait" }) waits it out`,
      options,
    );
    this.workflowId = workflowId;
    this.error = error;
  }
}

/** The awaited instance was terminated. */
export class WorkflowTerminatedError extends WfeError {
  override readonly name = "WorkflowTerminatedError";
  readonly workflowId: string;
  /** The failure that terminated it; absent when a command did. */
  readonly error: InstanceError | undefined;

  constructor(workflowId: string, error: InstanceError | undefined, options?: WfeErrorOptions) {
    super(
      "WFE_WORKFLOW_TERMINATED",
      `the workflow ${JSON.stringify(workflowId)} was terminated${error === undefined ? "" : `: ${error.message}`}`,
      options,
    );
    this.workflowId = workflowId;
    this.error = error;
  }
}

/** An instance cannot be taken to another version as asked; all that is in the way, at once. Nothing was written. */
export class MigrationError extends WfeError {
  override readonly name = "MigrationError";
  readonly workflowId: string;
  /** Never empty. */
  readonly faults: readonly MigrationFault[];

  constructor(workflowId: string, from: DefinitionKey, to: DefinitionKey, faults: readonly MigrationFault[], options?: WfeErrorOptions) {
    super(
      "WFE_MIGRATION_REFUSED",
      `the workflow ${JSON.stringify(workflowId)} cannot be migrated from ${shownDefinition(from)} to ${shownDefinition(to)}:\n- ${faults.map(({ message }) => message).join("\n- ")}`,
      options,
    );
    this.workflowId = workflowId;
    this.faults = faults;
  }
}

/** A definition, as messages name it. */
export function shownDefinition({ id, version, fingerprint }: DefinitionKey): string {
  return `${JSON.stringify(id)} version ${version} (fingerprint ${fingerprint.slice(0, 12)})`;
}
