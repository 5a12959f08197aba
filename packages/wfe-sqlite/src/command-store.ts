import type { ScheduledCommand } from "wfe-core";
import type { Connection } from "./connection.ts";
import { type CommandColumns, scheduledCommand } from "./rows.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { toText } from "./text.ts";

/** Stores a command; one that waits already gets the earlier of the two times, one that is being handled is remembered for after. */
export function insertCommand(connection: Connection, command: ScheduledCommand): void {
  connection
    .sql(
      `INSERT INTO wfe_commands (name, data, execute_at) VALUES (?, ?, ?) ON CONFLICT (name, data) DO UPDATE SET
         execute_at = iif(token IS NULL, min(execute_at, excluded.execute_at), execute_at),
         again_at = iif(token IS NULL, NULL, min(coalesce(again_at, excluded.execute_at), excluded.execute_at))`,
    )
    .run(toText(command.name), toText(command.data), command.executeAt.getTime());
}

/** Commands owed to other instances. */
export class CommandStore {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  scheduleCommand(command: ScheduledCommand): Promise<void> {
    return this.#database.write((connection) => insertCommand(connection, command));
  }

  async processCommands(
    asAt: Date,
    options: { readonly limit: number; readonly claimUntil: Date },
    handler: (command: ScheduledCommand) => Promise<void>,
  ): Promise<number> {
    const due = await this.#database.read((connection) => connection.sql("SELECT 1 FROM wfe_commands WHERE execute_at <= ?").get(asAt.getTime()));
    if (due === undefined) return 0;
    const token = this.#database.entropy.id();
    const claimed = await this.#database.write((connection) => {
      const commands = connection
        .sql<CommandColumns>("SELECT * FROM wfe_commands WHERE execute_at <= ? ORDER BY execute_at, row LIMIT +?")
        .all(asAt.getTime(), options.limit);
      // What was remembered for after the former handling is served by this one.
      const claim = connection.sql("UPDATE wfe_commands SET execute_at = ?, token = ?, again_at = NULL WHERE row = ?");
      for (const { row } of commands) claim.run(options.claimUntil.getTime(), token, row);
      return commands;
    });
    // Started in order, not one after the other's end: what they write then shares a transaction, and none holds up the rest.
    const handled = await Promise.allSettled(
      claimed.map(async (command) => {
        await handler(scheduledCommand(command));
        await this.#database.write((connection) => finish(connection, command.row, token));
      }),
    );
    return handled.filter(({ status }) => status === "fulfilled").length;
  }
}

/** Removes a handled command, or leaves what was scheduled meanwhile; nothing when its claim was over and another has it. */
function finish(connection: Connection, row: number, token: string): void {
  connection
    .sql("UPDATE wfe_commands SET execute_at = again_at, token = NULL, again_at = NULL WHERE row = ? AND token = ? AND again_at IS NOT NULL")
    .run(row, token);
  connection.sql("DELETE FROM wfe_commands WHERE row = ? AND token = ?").run(row, token);
}
