import type { ScheduledCommand } from "../models/scheduled-command.ts";

/** Commands the engine owes to other instances. Every method may be called concurrently, from any number of processes. */
export interface CommandRepository {
  /**
   * Stores a command; one with the same name and data that waits already gets the earlier of the two times. One that is being handled stays hidden
   * until its claim is over, and is there once more after that handling, for the earliest of the times it was given meanwhile.
   */
  scheduleCommand(command: ScheduledCommand): Promise<void>;
  /**
   * Hands over due commands, the earliest first, each to one caller at a time, and removes each after its handler resolved. One whose handler
   * rejects stays, is handed over again after `claimUntil`, and does not hold up the others; nor does one whose handler takes long.
   * A handler that resolves after the command was handed over again removes nothing.
   *
   * @returns How many were handled.
   */
  processCommands(
    asAt: Date,
    options: { readonly limit: number; readonly claimUntil: Date },
    handler: (command: ScheduledCommand) => Promise<void>,
  ): Promise<number>;
}
