import type { CommandRepository, ScheduledCommand } from "wfe-core";
import type { JsonFile } from "./json-file.ts";
import type { KeptCommand, State } from "./state.ts";

interface Claimed {
  readonly key: string;
  readonly claim: number;
  readonly command: ScheduledCommand;
}

/** Commands owed to other instances. */
export class CommandStore implements CommandRepository {
  readonly #file: JsonFile;

  constructor(file: JsonFile) {
    this.#file = file;
  }

  scheduleCommand(command: ScheduledCommand): Promise<void> {
    const given = structuredClone(command);
    return this.#file.write((state) => schedule(state, given));
  }

  /** Two changes, one before the handlers and one for each that is done: no lock is held while a handler runs. */
  async processCommands(
    asAt: Date,
    { limit, claimUntil }: { readonly limit: number; readonly claimUntil: Date },
    handler: (command: ScheduledCommand) => Promise<void>,
  ): Promise<number> {
    const claimed = await this.#file.write((state) => claimDue(state, asAt, limit, claimUntil));
    const handled = await Promise.all(
      claimed.map(async (each) => {
        // One that fails does not hold up the others, and comes again when its claim is over.
        const done = await handler(each.command).then(
          () => true,
          () => false,
        );
        if (done) await this.#file.write((state) => finish(state, each));
        return done;
      }),
    );
    return handled.filter(Boolean).length;
  }
}

/** Adds a command; one that waits already gets the earlier of the two times, and one that is being handled is remembered for after. */
export function schedule(state: State, { name, data, executeAt }: ScheduledCommand): void {
  const key = keyOf(name, data);
  const kept = state.commands.get(key);
  if (kept === undefined) state.commands.set(key, { name, data, at: executeAt });
  else if (kept.claim === undefined) kept.at = earlier(kept.at, executeAt);
  else kept.againAt = kept.againAt === undefined ? executeAt : earlier(kept.againAt, executeAt);
}

/** The command of this name and data that waits, or is being handled. */
export function commandOf(state: State, name: string, data: string): ScheduledCommand | undefined {
  const kept = state.commands.get(keyOf(name, data));
  return kept === undefined ? undefined : { name, data, executeAt: kept.at };
}

function claimDue(state: State, asAt: Date, limit: number, claimUntil: Date): readonly Claimed[] {
  const due = [...state.commands]
    .filter(([, { at }]) => at.getTime() <= asAt.getTime())
    .sort(([, a], [, b]) => a.at.getTime() - b.at.getTime())
    .slice(0, limit);
  return due.map(([key, { name, data, at }]) => {
    state.claim += 1;
    // Without what was remembered for after a former handling: this one serves it.
    state.commands.set(key, { name, data, at: claimUntil, claim: state.claim });
    return { key, claim: state.claim, command: { name, data, executeAt: at } };
  });
}

/** Removes a command, or leaves what was scheduled meanwhile; nothing when its claim was over and somebody else has it. */
function finish(state: State, { key, claim }: Claimed): void {
  const kept: KeptCommand | undefined = state.commands.get(key);
  if (kept?.claim !== claim) return;
  state.commands.delete(key);
  if (kept.againAt !== undefined) state.commands.set(key, { name: kept.name, data: kept.data, at: kept.againAt });
}

function keyOf(name: string, data: string): string {
  return JSON.stringify([name, data]);
}

function earlier(a: Date, b: Date): Date {
  return a.getTime() <= b.getTime() ? a : b;
}
