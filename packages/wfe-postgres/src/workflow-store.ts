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
import { Batches, type Outcome } from "./batches.ts";
import { mayBeOnes } from "./error-mapping.ts";
import { type PointerColumns, POINTER_LIST, pointerRow } from "./pointer-rows.ts";
import type { PostgresDatabase } from "./postgres-database.ts";
import { type DeliveryList, delivery, WORKFLOW_COLUMNS, type WorkflowColumns, workflowRow } from "./rows.ts";
import { fromText, toText } from "./text.ts";
import { WorkflowCommits } from "./workflow-commit.ts";
import { WorkflowCreations } from "./workflow-creation.ts";

/** Instances of one load at most. */
const LARGEST_LOAD = 100;

interface Load {
  readonly id: string;
  readonly knownRevision: number | undefined;
}

interface LoadColumns extends WorkflowColumns {
  /** Of the request, counted from 1. */
  readonly place: number;
  readonly pointers: readonly PointerColumns[] | null;
  readonly deliveries: readonly DeliveryList[] | null;
}

interface RecordColumns extends WorkflowColumns {
  readonly pointers: readonly PointerColumns[];
}

/** Creating, moving and reading instances. */
export class WorkflowStore {
  readonly #database: PostgresDatabase;
  readonly #creations: WorkflowCreations;
  readonly #commits: WorkflowCommits;
  readonly #loads: Batches<Load, LoadedWorkflow | undefined>;

  constructor(database: PostgresDatabase) {
    this.#database = database;
    this.#creations = new WorkflowCreations(database);
    this.#commits = new WorkflowCommits(database);
    this.#loads = new Batches({
      clock: database.clock,
      limit: LARGEST_LOAD,
      concurrency: 2,
      keyOf: ({ id }) => id,
      send: (loads) => this.#load(loads),
      mayBeOnes,
    });
  }

  createNewWorkflow(workflow: NewWorkflow): Promise<string> {
    return this.#creations.create(workflow);
  }

  persistWorkflow(change: WorkflowChange, now: Date): Promise<CommitResult> {
    return this.#commits.commit(change, now);
  }

  loadForPass(id: string, knownRevision: number | undefined): Promise<LoadedWorkflow | undefined> {
    return this.#loads.request({ id, knownRevision });
  }

  async #load(loads: readonly Load[]): Promise<readonly Outcome<LoadedWorkflow | undefined>[]> {
    const rows = await this.#database.call<LoadColumns>("load_v1", [
      loads.map(({ id }) => toText(id)),
      loads.map(({ knownRevision }) => knownRevision ?? null),
    ]);
    const found = new Map(rows.map((row) => [row.place, row]));
    return loads.map((_, index) => {
      const row = found.get(index + 1);
      return { value: row === undefined ? undefined : loadedWorkflow(row) };
    });
  }

  async getWorkflowInstance(id: string): Promise<WorkflowRecord | undefined> {
    return (await this.#records("w.id = $1", toText(id)))[0];
  }

  async getWorkflowInstanceByName(name: string): Promise<WorkflowRecord | undefined> {
    const { workflow_names: names } = this.#database.names.table;
    // By the table in which names are unique; it has ids, too.
    return (await this.#records(`w.row = (SELECT n.workflow FROM ${names} n WHERE n.name = $1) AND w.name = $1`, toText(name)))[0];
  }

  async getWorkflowInstances(ids: readonly string[]): Promise<readonly WorkflowRecord[]> {
    const found = new Map((await this.#records("w.id = ANY ($1)", ids.map(toText))).map((record) => [record.id, record]));
    return ids.map((id) => found.get(id)).filter((record) => record !== undefined);
  }

  /** One statement, so that all of it is as it was at one instant. */
  async #records(condition: string, value: string | readonly string[]): Promise<readonly WorkflowRecord[]> {
    const { workflows, definitions, pointers } = this.#database.names.table;
    const rows = await this.#database.query<RecordColumns>(
      `SELECT ${WORKFLOW_COLUMNS}, (
         SELECT coalesce(json_agg(${POINTER_LIST} ORDER BY p.seq), '[]') FROM ${pointers} p WHERE p.workflow = w.row) AS pointers
       FROM ${workflows} w JOIN ${definitions} d ON d.row = w.definition WHERE ${condition}`,
      [value],
    );
    return rows.map((row) => ({ ...workflowRow(row), pointers: row.pointers.map(pointerRow) }));
  }

  async readSignals(ids: readonly string[]): Promise<readonly WorkflowSignals[]> {
    const rows = await this.#database.query<{
      readonly id: string;
      readonly status: WorkflowStatus;
      readonly revision: number;
      readonly control_seq: number;
      readonly inbox_seq: number;
    }>(
      `SELECT w.id, w.status, w.revision, w.control_seq, w.inbox_seq
       FROM unnest($1::text[]) WITH ORDINALITY AS x (id, place) JOIN ${this.#database.names.table.workflows} w ON w.id = x.id ORDER BY x.place`,
      [ids.map(toText)],
    );
    return rows.map((row) => ({
      id: fromText(row.id),
      status: row.status,
      revision: row.revision,
      controlSeq: row.control_seq,
      inboxSeq: row.inbox_seq,
    }));
  }

  async nextDefinitionSequence(definitionId: string, count: number): Promise<number> {
    const [reserved] = await this.#database.query<{ next: number }>(
      `INSERT INTO ${this.#database.names.table.definition_sequences} AS s (definition_id, next) VALUES ($1, 1 + $2::bigint)
       ON CONFLICT (definition_id) DO UPDATE SET next = s.next + $2::bigint RETURNING next`,
      [toText(definitionId), count],
    );
    return (reserved as { next: number }).next - count; // an upsert returns its row
  }

  async deleteWorkflows(ids: readonly string[], only?: EndedWorkflows): Promise<number> {
    const { table, routine } = this.#database.names;
    const [row] = await this.#database.query<{ deleted: number }>(
      // Done again because the answer was lost, it counts those that are gone. They are looked for as they were before this statement.
      `SELECT d.deleted + CASE WHEN NOT $2 THEN 0 ELSE (
         SELECT count(DISTINCT x.id) FROM unnest($1::text[]) AS x (id) WHERE NOT EXISTS (SELECT 1 FROM ${table.workflows} w WHERE w.id = x.id)) END AS deleted
       FROM ${routine.delete_workflows_v1}($1, $3, $4) d`,
      (repeated) => [ids.map(toText), repeated, only?.status ?? null, only?.before.getTime() ?? null],
    );
    return (row as { deleted: number }).deleted; // the function gives one row
  }
}

function loadedWorkflow(row: LoadColumns): LoadedWorkflow {
  return {
    row: workflowRow(row),
    deliveries: (row.deliveries ?? []).map(delivery),
    ...(row.pointers === null ? {} : { pointers: row.pointers.map(pointerRow) }),
  };
}
