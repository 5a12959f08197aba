import { ArtifactError } from "../../errors/artifact-errors.ts";
import { isFileError, unless } from "../error-mapping.ts";
import type { StoreFolders } from "./store-folders.ts";
import { EMPTY_STATE, type StoreState, stateOfText, stateText } from "./store-state.ts";
import type { Writer } from "../writer.ts";

/** States that stay beside the newest, for those who have read its number and not yet the file. */
const KEPT = 8;
/** The same when the disk is full. No state is ever removed that has not so many after it. */
const KEPT_AT_LEAST = 4;
const NUMBER_DIGITS = 16;
/** A listing may miss files that come while it is made; so often in a row it does not. */
const LISTINGS = 5;

/** A state, and which one it is. */
export interface NumberedState {
  readonly number: number;
  readonly state: StoreState;
  readonly text: string;
}

/**
 * What came of an attempt: it is the newest state now; another one was first, and it is not; or others were so many so soon that this cannot
 * be told.
 */
export type ReplaceOutcome = "done" | "taken" | "unknown";

/**
 * The states of a store, numbered: the highest is the truth.
 *
 * The next one is a hard link with the next number, which one process alone can make, whatever the others do or have stopped doing: there is
 * no lock, so none is left by a crash.
 */
export class StateFiles {
  readonly #folders: StoreFolders;
  readonly #writer: Writer;
  #newest: NumberedState | undefined;

  constructor(folders: StoreFolders, writer: Writer) {
    this.#folders = folders;
    this.#writer = writer;
  }

  /** Whether there is a state. */
  async exist(): Promise<boolean> {
    return (await this.#numbers()).length > 0;
  }

  /** Makes the first states: so many that a full disk has some to give, from the first artifact on. */
  async begin(): Promise<void> {
    if (!(await this.exist())) await this.replace(0, EMPTY_STATE);
    for (let newest = await this.newest(); newest.number < KEPT; newest = await this.newest()) await this.replace(newest.number, newest.state);
  }

  /** @throws ArtifactError `WFE_ARTIFACT_BACKEND` when there is none, or it cannot be read. */
  async newest(): Promise<NumberedState> {
    for (let listing = 1; ; ) {
      const number = Math.max(0, ...(await this.#numbers()));
      if (number === 0) {
        if (listing === LISTINGS)
          throw new ArtifactError("WFE_ARTIFACT_BACKEND", `${this.#folders.states} has no state: restore the folder from a backup`);
        listing += 1;
        continue;
      }
      if (this.#newest?.number === number) return this.#newest;
      const text = await this.#read(number);
      if (text === undefined) continue; // gone for newer ones
      const read = { number, text, state: stateOfText(text, this.#path(number)) };
      if (number > (this.#newest?.number ?? 0)) this.#newest = read;
      return read;
    }
  }

  /**
   * Makes a state the newest, if that is still the one it was made from. When it is done it survives a loss of power.
   *
   * @param beforehand - What has to be done by then; at the same time as the file is written.
   */
  async replace(before: number, state: StoreState, beforehand: () => Promise<void> = async () => {}): Promise<ReplaceOutcome> {
    const { files } = this.#folders;
    const text = stateText(state);
    const temporary = this.#folders.in("temporary", this.#writer.name());
    const number = before + 1;
    try {
      await allSettled([this.#write(temporary, text), beforehand()]);
      // ENOENT: the temporary file was taken for one of a crash, by a machine that cannot see this process. Or all is gone, and the next look tells.
      if (!(await unless(files.link(temporary, this.#path(number)), "EEXIST", "ENOENT"))) return "taken";
    } finally {
      await unless(files.unlink(temporary), "ENOENT");
    }
    const numbers = await this.#numbers();
    const highest = Math.max(number, ...numbers);
    // The number may have been another's, removed while this process was frozen: then it is free a second time, and means nothing.
    if (highest >= number + KEPT_AT_LEAST) return "unknown";
    await this.#folders.sync(this.#folders.states);
    if (highest === number) this.#newest = { number, state, text };
    await this.#prune(numbers, highest - KEPT);
    return "done";
  }

  /** Lets what was read survive a loss of power: another process may have written it and not come so far. */
  async sync(): Promise<void> {
    await this.#folders.sync(this.#folders.states);
  }

  async #write(temporary: string, text: string): Promise<void> {
    try {
      await this.#folders.write(temporary, text, true);
    } catch (error) {
      if (!isFileError(error, "ENOSPC", "EDQUOT")) throw error;
      // To remove an artifact takes room for a state: on a full disk the old ones make it.
      await unless(this.#folders.files.unlink(temporary), "ENOENT");
      const numbers = await this.#numbers();
      await this.#prune(numbers, Math.max(0, ...numbers) - KEPT_AT_LEAST);
      await this.#folders.write(temporary, text, true);
    }
  }

  async #prune(numbers: readonly number[], last: number): Promise<void> {
    for (const number of numbers) if (number <= last) await unless(this.#folders.files.unlink(this.#path(number)), "ENOENT");
  }

  async #read(number: number): Promise<string | undefined> {
    try {
      return await this.#folders.files.readFile(this.#path(number), "utf8");
    } catch (error) {
      if (isFileError(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  async #numbers(): Promise<readonly number[]> {
    const names = await this.#folders.files.readdir(this.#folders.states);
    return names.filter((name) => name.length === NUMBER_DIGITS && /^\d+$/.test(name)).map(Number);
  }

  #path(number: number): string {
    return this.#folders.in("states", String(number).padStart(NUMBER_DIGITS, "0"));
  }
}

/** Waits for all, also when one fails: what it leaves must not come after the clean-up. */
async function allSettled(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
