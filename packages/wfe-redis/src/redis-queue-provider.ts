import { Queue } from "bullmq";
import { type Duration, durationMs, QUEUE_TYPES, QueueError, type QueueProvider, type QueueType, SharedRun, type WorkItem } from "wfe-core";
import { connectionOf, type RedisConnection } from "./connection.ts";
import { queueError } from "./error-mapping.ts";
import { QueueLane } from "./queue-lane.ts";
import type { QueueChange, QueueDelivery } from "./queue-store.ts";
import type { RedisOptions } from "./redis-options.ts";

/** What a {@link RedisQueueProvider} can be told. */
export interface RedisQueueOptions {
  /** An item that is neither acked nor retried for so long is given out again; 1 ms or more. @default "30s" */
  readonly visibility?: Duration;
}

interface Open {
  readonly lanes: Readonly<Record<QueueType, QueueLane>>;
  readonly queues: Readonly<Record<QueueType, Queue>>;
}

/**
 * Queues of BullMQ in a Redis, `workflow` and `event`. What is queued survives the end of every process, and the server's as far as the server keeps its
 * data; a Redis that has lost everything has lost hints only. Delays and visibility times go by the clock of the server, or by a `clock` that is
 * given, as timers, pauses and the length of waits do. Who waits is woken at once, on a connection of its own for each type. While a queue is paused by a tool of BullMQ, nothing of it
 * is given out.
 */
export class RedisQueueProvider implements QueueProvider {
  readonly #connection: RedisConnection;
  readonly #visibilityMs: number;
  readonly #run: SharedRun;
  /** Ends the waits that are under way. */
  readonly #waits = new Set<() => void>();
  #open: Open | undefined;

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
        this.#open = { lanes: eachType((type) => this.#newLane(type)), queues: eachType((type) => this.#newQueue(type)) };
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
   * {@link dequeueWork} only. It is closed by the last stop.
   *
   * @throws QueueError `WFE_PROVIDER_NOT_RUNNING` before `start` and after `stop`.
   */
  bullQueue(type: QueueType): Queue {
    return this.#opened().queues[type];
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
    const lane = this.#opened().lanes[type];
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
      await this.#opened().lanes[type].change(change);
    } catch (error) {
      throw queueError(error);
    }
  }

  #opened(): Open {
    this.#run.check();
    return this.#open as Open; // set while the check passes
  }

  #newLane(type: QueueType): QueueLane {
    return new QueueLane({ connection: this.#connection, type, visibilityMs: this.#visibilityMs });
  }

  #newQueue(type: QueueType): Queue {
    const { client, keys } = this.#connection;
    const queue = new Queue(type, {
      connection: client,
      prefix: keys.prefix,
      // Nobody listens to events: each would cost a write, and they would be the only thing that grows.
      streams: { events: { maxLen: 0 } },
      skipVersionCheck: true, // the connection has looked
    });
    queue.on("error", () => {}); // of the connection, which its commands tell of
    return queue;
  }

  async #close(): Promise<void> {
    const { lanes, queues } = this.#open as Open; // set by the opening that this closes
    this.#open = undefined;
    for (const end of this.#waits) end();
    await Promise.all(QUEUE_TYPES.map((type) => lanes[type].close()));
    await Promise.all(QUEUE_TYPES.map((type) => queues[type].close()));
    await this.#connection.stop();
  }
}

function eachType<T>(make: (type: QueueType) => T): Readonly<Record<QueueType, T>> {
  return { workflow: make("workflow"), event: make("event") };
}
