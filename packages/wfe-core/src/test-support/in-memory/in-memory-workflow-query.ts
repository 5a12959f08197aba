import type { EndedWorkflows, Page, PageRequest, WorkflowFilter } from "../../models/workflow-filter.ts";
import type { WorkflowRow } from "../../models/workflow-row.ts";
import type { InMemoryStore } from "./in-memory-store.ts";
import { matchesData } from "../../runtime/data-filter.ts";
import { type ListingPosition, listingRequest, refuseUnknownFields } from "../../runtime/listing.ts";

/** Stands in cursors. */
const STORE = "memory";

/** Instances that match, the newest first (by creation, then id). Copies. @throws what `listingRequest` throws */
export function listWorkflows(store: InMemoryStore, filter: WorkflowFilter, page: PageRequest): Page<WorkflowRow> {
  const { limit, after, cursorAfter } = listingRequest(filter, page, STORE);
  const found = matching(store, filter)
    .sort((a, b) => compare(position(b), position(a)))
    .filter((row) => after === undefined || compare(position(row), after) < 0);
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items: structuredClone(items), ...(last !== undefined && found.length > limit ? { cursor: cursorAfter(last) } : {}) };
}

/** How many instances match. @throws TypeError for an unknown field */
export function countWorkflows(store: InMemoryStore, filter: WorkflowFilter): number {
  refuseUnknownFields(filter);
  return matching(store, filter).length;
}

/** Whether an instance has ended with a status before an instant. */
export function hasEnded({ status, completedAt }: WorkflowRow, ended: EndedWorkflows): boolean {
  return status === ended.status && completedAt !== undefined && completedAt.getTime() < ended.before.getTime();
}

/** Ids of those that have ended, the earliest end first. */
export function endedWorkflows(store: InMemoryStore, ended: EndedWorkflows, limit: number): readonly string[] {
  return [...store.workflows.values()]
    .map(({ row }) => row)
    .filter((row) => hasEnded(row, ended))
    .sort((a, b) => (a.completedAt?.getTime() ?? 0) - (b.completedAt?.getTime() ?? 0))
    .slice(0, limit)
    .map(({ id }) => id);
}

function position({ createdAt, id }: WorkflowRow): ListingPosition {
  return { createdAt: createdAt.getTime(), id };
}

function compare(a: ListingPosition, b: ListingPosition): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : Number(a.id > b.id));
}

function matching(store: InMemoryStore, filter: WorkflowFilter): WorkflowRow[] {
  return [...store.workflows.values()].map(({ row }) => row).filter((row) => matches(row, filter));
}

function matches(row: WorkflowRow, filter: WorkflowFilter): boolean {
  const { status, createdAfter, createdBefore, completedBefore, hasError } = filter;
  return (
    (status === undefined || (typeof status === "string" ? row.status === status : status.includes(row.status))) &&
    (filter.definitionId === undefined || row.definitionId === filter.definitionId) &&
    (filter.version === undefined || row.version === filter.version) &&
    (filter.name === undefined || row.name === filter.name) &&
    (filter.reference === undefined || row.reference === filter.reference) &&
    (createdAfter === undefined || row.createdAt.getTime() >= createdAfter.getTime()) &&
    (createdBefore === undefined || row.createdAt.getTime() < createdBefore.getTime()) &&
    (completedBefore === undefined || (row.completedAt !== undefined && row.completedAt.getTime() < completedBefore.getTime())) &&
    (hasError === undefined || (row.error !== undefined) === hasError) &&
    (filter.data === undefined || matchesData(row.data, filter.data))
  );
}
