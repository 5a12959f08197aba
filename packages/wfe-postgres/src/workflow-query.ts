import { matchesData, type Page, type PageRequest, type WorkflowFilter, type WorkflowRow } from "wfe-core";
import type { SqlValue } from "./connection.ts";
import type { PostgresDatabase } from "./postgres-database.ts";
import { WORKFLOW_COLUMNS, type WorkflowColumns, workflowRow } from "./rows.ts";
import { fromText, toText } from "./text.ts";

/** Instances that are looked through at once for their data. */
const DATA_BATCH = 500;

/** Where in a listing one stands: before this instance. */
type Position = readonly [createdAt: number, id: string];

/** Listings for people and for purges. */
export class WorkflowQuery {
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  async listWorkflows(filter: WorkflowFilter, page: PageRequest): Promise<Page<WorkflowRow>> {
    const limit = page.limit ?? 100;
    if (!(Number.isInteger(limit) && limit >= 1 && limit <= 1000)) throw new RangeError(`limit must be a whole number from 1 to 1000: got ${limit}`);
    const before = page.cursor === undefined ? undefined : positionOf(page.cursor);
    const found: WorkflowColumns[] = [];
    for await (const row of this.#matching(filter, before, limit + 1)) if (found.push(row) > limit) break;
    const last = found.length > limit ? found[limit - 1] : undefined;
    return { items: found.slice(0, limit).map(workflowRow), ...(last === undefined ? {} : { cursor: cursorAt(last) }) };
  }

  async countWorkflows(filter: WorkflowFilter): Promise<number> {
    if (filter.data !== undefined && Object.keys(filter.data).length > 0) {
      let count = 0;
      for await (const _row of this.#matching(filter, undefined, DATA_BATCH)) count += 1;
      return count;
    }
    const { workflows, definitions } = this.#database.names.table;
    const { sql, values } = conditionsOf(filter);
    const [found] = await this.#database.query<{ count: number }>(
      `SELECT count(*) AS count FROM ${workflows} w JOIN ${definitions} d ON d.row = w.definition ${sql}`,
      values,
    );
    return (found as { count: number }).count; // an aggregate gives one row
  }

  /**
   * Instances that match, the newest first. Their data is looked through here, as on every store: the server's JSON has other numbers, and
   * refuses some texts.
   */
  async *#matching(filter: WorkflowFilter, before: Position | undefined, limit: number): AsyncGenerator<WorkflowColumns> {
    const { workflows, definitions } = this.#database.names.table;
    const { data: wanted = {} } = filter;
    const size = Object.keys(wanted).length === 0 ? limit : DATA_BATCH;
    for (let position = before; ; ) {
      const { sql, values } = conditionsOf(filter, position);
      const rows = await this.#database.query<WorkflowColumns>(
        `SELECT ${WORKFLOW_COLUMNS} FROM ${workflows} w JOIN ${definitions} d ON d.row = w.definition
         ${sql} ORDER BY w.created_at DESC, w.id DESC LIMIT ${size}`,
        values,
      );
      yield* rows.filter(({ data }) => matchesData(fromText(data), wanted));
      const last = rows.at(-1);
      if (last === undefined || rows.length < size) return;
      position = [last.created_at, last.id];
    }
  }
}

/** A WHERE, or nothing, and the values of its parameters. */
function conditionsOf(filter: WorkflowFilter, before?: Position): { readonly sql: string; readonly values: readonly SqlValue[] } {
  const conditions: string[] = [];
  const values: SqlValue[] = [];
  const parameter = (value: SqlValue): string => `$${values.push(value)}`;
  if (filter.status !== undefined) {
    const statuses = typeof filter.status === "string" ? [filter.status] : filter.status;
    // Of one, the index has them in the order of the listing.
    conditions.push(statuses.length === 1 ? `w.status = ${parameter(statuses[0] as string)}` : `w.status = ANY (${parameter(statuses)}::text[])`);
  }
  if (filter.definitionId !== undefined) conditions.push(`d.id = ${parameter(toText(filter.definitionId))}`);
  if (filter.version !== undefined) conditions.push(`d.version = ${parameter(filter.version)}`);
  if (filter.name !== undefined) conditions.push(`w.name = ${parameter(toText(filter.name))}`);
  if (filter.reference !== undefined) conditions.push(`w.reference = ${parameter(toText(filter.reference))}`);
  if (filter.createdAfter !== undefined) conditions.push(`w.created_at >= ${parameter(filter.createdAfter.getTime())}`);
  if (filter.createdBefore !== undefined) conditions.push(`w.created_at < ${parameter(filter.createdBefore.getTime())}`);
  if (filter.completedBefore !== undefined) conditions.push(`w.completed_at < ${parameter(filter.completedBefore.getTime())}`);
  if (filter.hasError !== undefined) conditions.push(`w.error IS ${filter.hasError ? "NOT " : ""}NULL`);
  if (before !== undefined) conditions.push(`(w.created_at, w.id) < (${parameter(before[0])}, ${parameter(before[1])})`);
  return { sql: conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`, values };
}

function cursorAt(last: WorkflowColumns): string {
  return Buffer.from(JSON.stringify([last.created_at, last.id])).toString("base64url");
}

function positionOf(cursor: string): Position {
  try {
    const [createdAt, id] = JSON.parse(Buffer.from(cursor, "base64url").toString()) as readonly unknown[];
    if (Number.isSafeInteger(createdAt) && typeof id === "string" && !id.includes("\0")) return [createdAt as number, id];
  } catch {
    // Not one of ours; said below.
  }
  throw new RangeError(`cursor must come from the page before: got ${JSON.stringify(cursor)}`);
}
