import {
  type CommitResult,
  type EndedWorkflows,
  type ExecutionErrorRow,
  isFinal,
  type LoadedWorkflow,
  type NewWorkflow,
  type PersistenceStores,
  type WorkflowRecord,
  WorkflowAlreadyExistsError,
  type WorkflowChange,
  type WorkflowSignals,
} from "wfe-core";
import { applyChange } from "./commit.ts";
import { deliveriesOf } from "./delivery.ts";
import type { JsonFile } from "./json-file.ts";
import { passPointersOf } from "./pointer-store.ts";
import { hasEnded } from "./query-store.ts";
import { addWorkflow, idsByName, inOrder, type KeptWorkflow, refuseTakenName, type State, subscriptionsOf } from "./state.ts";

type Workflows = PersistenceStores["workflows"] & PersistenceStores["errors"];

/** Instances, and what their passes have failed with. */
export class WorkflowStore implements Workflows {
  readonly #file: JsonFile;

  constructor(file: JsonFile) {
    this.#file = file;
  }

  createNewWorkflow(workflow: NewWorkflow): Promise<string> {
    const given = structuredClone(workflow);
    return this.#file.write((state) => {
      const existing = state.workflows.get(given.id)?.row;
      if (existing !== undefined) {
        const { definitionId, version, inputDigest } = existing;
        throw new WorkflowAlreadyExistsError(given.id, { definitionId, version, inputDigest });
      }
      refuseTakenName(state, idsByName(state), given);
      addWorkflow(state, given);
      return given.id;
    });
  }

  persistWorkflow(change: WorkflowChange, now: Date): Promise<CommitResult> {
    const given = structuredClone(change);
    return this.#file.write((state) => applyChange(state, given, now));
  }

  loadForPass(id: string, knownRevision: number | undefined): Promise<LoadedWorkflow | undefined> {
    return this.#file.read((state) => {
      const kept = state.workflows.get(id);
      if (kept === undefined) return undefined;
      const loaded = { row: kept.row, deliveries: deliveriesOf(state, id) };
      return kept.row.revision === knownRevision ? loaded : { ...loaded, pointers: passPointersOf(kept) };
    });
  }

  getWorkflowInstance(id: string): Promise<WorkflowRecord | undefined> {
    return this.#file.read((state) => found(state, [id]).map(recordOf)[0]);
  }

  getWorkflowInstanceByName(name: string): Promise<WorkflowRecord | undefined> {
    return this.#file.read((state) => found(state, [idsByName(state).get(name) ?? []].flat()).map(recordOf)[0]);
  }

  getWorkflowInstances(ids: readonly string[]): Promise<readonly WorkflowRecord[]> {
    return this.#file.read((state) => found(state, ids).map(recordOf));
  }

  readSignals(ids: readonly string[]): Promise<readonly WorkflowSignals[]> {
    return this.#file.read((state) =>
      found(state, ids).map(({ row: { id, status, revision, controlSeq, inboxSeq } }) => ({ id, status, revision, controlSeq, inboxSeq })),
    );
  }

  nextDefinitionSequence(definitionId: string, count: number): Promise<number> {
    return this.#file.write(({ sequences }) => {
      const first = sequences.get(definitionId) ?? 1;
      sequences.set(definitionId, first + count);
      return first;
    });
  }

  deleteWorkflows(ids: readonly string[], only?: EndedWorkflows): Promise<number> {
    return this.#file.write((state) => {
      const over = new Set(found(state, ids).filter(({ row }) => isFinal(row.status) && (only === undefined || hasEnded(row, only))));
      for (const { row } of over) {
        for (const { subscription } of subscriptionsOf(state, row.id)) state.subscriptions.delete(subscription.id);
        state.workflows.delete(row.id);
      }
      return over.size;
    });
  }

  getErrors(workflowId: string): Promise<readonly ExecutionErrorRow[]> {
    return this.#file.read(({ workflows }) => workflows.get(workflowId)?.errors ?? []);
  }
}

/** Those that exist, in the order of their ids. */
function found({ workflows }: State, ids: readonly string[]): readonly KeptWorkflow[] {
  return ids.flatMap((id) => workflows.get(id) ?? []);
}

function recordOf({ row, pointers }: KeptWorkflow): WorkflowRecord {
  return { ...row, pointers: inOrder(pointers.values()) };
}
