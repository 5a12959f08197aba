import type { Clock, Timer } from "wfe-core";

/** Pause between two looks while other processes write. */
const SHORTEST_PAUSE_MS = 10;
const GROWTH = 1.5;

/** What a {@link DataVersionPoll} works with. */
export interface DataVersionPollOptions {
  readonly clock: Clock;
  /** Pause when nothing has been written for a while. */
  readonly longestPauseMs: number;
  /** A number that changes with every commit of another connection; begins its reading within the call. */
  readonly read: () => Promise<number>;
  readonly onChange: () => void;
  /** The version cannot be read; the poll has stopped then. */
  readonly onError: (error: unknown) => void;
}

/** Notices that another process has written to the database: SQLite has no other sign of it. */
export class DataVersionPoll {
  readonly #options: DataVersionPollOptions;
  /** Tells the present run from one that was stopped. */
  #run: object | undefined;
  #timer: Timer | undefined;

  constructor(options: DataVersionPollOptions) {
    this.#options = options;
  }

  /** Notices what is committed from now on. Does nothing while it runs. */
  start(): void {
    if (this.#run !== undefined) return;
    this.#run = {};
    void this.#look(this.#run, undefined, SHORTEST_PAUSE_MS);
  }

  /** Idempotent; nothing is called back any more. */
  stop(): void {
    this.#run = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #look(run: object, known: number | undefined, pauseMs: number): Promise<void> {
    const { clock, longestPauseMs, read, onChange, onError } = this.#options;
    let version: number;
    try {
      version = await read();
    } catch (error) {
      if (this.#run !== run) return;
      this.stop();
      onError(error);
      return;
    }
    if (this.#run !== run) return;
    const isIdle = version === known;
    const nextMs = isIdle ? Math.min(longestPauseMs, Math.ceil(pauseMs * GROWTH)) : SHORTEST_PAUSE_MS;
    this.#timer = clock.setTimer(nextMs, () => void this.#look(run, version, nextMs));
    if (!isIdle && known !== undefined) onChange();
  }
}
