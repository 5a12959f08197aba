import {
  asksForData,
  countFound,
  type EndedWorkflows,
  listFound,
  type ListingPosition,
  type Page,
  type PageRequest,
  refuseUnknownFields,
  type WorkflowFilter,
  type WorkflowRow,
} from "wfe-core";
import type { Connection, SqlValue } from "./connection.ts";
import { WORKFLOW_COLUMNS, type WorkflowColumns, workflowRow } from "./rows.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { fromText } from "./text.ts";
import { accessPath, conditionOf } from "./workflow-filter.ts";

/** Stands in cursors. */
const STORE = "sqlite";

interface Place {
  readonly row: number;
  readonly created_at: number;
}

/** Listings for people and for purges. */
export class WorkflowQuery {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  listWorkflows(filter: WorkflowFilter, page: PageRequest): Promise<Page<WorkflowRow>> {
    return listFound(filter, page, STORE, (...asked) => this.#find(...asked));
  }

  async countWorkflows(filter: WorkflowFilter): Promise<number> {
    refuseUnknownFields(filter);
    if (asksForData(filter)) return countFound(filter, (...asked) => this.#find(...asked));
    return this.#database.read((connection) =>
      connection.snapshot(() => {
        const { hasError, ...others } = filter;
        // An index knows those with an error, and none the others.
        return hasError === false
          ? this.#count(connection, others) - this.#count(connection, { ...others, hasError: true })
          : this.#count(connection, filter);
      }),
    );
  }

  getEndedWorkflows({ status, before }: EndedWorkflows, limit: number): Promise<readonly string[]> {
    return this.#database.read((connection) =>
      connection
        .sql<{ id: string | Buffer }>(
          "SELECT w.id FROM wfe_workflows w INDEXED BY wfe_workflows_ended WHERE w.status = ? AND w.completed_at < ? ORDER BY w.completed_at LIMIT +?",
        )
        .all(status, before.getTime(), limit)
        .map(({ id }) => fromText(id)),
    );
  }

  async #find(filter: WorkflowFilter, after: ListingPosition | undefined, size: number): Promise<readonly WorkflowRow[]> {
    // Data may be looked for in very many: the process does its work in between.
    if (asksForData(filter)) await new Promise<void>((resolve) => this.#database.clock.defer(resolve));
    return this.#database.read((connection) =>
      connection.snapshot(() => {
        const { index, start, starts } = accessPath(connection, filter, this.#database.indexedData);
        const { sql, values } = conditionOf(filter, after);
        const statement = connection.raw.prepare<SqlValue[], Place>(
          `SELECT w.row, w.created_at FROM wfe_workflows w INDEXED BY ${index} WHERE ${start} AND ${sql}
           ORDER BY w.created_at DESC, w.id DESC LIMIT +?`,
        );
        const places = starts.flatMap((from) => statement.all(...from, ...values, size));
        const oldest = places.map(({ created_at }) => created_at).sort((a, b) => b - a)[size - 1] ?? Number.MIN_SAFE_INTEGER;
        const rows = places.filter(({ created_at }) => created_at >= oldest).map(({ row }) => row);
        return connection
          .sql<WorkflowColumns>(
            `SELECT ${WORKFLOW_COLUMNS} FROM json_each(?) CROSS JOIN wfe_workflows w ON w.row = json_each.value CROSS JOIN wfe_definitions d ON d.row = w.definition
             ORDER BY w.created_at DESC, w.id DESC LIMIT +?`,
          )
          .all(JSON.stringify(rows), size)
          .map(workflowRow);
      }),
    );
  }

  #count(connection: Connection, filter: WorkflowFilter): number {
    const { index, start, starts } = accessPath(connection, filter, this.#database.indexedData, true);
    const { sql, values } = conditionOf(filter);
    const statement = connection.raw.prepare<SqlValue[], { count: number }>(
      `SELECT count(*) AS count FROM wfe_workflows w INDEXED BY ${index} WHERE ${start} AND ${sql}`,
    );
    return starts.reduce((sum, from) => sum + (statement.get(...from, ...values)?.count ?? 0), 0);
  }
}
