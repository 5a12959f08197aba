import { Queue } from "bullmq";
import { type Duration, durationMs, QUEUE_TYPES, QueueError, type QueueProvider, type QueueType, SharedRun, type WorkItem } from "wfe-core";
import { connectionOf, type RedisConnection } from "./connection.ts";
import { queueError } from "./error-mapping.ts";
import { QueueLane } from "./queue-lane.ts";
import type { QueueChange, QueueDelivery } from "./queue-store.ts";
import type { RedisClient, RedisOptions } from "./redis-options.ts";

/** What a {@link RedisQueueProvider} can be told. */
export interface RedisQueueOptions {
  /** An item that is neither acked nor retried for so long is given out again; 1 ms or more. @default "30s" */
  readonly visibility?: Duration;
}

type Lanes = Readonly<Record<QueueType, QueueLane>>;

/** BullMQ's own view of a type of work, and the client that it uses. */
interface View {
  readonly queue: Queue;
  readonly client: RedisClient;
}

/**
 * Queues of BullMQ in a Redis, `workflow` and `event`. What is queued survives the end of every process, and the server's as far as the server keeps its
 * data; a Redis that has lost everything has lost hints only. Delays and visibility times go by the clock of the server, or by a `clock` that is
 * given, as timers, pauses and the length of waits do. Who waits is woken at once, on a connection of its own for each type. While a queue is paused by
 * a tool of BullMQ, nothing of it is given out.
 */
export class RedisQueueProvider implements QueueProvider {
  readonly #connection: RedisConnection;
  readonly #visibilityMs: number;
  readonly #run: SharedRun;
  /** Ends the waits that are under way. */
  readonly #waits = new Set<() => void>();
  #lanes: Lanes | undefined;
  /** Those that were asked for. */
  readonly #views = new Map<QueueType, View>();

  /**
   * @param connection - A connection of `openRedis`, or the options of one of its own.
   * @throws RangeError when an option makes no sense.
   */
  constructor(connection: RedisConnection | RedisOptions, options: RedisQueueOptions = {}) {
    this.#connection = connectionOf(connection);
    this.#visibilityMs = Math.ceil(durationMs(options.visibility ?? "30s", "visibility"));
    if (this.#visibilityMs < 1) throw new RangeError("visibility must be 1 ms or more");
    this.#run = new SharedRun({
      open: async () => {
        await this.#connection.start();
        this.#lanes = { workflow: this.#newLane("workflow"), event: this.#newLane("event") };
      },
      close: () => this.#close(),
      notRunning: () => new QueueError("the Redis queue provider is not running: call start() first", { code: "WFE_PROVIDER_NOT_RUNNING" }),
    });
  }

  start(): Promise<void> {
    return this.#run.start();
  }

  stop(): Promise<void> {
    return this.#run.stop();
  }

  /**
   * BullMQ's own view of a type of work, to count, list, pause, resume and empty it. Entries are added by {@link queueWork} and taken by
   * {@link dequeueWork} only. It has a connection of its own, and is closed by the last stop.
   *
   * @throws QueueError `WFE_PROVIDER_NOT_RUNNING` before `start` and after `stop`.
   */
  bullQueue(type: QueueType): Queue {
    this.#run.check();
    let view = this.#views.get(type);
    if (view === undefined) this.#views.set(type, (view = this.#newView(type)));
    return view.queue;
  }

  async queueWork(id: string, type: QueueType, options: { readonly delay?: Duration } = {}): Promise<void> {
    this.#run.check();
    await this.#change(type, { kind: "put", id, delayMs: durationMs(options.delay ?? 0, "delay") });
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
    const lane = this.#opened()[type];
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        timer?.cancel();
        signal?.removeEventListener("abort", end);
        this.#waits.delete(end);
      };
      const end = lane.wait({
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
      const timer = waitMs === 0 ? undefined : this.#connection.clock.setTimer(waitMs, end);
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
        await this.#change(type, { kind: "ack", delivery });
      },
      retry: async (delay) => {
        this.#run.check();
        await this.#change(type, { kind: "retry", delivery, delayMs: durationMs(delay, "delay") });
      },
    };
  }

  async #change(type: QueueType, change: QueueChange): Promise<void> {
    try {
      await this.#opened()[type].change(change);
    } catch (error) {
      throw queueError(error);
    }
  }

  #opened(): Lanes {
    this.#run.check();
    return this.#lanes as Lanes; // set while the check passes
  }

  #newLane(type: QueueType): QueueLane {
    return new QueueLane({ connection: this.#connection, type, visibilityMs: this.#visibilityMs });
  }

  #newView(type: QueueType): View {
    const client = this.#connection.duplicate(); // BullMQ adds commands and listeners to what it is given
    const queue = new Queue(type, {
      connection: client,
      prefix: this.#connection.keys.prefix,
      // Nobody listens to events: each would cost a write, and they would be the only thing that grows.
      streams: { events: { maxLen: 0 } },
      skipVersionCheck: true, // the connection has looked
    });
    queue.on("error", () => {}); // of the connection, which its commands tell of
    return { queue, client };
  }

  async #close(): Promise<void> {
    const lanes = this.#lanes as Lanes; // set by the opening that this closes
    const views = [...this.#views.values()];
    this.#lanes = undefined;
    this.#views.clear();
    for (const end of this.#waits) end();
    await Promise.all(QUEUE_TYPES.map((type) => lanes[type].close()));
    for (const { queue, client } of views) {
      await queue.close();
      await this.#connection.release(client);
    }
    await this.#connection.stop();
  }
}
