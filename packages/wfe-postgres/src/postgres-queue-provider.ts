import { type Duration, durationMs, QueueError, type QueueProvider, type QueueType, SharedRun, type WorkItem } from "wfe-core";
import { queueError } from "./error-mapping.ts";
import { queueListener } from "./notifications.ts";
import { databaseOf, type PostgresDatabase } from "./postgres-database.ts";
import type { PostgresOptions } from "./postgres-options.ts";
import { QueueSignals } from "./queue-signals.ts";
import { type QueueChange, type QueueDelivery, queueTurn } from "./queue-store.ts";

/** What a {@link PostgresQueueProvider} can be told. */
export interface PostgresQueueOptions {
  /** An item that is neither acked nor retried for so long is given out again; 1 ms or more. @default "30s" */
  readonly visibility?: Duration;
}

/**
 * A queue in a table of the database: what is queued survives the end of every process, and the server's but for the last half second before a
 * crash. Who waits is woken at once by a queueing in the same process, and by one of another through a notification, or without
 * `notifications` within `pollInterval`.
 */
export class PostgresQueueProvider implements QueueProvider {
  readonly #database: PostgresDatabase;
  readonly #signals: QueueSignals;
  readonly #run: SharedRun;
  /** Ends the waits that are under way. */
  readonly #waits = new Set<() => void>();
  #unlisten: (() => void) | undefined;

  /**
   * @param database - A handle of `openPostgres`, or the options of a database of its own.
   * @throws RangeError when an option makes no sense.
   */
  constructor(database: PostgresDatabase | PostgresOptions, options: PostgresQueueOptions = {}) {
    this.#database = databaseOf(database);
    const visibilityMs = durationMs(options.visibility ?? "30s", "visibility");
    if (visibilityMs < 1) throw new RangeError("visibility must be 1 ms or more");
    const { clock, entropy, pollIntervalMs, session } = this.#database;
    const sender = entropy.id();
    this.#signals = new QueueSignals({
      clock,
      pollIntervalMs,
      isTold: session !== undefined,
      turn: (turn) => queueTurn(this.#database, { ...turn, sender, visibilityMs }),
    });
    this.#run = new SharedRun({
      open: async () => {
        await this.#database.start();
        this.#unlisten = session?.listen(queueListener({ sender, onQueued: (types) => this.#signals.look(types) }));
      },
      close: async () => {
        this.#unlisten?.();
        for (const end of this.#waits) end();
        await this.#signals.settled();
        await this.#database.stop();
      },
      notRunning: () => new QueueError("the PostgreSQL queue provider is not running: call start() first", { code: "WFE_PROVIDER_NOT_RUNNING" }),
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
    await this.#change({ kind: "put", type, id, delayMs: durationMs(options.delay ?? 0, "delay") });
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
      const deliveries = await this.#wait(type, limit, waitMs, signal);
      return deliveries.map((delivery) => this.#item(type, delivery));
    } catch (error) {
      throw queueError(error);
    }
  }

  #wait(type: QueueType, limit: number, waitMs: number, signal: AbortSignal | undefined): Promise<readonly QueueDelivery[]> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        timer?.cancel();
        signal?.removeEventListener("abort", end);
        this.#waits.delete(end);
      };
      const end = this.#signals.wait(type, {
        limit,
        once: waitMs === 0,
        give: (deliveries) => {
          settle();
          resolve(deliveries);
        },
        fail: (error) => {
          settle();
          reject(error as Error);
        },
      });
      const timer = waitMs === 0 ? undefined : this.#database.clock.setTimer(waitMs, end);
      signal?.addEventListener("abort", end);
      this.#waits.add(end);
    });
  }

  #item(type: QueueType, delivery: QueueDelivery): WorkItem {
    return {
      id: delivery.id,
      lateMs: delivery.lateMs,
      ack: async () => {
        this.#run.check();
        await this.#change({ kind: "ack", type, delivery });
      },
      retry: async (delay) => {
        this.#run.check();
        await this.#change({ kind: "retry", type, delivery, delayMs: durationMs(delay, "delay") });
      },
    };
  }

  async #change(change: QueueChange): Promise<void> {
    try {
      await this.#signals.change(change);
    } catch (error) {
      throw queueError(error);
    }
  }
}
