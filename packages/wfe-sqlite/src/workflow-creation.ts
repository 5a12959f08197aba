import { type DefinitionKey, type NewWorkflow, WorkflowAlreadyExistsError, WorkflowNameTakenError } from "wfe-core";
import type { Connection } from "./connection.ts";
import { writePointer } from "./pointer-writes.ts";
import { workflowValues } from "./rows.ts";
import { fromText, toText } from "./text.ts";

const INSERT_WORKFLOW = `
  INSERT INTO wfe_workflows (id, name, definition, status, revision, control_seq, inbox_seq, sequence, due_at, created_at, completed_at,
    created_arrival, commit_id, input_digest, reference, description, parent_id, parent_pointer_id, parent_depth, root_id, trace_context,
    error, data)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/**
 * Stores a new instance.
 *
 * @throws WorkflowAlreadyExistsError and WorkflowNameTakenError, before anything is written.
 */
export function createWorkflow(connection: Connection, workflow: NewWorkflow): string {
  const existing = connection
    .sql<{ definition_id: string | Buffer; version: number; input_digest: string | Buffer }>(
      "SELECT d.id AS definition_id, d.version, w.input_digest FROM wfe_workflows w JOIN wfe_definitions d ON d.row = w.definition WHERE w.id = ?",
    )
    .get(toText(workflow.id));
  if (existing !== undefined) {
    throw new WorkflowAlreadyExistsError(workflow.id, {
      definitionId: fromText(existing.definition_id),
      version: existing.version,
      inputDigest: fromText(existing.input_digest),
    });
  }
  const taken = takenOf(connection, workflow);
  if (taken !== undefined) throw new WorkflowNameTakenError(taken);
  insertWorkflow(connection, workflow);
  return workflow.id;
}

/** Refuses children whose name another instance has, or another one of them. @throws WorkflowNameTakenError */
export function refuseTakenNames(connection: Connection, children: readonly NewWorkflow[]): void {
  const ids = new Set<string>();
  const taken = new Set<string>();
  for (const { id, name } of children) {
    if (ids.has(id) || hasId(connection, id)) continue;
    // A name is usable wherever an id is: the children among themselves, too.
    const among = [name, id].find((text) => taken.has(text));
    const other = among ?? takenOf(connection, { id, name });
    if (other !== undefined) throw new WorkflowNameTakenError(other);
    ids.add(id);
    taken.add(id).add(name);
  }
}

/** Stores a child, unless its id exists: its parent's commit is then a repeat of one whose child was made. */
export function createChild(connection: Connection, child: NewWorkflow): void {
  if (!hasId(connection, child.id)) insertWorkflow(connection, child);
}

/** What another instance has of the name and the id of a new one: names and ids are looked up alike. */
function takenOf(connection: Connection, { id, name }: Pick<NewWorkflow, "id" | "name">): string | undefined {
  if (hasName(connection, name) || (name !== id && hasId(connection, name))) return name;
  return hasName(connection, id) ? id : undefined;
}

function hasId(connection: Connection, id: string): boolean {
  return connection.sql("SELECT 1 FROM wfe_workflows WHERE id = ?").get(toText(id)) !== undefined;
}

function hasName(connection: Connection, name: string): boolean {
  return connection.sql("SELECT 1 FROM wfe_workflows WHERE name = ?").get(toText(name)) !== undefined;
}

function insertWorkflow(connection: Connection, workflow: NewWorkflow): void {
  const definition = definitionRow(connection, toText(workflow.definitionId), workflow);
  const createdArrival = connection.sql<{ last: number | null }>("SELECT max(arrival) AS last FROM wfe_events").get()?.last ?? 0;
  const { lastInsertRowid } = connection.sql(INSERT_WORKFLOW).run(...workflowValues(workflow, definition, createdArrival));
  for (const pointer of workflow.pointers) writePointer(connection, Number(lastInsertRowid), pointer);
}

/** The number of a definition, which has one from its first instance on. @param id - As it is stored. */
export function definitionRow(connection: Connection, id: string | Buffer, definition: Omit<DefinitionKey, "id">): number {
  const key = [id, definition.version, toText(definition.fingerprint)];
  const known = connection.sql<{ row: number }>("SELECT row FROM wfe_definitions WHERE id = ? AND version = ? AND fingerprint = ?").get(...key);
  if (known !== undefined) return known.row;
  return Number(connection.sql("INSERT INTO wfe_definitions (id, version, fingerprint) VALUES (?, ?, ?)").run(...key).lastInsertRowid);
}
