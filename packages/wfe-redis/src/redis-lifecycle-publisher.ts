import { endsWithin, type LifecycleEvent, LifecycleListeners, type LifecycleMessage, type LifecyclePublisher, SharedRun, WfeError } from "wfe-core";
import { connectionOf, type RedisConnection } from "./connection.ts";
import { messageOf } from "./error-mapping.ts";
import { decodeMessage, encodeMessage } from "./lifecycle-message.ts";
import { LifecycleOutbox } from "./lifecycle-outbox.ts";
import { LifecycleSubscription } from "./lifecycle-subscription.ts";
import type { RedisOptions } from "./redis-options.ts";

/** What a {@link RedisLifecyclePublisher} can be made with. */
export interface RedisLifecycleOptions {
  /**
   * Given what a listener throws, and an error for each message in the channel that is no lifecycle event; must not throw itself.
   *
   * @default a warning of the process
   */
  readonly onError?: (error: unknown) => void;
}

/** A stop waits so long for what is still to be sent. */
const LAST_SENDS_MS = 1_000;

/**
 * Lifecycle events through a channel of Redis (a sharded one, so that in a Cluster one node orders them): every host of one Redis and one prefix hears those of
 * all. Nothing is stored: events that are published while a subscriber is not connected are not heard by it. Its subscriptions end when it is stopped.
 */
export class RedisLifecyclePublisher implements LifecyclePublisher {
  readonly #connection: RedisConnection;
  readonly #onError: (error: unknown) => void;
  readonly #outbox: LifecycleOutbox;
  readonly #run: SharedRun;
  readonly #listeners: LifecycleListeners;
  /** There is one as long as somebody listens, or is about to. */
  #subscription: LifecycleSubscription | undefined;
  /** Of those who listen, and those who are about to. */
  #users = 0;
  #from = "";
  #sequence = 0;

  /**
   * @param connection - A handle of `openRedis`, or the options of a connection of its own.
   * @throws RangeError when an option makes no sense.
   */
  constructor(connection: RedisConnection | RedisOptions, options: RedisLifecycleOptions = {}) {
    this.#connection = connectionOf(connection);
    this.#onError = options.onError ?? ((error) => process.emitWarning(error instanceof Error ? error : messageOf(error)));
    this.#listeners = new LifecycleListeners(this.#onError);
    this.#outbox = new LifecycleOutbox(this.#connection);
    this.#run = new SharedRun({
      open: async () => {
        await this.#connection.start();
        this.#from = this.#connection.entropy.id();
        this.#sequence = 0;
      },
      close: () => this.#close(),
      notRunning: () => new WfeError("WFE_PROVIDER_NOT_RUNNING", "the Redis lifecycle publisher is not running: call start() first"),
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
    this.#sequence += 1;
    await this.#outbox.send(encodeMessage(this.#from, this.#sequence, event));
  }

  async subscribe(listener: (event: LifecycleEvent) => void, onGap?: () => void): Promise<() => void> {
    this.#run.check();
    this.#subscription ??= new LifecycleSubscription(this.#connection, {
      onMessage: (text) => this.#hear(text),
      onRestored: () => this.#listeners.missed(),
    });
    const subscription = this.#subscription;
    this.#users += 1;
    let leave = (): void => {};
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      leave();
      if (this.#subscription === subscription) this.#leave();
    };
    try {
      await subscription.live();
      this.#run.check();
    } catch (error) {
      end();
      throw error;
    }
    leave = this.#listeners.add(listener, onGap);
    return end;
  }

  #leave(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    void this.#subscription?.end();
    this.#subscription = undefined;
  }

  #hear(text: string): void {
    let message: LifecycleMessage;
    try {
      message = decodeMessage(text);
    } catch (error) {
      this.#onError(
        new Error(`a message in the channel ${JSON.stringify(this.#connection.keys.lifecycle)} is no lifecycle event: ${messageOf(error)}`),
      );
      return;
    }
    this.#listeners.hear(message);
  }

  async #close(): Promise<void> {
    await endsWithin(this.#outbox.idle(), this.#connection.clock, LAST_SENDS_MS);
    this.#listeners.clear();
    this.#users = 0;
    await this.#subscription?.end();
    this.#subscription = undefined;
    await this.#connection.stop();
  }
}
