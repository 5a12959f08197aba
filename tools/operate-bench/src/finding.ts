import type { PersistenceProvider, WorkflowFilter } from "wfe";
import { type Figures, timed } from "./figures.ts";

const DAY_MS = 86_400_000;

/** What is asked, and how long the answer took. */
export type Finding = readonly [question: string, figures: Figures];

async function cursorAfter(persistence: PersistenceProvider, filter: WorkflowFilter, pages: number): Promise<string> {
  let cursor: string | undefined;
  for (let page = 0; page < pages; page += 1) {
    ({ cursor } = await persistence.listWorkflows(filter, { limit: 1000, ...(cursor === undefined ? {} : { cursor }) }));
    if (cursor === undefined) throw new Error(`the listing of ${JSON.stringify(filter)} ends before page ${page + 1}`);
  }
  return cursor ?? "";
}

/** Asks a store of `count` instances what people ask. */
export async function measureFinding(persistence: PersistenceProvider, count: number): Promise<readonly Finding[]> {
  const deep = Math.max(1, Math.floor(count / 2_000));
  const filters: Readonly<Record<string, WorkflowFilter>> = {
    "all, newest first": {},
    "status runnable": { status: "runnable" },
    "status complete": { status: "complete" },
    "status suspended and an error": { status: "suspended", hasError: true },
    "no error": { hasError: false },
    definition: { definitionId: "invoice" },
    "definition and status": { definitionId: "invoice", status: "suspended" },
    version: { version: 2 },
    "created on one day": { createdAfter: new Date(Date.now() - 30 * DAY_MS), createdBefore: new Date(Date.now() - 29 * DAY_MS) },
    "ended more than 30 days ago": { completedBefore: new Date(Date.now() - 30 * DAY_MS) },
    "ended before anything did": { completedBefore: new Date(Date.now() - 300 * DAY_MS) },
    name: { name: "name-77" },
    reference: { reference: "r-70" },
  };
  const found: Finding[] = [];
  for (const [what, filter] of Object.entries(filters)) {
    found.push([`list ${what}`, await timed(() => persistence.listWorkflows(filter, { limit: 50 }))]);
    found.push([`count ${what}`, await timed(() => persistence.countWorkflows(filter))]);
  }
  for (const [what, filter] of [
    ["all", {}],
    ["status complete", { status: "complete" }],
  ] as const) {
    const cursor = await cursorAfter(persistence, filter, deep);
    found.push([`list ${what}, from instance ${deep * 1000} on`, await timed(() => persistence.listWorkflows(filter, { limit: 50, cursor }))]);
  }
  found.push(["getErrors", await timed(() => persistence.getErrors("w-19"))]);
  return found;
}

/** A filter on the data, with and without an index of its path. */
export async function measureData(persistence: PersistenceProvider, isIndexed: boolean): Promise<readonly Finding[]> {
  const how = isIndexed ? "indexed" : "not indexed";
  const filter: WorkflowFilter = { data: { "customer.id": 77 } };
  const calls = isIndexed ? 60 : 5;
  return [
    [`list data, ${how}`, await timed(() => persistence.listWorkflows(filter, { limit: 50 }), calls)],
    [`count data, ${how}`, await timed(() => persistence.countWorkflows(filter), calls)],
  ];
}
