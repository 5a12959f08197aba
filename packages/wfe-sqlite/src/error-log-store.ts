import type { ExecutionErrorRow } from "wfe-core";
import type { Connection } from "./connection.ts";
import { type ErrorColumns, executionError } from "./rows.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { toText, toTextOrNull } from "./text.ts";

/** Errors of an instance that are read at once. */
const PAGE = 1_000;

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

  async getErrors(workflowId: string): Promise<readonly ExecutionErrorRow[]> {
    const errors: ExecutionErrorRow[] = [];
    for (let after = 0; ; ) {
      const page = await this.#page(workflowId, after);
      for (const row of page) errors.push(executionError(workflowId, row));
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return errors;
      after = last.row;
      // The process does its work in between.
      await new Promise<void>((resolve) => this.#database.clock.defer(resolve));
    }
  }

  #page(workflowId: string, after: number): Promise<readonly (ErrorColumns & { readonly row: number })[]> {
    return this.#database.read((connection) =>
      connection
        .sql<ErrorColumns & { readonly row: number }>(
          `SELECT x.row, x.pointer_id, x.step, x.attempt, x.at, x.code, x.message, x.stack, x.data
           FROM wfe_errors x WHERE x.workflow = (SELECT row FROM wfe_workflows WHERE id = ?) AND x.row > ? ORDER BY x.row LIMIT ${PAGE}`,
        )
        .all(toText(workflowId), after),
    );
  }
}
