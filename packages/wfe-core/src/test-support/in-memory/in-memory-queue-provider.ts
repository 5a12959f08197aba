import { QueueError } from "../../errors/store-errors.ts";
import { type Duration, durationMs } from "../../models/duration.ts";
import type { QueueType } from "../../models/queue-type.ts";
import { SharedRun } from "../../runtime/shared-run.ts";
import { systemClock } from "../../runtime/system-clock.ts";
import type { Clock } from "../../traits/clock.ts";
import type { QueueProvider, WorkItem } from "../../traits/queue-provider.ts";
import { type Delivery, InMemoryQueueStore } from "./in-memory-queue-store.ts";

/** What an {@link InMemoryQueueProvider} can be made with. */
export interface InMemoryQueueProviderOptions {
  /** Shared by the providers that compete. @default a new one, on the same clock */
  readonly store?: InMemoryQueueStore;
  /** On which waits are counted. @default the clock of the machine */
  readonly clock?: Clock;
  /** An item that is neither acked nor retried for so long is given out again; 1 ms or more. @default "30s" */
  readonly visibility?: Duration;
}

/** A queue within one process: for tests, and for hosts that need no second process. A waiting dequeue is woken by the queueing itself. */
export class InMemoryQueueProvider implements QueueProvider {
  readonly #store: InMemoryQueueStore;
  readonly #clock: Clock;
  readonly #visibilityMs: number;
  readonly #run: SharedRun;
  /** Ends the waits that are under way. */
  readonly #waits = new Set<() => void>();

  constructor(options: InMemoryQueueProviderOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#store = options.store ?? new InMemoryQueueStore(this.#clock);
    this.#visibilityMs = durationMs(options.visibility ?? "30s", "visibility");
    if (this.#visibilityMs < 1) throw new RangeError("visibility must be 1 ms or more");
    this.#run = new SharedRun({
      open: () => {},
      close: () => {
        for (const end of this.#waits) end();
      },
      notRunning: () => new QueueError("the in-memory queue provider is not running: call start() first", { code: "WFE_PROVIDER_NOT_RUNNING" }),
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
    this.#store.queue(id, type, durationMs(options.delay ?? 0, "delay"));
  }

  async dequeueWork(
    type: QueueType,
    options: {
      readonly limit: number;
      readonly wait: Duration;
      readonly signal?: AbortSignal;
    },
  ): Promise<readonly WorkItem[]> {
    this.#run.check();
    const { limit, signal } = options;
    const waitMs = durationMs(options.wait, "wait");
    if (!(Number.isInteger(limit) && limit >= 1)) throw new RangeError(`limit must be a whole number, 1 or more: got ${limit}`);
    if (signal?.aborted === true) return [];
    const atOnce = this.#store.take(type, limit, this.#visibilityMs);
    if (atOnce.length > 0 || waitMs === 0) return this.#items(atOnce, type);
    return this.#items(await this.#wait(type, limit, waitMs, signal), type);
  }

  #wait(type: QueueType, limit: number, waitMs: number, signal: AbortSignal | undefined): Promise<readonly Delivery[]> {
    return new Promise((resolve) => {
      let leave: (() => void) | undefined; // an entry that has come due since the look before is given within the call of `wait`
      const settle = (deliveries: readonly Delivery[]): void => {
        leave?.();
        timer.cancel();
        signal?.removeEventListener("abort", end);
        this.#waits.delete(end);
        resolve(deliveries);
      };
      const end = (): void => settle([]);
      const timer = this.#clock.setTimer(waitMs, end);
      signal?.addEventListener("abort", end);
      this.#waits.add(end);
      leave = this.#store.wait(type, {
        limit,
        visibilityMs: this.#visibilityMs,
        give: settle,
      });
    });
  }

  #items(deliveries: readonly Delivery[], type: QueueType): readonly WorkItem[] {
    return deliveries.map((delivery) => ({
      id: delivery.id,
      lateMs: delivery.lateMs,
      ack: async () => {
        this.#run.check();
        this.#store.finish(delivery, type, undefined);
      },
      retry: async (delay) => {
        this.#run.check();
        this.#store.finish(delivery, type, durationMs(delay, "delay"));
      },
    }));
  }
}
