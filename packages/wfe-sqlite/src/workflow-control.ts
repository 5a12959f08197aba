import { type CommandOptions, ConflictError, type ControlCommand, type DefinitionKey, TERMINATE_COMMAND, type WorkflowStatus } from "wfe-core";
import { insertCommand } from "./command-store.ts";
import type { Connection } from "./connection.ts";
import { insertEvent } from "./event-store.ts";
import { writePointer } from "./pointer-writes.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { fromText, toText } from "./text.ts";

interface Head {
  readonly row: number;
  readonly status: WorkflowStatus;
  readonly revision: number;
  readonly control_seq: number;
  readonly inbox_seq: number;
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
  retry: ["suspended", "terminated"],
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

  command(id: string, command: ControlCommand, now: Date, options: CommandOptions): Promise<boolean | undefined> {
    return this.#database.write((connection) => {
      const found = connection.sql<Head>("SELECT row, status, revision, control_seq, inbox_seq FROM wfe_workflows WHERE id = ?").get(toText(id));
      if (found === undefined) return undefined;
      if (!FROM[command].includes(found.status) || (options.from ?? found.status) !== found.status) return false;
      if (command === "suspend") {
        connection.sql("UPDATE wfe_workflows SET status = 'suspended', control_seq = control_seq + 1, due_at = NULL WHERE row = ?").run(found.row);
      } else if (command === "resume") {
        connection
          .sql("UPDATE wfe_workflows SET status = 'runnable', control_seq = control_seq + 1, due_at = ?, error = NULL WHERE row = ?")
          .run(now.getTime(), found.row);
      } else if (command === "retry") {
        retry(connection, id, found, now, options);
      } else {
        terminate(connection, id, found.row, now, options);
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
     ORDER BY due_at LIMIT +?`,
  );
  const due = definitions.flatMap(({ id, version, fingerprint }) => byDefinition.all(toText(id), version, toText(fingerprint), asAt, limit));
  const distinct = [...new Map(due.map((found) => [found.row, found])).values()];
  return distinct.sort((a, b) => a.due_at - b.due_at || a.row - b.row).slice(0, limit);
}

/** @throws ConflictError before anything is written. */
function retry(connection: Connection, id: string, found: Head, now: Date, options: CommandOptions): void {
  const { row, revision, status } = found;
  if (revision !== options.revision) {
    throw new ConflictError(id, "revision", { revision, controlSeq: found.control_seq, inboxSeq: found.inbox_seq, status });
  }
  connection
    .sql("UPDATE wfe_workflows SET status = 'runnable', control_seq = control_seq + 1, due_at = ?, error = NULL, completed_at = NULL WHERE row = ?")
    .run(now.getTime(), row);
  for (const pointer of options.pointers ?? []) writePointer(connection, row, pointer);
}

function terminate(connection: Connection, id: string, row: number, now: Date, { completedEvent }: CommandOptions): void {
  connection
    .sql("UPDATE wfe_workflows SET status = 'terminated', control_seq = control_seq + 1, due_at = NULL, completed_at = ? WHERE row = ?")
    .run(now.getTime(), row);
  connection.sql("UPDATE wfe_pointers SET status = 'cancelled', closed = 1, ended_at = ? WHERE workflow = ? AND closed = 0").run(now.getTime(), row);
  connection.sql("DELETE FROM wfe_subscriptions WHERE workflow = ?").run(row);
  if (completedEvent !== undefined) insertEvent(connection, { ...completedEvent, time: now }, now.getTime());
  // Served by wfe_workflows_parent.
  const children = connection
    .sql<{ id: string | Buffer }>("SELECT id FROM wfe_workflows WHERE parent_id = ? AND status IN ('runnable', 'suspended')")
    .all(toText(id));
  for (const child of children) insertCommand(connection, { name: TERMINATE_COMMAND, data: fromText(child.id), executeAt: now });
}
