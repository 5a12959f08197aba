import { type LifecycleEvent, LifecycleListeners, type LifecycleMessage, type LifecyclePublisher, PersistenceError, SharedRun } from "wfe-core";
import { LifecycleOutbox } from "./lifecycle-outbox.ts";
import { PayloadReader } from "./lifecycle-payloads.ts";
import { databaseOf, type PostgresDatabase } from "./postgres-database.ts";
import type { PostgresOptions } from "./postgres-options.ts";

/** What a {@link PostgresLifecyclePublisher} can be told. */
export interface PostgresLifecycleOptions {
  /**
   * Given what a listener throws, and an error for each notification in the channel that is no lifecycle event; must not throw itself.
   *
   * @default a warning of the process
   */
  readonly onError?: (error: unknown) => void;
}

/**
 * Lifecycle events through notifications of PostgreSQL: every host and client of one database, schema and prefix hears those of all. What is published within
 * 10 ms travels together, beside the commits, and never in them. While nobody listens anywhere, nothing is sent. Nothing is stored: what is published
 * while a subscriber's connection is lost is not heard by it. Its subscriptions end when it is stopped.
 *
 * Publishing works through every pooler, and with `notifications: false`. Subscribing takes the connection that `notifications` keep.
 */
export class PostgresLifecyclePublisher implements LifecyclePublisher {
  readonly #database: PostgresDatabase;
  readonly #outbox: LifecycleOutbox;
  readonly #run: SharedRun;
  readonly #listeners: LifecycleListeners;
  readonly #reader = new PayloadReader();
  /** There is one as long as somebody listens, or is about to. */
  #subscription: { readonly live: Promise<void>; readonly end: () => void } | undefined;
  /** Of those who listen, and those who are about to. */
  #users = 0;
  /** Ends the waits of those who are about to. */
  readonly #waits = new Set<() => void>();

  /**
   * @param database - A handle of `openPostgres`, or the options of a database of its own.
   * @throws RangeError when an option makes no sense.
   */
  constructor(database: PostgresDatabase | PostgresOptions, options: PostgresLifecycleOptions = {}) {
    this.#database = databaseOf(database);
    this.#listeners = new LifecycleListeners(options.onError);
    this.#outbox = new LifecycleOutbox({
      clock: this.#database.clock,
      entropy: this.#database.entropy,
      tell: async (payloads) => {
        const [answer] = await this.#database.call<{ readonly is_heard: boolean }>("tell_lifecycle_v1", [payloads]);
        return answer?.is_heard === true;
      },
    });
    this.#run = new SharedRun({
      open: async () => {
        await this.#database.start();
        this.#outbox.open();
      },
      close: () => this.#close(),
      notRunning: () => new PersistenceError("WFE_PROVIDER_NOT_RUNNING", "the PostgreSQL lifecycle publisher is not running: call start() first"),
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
    await this.#outbox.send(event);
  }

  /**
   * @throws PersistenceError `WFE_STORE_SESSION_REQUIRED` with `notifications: false`; `WFE_STORE_UNREACHABLE` when the server stays away for
   * `retryTimeout` (retryable).
   */
  async subscribe(listener: (event: LifecycleEvent) => void, onGap?: () => void): Promise<() => void> {
    this.#run.check();
    const subscription = (this.#subscription ??= this.#begin());
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
      await this.#within(subscription.live);
      this.#run.check();
    } catch (error) {
      end();
      throw this.#database.errorOf(error);
    }
    leave = this.#listeners.add(listener, onGap);
    return end;
  }

  #begin(): { readonly live: Promise<void>; readonly end: () => void } {
    const { session, names, store } = this.#database;
    if (session === undefined) {
      throw new PersistenceError(
        "WFE_STORE_SESSION_REQUIRED",
        `lifecycle events of ${store} are heard over the connection that notifications keep: leave out notifications: false where events are read, and go there past a pooler in transaction mode; or use a publisher of another kind`,
      );
    }
    return session.subscribe({
      channel: names.lifecycleChannel,
      // In this order: who shares the lock hears.
      begin: [`LISTEN ${names.lifecycleChannel}`, `SELECT pg_advisory_lock_shared(${names.lifecycleLock})`],
      end: [`SELECT pg_advisory_unlock_shared(${names.lifecycleLock})`, `UNLISTEN ${names.lifecycleChannel}`],
      onMessage: (payload) => this.#hear(payload),
      onRestored: () => {
        this.#reader.forget();
        this.#listeners.missed();
      },
    });
  }

  #leave(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#subscription?.end();
    this.#subscription = undefined;
    this.#reader.forget();
  }

  /** Waits no longer than operations are tried, or until the stop. */
  #within(live: Promise<void>): Promise<void> {
    const { clock, retryTimeoutMs, store } = this.#database;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        timer.cancel();
        this.#waits.delete(end);
      };
      const end = (): void => {
        settle();
        const text = `${store} cannot be reached: the connection that notifications keep is lost`;
        reject(new PersistenceError("WFE_STORE_UNREACHABLE", text, { retryable: true }));
      };
      const timer = clock.setTimer(retryTimeoutMs, end);
      this.#waits.add(end);
      live.finally(settle).then(resolve, reject);
    });
  }

  #hear(payload: string): void {
    let message: LifecycleMessage | undefined;
    try {
      message = this.#reader.read(payload);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#listeners.report(new Error(`a notification in the channel ${this.#database.names.lifecycleChannel} is no lifecycle event: ${why}`));
      return;
    }
    if (message !== undefined) this.#listeners.hear(message);
  }

  async #close(): Promise<void> {
    for (const end of this.#waits) end();
    await this.#outbox.close();
    this.#listeners.clear();
    this.#users = 0;
    this.#subscription?.end();
    this.#subscription = undefined;
    this.#reader.forget();
    await this.#database.stop();
  }
}
