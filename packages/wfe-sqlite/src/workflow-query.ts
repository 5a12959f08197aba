import type { Page, PageRequest, WorkflowFilter, WorkflowRow } from "wfe-core";
import type { SqlValue } from "./connection.ts";
import { WORKFLOW_COLUMNS, type WorkflowColumns, workflowRow } from "./rows.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { fromText, toText } from "./text.ts";

/** A condition and the values of its placeholders. */
interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** Listings for people and for purges. */
export class WorkflowQuery {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  async listWorkflows(filter: WorkflowFilter, page: PageRequest): Promise<Page<WorkflowRow>> {
    const limit = page.limit ?? 100;
    if (!(Number.isInteger(limit) && limit >= 1 && limit <= 1000)) throw new RangeError(`limit must be a whole number from 1 to 1000: got ${limit}`);
    const conditions = conditionsOf(filter);
    if (page.cursor !== undefined) conditions.push(after(page.cursor));
    const rows = await this.#database.read(({ raw }) =>
      raw
        .prepare<SqlValue[], WorkflowColumns>(
          `SELECT ${WORKFLOW_COLUMNS} FROM wfe_workflows w JOIN wfe_definitions d ON d.row = w.definition
           ${where(conditions)} ORDER BY w.created_at DESC, w.id DESC LIMIT ?`,
        )
        .all(...valuesOf(conditions), limit + 1),
    );
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return { items: rows.slice(0, limit).map(workflowRow), ...(last === undefined ? {} : { cursor: cursorOf(last) }) };
  }

  async countWorkflows(filter: WorkflowFilter): Promise<number> {
    const conditions = conditionsOf(filter);
    const found = await this.#database.read(({ raw }) =>
      raw
        .prepare<SqlValue[], { count: number }>(
          `SELECT count(*) AS count FROM wfe_workflows w JOIN wfe_definitions d ON d.row = w.definition ${where(conditions)}`,
        )
        .get(...valuesOf(conditions)),
    );
    return found?.count ?? 0;
  }
}

function conditionsOf(filter: WorkflowFilter): Condition[] {
  const conditions: Condition[] = [];
  const add = (sql: string, ...values: readonly SqlValue[]): unknown => conditions.push({ sql, values });
  if (filter.status !== undefined) {
    const statuses = typeof filter.status === "string" ? [filter.status] : filter.status;
    add(`w.status IN (${statuses.map(() => "?").join(", ")})`, ...statuses);
  }
  if (filter.definitionId !== undefined) add("d.id = ?", toText(filter.definitionId));
  if (filter.version !== undefined) add("d.version = ?", filter.version);
  if (filter.name !== undefined) add("w.name = ?", toText(filter.name));
  if (filter.reference !== undefined) add("w.reference = ?", toText(filter.reference));
  if (filter.createdAfter !== undefined) add("w.created_at >= ?", filter.createdAfter.getTime());
  if (filter.createdBefore !== undefined) add("w.created_at < ?", filter.createdBefore.getTime());
  if (filter.completedBefore !== undefined) add("w.completed_at < ?", filter.completedBefore.getTime());
  if (filter.hasError !== undefined) add(`w.error IS ${filter.hasError ? "NOT " : ""}NULL`);
  if (Object.keys(filter.data ?? {}).length > 0) add("wfe_matches_data(w.data, ?)", JSON.stringify(filter.data));
  return conditions;
}

function where(conditions: readonly Condition[]): string {
  return conditions.length === 0 ? "" : `WHERE ${conditions.map(({ sql }) => sql).join(" AND ")}`;
}

function valuesOf(conditions: readonly Condition[]): readonly SqlValue[] {
  return conditions.flatMap(({ values }) => values);
}

function cursorOf(last: WorkflowColumns): string {
  return Buffer.from(JSON.stringify([last.created_at, fromText(last.id)])).toString("base64url");
}

function after(cursor: string): Condition {
  try {
    const [createdAt, id] = JSON.parse(Buffer.from(cursor, "base64url").toString()) as readonly unknown[];
    if (typeof createdAt === "number" && typeof id === "string") return { sql: "(w.created_at, w.id) < (?, ?)", values: [createdAt, toText(id)] };
  } catch {
    // Not one of ours; said below.
  }
  throw new RangeError(`cursor must come from the page before: got ${JSON.stringify(cursor)}`);
}
