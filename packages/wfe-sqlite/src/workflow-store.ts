import type {
  CommitResult,
  EndedWorkflows,
  LoadedWorkflow,
  NewWorkflow,
  WorkflowChange,
  WorkflowRecord,
  WorkflowSignals,
  WorkflowStatus,
} from "wfe-core";
import type { Connection } from "./connection.ts";
import { deliveriesOf } from "./event-matching.ts";
import { KnownRows } from "./known-rows.ts";
import { type PointerColumns, pointerRow } from "./pointer-rows.ts";
import { passPointers } from "./pointer-store.ts";
import { WORKFLOW_COLUMNS, type WorkflowColumns, workflowRow } from "./rows.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { fromText, toText } from "./text.ts";
import { applyChange } from "./workflow-commit.ts";
import { createWorkflow } from "./workflow-creation.ts";

const WORKFLOW_BY = (column: "id" | "name"): string =>
  `SELECT ${WORKFLOW_COLUMNS} FROM wfe_workflows w JOIN wfe_definitions d ON d.row = w.definition WHERE w.${column} = ?`;
const BY_ID = WORKFLOW_BY("id");
const BY_NAME = WORKFLOW_BY("name");

/** Instances that are removed in one transaction. */
const DELETED_AT_ONCE = 50;

/** Creating, moving and reading instances. */
export class WorkflowStore {
  readonly #database: SqliteDatabase;
  readonly #rows = new KnownRows();

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  createNewWorkflow(workflow: NewWorkflow): Promise<string> {
    return this.#database.write((connection) => createWorkflow(connection, workflow));
  }

  persistWorkflow(change: WorkflowChange, now: Date): Promise<CommitResult> {
    return this.#database.write((connection) => applyChange(connection, this.#rows, change, now.getTime()));
  }

  loadForPass(id: string, knownRevision: number | undefined): Promise<LoadedWorkflow | undefined> {
    return this.#database.read((connection) =>
      connection.snapshot(() => {
        const found = connection.sql<WorkflowColumns>(BY_ID).get(toText(id));
        if (found === undefined) return undefined;
        return {
          row: workflowRow(found),
          deliveries: found.inbox_seq === 0 ? [] : deliveriesOf(connection, found.row),
          ...(found.revision === knownRevision ? {} : { pointers: passPointers(connection, found.row) }),
        };
      }),
    );
  }

  getWorkflowInstance(id: string): Promise<WorkflowRecord | undefined> {
    return this.#database.read((connection) => connection.snapshot(() => record(connection, BY_ID, id)));
  }

  getWorkflowInstanceByName(name: string): Promise<WorkflowRecord | undefined> {
    return this.#database.read((connection) => connection.snapshot(() => record(connection, BY_NAME, name)));
  }

  getWorkflowInstances(ids: readonly string[]): Promise<readonly WorkflowRecord[]> {
    return this.#database.read((connection) =>
      connection.snapshot(() => ids.map((id) => record(connection, BY_ID, id)).filter((found) => found !== undefined)),
    );
  }

  readSignals(ids: readonly string[]): Promise<readonly WorkflowSignals[]> {
    return this.#database.read((connection) =>
      connection.snapshot(() => {
        const statement = connection.sql<{
          id: string | Buffer;
          status: WorkflowStatus;
          revision: number;
          control_seq: number;
          inbox_seq: number;
        }>("SELECT id, status, revision, control_seq, inbox_seq FROM wfe_workflows WHERE id = ?");
        return ids
          .map((id) => statement.get(toText(id)))
          .filter((found) => found !== undefined)
          .map((found) => ({
            id: fromText(found.id),
            status: found.status,
            revision: found.revision,
            controlSeq: found.control_seq,
            inboxSeq: found.inbox_seq,
          }));
      }),
    );
  }

  nextDefinitionSequence(definitionId: string, count: number): Promise<number> {
    return this.#database.write((connection) => {
      const reserved = connection
        .sql<{ next: number }>(
          `INSERT INTO wfe_definition_sequences (definition_id, next) VALUES (?, 1 + ?)
           ON CONFLICT (definition_id) DO UPDATE SET next = next + excluded.next - 1 RETURNING next`,
        )
        .get(toText(definitionId), count);
      return (reserved as { next: number }).next - count; // an upsert returns its row
    });
  }

  async deleteWorkflows(ids: readonly string[], only?: EndedWorkflows): Promise<number> {
    let deleted = 0;
    // A few at a time: a transaction keeps the event loop, and all other writers, waiting.
    for (let from = 0; from < ids.length; from += DELETED_AT_ONCE) {
      const some = ids.slice(from, from + DELETED_AT_ONCE);
      deleted += await this.#database.write((connection) => some.reduce((sum, id) => sum + deleteOne(connection, toText(id), only), 0));
    }
    return deleted;
  }
}

/** @returns How many went. */
function deleteOne(connection: Connection, id: string | Buffer, only: EndedWorkflows | undefined): number {
  const [meant, values] = only === undefined ? ["TRUE", []] : ["status = ? AND completed_at < ?", [only.status, only.before.getTime()]];
  // Pointers, subscriptions, used events and errors go with it (ON DELETE CASCADE).
  const { changes } = connection
    .sql(`DELETE FROM wfe_workflows WHERE id = ? AND status IN ('complete', 'terminated') AND ${meant}`)
    .run(id, ...values);
  if (changes > 0) connection.sql("DELETE FROM wfe_queue WHERE type = 'workflow' AND id = ?").run(id);
  return changes;
}

function record(connection: Connection, by: string, value: string): WorkflowRecord | undefined {
  const found = connection.sql<WorkflowColumns>(by).get(toText(value));
  if (found === undefined) return undefined;
  // By primary key, then sorted: the key's order is that of the ids as text.
  const pointers = connection.sql<PointerColumns>("SELECT * FROM wfe_pointers WHERE workflow = ? ORDER BY seq").all(found.row);
  return { ...workflowRow(found), pointers: pointers.map(pointerRow) };
}
