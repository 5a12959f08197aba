import type { ControlCommand, DefinitionKey, WorkflowStatus } from "wfe-core";
import type { Connection } from "./connection.ts";
import { insertEvent } from "./event-store.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { fromText, toText } from "./text.ts";

/** The event that tells others of an end. */
export interface CompletedEvent {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly data?: string;
}

interface Due {
  readonly row: number;
  readonly id: string | Buffer;
  readonly due_at: number;
}

const FROM: Readonly<Record<ControlCommand, readonly WorkflowStatus[]>> = {
  suspend: ["runnable"],
  resume: ["suspended"],
  terminate: ["runnable", "suspended"],
};

/** What moves instances besides their commits: claims of the sweep, and commands. */
export class WorkflowControl {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  async claimDueInstances(
    asAt: Date,
    options: { readonly definitions: readonly DefinitionKey[]; readonly limit: number; readonly claimUntil: Date },
  ): Promise<readonly string[]> {
    const find = (connection: Connection): readonly Due[] => dueOf(connection, options.definitions, asAt.getTime(), options.limit);
    // Mostly nothing is due; then no write lock is asked for.
    if ((await this.#database.read((connection) => connection.snapshot(() => find(connection)))).length === 0) return [];
    return this.#database.write((connection) =>
      find(connection).map(({ row, id }) => {
        connection.sql("UPDATE wfe_workflows SET due_at = ? WHERE row = ?").run(options.claimUntil.getTime(), row);
        return fromText(id);
      }),
    );
  }

  command(id: string, command: ControlCommand, now: Date, completedEvent?: CompletedEvent): Promise<boolean | undefined> {
    return this.#database.write((connection) => {
      const found = connection.sql<{ row: number; status: WorkflowStatus }>("SELECT row, status FROM wfe_workflows WHERE id = ?").get(toText(id));
      if (found === undefined) return undefined;
      if (!FROM[command].includes(found.status)) return false;
      if (command === "suspend") {
        connection.sql("UPDATE wfe_workflows SET status = 'suspended', control_seq = control_seq + 1, due_at = NULL WHERE row = ?").run(found.row);
      } else if (command === "resume") {
        connection
          .sql("UPDATE wfe_workflows SET status = 'runnable', control_seq = control_seq + 1, due_at = ?, error = NULL WHERE row = ?")
          .run(now.getTime(), found.row);
      } else {
        terminate(connection, found.row, now, completedEvent);
      }
      return true;
    });
  }
}

/** One look into an index for each definition: instances of others, however many are due, cost nothing. */
function dueOf(connection: Connection, definitions: readonly DefinitionKey[], asAt: number, limit: number): readonly Due[] {
  const byDefinition = connection.sql<Due>(
    `SELECT row, id, due_at FROM wfe_workflows
     WHERE definition = (SELECT row FROM wfe_definitions WHERE id = ? AND version = ? AND fingerprint = ?)
       AND status = 'runnable' AND due_at IS NOT NULL AND due_at <= ?
     ORDER BY due_at LIMIT ?`,
  );
  const due = definitions.flatMap(({ id, version, fingerprint }) => byDefinition.all(toText(id), version, toText(fingerprint), asAt, limit));
  const distinct = [...new Map(due.map((found) => [found.row, found])).values()];
  return distinct.sort((a, b) => a.due_at - b.due_at || a.row - b.row).slice(0, limit);
}

function terminate(connection: Connection, row: number, now: Date, completedEvent: CompletedEvent | undefined): void {
  connection
    .sql("UPDATE wfe_workflows SET status = 'terminated', control_seq = control_seq + 1, due_at = NULL, completed_at = ? WHERE row = ?")
    .run(now.getTime(), row);
  connection
    .sql(
      `UPDATE wfe_pointers SET status = 'cancelled', ended_at = ?
       WHERE workflow = ? AND status IN ('pending', 'running', 'sleeping', 'waitingForEvent', 'failed')`,
    )
    .run(now.getTime(), row);
  connection.sql("DELETE FROM wfe_subscriptions WHERE workflow = ?").run(row);
  if (completedEvent !== undefined) insertEvent(connection, { ...completedEvent, time: now }, now.getTime());
}
