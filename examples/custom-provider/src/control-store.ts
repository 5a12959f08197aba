import {
  type CommandOptions,
  ConflictError,
  type ControlCommand,
  type DefinitionKey,
  isFinal,
  isOpen,
  TERMINATE_COMMAND,
  type WorkflowRepository,
  type WorkflowStatus,
} from "wfe-core";
import { schedule } from "./command-store.ts";
import { addEvent } from "./event-store.ts";
import type { JsonFile } from "./json-file.ts";
import { type KeptWorkflow, type State, subscriptionsOf } from "./state.ts";

const FROM: Readonly<Record<ControlCommand, readonly WorkflowStatus[]>> = {
  suspend: ["runnable"],
  resume: ["suspended"],
  terminate: ["runnable", "suspended"],
  retry: ["suspended", "terminated"],
};

/** What moves instances from outside: their due times, and commands. */
export class ControlStore implements Pick<WorkflowRepository, "claimDueInstances" | "command"> {
  readonly #file: JsonFile;

  constructor(file: JsonFile) {
    this.#file = file;
  }

  claimDueInstances(
    asAt: Date,
    { definitions, limit, claimUntil }: { readonly definitions: readonly DefinitionKey[]; readonly limit: number; readonly claimUntil: Date },
  ): Promise<readonly string[]> {
    const known = new Set(definitions.map(({ id, version, fingerprint }) => JSON.stringify([id, version, fingerprint])));
    return this.#file.write(({ workflows }) => {
      const due = [...workflows.values()]
        .flatMap((kept) => (kept.row.dueAt === undefined ? [] : [{ kept, at: kept.row.dueAt.getTime() }]))
        .filter(({ kept: { row }, at }) => {
          return row.status === "runnable" && at <= asAt.getTime() && known.has(JSON.stringify([row.definitionId, row.version, row.fingerprint]));
        })
        .sort((a, b) => a.at - b.at)
        .slice(0, limit);
      for (const { kept } of due) kept.row = { ...kept.row, dueAt: claimUntil };
      return due.map(({ kept }) => kept.row.id);
    });
  }

  command(id: string, command: ControlCommand, now: Date, options: CommandOptions): Promise<boolean | undefined> {
    const given = structuredClone(options);
    return this.#file.write((state) => {
      const kept = state.workflows.get(id);
      return kept === undefined ? undefined : applyCommand(state, kept, command, now, given);
    });
  }
}

function applyCommand(state: State, kept: KeptWorkflow, command: ControlCommand, now: Date, options: CommandOptions): boolean {
  const { status } = kept.row;
  if (!FROM[command].includes(status) || (options.from ?? status) !== status) return false;
  if (command === "retry") refuseConflict(kept, options);
  const { dueAt: _dueAt, ...row } = kept.row;
  const { error: _error, completedAt: _completedAt, ...sound } = row;
  const controlSeq = row.controlSeq + 1;
  switch (command) {
    case "suspend":
      kept.row = { ...row, controlSeq, status: "suspended" };
      break;
    case "terminate":
      kept.row = { ...row, controlSeq, status: "terminated", completedAt: now };
      close(state, kept, now, options);
      break;
    case "retry":
      for (const pointer of options.pointers ?? []) kept.pointers.set(pointer.id, pointer);
      kept.row = { ...sound, controlSeq, status: "runnable", dueAt: now };
      break;
    case "resume":
      kept.row = { ...sound, controlSeq, status: "runnable", dueAt: now };
      break;
  }
  return true;
}

function refuseConflict({ row: { id, revision, controlSeq, inboxSeq, status } }: KeptWorkflow, { revision: expected }: CommandOptions): void {
  if (revision !== expected) throw new ConflictError(id, "revision", { revision, controlSeq, inboxSeq, status });
}

/** What the end of an instance brings with it. */
function close(state: State, { row: { id }, pointers }: KeptWorkflow, now: Date, { completedEvent }: CommandOptions): void {
  for (const pointer of pointers.values()) {
    if (isOpen(pointer.status)) pointers.set(pointer.id, { ...pointer, status: "cancelled", endedAt: now });
  }
  for (const { subscription } of subscriptionsOf(state, id)) state.subscriptions.delete(subscription.id);
  if (completedEvent !== undefined) addEvent(state, { ...completedEvent, time: now }, now);
  for (const { row } of state.workflows.values()) {
    if (row.parent?.workflowId === id && !isFinal(row.status)) schedule(state, { name: TERMINATE_COMMAND, data: row.id, executeAt: now });
  }
}
