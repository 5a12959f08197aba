import { Redis, type RedisOptions as DriverOptions } from "ioredis";
import { type Clock, durationMs, type Entropy, Pauses, PersistenceError, SharedRun, systemClock, systemEntropy } from "wfe-core";
import { isConnectionLoss, isPassing, messageOf, storeError } from "./error-mapping.ts";
import { type Keys, keysOf } from "./keys.ts";
import { type CopyOptions, OpenClient, refuseClient } from "./open-client.ts";
import type { RedisClient, RedisOptions } from "./redis-options.ts";
import { refuseServer } from "./server-info.ts";

/** The driver gives an attempt up after so long at most: another one, to an address that may have changed, is better. */
const MOST_CONNECT_MS = 5_000;
const SHORTEST_RECONNECT_MS = 10;
const LONGEST_RECONNECT_MS = 1_000;

/** How a command is tried. */
export interface CommandOptions {
  /** How long it may take in all. @default the `retryTimeout` of the options */
  readonly timeoutMs?: number;
  /** Whether it is sent again when it has failed. @default true */
  readonly repeatable?: boolean;
}

/**
 * One prefix of one Redis, shared by the providers that are made over it: connected by the first start among them, closed by the last stop. Make it with
 * {@link openRedis}. Everything may be called concurrently.
 */
export class RedisConnection {
  /** Names of everything in the Redis. @internal */
  readonly keys: Keys;
  /** What timers go by. */
  readonly clock: Clock;
  /** Where ids and tokens come from. */
  readonly entropy: Entropy;
  /** What to call it in messages: without secrets. @internal */
  readonly store: string;
  /** How long an operation may take in all. @internal */
  readonly retryTimeoutMs: number;
  readonly #options: RedisOptions;
  readonly #run: SharedRun;
  /** Of commands that wait to be tried again. */
  readonly #pauses: Pauses;
  /** Give up waiting for an answer. */
  readonly #waiting = new Set<() => void>();
  #client: OpenClient | undefined;
  readonly #copies = new Set<OpenClient>();

  /** @throws RangeError when an option makes no sense. */
  constructor(options: RedisOptions) {
    const { url, client, keyPrefix } = options;
    if ((url === undefined) === (client === undefined)) throw new RangeError("give either url or client");
    if (url !== undefined && !isRedisUrl(url)) throw new RangeError("url must be like redis://host:port or rediss://host:port");
    if (client !== undefined) refuseClient(client);
    this.#options = options;
    this.keys = keysOf(keyPrefix);
    this.clock = options.clock ?? systemClock;
    this.entropy = options.entropy ?? systemEntropy;
    this.retryTimeoutMs = durationMs(options.retryTimeout ?? "10s", "retryTimeout");
    if (this.retryTimeoutMs < 1) throw new RangeError("retryTimeout must be 1 ms or more");
    this.#pauses = new Pauses(this);
    this.store = `the Redis ${url === undefined ? "of the client" : placeOf(url)} (prefix ${JSON.stringify(this.keys.prefix)})`;
    this.#run = new SharedRun({
      open: () => this.#open(),
      close: () => this.#leave(),
      notRunning: () => new PersistenceError("WFE_PROVIDER_NOT_RUNNING", "the Redis connection is not open: call start() first"),
    });
  }

  /**
   * Connects. Counted: as many stops close it. A start that has failed leaves nothing open, and may be tried again.
   *
   * @throws PersistenceError `WFE_STORE_UNREACHABLE` when the server stays away for `retryTimeout` (retryable), or refuses access (not, and at once);
   * `WFE_STORE_READ_ONLY` when it is a replica that takes no writes (retryable); `WFE_PERSISTENCE_FAILED` when it is older than 7.
   */
  start(): Promise<void> {
    return this.#run.start();
  }

  /** Closes the clients when nobody uses the connection any more, but not a caller's. What still waits to be tried again rejects. */
  stop(): Promise<void> {
    return this.#run.stop();
  }

  /**
   * For commands; shared by all. Ours gives up at once what is under way when its connection ends: {@link command} tries again.
   *
   * @throws PersistenceError `WFE_PROVIDER_NOT_RUNNING` when it is not open.
   * @internal
   */
  get client(): RedisClient {
    return this.#current().client;
  }

  /**
   * A client of its own for what blocks a connection or subscribes. It connects with its first command, keeps commands while it is not connected, and connects
   * again by itself; it is closed by {@link release}, or else by the last stop.
   *
   * @param overrides - Settings of the driver that differ.
   * @throws PersistenceError `WFE_PROVIDER_NOT_RUNNING` when it is not open.
   * @internal
   */
  duplicate(overrides: DriverOptions = {}, options: Pick<CopyOptions, "subscribes"> = {}): RedisClient {
    const copy = this.#current().copy(overrides, { ...options, reconnectMs: (attempt) => this.#reconnectMs(attempt) });
    this.#copies.add(copy);
    return copy.client;
  }

  /** Closes a client of {@link duplicate}. @internal */
  async release(client: RedisClient): Promise<void> {
    const copy = [...this.#copies].find((each) => each.client === client);
    if (copy === undefined) return;
    this.#copies.delete(copy);
    await copy.close();
  }

  /** What the queue is judged by: epoch milliseconds of the clock that was given, or `undefined` for that of the server. @internal */
  get judgedNow(): number | undefined {
    return this.#options.clock?.now();
  }

  /**
   * Runs a command until it succeeds, fails for good, or the time for it is over. It may have been carried out before when it is tried again.
   *
   * @throws WfeError - Typed and with the driver's error as its cause.
   * @internal
   */
  async command<T>(
    run: (client: RedisClient) => Promise<T>,
    { timeoutMs = this.retryTimeoutMs, repeatable = true }: CommandOptions = {},
  ): Promise<T> {
    const deadline = this.clock.monotonic() + timeoutMs;
    // By a server that cannot do it now, after which its connection is ended on purpose.
    let answered: unknown;
    for (let attempt = 0; ; attempt += 1) {
      const open = this.#current();
      try {
        return await this.#timed(run(open.client), deadline);
      } catch (error) {
        if (open.isEnded)
          throw new PersistenceError("WFE_STORE_UNREACHABLE", `${this.store} has been closed by its owner: give one that is open`, { cause: error });
        if (!isConnectionLoss(error)) answered = error;
        if (!repeatable || !isPassing(error) || this.clock.monotonic() >= deadline) throw storeError(answered ?? error, this.store, open.lastError);
      }
      await this.#pauses.backOff(attempt, deadline - this.clock.monotonic());
    }
  }

  /**
   * What a command on a client of {@link duplicate} comes to, if that is known in time; it may be carried out later all the same.
   *
   * @throws WfeError - Typed and with the driver's error as its cause.
   * @internal
   */
  async within<T>(promise: Promise<T>, timeoutMs: number = this.retryTimeoutMs): Promise<T> {
    try {
      return await this.#timed(promise, this.clock.monotonic() + timeoutMs);
    } catch (error) {
      throw storeError(error, this.store, this.#client?.lastError);
    }
  }

  /** Why a command would have to wait, for who does not want to; `undefined` when it would not. @internal */
  get absence(): PersistenceError | undefined {
    if (this.#client?.client.status === "ready") return undefined;
    const cause = this.#client?.lastError;
    const text = cause === undefined ? "it is not connected" : messageOf(cause);
    return new PersistenceError("WFE_STORE_UNREACHABLE", `${this.store} cannot be reached: ${text}`, { cause, retryable: true });
  }

  /** What it comes to, or a failure when the deadline is over first: a client of a caller may wait for ever. */
  #timed<T>(promise: Promise<T>, deadline: number): Promise<T> {
    const remainingMs = Math.max(0, Math.ceil(deadline - this.clock.monotonic()));
    return new Promise((resolve, reject) => {
      const end = (): void => {
        timer.cancel();
        this.#waiting.delete(giveUp);
      };
      const giveUp = (): void => {
        end();
        reject(new Error("no answer came in time"));
      };
      const timer = this.clock.setTimer(remainingMs, giveUp);
      this.#waiting.add(giveUp);
      promise.finally(end).then(resolve, reject);
    });
  }

  #current(): OpenClient {
    if (this.#client === undefined) this.#run.check();
    return this.#client as OpenClient; // set as long as the run's check passes
  }

  async #open(): Promise<void> {
    const { url, client } = this.#options;
    this.#client = new OpenClient(client ?? this.#ownClient(url as string), client !== undefined); // one of the two, by the constructor's check
    try {
      refuseServer(await this.command((each) => each.info()), this.store);
    } catch (error) {
      await this.#leave();
      throw error;
    }
  }

  #ownClient(url: string): Redis {
    const timeoutMs = Math.min(this.retryTimeoutMs, MOST_CONNECT_MS);
    return new Redis(url, {
      lazyConnect: true,
      connectTimeout: timeoutMs,
      // A connection that no answer comes from any more is given up, with what waits for answers on it.
      commandTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      // What is under way when a connection ends fails at once; whether to send it again is decided here, and not by the driver.
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      enableAutoPipelining: true,
      retryStrategy: (attempt) => this.#reconnectMs(attempt),
      // After a fail-over another connection may lead to the primary.
      reconnectOnError: (error) => error.message.startsWith("READONLY"),
    });
  }

  /** Pause before a connection is made again: so short that one can be had within the time of a command. */
  #reconnectMs(attempt: number): number {
    const longest = Math.max(SHORTEST_RECONNECT_MS, Math.min(LONGEST_RECONNECT_MS, this.retryTimeoutMs / 4, SHORTEST_RECONNECT_MS * 2 ** attempt));
    return Math.ceil(longest * (0.5 + 0.5 * this.entropy.random()));
  }

  async #leave(): Promise<void> {
    const open = [...this.#copies, ...(this.#client === undefined ? [] : [this.#client])];
    this.#copies.clear();
    this.#client = undefined;
    this.#pauses.end();
    await Promise.all(open.map((each) => each.close()));
    for (const giveUp of this.#waiting) giveUp();
  }
}

/**
 * A connection for several providers, to be shared by them: `new RedisLockProvider(connection)`. Nothing is connected before a provider starts.
 *
 * @throws RangeError when an option makes no sense.
 */
export function openRedis(options: RedisOptions): RedisConnection {
  return new RedisConnection(options);
}

/** The connection that was given, or one of its own for the options. */
export function connectionOf(connection: RedisConnection | RedisOptions): RedisConnection {
  return connection instanceof RedisConnection ? connection : openRedis(connection);
}

function isRedisUrl(url: string): boolean {
  return /^rediss?:\/\/./.test(url) && URL.canParse(url);
}

/** Host, port and database of a url. */
function placeOf(url: string): string {
  const { host, pathname } = new URL(url);
  return JSON.stringify(`${host}${pathname}`);
}
