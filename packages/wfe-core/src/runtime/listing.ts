import { createHash } from "node:crypto";
import type { Page, PageRequest, WorkflowFilter } from "../models/workflow-filter.ts";
import type { WorkflowRow } from "../models/workflow-row.ts";
import { matchesData } from "./data-filter.ts";

/** Where in a listing one stands: after this instance, of which neither part ever changes. */
export interface ListingPosition {
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly id: string;
}

/**
 * Instances that match a filter but for its `data`, the newest first (by creation, then id): those after a position, `size` at most. Fewer only when
 * there are no more.
 */
export type FindWorkflows = (filter: WorkflowFilter, after: ListingPosition | undefined, size: number) => Promise<readonly WorkflowRow[]>;

/** What a page of a listing asks for. */
export interface ListingRequest {
  readonly limit: number;
  /** Where the page before ended. */
  readonly after: ListingPosition | undefined;
  /** What leads to the page after this instance. */
  readonly cursorAfter: (last: WorkflowRow) => string;
}

/** Instances that are looked through at once for their data. */
const DATA_BATCH = 500;

const FIELDS: { readonly [K in keyof Required<WorkflowFilter>]: true } = {
  status: true,
  definitionId: true,
  version: true,
  name: true,
  reference: true,
  createdAfter: true,
  createdBefore: true,
  completedBefore: true,
  hasError: true,
  data: true,
};

/** Whether a filter asks for values of the data. */
export function asksForData(filter: WorkflowFilter): filter is WorkflowFilter & Required<Pick<WorkflowFilter, "data">> {
  return Object.keys(filter.data ?? {}).length > 0;
}

/** @throws TypeError for a field that no filter has: it would match everything. */
export function refuseUnknownFields(filter: WorkflowFilter): void {
  for (const field of Object.keys(filter))
    if (!Object.hasOwn(FIELDS, field))
      throw new TypeError(`the filter has the unknown field ${JSON.stringify(field)}: it knows ${Object.keys(FIELDS).join(", ")}`);
}

/**
 * What a page asks for. A cursor names its store and its filter: with another one it would pass over instances that were never listed.
 *
 * @param store - Stands in cursors: kind and name of the store.
 * @throws TypeError for an unknown field of the filter; RangeError for a limit that is no whole number from 1 to 1000, and for a cursor that is none, or of
 * another filter or store.
 */
export function listingRequest(filter: WorkflowFilter, { limit = 100, cursor }: PageRequest, store: string): ListingRequest {
  refuseUnknownFields(filter);
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= 1000)) throw new RangeError(`limit must be a whole number from 1 to 1000: got ${limit}`);
  const digest = digestOf(filter);
  return {
    limit,
    after: cursor === undefined ? undefined : positionOf(cursor, store, digest),
    cursorAfter: ({ createdAt, id }) => Buffer.from(JSON.stringify([store, digest, createdAt.getTime(), id])).toString("base64url"),
  };
}

/** One page of what a store finds. @throws what {@link listingRequest} throws */
export async function listFound(filter: WorkflowFilter, page: PageRequest, store: string, find: FindWorkflows): Promise<Page<WorkflowRow>> {
  const { limit, after, cursorAfter } = listingRequest(filter, page, store);
  const found: WorkflowRow[] = [];
  for await (const row of matching(filter, after, limit + 1, find)) if (found.push(row) > limit) break;
  const last = found.length > limit ? found[limit - 1] : undefined;
  return { items: found.slice(0, limit), ...(last === undefined ? {} : { cursor: cursorAfter(last) }) };
}

/** How many of what a store finds have the data that a filter asks for. */
export async function countFound(filter: WorkflowFilter, find: FindWorkflows): Promise<number> {
  let count = 0;
  for await (const _row of matching(filter, undefined, DATA_BATCH, find)) count += 1;
  return count;
}

/** Data is looked through here, as on every store: databases have other numbers, paths and texts in their JSON. */
async function* matching(
  filter: WorkflowFilter,
  after: ListingPosition | undefined,
  wanted: number,
  find: FindWorkflows,
): AsyncGenerator<WorkflowRow> {
  const { data } = filter;
  const size = asksForData(filter) ? DATA_BATCH : wanted;
  for (let position = after; ; ) {
    const rows = await find(filter, position, size);
    for (const row of rows) if (data === undefined || matchesData(row.data, data)) yield row;
    const last = rows.at(-1);
    if (last === undefined || rows.length < size) return;
    position = { createdAt: last.createdAt.getTime(), id: last.id };
  }
}

/** Of what a filter says, however it says it. */
function digestOf(filter: WorkflowFilter): string {
  const { status, data = {}, ...others } = filter;
  const said = [
    ...Object.entries(others)
      .filter(([, value]) => value !== undefined)
      .map(([field, value]) => [field, value instanceof Date ? value.getTime() : value]),
    ...(status === undefined ? [] : [["status", [...new Set(typeof status === "string" ? [status] : status)].sort()]]),
    ...Object.entries(data).map(([path, value]) => ["data", path, value]),
  ];
  const text = JSON.stringify(said.map((each) => JSON.stringify(each)).sort());
  return createHash("sha256").update(text).digest("base64url").slice(0, 16);
}

function positionOf(cursor: string, store: string, digest: string): ListingPosition {
  const [ofStore, ofFilter, createdAt, id] = partsOf(cursor);
  if (typeof ofStore !== "string" || typeof ofFilter !== "string" || !Number.isSafeInteger(createdAt) || typeof id !== "string")
    throw new RangeError(`cursor must come from the page before: got ${JSON.stringify(cursor)}`);
  if (ofStore !== store) throw new RangeError(`cursor must come from the page before: it is of another store (${ofStore}), this one is ${store}`);
  if (ofFilter !== digest)
    throw new RangeError("cursor must come from the page before: it is of another filter. Give every page of a listing the same filter");
  return { createdAt: createdAt as number, id }; // a safe integer
}

function partsOf(cursor: unknown): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor as string, "base64url").toString()); // what is no string throws
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}
