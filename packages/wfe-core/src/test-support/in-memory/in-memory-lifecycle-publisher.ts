import { WfeError } from "../../errors/wfe-error.ts";
import type { LifecycleEvent } from "../../models/lifecycle-event.ts";
import { SharedRun } from "../../runtime/shared-run.ts";
import type { LifecyclePublisher } from "../../traits/lifecycle-publisher.ts";

interface Subscriber {
  readonly listener: (event: LifecycleEvent) => void;
  readonly onError: (error: unknown) => void;
}

/** Carries events between the {@link InMemoryLifecyclePublisher} that share it: the broker. */
export class InMemoryLifecycleBus {
  readonly #subscribers = new Set<Subscriber>();
  readonly #waiting: LifecycleEvent[] = [];
  #delivering = false;

  /** Adds a subscriber. @returns Takes it off again; idempotent. */
  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber);
    return () => void this.#subscribers.delete(subscriber);
  }

  /** Delivers to every subscriber, in order of subscription, before it returns; within a delivery, after that one. */
  publish(event: LifecycleEvent): void {
    // A listener that publishes must not let its event overtake the one that others have yet to see.
    this.#waiting.push(event);
    if (this.#delivering) return;
    this.#delivering = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#deliver(next);
    this.#delivering = false;
  }

  #deliver(event: LifecycleEvent): void {
    for (const subscriber of Array.from(this.#subscribers)) {
      if (!this.#subscribers.has(subscriber)) continue; // taken off by a listener before it
      try {
        subscriber.listener(event);
      } catch (error) {
        subscriber.onError(error);
      }
    }
  }
}

/** What an {@link InMemoryLifecyclePublisher} can be made with. */
export interface InMemoryLifecyclePublisherOptions {
  /** Shared by the publishers that see each other's events. @default a new one */
  readonly bus?: InMemoryLifecycleBus;
  /** Given what a listener of this instance throws; must not throw itself. @default a warning of the process */
  readonly onListenerError?: (error: unknown) => void;
}

/** Lifecycle events within one process. Its subscriptions end when it is stopped. */
export class InMemoryLifecyclePublisher implements LifecyclePublisher {
  readonly #bus: InMemoryLifecycleBus;
  readonly #onError: (error: unknown) => void;
  readonly #run: SharedRun;
  readonly #subscriptions = new Set<() => void>();

  constructor(options: InMemoryLifecyclePublisherOptions = {}) {
    this.#bus = options.bus ?? new InMemoryLifecycleBus();
    this.#onError =
      options.onListenerError ?? ((error) => process.emitWarning(error instanceof Error ? error : `a lifecycle listener threw ${String(error)}`));
    this.#run = new SharedRun({
      open: () => {},
      close: () => {
        for (const end of this.#subscriptions) end();
      },
      notRunning: () => new WfeError("WFE_PROVIDER_NOT_RUNNING", "the in-memory lifecycle publisher is not running: call start() first"),
    });
  }

  start(): Promise<void> {
    return this.#run.start();
  }

  stop(): Promise<void> {
    return this.#run.stop();
  }

  async publish(event: LifecycleEvent): Promise<void> {
    this.#run.check();
    this.#bus.publish(event);
  }

  async subscribe(listener: (event: LifecycleEvent) => void): Promise<() => void> {
    this.#run.check();
    const leave = this.#bus.subscribe({ listener, onError: this.#onError });
    const end = (): void => {
      this.#subscriptions.delete(end);
      leave();
    };
    this.#subscriptions.add(end);
    return end;
  }
}
