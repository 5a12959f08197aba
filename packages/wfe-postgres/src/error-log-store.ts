import type { ExecutionErrorRow } from "wfe-core";
import type { PostgresDatabase } from "./postgres-database.ts";
import { type ErrorColumns, executionError } from "./rows.ts";
import { toText } from "./text.ts";

/** Errors of an instance that are read at once. */
const PAGE = 1_000;

/** Failed attempts. */
export class ErrorLogStore {
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  async getErrors(workflowId: string): Promise<readonly ExecutionErrorRow[]> {
    const { errors, workflows } = this.#database.names.table;
    const found: ExecutionErrorRow[] = [];
    for (let after = 0; ; ) {
      const page = await this.#database.query<ErrorColumns & { readonly row: number }>(
        `SELECT x.row, x.pointer_id, x.step, x.attempt, x.at, x.code, x.message, x.stack, x.data
         FROM ${errors} x WHERE x.workflow = (SELECT w.row FROM ${workflows} w WHERE w.id = $1) AND x.row > $2 ORDER BY x.row LIMIT ${PAGE}`,
        [toText(workflowId), after],
      );
      for (const row of page) found.push(executionError(workflowId, row));
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return found;
      after = last.row;
    }
  }
}
