import type { Page, PageRequest, WorkflowFilter } from "../../models/workflow-filter.ts";
import type { WorkflowRow } from "../../models/workflow-row.ts";
import type { InMemoryStore } from "./in-memory-store.ts";
import { matchesData } from "../../runtime/data-filter.ts";

/** Instances that match, the newest first (by creation, then id). Copies. @throws RangeError for a limit or a cursor that cannot be. */
export function listWorkflows(store: InMemoryStore, filter: WorkflowFilter, page: PageRequest): Page<WorkflowRow> {
  const limit = page.limit ?? 100;
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= 1000)) throw new RangeError(`limit must be a whole number from 1 to 1000: got ${limit}`);
  const after = page.cursor === undefined ? undefined : positionOf(page.cursor);
  const found = matching(store, filter)
    .sort((a, b) => compare(position(b), position(a)))
    .filter((row) => after === undefined || compare(position(row), after) < 0);
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items: structuredClone(items), ...(last !== undefined && found.length > limit ? { cursor: JSON.stringify(position(last)) } : {}) };
}

/** How many instances match. */
export function countWorkflows(store: InMemoryStore, filter: WorkflowFilter): number {
  return matching(store, filter).length;
}

type Position = readonly [createdAt: number, id: string];

function position({ createdAt, id }: WorkflowRow): Position {
  return [createdAt.getTime(), id];
}

function positionOf(cursor: string): Position {
  try {
    const [createdAt, id] = JSON.parse(cursor) as readonly unknown[];
    if (typeof createdAt === "number" && typeof id === "string") return [createdAt, id];
  } catch {
    // Not one of ours; said below.
  }
  throw new RangeError(`cursor must come from the page before: got ${JSON.stringify(cursor)}`);
}

function compare([aTime, aId]: Position, [bTime, bId]: Position): number {
  return aTime - bTime || (aId < bId ? -1 : Number(aId > bId));
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
