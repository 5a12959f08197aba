import type { Timer } from "wfe-core";
import type { RedisConnection } from "./connection.ts";
import type { RedisClient } from "./redis-options.ts";

/** So often a subscription is looked after: one whose network is lost hears nothing, of that neither. */
const CHECK_MS = 10_000;
const CHECK_TIMEOUT_MS = 5_000;

/** What a {@link LifecycleSubscription} tells. */
export interface LifecycleSubscriptionOptions {
  /** Given the text of each message. */
  readonly onMessage: (text: string) => void;
  /** It hears again after its connection was lost: messages may have been missed. */
  readonly onRestored: () => void;
}

/** The subscription of a publisher to the channel of lifecycle events, over a connection of its own, which is made again by itself when it is lost. */
export class LifecycleSubscription {
  readonly #connection: RedisConnection;
  readonly #client: RedisClient;
  #timer: Timer | undefined;
  #hasBeenLive = false;
  #ended = false;

  constructor(connection: RedisConnection, { onMessage, onRestored }: LifecycleSubscriptionOptions) {
    this.#connection = connection;
    this.#client = connection.duplicate({}, { subscribes: true });
    this.#client.on("smessage", (channel: string, text: string) => {
      if (channel === connection.keys.lifecycle && !this.#ended) onMessage(text);
    });
    let isLost = false;
    this.#client.on("close", () => {
      isLost = this.#hasBeenLive;
    });
    this.#client.on("ready", () => {
      if (!isLost) return;
      isLost = false;
      // Once it hears again: what comes until then is missed, too. A connection that is lost meanwhile comes back here.
      this.live().then(
        () => {
          if (!this.#ended) onRestored();
        },
        () => {},
      );
    });
    this.#watch();
  }

  /**
   * Resolves when it is live, and what was published before has been heard: the server answers on the same connection, after those messages.
   *
   * @throws WfeError when there is no answer in time.
   */
  async live(timeoutMs?: number): Promise<void> {
    await this.#connection.within(this.#client.ssubscribe(this.#connection.keys.lifecycle), timeoutMs);
    this.#hasBeenLive = true;
  }

  /** Ends it; idempotent. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#timer?.cancel();
    await this.#connection.release(this.#client);
  }

  #watch(): void {
    this.#timer = this.#connection.clock.setTimer(CHECK_MS, () => {
      this.live(CHECK_TIMEOUT_MS)
        .catch(() => {
          if (!this.#ended) this.#client.disconnect(true);
        })
        .finally(() => {
          if (!this.#ended) this.#watch();
        });
    });
  }
}
