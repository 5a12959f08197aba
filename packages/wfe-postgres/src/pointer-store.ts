import type { PointerQuery, PointerRow } from "wfe-core";
import { type PointerColumns, POINTER_LIST, pointerRow } from "./pointer-rows.ts";
import type { PostgresDatabase } from "./postgres-database.ts";
import { toText } from "./text.ts";

/** Pointers, of which an instance may have very many. */
export class PointerStore {
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  async getPointers(workflowId: string, { scope, compensable, after, limit }: PointerQuery): Promise<readonly PointerRow[]> {
    if (!(Number.isSafeInteger(limit) && limit >= 1)) throw new RangeError(`limit must be a whole number, 1 or more: got ${limit}`);
    const { workflows, pointers } = this.#database.names.table;
    // The text of the scope has the id as JSON, word for word; so may a part of another id, but hardly ever.
    const inside = `($3::text IS NULL OR strpos(p.scope, $3) > 0 AND $4 IN (SELECT json_array_elements_text(p.scope::json)))`;
    const container = scope === undefined ? [null, null] : [JSON.stringify(toText(scope)), toText(scope)];
    const from = `SELECT ${POINTER_LIST} AS list FROM ${pointers} p WHERE p.workflow = (SELECT w.row FROM ${workflows} w WHERE w.id = $1) AND ${inside}`;
    const rows =
      compensable === undefined
        ? await this.#database.query<{ list: PointerColumns }>(`${from} AND p.seq > $5 ORDER BY p.seq LIMIT $2`, [
            toText(workflowId),
            limit,
            ...container,
            after ?? 0,
          ])
        : await this.#database.query<{ list: PointerColumns }>(
            `${from} AND p.status IN ('complete', 'cancelled', 'compensated') AND p.attempt >= 1 AND p.compensates IS NULL
               AND p.step_id = ANY ($6::bigint[]) AND p.end_seq < $5 ${scope === undefined ? "" : "AND p.scope <> '[]'"} ORDER BY p.end_seq DESC LIMIT $2`,
            [toText(workflowId), limit, ...container, after ?? Number.MAX_SAFE_INTEGER, compensable.stepIds],
          );
    return rows.map(({ list }) => pointerRow(list));
  }
}
