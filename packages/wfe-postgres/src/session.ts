import { type Clock, type Entropy, PersistenceError, type Timer } from "wfe-core";
import { type ConnectionSource, type PostgresClient, runOn } from "./connection.ts";
import { storeError } from "./error-mapping.ts";
import type { SchemaNames } from "./schema-names.ts";
import { keepsSessions } from "./session-check.ts";

const SHORTEST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 1_000;
/** A connection that was lost without a word is found within this time and the time of an answer. */
const HEARTBEAT_MS = 10_000;
const HEARTBEAT_TIMEOUT_MS = 5_000;
/** Numbers of 31 bits, which the server shows as they are. */
const PRESENCES = 2 ** 31 - 1;

/** What a {@link Session} works with. */
export interface SessionOptions {
  readonly connections: () => ConnectionSource;
  readonly names: SchemaNames;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly queryTimeoutMs: number;
  /** What to call the database in messages. */
  readonly store: string;
}

/** Somebody who wants to know what comes over the session. */
export interface SessionListener {
  /** A notification on the channel of the schema, also one of this process. */
  readonly onMessage?: (payload: string) => void;
  /** It is there again after it was lost: notifications may have been missed, and the presence is another one. */
  readonly onRestored?: () => void;
}

interface Held {
  readonly client: PostgresClient;
  readonly presence: number;
  /** Ends the connection, once. */
  readonly end: (cause: unknown) => void;
}

/**
 * One connection that is kept for as long as a provider runs: notifications come over it, and its advisory lock is the presence of this process,
 * which others see in `pg_locks` and which the server takes away within a moment of the process's death. When it is lost it is made anew, under
 * another presence.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #listeners = new Set<SessionListener>();
  #running = false;
  #held: Held | undefined;
  #heartbeat: Timer | undefined;
  /** Ends the pause before another attempt. */
  #endPause: (() => void) | undefined;
  #restoring: Promise<void> | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /**
   * Connects, listens and takes presence.
   *
   * @throws PersistenceError `WFE_STORE_SESSION_REQUIRED` when what is connected to keeps no sessions (a pooler in transaction mode); else what
   * the connection has.
   */
  async start(): Promise<void> {
    this.#running = true;
    try {
      await this.#connect();
    } catch (error) {
      this.#running = false;
      throw storeError(error, this.#options.store);
    }
  }

  /** Gives the connection up, and with it the presence; resolves when nothing of it is left. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#endPause?.();
    this.#drop(undefined);
    await this.#restoring;
  }

  /** The presence of this process, a number that no other has; `undefined` while the connection is lost. */
  get presence(): number | undefined {
    return this.#held?.presence;
  }

  /** @returns Ends it. */
  listen(listener: SessionListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async #connect(): Promise<void> {
    const { names, store, queryTimeoutMs } = this.#options;
    const connections = this.#options.connections();
    const client = await connections.take();
    const onLost = (error?: Error): void => this.#onLost(client, error);
    const onMessage = (message: { readonly channel: string; readonly payload?: string | undefined }): void => {
      if (message.channel === names.channel) for (const listener of this.#listeners) listener.onMessage?.(message.payload ?? "");
    };
    client.on("error", onLost);
    client.on("end", onLost);
    client.on("notification", onMessage);
    const end = (cause: unknown): void => {
      client.off("error", onLost);
      client.off("end", onLost);
      client.off("notification", onMessage);
      connections.give(client, { cause });
    };
    try {
      const presence = await this.#takePresence(client);
      await runOn(client, `LISTEN ${names.channel}`, [], queryTimeoutMs);
      if (!(await keepsSessions(client, connections, { presence, space: names.presenceSpace, timeoutMs: queryTimeoutMs }))) {
        throw new PersistenceError(
          "WFE_STORE_SESSION_REQUIRED",
          `${store} is reached through a pooler that keeps no sessions (PgBouncer in transaction mode): connect to the server itself, or set notifications: false`,
        );
      }
      if (!this.#running) throw new Error("stopped meanwhile");
      this.#held = { client, presence, end };
      this.#beat(client);
    } catch (error) {
      end(error);
      throw error;
    }
  }

  async #takePresence(client: PostgresClient): Promise<number> {
    const { names, entropy, queryTimeoutMs } = this.#options;
    for (;;) {
      const presence = Math.floor(entropy.random() * PRESENCES);
      const [taken] = await runOn<{ taken: boolean }>(
        client,
        "SELECT pg_try_advisory_lock($1::int, $2::int) AS taken",
        [names.presenceSpace, presence],
        queryTimeoutMs,
      );
      if (taken?.taken === true) return presence;
    }
  }

  #beat(client: PostgresClient): void {
    this.#heartbeat = this.#options.clock.setTimer(HEARTBEAT_MS, () => {
      runOn(client, "SELECT 1", [], HEARTBEAT_TIMEOUT_MS).then(
        () => {
          if (this.#held?.client === client) this.#beat(client);
        },
        (error: unknown) => this.#onLost(client, error),
      );
    });
  }

  #onLost(client: PostgresClient, error: unknown): void {
    if (this.#held?.client !== client) return;
    this.#drop(error);
    if (this.#running) this.#restoring ??= this.#restore().finally(() => (this.#restoring = undefined));
  }

  /** The end of the connection is the end of its lock and of its listening. */
  #drop(cause: unknown): void {
    this.#heartbeat?.cancel();
    this.#heartbeat = undefined;
    const held = this.#held;
    this.#held = undefined;
    held?.end(cause);
  }

  async #restore(): Promise<void> {
    for (let attempt = 0; this.#running && this.#held === undefined; attempt += 1) {
      if (attempt > 0) await this.#pause(attempt);
      try {
        if (this.#running) await this.#connect();
      } catch {
        // Whatever it was, it is tried again until it works: the others of the database tell of it.
      }
    }
    if (this.#held !== undefined) for (const listener of this.#listeners) listener.onRestored?.();
  }

  #pause(attempt: number): Promise<void> {
    const { clock, entropy } = this.#options;
    const longest = Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** attempt);
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        this.#endPause = undefined;
        resolve();
      };
      const timer = clock.setTimer(Math.ceil(longest * (0.5 + 0.5 * entropy.random())), end);
      this.#endPause = end;
    });
  }
}
