import { type NewWorkflow, WorkflowAlreadyExistsError, WorkflowNameTakenError } from "wfe-core";
import { Batches, type Outcome, sizeOfPayloads } from "./batches.ts";
import { mayBeOnes, takenName } from "./error-mapping.ts";
import { type PointerColumns, pointerValues } from "./pointer-rows.ts";
import type { PostgresDatabase } from "./postgres-database.ts";
import { toInstantOrNull } from "./rows.ts";
import { fromText, toText, toTextOrNull } from "./text.ts";

/** Instances that are made in one call at most. */
const LARGEST_CREATION = 200;

interface Creation {
  readonly workflow: NewWorkflow;
  /** Of this very request; answers whether it has happened when its answer was lost. */
  readonly creationId: string;
}

type CreationColumns =
  | { readonly id: string; readonly is_new: true }
  | { readonly id: string; readonly is_new: false; readonly definition_id: string; readonly version: number; readonly input_digest: string };

/** A new instance, as the functions of the schema take it. */
interface NewWorkflowObject {
  readonly pointers: readonly PointerColumns[];
  readonly [column: string]: unknown;
}

/** Creates instances; those that are wanted at the same moment in one call. */
export class WorkflowCreations {
  readonly #database: PostgresDatabase;
  readonly #batches: Batches<Creation, string>;

  constructor(database: PostgresDatabase) {
    this.#database = database;
    this.#batches = new Batches({
      clock: database.clock,
      limit: LARGEST_CREATION,
      concurrency: 2,
      keyOf: ({ workflow }) => workflow.id,
      sizeOf: ({ workflow }) => Math.max(1, sizeOfPayloads(LARGEST_CREATION, workflow.data.length)),
      send: (creations) => this.#send(creations),
      mayBeOnes,
    });
  }

  /** @throws WorkflowAlreadyExistsError, WorkflowNameTakenError */
  async create(workflow: NewWorkflow): Promise<string> {
    try {
      return await this.#batches.request({ workflow, creationId: this.#database.entropy.id() });
    } catch (error) {
      throw takenNameError(error);
    }
  }

  async #send(creations: readonly Creation[]): Promise<readonly Outcome<string>[]> {
    const objects = creations.map(({ workflow, creationId }) => newWorkflowObject(workflow, creationId));
    const rows = await this.#database.call<CreationColumns>("create_workflows_v1", [JSON.stringify(objects)]);
    const found = new Map(rows.map((row) => [fromText(row.id), row]));
    return creations.map(({ workflow }) => {
      const row = found.get(workflow.id) as CreationColumns; // made or found by the call
      if (row.is_new) return { value: workflow.id };
      const stored = { definitionId: fromText(row.definition_id), version: row.version, inputDigest: fromText(row.input_digest) };
      return { error: new WorkflowAlreadyExistsError(workflow.id, stored) };
    });
  }
}

/** @param creationId - Of the request that makes it. */
export function newWorkflowObject(workflow: NewWorkflow, creationId: string): NewWorkflowObject {
  return {
    id: toText(workflow.id),
    name: toText(workflow.name),
    definition_id: toText(workflow.definitionId),
    version: workflow.version,
    fingerprint: toText(workflow.fingerprint),
    sequence: workflow.pointers.reduce((highest, pointer) => Math.max(highest, pointer.seq), 0),
    due_at: toInstantOrNull(workflow.dueAt),
    created_at: workflow.createdAt.getTime(),
    creation_id: creationId,
    input_digest: toText(workflow.inputDigest),
    reference: toTextOrNull(workflow.reference),
    description: toTextOrNull(workflow.description),
    parent_id: toTextOrNull(workflow.parent?.workflowId),
    parent_pointer_id: toTextOrNull(workflow.parent?.pointerId),
    parent_depth: workflow.parent?.depth ?? null,
    root_id: toTextOrNull(workflow.rootWorkflowId),
    trace_context: workflow.traceContext === undefined ? null : JSON.stringify(workflow.traceContext),
    data: toText(workflow.data),
    pointers: workflow.pointers.map(pointerValues),
  };
}

/** The error of a name that is taken, when that is what the store has refused; else the same error. */
export function takenNameError(error: unknown): unknown {
  const taken = takenName(error);
  return taken === undefined ? error : new WorkflowNameTakenError(fromText(taken), { cause: error });
}
