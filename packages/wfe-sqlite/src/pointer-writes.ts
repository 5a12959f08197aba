import { isOpen, type PointerRow } from "wfe-core";
import type { Connection } from "./connection.ts";
import { POINTER_COLUMNS, runWithPointer } from "./pointer-rows.ts";
import { toText } from "./text.ts";

const PARAMETERS = [...POINTER_COLUMNS, "closed", "workflow", "id"];
const INSERT = `INSERT INTO wfe_pointers (${PARAMETERS.join(", ")}) VALUES (${PARAMETERS.map(() => "?").join(", ")})`;
const PUT_OPEN = `${INSERT} ON CONFLICT (workflow, closed, id) DO UPDATE SET ${POINTER_COLUMNS.map((column) => `${column} = excluded.${column}`).join(", ")}`;
// By the primary key: whatever history the instance has.
const UPDATE = (closed: 0 | 1): string => `
  UPDATE wfe_pointers SET ${[...POINTER_COLUMNS, "closed"].map((column) => `${column} = ?`).join(", ")}
  WHERE workflow = ? AND closed = ${closed} AND id = ?`;
const UPDATE_OPEN = UPDATE(0);
const UPDATE_CLOSED = UPDATE(1);
const IS_CLOSED = "SELECT 1 FROM wfe_pointers WHERE workflow = ? AND closed = 1 AND id = ?";

/** Writes one pointer, new or changed. Within a transaction: that an id has one row only, is seen to here. */
export function writePointer(connection: Connection, workflow: number, pointer: PointerRow): void {
  const closed = isOpen(pointer.status) ? 0 : 1;
  const write = (statement: string): boolean => runWithPointer(connection.sql(statement), pointer, closed, workflow).changes > 0;
  // What closes was open, but for rare cases: it is not looked for.
  if (closed === 1 && write(UPDATE_OPEN)) return;
  const isClosed = connection.sql(IS_CLOSED, "arrays").get(workflow, toText(pointer.id)) !== undefined;
  write(isClosed ? UPDATE_CLOSED : closed === 1 ? INSERT : PUT_OPEN);
}
