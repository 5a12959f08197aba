import type { ScheduledCommand } from "../../models/scheduled-command.ts";

interface Kept {
  readonly name: string;
  readonly data: string;
  /** Order of scheduling. */
  readonly order: number;
  /** When it is handed over next: its time, later the end of a claim. */
  at: number;
  /** Set while it is being handled; the object itself tells one claim from a later one. */
  claim: object | undefined;
  /** Scheduled again while it is being handled. */
  againAt: number | undefined;
}

/** A command that was handed over. */
export interface ClaimedCommand {
  readonly command: ScheduledCommand;
  /** Removes it, or leaves what was scheduled meanwhile; nothing when its claim was over and another has it. */
  readonly finish: () => void;
}

/** Commands owed to other instances. */
export class InMemoryCommandStore {
  readonly #commands = new Map<string, Kept>();
  #order = 0;

  /** Adds a command; one that waits already gets the earlier of the two times, one that is being handled is remembered for after. */
  schedule({ name, data, executeAt }: ScheduledCommand): void {
    const key = JSON.stringify([name, data]);
    const at = executeAt.getTime();
    const kept = this.#commands.get(key);
    if (kept === undefined) {
      this.#order += 1;
      this.#commands.set(key, { name, data, order: this.#order, at, claim: undefined, againAt: undefined });
    } else if (kept.claim === undefined) kept.at = Math.min(kept.at, at);
    else kept.againAt = Math.min(kept.againAt ?? Infinity, at);
  }

  /** The command of this name and data that waits, or is being handled. */
  get(name: string, data: string): ScheduledCommand | undefined {
    const kept = this.#commands.get(JSON.stringify([name, data]));
    return kept === undefined ? undefined : { name, data, executeAt: new Date(kept.at) };
  }

  /** Hands over due commands, the earliest first, and hides them from others until `claimUntil`. */
  claim(asAt: Date, { limit, claimUntil }: { readonly limit: number; readonly claimUntil: Date }): readonly ClaimedCommand[] {
    return [...this.#commands]
      .filter(([, kept]) => kept.at <= asAt.getTime())
      .sort(([, a], [, b]) => a.at - b.at || a.order - b.order)
      .slice(0, limit)
      .map(([key, kept]) => {
        const claim = {};
        const command: ScheduledCommand = { name: kept.name, data: kept.data, executeAt: new Date(kept.at) };
        kept.at = claimUntil.getTime();
        kept.claim = claim;
        // What was remembered for after the former handling is served by this one.
        kept.againAt = undefined;
        return {
          command,
          finish: () => {
            if (kept.claim !== claim) return;
            if (kept.againAt === undefined) this.#commands.delete(key);
            else Object.assign(kept, { at: kept.againAt, claim: undefined, againAt: undefined } satisfies Partial<Kept>);
          },
        };
      });
  }
}
