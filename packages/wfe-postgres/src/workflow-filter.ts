import { asksForData, type IndexedPath, indexedValue, type ListingPosition, WORKFLOW_STATUSES, type WorkflowFilter } from "wfe-core";
import type { SqlValue } from "./connection.ts";
import { dataKey, dataKeys } from "./data-index.ts";
import type { SchemaNames } from "./schema-names.ts";
import { toText } from "./text.ts";

/** A condition on rows of `workflows w`, and where each look begins. */
export interface FoundRows {
  /** Table `b` of beginnings: behind each, an index has the rows in the order of their creation. */
  readonly beginnings: string;
  readonly condition: string;
  readonly values: SqlValue[];
}

/**
 * How the rows of a filter are found; its data is left out, but for a value that is indexed. Each beginning is looked at by itself: of several definitions or
 * statuses no index has all in one order.
 */
export function foundRows(
  names: SchemaNames,
  filter: WorkflowFilter,
  indexed: readonly IndexedPath[],
  { after, isCount = false }: { readonly after?: ListingPosition | undefined; readonly isCount?: boolean } = {},
): FoundRows {
  const values: SqlValue[] = [];
  const parameter = (value: SqlValue): string => `$${values.push(value)}`;
  const statuses = filter.status === undefined ? undefined : typeof filter.status === "string" ? [filter.status] : filter.status;
  const conditions: string[] = [];
  let beginnings = "(SELECT 1) b";
  const asked = asksForData(filter) ? indexedValue(filter.data, indexed) : undefined;
  const definitions = definitionsOf(names, filter, parameter);
  // Whose order does not matter, and of whom nothing but the end is asked, another index has together.
  const isByEnd = isCount && definitions === undefined && filter.completedBefore !== undefined && filter.hasError === undefined;
  const isListed = statuses !== undefined || definitions !== undefined || filter.completedBefore !== undefined || filter.hasError === true;
  if (filter.name === undefined && filter.reference === undefined && asked === undefined && isListed && !isByEnd) {
    const every = definitions ?? `SELECT d.row FROM ${names.table.definitions} d`;
    beginnings = `(SELECT d.row AS definition, s.status FROM (${every}) d CROSS JOIN unnest(${parameter([...new Set(statuses ?? WORKFLOW_STATUSES)])}::text[]) s (status)) b`;
    conditions.push("w.definition = b.definition", "w.status = b.status");
  } else {
    if (statuses !== undefined || isByEnd) conditions.push(`w.status = ANY (${parameter(statuses ?? WORKFLOW_STATUSES)}::text[])`);
    if (definitions !== undefined) conditions.push(`w.definition IN (${definitions})`);
  }
  if (filter.name !== undefined) {
    const name = parameter(toText(filter.name));
    // By the table in which names are unique; it has ids, too.
    conditions.push(`w.row = (SELECT n.workflow FROM ${names.table.workflow_names} n WHERE n.name = ${name}) AND w.name = ${name}`);
  }
  if (filter.reference !== undefined) conditions.push(`w.reference = ${parameter(toText(filter.reference))}`);
  if (asked !== undefined) {
    beginnings = `unnest(${parameter(dataKeys(asked))}::text[]) b (key)`;
    conditions.push(`${dataKey(names, asked, "w.data")} = b.key COLLATE "C"`);
  }
  if (filter.createdAfter !== undefined) conditions.push(`w.created_at >= ${parameter(filter.createdAfter.getTime())}`);
  if (filter.createdBefore !== undefined) conditions.push(`w.created_at < ${parameter(filter.createdBefore.getTime())}`);
  if (filter.completedBefore !== undefined) conditions.push(`w.completed_at < ${parameter(filter.completedBefore.getTime())}`);
  if (filter.hasError !== undefined) conditions.push(`w.error IS ${filter.hasError ? "NOT " : ""}NULL`);
  if (after !== undefined) conditions.push(`(w.created_at, w.id) < (${parameter(after.createdAt)}, ${parameter(toText(after.id))})`);
  return { beginnings, condition: conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`, values };
}

function definitionsOf(names: SchemaNames, { definitionId, version }: WorkflowFilter, parameter: (value: SqlValue) => string): string | undefined {
  if (definitionId === undefined && version === undefined) return undefined;
  const conditions = [
    ...(definitionId === undefined ? [] : [`d.id = ${parameter(toText(definitionId))}`]),
    ...(version === undefined ? [] : [`d.version = ${parameter(version)}`]),
  ];
  return `SELECT d.row FROM ${names.table.definitions} d WHERE ${conditions.join(" AND ")}`;
}
