import type { ExecutionErrorRow } from "wfe-core";
import type { PostgresDatabase } from "./postgres-database.ts";
import { type ErrorColumns, executionError } from "./rows.ts";
import { toText } from "./text.ts";

/** Failed attempts. */
export class ErrorLogStore {
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  async getErrors(workflowId: string): Promise<readonly ExecutionErrorRow[]> {
    const { errors, workflows } = this.#database.names.table;
    const rows = await this.#database.query<ErrorColumns>(
      `SELECT x.pointer_id, x.step, x.attempt, x.at, x.code, x.message, x.stack, x.data
       FROM ${errors} x WHERE x.workflow = (SELECT w.row FROM ${workflows} w WHERE w.id = $1) ORDER BY x.row`,
      [toText(workflowId)],
    );
    return rows.map((row) => executionError(workflowId, row));
  }
}
