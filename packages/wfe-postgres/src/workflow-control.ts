import { type CommandOptions, ConflictError, type ControlCommand, type DefinitionKey, TERMINATE_COMMAND, type WorkflowStatus } from "wfe-core";
import { pointerValues } from "./pointer-rows.ts";
import type { PostgresDatabase } from "./postgres-database.ts";
import { newEventList } from "./rows.ts";
import { fromText, toText } from "./text.ts";

const FROM: Readonly<Record<ControlCommand, readonly WorkflowStatus[]>> = {
  suspend: ["runnable"],
  resume: ["suspended"],
  terminate: ["runnable", "suspended"],
  retry: ["suspended", "terminated"],
};

interface CommandOutcome {
  readonly outcome: "done" | "status" | "revision";
  readonly status: WorkflowStatus;
  readonly revision: number;
  readonly control_seq: number;
  readonly inbox_seq: number;
}

/** What moves instances besides their commits: claims of the sweep, and commands. */
export class WorkflowControl {
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  async claimDueInstances(
    asAt: Date,
    options: { readonly definitions: readonly DefinitionKey[]; readonly limit: number; readonly claimUntil: Date },
  ): Promise<readonly string[]> {
    const { definitions, limit, claimUntil } = options;
    if (definitions.length === 0) return [];
    const rows = await this.#database.call<{ id: string }>("claim_due_v1", [
      definitions.map(({ id }) => toText(id)),
      definitions.map(({ version }) => version),
      definitions.map(({ fingerprint }) => toText(fingerprint)),
      asAt.getTime(),
      limit,
      claimUntil.getTime(),
    ]);
    return rows.map(({ id }) => fromText(id));
  }

  async command(id: string, command: ControlCommand, now: Date, options: CommandOptions): Promise<boolean | undefined> {
    const { revision, from, pointers = [], completedEvent } = options;
    const [found] = await this.#database.call<CommandOutcome>(
      "command_v1",
      [
        toText(id),
        command,
        FROM[command].filter((status) => status === (from ?? status)),
        now.getTime(),
        revision ?? null,
        JSON.stringify(pointers.map(pointerValues)),
        completedEvent === undefined ? null : JSON.stringify(newEventList({ ...completedEvent, time: now }, now.getTime())),
        TERMINATE_COMMAND,
      ],
      // Done again it would answer that the status did not allow it.
      { repeatable: false },
    );
    if (found === undefined) return undefined;
    if (found.outcome === "revision") {
      const current = { revision: found.revision, controlSeq: found.control_seq, inboxSeq: found.inbox_seq, status: found.status };
      throw new ConflictError(id, "revision", current);
    }
    return found.outcome === "done";
  }
}
