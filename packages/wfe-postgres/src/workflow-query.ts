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
import type { SqlValue } from "./connection.ts";
import type { PostgresDatabase } from "./postgres-database.ts";
import { WORKFLOW_COLUMNS, type WorkflowColumns, workflowRow } from "./rows.ts";
import { fromText } from "./text.ts";
import { foundRows } from "./workflow-filter.ts";

/** Listings for people and for purges. */
export class WorkflowQuery {
  readonly #database: PostgresDatabase;
  /** Stands in cursors. */
  readonly #store: string;

  constructor(database: PostgresDatabase) {
    this.#database = database;
    const { schemaName, tablePrefix } = database.names;
    this.#store = `postgres ${schemaName}.${tablePrefix}`;
  }

  listWorkflows(filter: WorkflowFilter, page: PageRequest): Promise<Page<WorkflowRow>> {
    return listFound(filter, page, this.#store, (...asked) => this.#find(...asked));
  }

  async countWorkflows(filter: WorkflowFilter): Promise<number> {
    refuseUnknownFields(filter);
    if (asksForData(filter)) return countFound(filter, (...asked) => this.#find(...asked));
    const { hasError, ...others } = filter;
    // An index knows those with an error, and none the others.
    const [all, failed] = hasError === false ? [others, { ...others, hasError: true }] : [filter, undefined];
    const values: SqlValue[] = [];
    const sum = (of: WorkflowFilter): string => {
      const { beginnings, condition, values: given } = foundRows(this.#database.names, of, this.#database.indexedData, { isCount: true });
      const counted = `SELECT count(*) AS count FROM ${this.#database.names.table.workflows} w ${condition}`;
      const shifted = values.push(...given) - given.length;
      const text = `(SELECT coalesce(sum(c.count), 0)::bigint FROM ${beginnings} CROSS JOIN LATERAL (${counted}) c)`;
      return text.replaceAll(/\$(\d+)/g, (_, index: string) => `$${Number(index) + shifted}`);
    };
    const text = `SELECT ${sum(all)} - ${failed === undefined ? "0" : sum(failed)} AS count`;
    const [found] = await this.#database.query<{ count: number }>(text, values);
    return (found as { count: number }).count; // one row
  }

  async getEndedWorkflows({ status, before }: EndedWorkflows, limit: number): Promise<readonly string[]> {
    const rows = await this.#database.query<{ id: string }>(
      `SELECT w.id FROM ${this.#database.names.table.workflows} w WHERE w.status = $1 AND w.completed_at < $2 ORDER BY w.completed_at, w.row LIMIT $3`,
      [status, before.getTime(), limit],
    );
    return rows.map(({ id }) => fromText(id));
  }

  async #find(filter: WorkflowFilter, after: ListingPosition | undefined, size: number): Promise<readonly WorkflowRow[]> {
    const { workflows, definitions } = this.#database.names.table;
    const { beginnings, condition, values } = foundRows(this.#database.names, filter, this.#database.indexedData, { after });
    // The places first, from the index alone; then the rows of those that are shown. The OFFSET keeps that apart.
    const newest = (of: string): string => `ORDER BY ${of}.created_at DESC, ${of}.id DESC LIMIT ${size}`;
    const rows = await this.#database.query<WorkflowColumns>(
      `SELECT ${WORKFLOW_COLUMNS} FROM (
         SELECT x.id, x.created_at FROM ${beginnings} CROSS JOIN LATERAL (
           SELECT w.created_at, w.id FROM ${workflows} w ${condition} ${newest("w")}) x
         ${newest("x")}) x
       CROSS JOIN LATERAL (SELECT * FROM ${workflows} w WHERE w.id = x.id OFFSET 0) w
       JOIN ${definitions} d ON d.row = w.definition ${newest("w")}`,
      values,
    );
    return rows.map(workflowRow);
  }
}
