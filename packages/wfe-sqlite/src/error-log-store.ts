import type { ExecutionErrorRow } from "wfe-core";
import type { Connection } from "./connection.ts";
import { type ErrorColumns, executionError } from "./rows.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { toText, toTextOrNull } from "./text.ts";

/** Records a failed attempt of an instance. */
export function insertError(connection: Connection, workflow: number, error: ExecutionErrorRow): void {
  connection
    .sql("INSERT INTO wfe_errors (workflow, pointer_id, step, attempt, at, code, message, stack, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
    .run(
      workflow,
      toText(error.pointerId),
      toText(error.step),
      error.attempt,
      error.at.getTime(),
      toText(error.code),
      toText(error.message),
      toTextOrNull(error.stack),
      toTextOrNull(error.data),
    );
}

/** Failed attempts. */
export class ErrorLogStore {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  getErrors(workflowId: string): Promise<readonly ExecutionErrorRow[]> {
    return this.#database.read((connection) =>
      connection
        .sql<ErrorColumns>(
          `SELECT x.pointer_id, x.step, x.attempt, x.at, x.code, x.message, x.stack, x.data
           FROM wfe_errors x WHERE x.workflow = (SELECT row FROM wfe_workflows WHERE id = ?) ORDER BY x.row`,
        )
        .all(toText(workflowId))
        .map((row) => executionError(workflowId, row)),
    );
  }
}
