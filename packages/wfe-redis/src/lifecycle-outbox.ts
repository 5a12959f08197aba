import type { RedisConnection } from "./connection.ts";
import type { RedisClient } from "./redis-options.ts";

interface Outgoing {
  readonly text: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Sends messages to the channel of lifecycle events in the order in which they are given: all that there are in one round trip, those that come meanwhile
 * in the next. What was not answered is sent again before anything that comes after it.
 */
export class LifecycleOutbox {
  readonly #connection: RedisConnection;
  #pending: Outgoing[] = [];
  #sending: Promise<void> | undefined;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  /** Resolves when the server has it. @throws What the connection says, when it cannot be sent in time. */
  send(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ text, resolve, reject });
      this.#sending ??= this.#sendAll();
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#sending;
  }

  /** Never rejects. */
  async #sendAll(): Promise<void> {
    // What is given in one turn goes together.
    await Promise.resolve();
    while (this.#pending.length > 0) {
      const unanswered = new Set(this.#pending);
      this.#pending = [];
      try {
        await this.#connection.command((client) => this.#sendOnce(client, unanswered));
      } catch (error) {
        for (const { reject } of unanswered) reject(error);
      }
    }
    this.#sending = undefined;
  }

  /** @param unanswered - What is answered is taken off. @throws The first error of the driver. */
  async #sendOnce(client: RedisClient, unanswered: Set<Outgoing>): Promise<void> {
    const channel = this.#connection.keys.lifecycle;
    let failure: unknown;
    await Promise.all(
      [...unanswered].map(async (outgoing) => {
        try {
          await client.spublish(channel, outgoing.text);
          unanswered.delete(outgoing);
          outgoing.resolve();
        } catch (error) {
          failure ??= error;
        }
      }),
    );
    if (unanswered.size > 0) throw failure as Error; // whose failure kept them
  }
}
