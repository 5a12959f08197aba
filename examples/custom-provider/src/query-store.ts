import {
  countFound,
  type EndedWorkflows,
  type FindWorkflows,
  listFound,
  type ListingPosition,
  type Page,
  type PageRequest,
  refuseUnknownFields,
  type WorkflowFilter,
  type WorkflowRepository,
  type WorkflowRow,
} from "wfe-core";
import type { JsonFile } from "./json-file.ts";

/** Stands in cursors, so that those of another kind of store are refused. */
const STORE = "json-file";

/** Listings of instances. */
export class QueryStore implements Pick<WorkflowRepository, "listWorkflows" | "countWorkflows" | "getEndedWorkflows"> {
  readonly #file: JsonFile;

  constructor(file: JsonFile) {
    this.#file = file;
  }

  async listWorkflows(filter: WorkflowFilter, page: PageRequest): Promise<Page<WorkflowRow>> {
    return listFound(filter, page, STORE, this.#find);
  }

  async countWorkflows(filter: WorkflowFilter): Promise<number> {
    refuseUnknownFields(filter);
    return countFound(filter, this.#find);
  }

  getEndedWorkflows(ended: EndedWorkflows, limit: number): Promise<readonly string[]> {
    return this.#file.read(({ workflows }) =>
      [...workflows.values()]
        .map(({ row }) => row)
        .filter((row) => hasEnded(row, ended))
        .sort((a, b) => (a.completedAt?.getTime() ?? 0) - (b.completedAt?.getTime() ?? 0))
        .slice(0, limit)
        .map(({ id }) => id),
    );
  }

  /** All that a filter says but for `data`, which is looked through by whoever calls this. */
  readonly #find: FindWorkflows = (filter, after, size) =>
    this.#file.read(({ workflows }) =>
      [...workflows.values()]
        .map(({ row }) => row)
        .filter((row) => matches(row, filter) && (after === undefined || newestFirst(positionOf(row), after) > 0))
        .sort((a, b) => newestFirst(positionOf(a), positionOf(b)))
        .slice(0, size),
    );
}

/** Whether an instance has ended with a status before an instant. */
export function hasEnded({ status, completedAt }: WorkflowRow, ended: EndedWorkflows): boolean {
  return status === ended.status && completedAt !== undefined && completedAt.getTime() < ended.before.getTime();
}

function positionOf({ createdAt, id }: WorkflowRow): ListingPosition {
  return { createdAt: createdAt.getTime(), id };
}

function newestFirst(a: ListingPosition, b: ListingPosition): number {
  if (a.createdAt !== b.createdAt || a.id === b.id) return b.createdAt - a.createdAt;
  return a.id < b.id ? 1 : -1;
}

function matches(row: WorkflowRow, filter: WorkflowFilter): boolean {
  const { status, createdAfter, createdBefore, completedBefore, hasError } = filter;
  return (
    (status === undefined || [status].flat().includes(row.status)) &&
    (filter.definitionId === undefined || row.definitionId === filter.definitionId) &&
    (filter.version === undefined || row.version === filter.version) &&
    (filter.name === undefined || row.name === filter.name) &&
    (filter.reference === undefined || row.reference === filter.reference) &&
    (createdAfter === undefined || row.createdAt.getTime() >= createdAfter.getTime()) &&
    (createdBefore === undefined || row.createdAt.getTime() < createdBefore.getTime()) &&
    (completedBefore === undefined || (row.completedAt !== undefined && row.completedAt.getTime() < completedBefore.getTime())) &&
    (hasError === undefined || (row.error !== undefined) === hasError)
  );
}
