import type { QueueType, WorkItem } from "wfe-core";
import { type HostServices, warn } from "./host-services.ts";

/** How long one blocking dequeue waits at least; only bounds what a queue that misses its own wake-up can cost. */
const WAIT_MS = 30_000;
const AFTER_ERROR_MS = 500;

/** Takes items of one type off the queue and hands each to a handler, as long as there is room. One bad item stays one bad item. */
export class ConsumerLoop {
  readonly #services: HostServices;
  readonly #type: QueueType;
  readonly #room: () => Promise<number>;
  readonly #handle: (items: readonly WorkItem[]) => Promise<void>;
  #stopping: AbortController | undefined;
  #running: Promise<void> | undefined;

  /**
   * @param room - Resolves, when there is room, to how many items may be taken.
   * @param handle - Takes the items over; what it rejects with is logged.
   */
  constructor(services: HostServices, type: QueueType, room: () => Promise<number>, handle: (items: readonly WorkItem[]) => Promise<void>) {
    this.#services = services;
    this.#type = type;
    this.#room = room;
    this.#handle = handle;
  }

  start(): void {
    this.#stopping = new AbortController();
    this.#running = this.#loop(this.#stopping.signal);
  }

  /** Takes nothing more; resolves when what was taken is handed over. */
  async stop(): Promise<void> {
    this.#stopping?.abort();
    await this.#running;
  }

  async #loop(signal: AbortSignal): Promise<void> {
    const stopped = new Promise<undefined>((resolve) => {
      signal.addEventListener("abort", () => resolve(undefined), { once: true });
    });
    while (!signal.aborted) {
      try {
        const limit = await Promise.race([this.#room(), stopped]);
        if (limit === undefined) return;
        const items = await this.#services.queue.dequeueWork(this.#type, {
          limit,
          wait: Math.max(WAIT_MS, this.#services.options.sweepIntervalMs),
          signal,
        });
        if (items.length === 0) continue;
        this.#measure(items);
        await this.#handle(items);
      } catch (error) {
        if (signal.aborted) return;
        warn(this.#services, `the ${this.#type} queue could not be read; it is tried again`, error);
        await this.#pause(signal);
      }
    }
  }

  #measure(items: readonly WorkItem[]): void {
    const { metrics } = this.#services;
    if (metrics === undefined) return;
    for (const { lateMs } of items) if (lateMs !== undefined) metrics.record({ kind: "queueLag", queue: this.#type, lagMs: lateMs });
  }

  #pause(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = this.#services.clock.setTimer(AFTER_ERROR_MS, end);
      signal.addEventListener("abort", end, { once: true });
    });
  }
}
