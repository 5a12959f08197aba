import { type Duration, durationMs, QueueError, type QueueProvider, type QueueType, SharedRun, type WorkItem } from "wfe-core";
import { queueError } from "./error-mapping.ts";
import { HASTY } from "./queue-signals.ts";
import { ackEntry, type QueueDelivery, queueEntry, retryEntry, takeEntries } from "./queue-store.ts";
import { databaseOf, type SqliteDatabase } from "./sqlite-database.ts";
import type { SqliteOptions } from "./sqlite-options.ts";

/** What a {@link SqliteQueueProvider} can be told. */
export interface SqliteQueueOptions {
  /** An item that is neither acked nor retried for so long is given out again; 1 ms or more. @default "30s" */
  readonly visibility?: Duration;
}

/**
 * A queue in a table of the database: what is queued survives the end of the process. Who waits is woken at once by a queueing in the same
 * process, and within 10 to 100 ms by one of another.
 */
export class SqliteQueueProvider implements QueueProvider {
  readonly #database: SqliteDatabase;
  readonly #visibilityMs: number;
  readonly #run: SharedRun;
  /** Ends the waits that are under way. */
  readonly #waits = new Set<() => void>();

  /**
   * @param database - A handle of `openSqlite`, or the options of a database of its own.
   * @throws RangeError when an option makes no sense.
   */
  constructor(database: SqliteDatabase | SqliteOptions, options: SqliteQueueOptions = {}) {
    this.#database = databaseOf(database);
    this.#visibilityMs = Math.ceil(durationMs(options.visibility ?? "30s", "visibility"));
    if (this.#visibilityMs < 1) throw new RangeError("visibility must be 1 ms or more");
    this.#run = new SharedRun({
      open: () => this.#database.start(),
      close: async () => {
        for (const end of this.#waits) end();
        await this.#database.stop();
      },
      notRunning: () => new QueueError("the SQLite queue provider is not running: call start() first", { code: "WFE_PROVIDER_NOT_RUNNING" }),
    });
  }

  start(): Promise<void> {
    return this.#run.start();
  }

  stop(): Promise<void> {
    return this.#run.stop();
  }

  async queueWork(id: string, type: QueueType, options: { readonly delay?: Duration } = {}): Promise<void> {
    this.#run.check();
    const delayMs = durationMs(options.delay ?? 0, "delay");
    const now = this.#database.clock.now();
    await this.#change(type, delayMs === 0, (connection) => queueEntry(connection, type, id, now + Math.ceil(delayMs), now));
  }

  async dequeueWork(
    type: QueueType,
    options: { readonly limit: number; readonly wait: Duration; readonly signal?: AbortSignal },
  ): Promise<readonly WorkItem[]> {
    this.#run.check();
    const { limit, signal } = options;
    const waitMs = durationMs(options.wait, "wait");
    if (!(Number.isInteger(limit) && limit >= 1)) throw new RangeError(`limit must be a whole number, 1 or more: got ${limit}`);
    if (signal?.aborted === true) return [];
    try {
      const deliveries = waitMs === 0 ? await this.#take(type, limit) : await this.#wait(type, limit, waitMs, signal);
      return deliveries.map((delivery) => this.#item(type, delivery));
    } catch (error) {
      throw queueError(error);
    }
  }

  async #take(type: QueueType, limit: number): Promise<readonly QueueDelivery[]> {
    const { clock, entropy } = this.#database;
    const some = await this.#database.read((connection) =>
      connection.sql("SELECT 1 FROM wfe_queue WHERE type = ? AND due_at <= ? LIMIT 1").get(type, clock.now()),
    );
    if (some === undefined) return []; // without asking for the write lock
    return this.#database.write((connection) => {
      const now = clock.now();
      return takeEntries(connection, type, { limit, now, visibleAt: now + this.#visibilityMs, token: entropy.id() });
    }, HASTY);
  }

  #wait(type: QueueType, limit: number, waitMs: number, signal: AbortSignal | undefined): Promise<readonly QueueDelivery[]> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        timer.cancel();
        signal?.removeEventListener("abort", end);
        this.#waits.delete(end);
      };
      const leave = this.#database.queueSignals.wait(type, {
        limit,
        visibilityMs: this.#visibilityMs,
        give: (deliveries) => {
          settle();
          resolve(deliveries);
        },
        fail: (error) => {
          settle();
          reject(error as Error);
        },
      });
      const end = (): void => leave();
      const timer = this.#database.clock.setTimer(waitMs, end);
      signal?.addEventListener("abort", end);
      this.#waits.add(end);
    });
  }

  #item(type: QueueType, delivery: QueueDelivery): WorkItem {
    const { clock } = this.#database;
    return {
      id: delivery.id,
      lateMs: delivery.lateMs,
      ack: async () => {
        this.#run.check();
        await this.#change(type, false, (connection) => ackEntry(connection, type, delivery, clock.now()));
      },
      retry: async (delay) => {
        this.#run.check();
        const delayMs = durationMs(delay, "delay");
        const now = clock.now();
        await this.#change(type, delayMs === 0, (connection) => retryEntry(connection, type, delivery, now + Math.ceil(delayMs), now));
      },
    };
  }

  async #change(type: QueueType, isDue: boolean, operation: Parameters<SqliteDatabase["write"]>[0]): Promise<void> {
    try {
      await this.#database.queueSignals.change(type, operation, isDue);
    } catch (error) {
      throw queueError(error);
    }
  }
}
