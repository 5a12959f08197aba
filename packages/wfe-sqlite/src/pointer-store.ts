import type { PointerQuery, PointerRow } from "wfe-core";
import type { Connection } from "./connection.ts";
import { type PointerColumns, pointerRow } from "./pointer-rows.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { toText } from "./text.ts";

// By the primary key, which begins with these.
const OPEN = "SELECT * FROM wfe_pointers WHERE workflow = ? AND closed = 0";

const CLOSED_BY_ID = "SELECT * FROM wfe_pointers WHERE workflow = ? AND closed = 1 AND id = ?";

// The scope is JSON text as JSON.stringify makes it, so an id within it is there word for word; but so is a part of one that holds quotes and commas.
const INSIDE = "AND instr(p.scope, ?) > 0 AND wfe_scope_has(p.scope, ?)";

const IN_ORDER = (inside: string): string => `
  SELECT p.* FROM wfe_pointers p WHERE p.workflow = (SELECT row FROM wfe_workflows WHERE id = ?) ${inside} AND p.seq > ? ORDER BY p.seq LIMIT +?`;

// In the order of the index, which a planner with statistics gives up for the primary key and a sort.
const COMPENSABLE = (inside: string): string => `
  SELECT p.* FROM wfe_pointers p INDEXED BY wfe_pointers_ended
  WHERE p.workflow = (SELECT row FROM wfe_workflows WHERE id = ?) ${inside}
    AND p.status IN ('complete', 'cancelled', 'compensated') AND p.attempt >= 1 AND p.compensates IS NULL
    AND p.step_id IN (SELECT value FROM json_each(?)) AND p.end_seq < ? ORDER BY p.end_seq DESC LIMIT +?`;

/** What a pass starts from: the open pointers, and the closed ones that these compensate, in order of creation. Within a snapshot. */
export function passPointers(connection: Connection, workflow: number): readonly PointerRow[] {
  const open = connection.sql<PointerColumns>(OPEN).all(workflow).map(pointerRow);
  const known = new Set(open.map(({ id }) => id));
  const compensated: PointerRow[] = [];
  for (const { compensates } of open) {
    if (compensates === undefined || known.has(compensates)) continue;
    known.add(compensates);
    const found = connection.sql<PointerColumns>(CLOSED_BY_ID).get(workflow, toText(compensates));
    if (found !== undefined) compensated.push(pointerRow(found));
  }
  return [...open, ...compensated].sort((a, b) => a.seq - b.seq);
}

/** Pointers, of which an instance may have very many. */
export class PointerStore {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  async getPointers(workflowId: string, { scope, compensable, after, limit }: PointerQuery): Promise<readonly PointerRow[]> {
    if (!(Number.isSafeInteger(limit) && limit >= 1)) throw new RangeError(`limit must be a whole number, 1 or more: got ${limit}`);
    const inside = scope === undefined ? "" : INSIDE;
    const container = scope === undefined ? [] : [JSON.stringify(scope), JSON.stringify(scope)];
    return await this.#database.read((connection) => {
      const found =
        compensable === undefined
          ? connection.sql<PointerColumns>(IN_ORDER(inside)).all(toText(workflowId), ...container, after ?? 0, limit)
          : connection
              .sql<PointerColumns>(COMPENSABLE(inside))
              .all(toText(workflowId), ...container, JSON.stringify(compensable.stepIds), after ?? Number.MAX_SAFE_INTEGER, limit);
      return found.map(pointerRow);
    });
  }
}
