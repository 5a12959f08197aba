import { Pauses, systemClock, type Timer } from "wfe-core";
import type { RedisConnection } from "./connection.ts";
import type { RedisClient } from "./redis-options.ts";

/** How much later than it has to an answer may come before the connection counts as lost. */
const LATE_MS = 2_000;
const UNBLOCK_TIMEOUT_MS = 500;

/** What a {@link MarkerWatch} works with. */
export interface MarkerWatchOptions {
  readonly connection: RedisConnection;
  /** BullMQ's sorted set of markers. */
  readonly key: string;
  /** Longest time without news. */
  readonly longestMs: number;
  /**
   * There is something to look for, or may be. Whoever is told of a marker has to look, since nobody else is told of it.
   *
   * @param keepsTime - Whether it is told of something that is due later, so that nobody else will look then.
   */
  readonly onNews: (keepsTime: boolean) => void;
}

/** Blocks on the markers of a queue, on a connection of its own, while somebody waits. */
export class MarkerWatch {
  readonly #options: MarkerWatchOptions;
  readonly #pauses: Pauses;
  #client: RedisClient | undefined;
  /** The connection that is blocked, as the server calls it. */
  #blocked: number | undefined;
  #isWanted = false;
  #isClosed = false;
  #running: Promise<void> | undefined;

  constructor(options: MarkerWatchOptions) {
    this.#options = options;
    this.#pauses = new Pauses(options.connection);
  }

  /** Begins, if it has not, or goes on. */
  begin(): void {
    if (this.#isClosed) return;
    this.#isWanted = true;
    this.#running ??= this.#watch();
  }

  /** No more after what it is blocked in now. */
  end(): void {
    this.#isWanted = false;
  }

  /** Ends it at once, and gives its connection back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#isWanted = false;
    this.#pauses.end();
    const { connection } = this.#options;
    const blocked = this.#blocked;
    // What it is blocked in answers at once then: a marker that came in the same moment is not lost with the connection. The ids of a Cluster are its nodes'.
    if (blocked !== undefined && !connection.client.isCluster) {
      await connection.command((client) => client.client("UNBLOCK", blocked), { timeoutMs: UNBLOCK_TIMEOUT_MS }).catch(() => {});
    }
    if (this.#client !== undefined) await connection.release(this.#client);
    await this.#running;
  }

  /** Never rejects. */
  async #watch(): Promise<void> {
    for (let failures = 0; this.#isWanted; ) {
      try {
        // What it blocks in fails with its connection: markers may have been lost with that, so one has to look before it blocks again.
        this.#client ??= this.#options.connection.duplicate({ maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false });
        const score = await this.#block(this.#client);
        failures = 0;
        this.#options.onNews(score !== undefined && score > 0);
      } catch {
        // What came meanwhile is not known: the look that tells of it fails, too, when the server does.
        if (!this.#isWanted) break;
        await this.#pauses.backOff(failures);
        failures += 1;
        if (this.#isWanted) this.#options.onNews(false);
      }
    }
    this.#running = undefined;
  }

  /** @returns The score of the marker that came: 0 or the time when something is due. */
  async #block(client: RedisClient): Promise<number | undefined> {
    const { key, longestMs } = this.#options;
    let guard: Timer | undefined;
    let isOver = false;
    try {
      const id = client.client("ID").then(
        (given) => (this.#blocked = given),
        () => undefined, // the other command tells
      );
      const popped = client.bzpopmin(key, longestMs / 1_000);
      guard = systemClock.setTimer(longestMs + LATE_MS, () => {
        // A process that was held up has timers run before what has come meanwhile: in the next task the answer has been read, if it is there.
        systemClock.defer(() => {
          if (!isOver) client.disconnect(true);
        });
      });
      const [, answer] = await Promise.all([id, popped]);
      return answer === null ? undefined : Number(answer[2]);
    } finally {
      isOver = true;
      guard?.cancel();
      this.#blocked = undefined;
    }
  }
}
