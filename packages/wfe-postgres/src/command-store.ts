import type { ScheduledCommand } from "wfe-core";
import type { PostgresDatabase } from "./postgres-database.ts";
import { type CommandColumns, commandList, scheduledCommand } from "./rows.ts";

/** Commands owed to other instances. */
export class CommandStore {
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  async scheduleCommand(command: ScheduledCommand): Promise<void> {
    await this.#database.call("insert_commands_v1", [JSON.stringify([commandList(command)])]);
  }

  async processCommands(
    asAt: Date,
    options: { readonly limit: number; readonly claimUntil: Date },
    handler: (command: ScheduledCommand) => Promise<void>,
  ): Promise<number> {
    const token = this.#database.entropy.id();
    const claimed = await this.#database.call<CommandColumns>("claim_commands_v1", [
      asAt.getTime(),
      options.limit,
      options.claimUntil.getTime(),
      token,
    ]);
    // Started in order, not one after the other's end: what they write then shares a transaction, and none holds up the rest.
    const handled = await Promise.allSettled(
      claimed.map(async (command) => {
        await handler(scheduledCommand(command));
        await this.#finish(command.row, token);
      }),
    );
    return handled.filter(({ status }) => status === "fulfilled").length;
  }

  /** Removes a handled command, or leaves what was scheduled meanwhile; nothing when its claim was over and another has it. */
  async #finish(row: number, token: string): Promise<void> {
    const { commands } = this.#database.names.table;
    await this.#database.query(
      // Locked before it is judged: who schedules it again at this moment comes before that or after the end.
      `WITH held AS MATERIALIZED (SELECT row, again_at FROM ${commands} WHERE row = $1 AND token = $2 FOR UPDATE),
       done AS (DELETE FROM ${commands} c USING held h WHERE c.row = h.row AND h.again_at IS NULL)
       UPDATE ${commands} c SET execute_at = h.again_at, token = NULL, again_at = NULL FROM held h WHERE c.row = h.row AND h.again_at IS NOT NULL`,
      [row, token],
    );
  }
}
