import { isOpen, type PointerRow } from "wfe-core";
import type { Connection } from "./connection.ts";
import { POINTER_COLUMNS, pointerValues } from "./pointer-rows.ts";
import { toText } from "./text.ts";

const INSERT = `
  INSERT INTO wfe_pointers (${[...POINTER_COLUMNS, "closed", "workflow", "id"].join(", ")})
  VALUES (${[...POINTER_COLUMNS, "closed", "workflow", "id"].map(() => "?").join(", ")})`;
// By the primary key, as what follows: whatever history the instance has.
const UPDATE = `
  UPDATE wfe_pointers SET ${[...POINTER_COLUMNS, "closed"].map((column) => `${column} = ?`).join(", ")}
  WHERE workflow = ? AND closed = ? AND id = ?`;
// With `closed IN (0, 1)` SQLite would make a table of the two numbers each time.
const FIND = [0, 1].map((closed) => `SELECT ${closed} FROM wfe_pointers WHERE workflow = ? AND closed = ${closed} AND id = ?`).join(" UNION ALL ");

/** Writes one pointer, new or changed. Within a transaction: that an id has one row only, is seen to here. */
export function writePointer(connection: Connection, workflow: number, pointer: PointerRow): void {
  const id = toText(pointer.id);
  const closed = isOpen(pointer.status) ? 0 : 1;
  const values = [...pointerValues(pointer), closed, workflow];
  const update = connection.sql(UPDATE);
  // What closes was open, but for rare cases: it is not looked for.
  if (closed === 1 && update.run(...values, 0, id).changes > 0) return;
  const found = connection.sql<readonly [closed: 0 | 1]>(FIND, "arrays").get(workflow, id, workflow, id);
  if (found === undefined) connection.sql(INSERT).run(...values, id);
  else update.run(...values, found[0], id);
}
