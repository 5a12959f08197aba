import { asksForData, type IndexedPath, indexedValue, type ListingPosition, WORKFLOW_STATUSES, type WorkflowFilter } from "wfe-core";
import type { Connection, SqlValue } from "./connection.ts";
import { dataCondition, dataIndexName, dataKeys } from "./data-index.ts";
import { toText } from "./text.ts";

/** A condition and the values of its placeholders. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** An index that has rows of `wfe_workflows w`, and which of them: for each start, those behind it stand in the order of their creation. */
export interface AccessPath {
  readonly index: string;
  /** What all of its starts have in common: an equality for each of the values of one. */
  readonly start: string;
  readonly starts: readonly (readonly SqlValue[])[];
}

/** By which index the rows of a filter are found: the one that leaves the fewest to be passed over. Within a snapshot. */
export function accessPath(connection: Connection, filter: WorkflowFilter, indexed: readonly IndexedPath[], isCount = false): AccessPath {
  if (filter.name !== undefined) return { index: "sqlite_autoindex_wfe_workflows_2", start: "w.name = ?", starts: [[toText(filter.name)]] };
  if (filter.reference !== undefined) return { index: "wfe_workflows_reference", start: "w.reference = ?", starts: [[toText(filter.reference)]] };
  const asked = asksForData(filter) ? indexedValue(filter.data, indexed) : undefined;
  if (asked !== undefined)
    return { index: dataIndexName(asked), start: dataCondition(asked), starts: dataKeys(connection, asked).map((key) => [key]) };
  const { status, definitionId, version, completedBefore, hasError } = filter;
  if (status === undefined && definitionId === undefined && version === undefined && completedBefore === undefined && hasError !== true)
    return { index: "wfe_workflows_created", start: "TRUE", starts: [[]] };
  const statuses = status === undefined ? WORKFLOW_STATUSES : typeof status === "string" ? [status] : [...new Set(status)];
  // Whose order does not matter, and of whom nothing but the end is asked, another index has together.
  if (isCount && definitionId === undefined && version === undefined && completedBefore !== undefined && hasError === undefined)
    return { index: "wfe_workflows_ended", start: "w.status = ?", starts: statuses.map((each) => [each]) };
  return {
    index: hasError === true ? "wfe_workflows_failed" : "wfe_workflows_listed",
    start: "w.definition = ? AND w.status = ?",
    starts: definitionsOf(connection, filter).flatMap((definition) => statuses.map((each) => [definition, each])),
  };
}

/** What a row has to have besides; the data is left out. */
export function conditionOf(filter: WorkflowFilter, after?: ListingPosition): Condition {
  const conditions: string[] = ["TRUE"];
  const values: SqlValue[] = [];
  const add = (sql: string, ...given: readonly SqlValue[]): void => {
    conditions.push(sql);
    values.push(...given);
  };
  if (filter.status !== undefined) {
    const statuses = typeof filter.status === "string" ? [filter.status] : filter.status;
    // No status is like this one. Of an empty list SQLite makes a condition that never holds, drops the others, and with them what the index named asks for.
    if (statuses.length === 0) add("w.status = ''");
    else add(`w.status IN (${statuses.map(() => "?").join(", ")})`, ...statuses);
  }
  if (filter.definitionId !== undefined) add("w.definition IN (SELECT row FROM wfe_definitions WHERE id = ?)", toText(filter.definitionId));
  if (filter.version !== undefined) add("w.definition IN (SELECT row FROM wfe_definitions WHERE version = ?)", filter.version);
  if (filter.name !== undefined) add("w.name = ?", toText(filter.name));
  if (filter.reference !== undefined) add("w.reference = ?", toText(filter.reference));
  if (filter.createdAfter !== undefined) add("w.created_at >= ?", filter.createdAfter.getTime());
  if (filter.createdBefore !== undefined) add("w.created_at < ?", filter.createdBefore.getTime());
  if (filter.completedBefore !== undefined) add("w.completed_at < ?", filter.completedBefore.getTime());
  if (filter.hasError !== undefined) add(`w.error IS ${filter.hasError ? "NOT " : ""}NULL`);
  if (after !== undefined) add("w.created_at <= ? AND (w.created_at, w.id) < (?, ?)", after.createdAt, after.createdAt, toText(after.id));
  return { sql: conditions.join(" AND "), values };
}

function definitionsOf(connection: Connection, { definitionId, version }: WorkflowFilter): readonly number[] {
  const conditions = [...(definitionId === undefined ? [] : ["id = ?"]), ...(version === undefined ? [] : ["version = ?"]), "TRUE"];
  const values = [...(definitionId === undefined ? [] : [toText(definitionId)]), ...(version === undefined ? [] : [version])];
  return connection
    .sql<{ row: number }>(`SELECT row FROM wfe_definitions WHERE ${conditions.join(" AND ")}`)
    .all(...values)
    .map(({ row }) => row);
}
