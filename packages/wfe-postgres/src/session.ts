import { type Clock, type Entropy, Pauses, type Timer, WfeError } from "wfe-core";
import { type ConnectionSource, type PostgresClient, runOn, StatementFailure } from "./connection.ts";
import { requireSession } from "./pooler.ts";
import type { SchemaNames } from "./schema-names.ts";
import { type Preparation, type SessionSubscriber, SessionSubscriptions } from "./session-subscriptions.ts";

/** A connection without a sign of life is asked for one so often: its server may have gone without a word. */
const HEARTBEAT_MS = 10_000;
const HEARTBEAT_TIMEOUT_MS = 5_000;
/** How long the farewell to a server may take that does not answer. */
const FAREWELL_TIMEOUT_MS = 1_000;

// The server does not end it for being idle, and finds within half a minute, where its default is hours, that a machine was lost without a word.
const KEPT = `SELECT set_config('idle_session_timeout', '0', false), set_config('tcp_keepalives_idle', '10', false),
  set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false)`;

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

/** From a start to the stop after it. */
interface Run {
  ended: boolean;
}

interface Presence {
  readonly id: number;
  readonly server: number;
}

interface Held {
  readonly client: PostgresClient;
  readonly presence: Presence;
  readonly preparation: Preparation;
  /** Takes our listeners off the client. */
  readonly detach: () => void;
  /** Where the client goes back to. */
  readonly connections: ConnectionSource;
  heartbeat: Timer | undefined;
}

/**
 * One connection that is kept for as long as a provider runs: notifications come over it, and its advisory lock is the presence of this process,
 * which others see in `pg_locks` and which the server takes away within a moment of the process's death.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #listeners = new Set<SessionListener>();
  readonly #subscribers = new Set<SessionSubscriber>();
  readonly #subscriptions = new SessionSubscriptions();
  readonly #pauses: Pauses;
  #run: Run | undefined;
  #held: Held | undefined;
  #restoredAt: number | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#pauses = new Pauses(options);
  }

  /**
   * Connects, listens and takes presence.
   *
   * @throws StatementFailure for whatever the pool or the driver throws.
   * @throws PersistenceError `WFE_STORE_SESSION_REQUIRED` when what is connected to keeps no sessions.
   */
  async start(): Promise<void> {
    const run: Run = { ended: false };
    this.#run = run;
    this.#restoredAt = undefined;
    try {
      await this.#connect(run);
    } catch (error) {
      run.ended = true;
      throw error;
    }
  }

  /** Ends presence and connection; also, within a second, when the server cannot be reached. */
  async stop(): Promise<void> {
    if (this.#run !== undefined) this.#run.ended = true;
    this.#run = undefined;
    this.#pauses.end();
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return;
    const { names, queryTimeoutMs } = this.#options;
    try {
      // The server is done with a connection some time after its end; others see by then that the presence has ended. And a connection on which a
      // question stands open is destroyed, where a polite end would wait for the server.
      const timeoutMs = Math.min(queryTimeoutMs, FAREWELL_TIMEOUT_MS);
      await runOn(held.client, "SELECT pg_advisory_unlock($1, $2)", [names.presenceSpace, held.presence.id], timeoutMs);
    } catch {
      // The server ends it with the connection.
    }
    letGo(held);
  }

  /** The presence of this process, a number that no other has; `undefined` while the connection is lost. */
  get presence(): number | undefined {
    return this.#held?.presence.id;
  }

  /** Which run of the server it was taken in: when that began, epoch milliseconds on the server's clock. */
  get server(): number | undefined {
    return this.#held?.presence.server;
  }

  /**
   * For how long the connection has stood, in milliseconds, since it was lost the last time: others may have lost theirs with it. Without an end
   * when it never was.
   */
  get calmMs(): number {
    return this.#restoredAt === undefined ? Number.POSITIVE_INFINITY : this.#options.clock.monotonic() - this.#restoredAt;
  }

  /** @returns Ends it. */
  listen(listener: SessionListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Lets somebody hear a channel of its own, over this connection and those after it.
   *
   * @returns When it is live, which may be as late as the connection is lost, and what ends it.
   */
  subscribe(subscriber: SessionSubscriber): { readonly live: Promise<void>; readonly end: () => void } {
    this.#subscribers.add(subscriber);
    const live = this.#subscriptions.add(subscriber);
    this.#bring();
    const end = (): void => {
      this.#subscribers.delete(subscriber);
      this.#subscriptions.remove(subscriber);
      this.#bring();
    };
    return { live, end };
  }

  #bring(): void {
    const held = this.#held;
    held?.preparation.bring().catch(() => this.#lose(held));
  }

  /** Makes one attempt; none when the run has ended meanwhile. */
  async #connect(run: Run): Promise<void> {
    const { names, clock, queryTimeoutMs, store } = this.#options;
    const connections = this.#options.connections();
    let client: PostgresClient;
    try {
      client = await connections.take();
    } catch (error) {
      throw new StatementFailure(error, false);
    }
    if (run.ended) {
      connections.give(client); // as it came
      return;
    }
    const link = this.#attach(client);
    try {
      await requireSession(client, { connections, clock, store, timeoutMs: queryTimeoutMs });
      await runOn(client, KEPT, [], queryTimeoutMs);
      await runOn(client, `LISTEN ${names.channel}`, [], queryTimeoutMs);
      const presence = await this.#takePresence(client);
      const preparation = this.#subscriptions.on((text) => runOn(client, text, [], queryTimeoutMs));
      await preparation.bring();
      if (link.isLost || run.ended) throw new Error("the connection has ended at once");
      this.#held = { detach: link.detach, client, connections, presence, preparation, heartbeat: undefined };
      this.#planHeartbeat(this.#held);
    } catch (error) {
      link.detach();
      connections.give(client, { cause: error });
      throw error instanceof WfeError ? error : new StatementFailure(error, false);
    }
  }

  #attach(client: PostgresClient): { readonly detach: () => void; readonly isLost: boolean } {
    const { channel } = this.#options.names;
    const link = {
      isLost: false,
      detach: () => {
        client.off("error", onLoss);
        client.off("end", onLoss);
        client.off("notification", onNotification);
      },
    };
    const onLoss = (): void => {
      link.isLost = true;
      if (this.#held?.client === client) this.#lose(this.#held);
    };
    const onNotification = (message: { readonly channel: string; readonly payload?: string | undefined }): void => {
      if (this.#held?.client !== client) return;
      const payload = message.payload ?? "";
      if (message.channel === channel) for (const { onMessage } of this.#listeners) onMessage?.(payload);
      for (const subscriber of this.#subscribers) if (message.channel === subscriber.channel) subscriber.onMessage(payload);
    };
    client.on("error", onLoss);
    client.on("end", onLoss);
    client.on("notification", onNotification);
    return link;
  }

  async #takePresence(client: PostgresClient): Promise<Presence> {
    const { names, entropy, queryTimeoutMs } = this.#options;
    let id = Math.floor(entropy.random() * 2 ** 32) | 0;
    for (;;) {
      const [found] = await runOn<{ taken: boolean; server: number }>(
        client,
        "SELECT pg_try_advisory_lock($1, $2) AS taken, floor(extract(epoch FROM pg_postmaster_start_time()) * 1000)::bigint AS server",
        [names.presenceSpace, id],
        queryTimeoutMs,
      );
      if (found?.taken === true) return { id, server: found.server };
      id = (id + 1) | 0; // somebody has drawn the same
    }
  }

  #planHeartbeat(held: Held): void {
    const { clock, queryTimeoutMs } = this.#options;
    held.heartbeat = clock.setTimer(HEARTBEAT_MS, () => {
      runOn(held.client, "SELECT 1", [], Math.min(queryTimeoutMs, HEARTBEAT_TIMEOUT_MS)).then(
        () => {
          if (this.#held === held) this.#planHeartbeat(held);
        },
        () => this.#lose(held),
      );
    });
  }

  #lose(held: Held): void {
    if (this.#held !== held) return;
    this.#held = undefined;
    letGo(held);
    if (this.#run !== undefined) void this.#restore(this.#run);
  }

  /** Never rejects. */
  async #restore(run: Run): Promise<void> {
    // At once, before others notice; but not if it is lost again and again.
    let attempt = this.calmMs < HEARTBEAT_MS ? 0 : -1;
    while (!run.ended) {
      if (attempt >= 0) await this.#pauses.backOff(attempt);
      attempt += 1;
      if (run.ended) return;
      try {
        await this.#connect(run);
        break;
      } catch {
        // Another attempt follows.
      }
    }
    if (run.ended) return;
    this.#restoredAt = this.#options.clock.monotonic();
    for (const { onRestored } of [...this.#listeners, ...this.#subscribers]) onRestored?.();
  }
}

function letGo({ client, connections, detach, heartbeat }: Held): void {
  heartbeat?.cancel();
  detach();
  connections.give(client, { cause: undefined });
}
