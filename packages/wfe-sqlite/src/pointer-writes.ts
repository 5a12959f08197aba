import { isOpen, type PointerRow } from "wfe-core";
import type { Connection } from "./connection.ts";
import { POINTER_COLUMNS, runWithPointer } from "./pointer-rows.ts";
import { toText } from "./text.ts";

const INSERT = `
  INSERT INTO wfe_pointers (${[...POINTER_COLUMNS, "closed", "workflow", "id"].join(", ")})
  VALUES (${[...POINTER_COLUMNS, "closed", "workflow", "id"].map(() => "?").join(", ")})`;
// By the primary key, as what follows: whatever history the instance has.
const UPDATE = (closed: 0 | 1): string => `
  UPDATE wfe_pointers SET ${[...POINTER_COLUMNS, "closed"].map((column) => `${column} = ?`).join(", ")}
  WHERE workflow = ? AND closed = ${closed} AND id = ?`;
const UPDATE_OPEN = UPDATE(0);
const UPDATE_CLOSED = UPDATE(1);
// With `closed IN (0, 1)` SQLite would make a table of the two numbers each time.
const FIND = [0, 1].map((closed) => `SELECT ${closed} FROM wfe_pointers WHERE workflow = ? AND closed = ${closed} AND id = ?`).join(" UNION ALL ");

/** Writes one pointer, new or changed. Within a transaction: that an id has one row only, is seen to here. */
export function writePointer(connection: Connection, workflow: number, pointer: PointerRow): void {
  const closed = isOpen(pointer.status) ? 0 : 1;
  const write = (statement: string): boolean => runWithPointer(connection.sql(statement), pointer, closed, workflow).changes > 0;
  // What closes was open, but for rare cases: it is not looked for.
  if (closed === 1 && write(UPDATE_OPEN)) return;
  const id = toText(pointer.id);
  const found = connection.sql<readonly [closed: 0 | 1]>(FIND, "arrays").get(workflow, id, workflow, id);
  write(found === undefined ? INSERT : found[0] === 0 ? UPDATE_OPEN : UPDATE_CLOSED);
}
