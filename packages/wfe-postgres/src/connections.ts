import pg from "pg";
import { type Clock, systemClock } from "wfe-core";
import { ignore, type PostgresClient, type PostgresPool } from "./connection.ts";
import { leadsAstray } from "./error-mapping.ts";

/** How long a pool of our own may take to give a connection. A caller's may take as long as an operation: it may be busy with other things. */
const CONNECT_TIMEOUT_MS = 5_000;
/** How long the farewell to a server may take that does not answer. */
const CLOSE_TIMEOUT_MS = 2_000;
/** After so long without a word the network is asked whether the server is still there; the system's default is hours. */
const KEEP_ALIVE_DELAY_MS = 10_000;

/** How many connections of a caller's pool are kept, each by a database that uses it. */
const kept = new WeakMap<PostgresPool, number>();

/** The connections of a pool, ours or a caller's, for one statement or transaction at a time. */
export class Connections {
  readonly pool: PostgresPool;
  readonly #own: pg.Pool | undefined;
  readonly #clock: Clock;
  readonly #takeTimeoutMs: number;
  /** Open ones of our own pool. */
  readonly #open = new Set<PostgresClient>();
  /** How often all that there were had led astray, when a connection was made. */
  readonly #born = new WeakMap<PostgresClient, number>();
  #generation = 0;
  #keepsOne = false;

  private constructor(pool: PostgresPool, own: pg.Pool | undefined, clock: Clock, queryTimeoutMs: number) {
    this.pool = pool;
    this.#own = own;
    this.#clock = clock;
    this.#takeTimeoutMs = Math.max(CONNECT_TIMEOUT_MS, queryTimeoutMs);
    pool.on("error", ignore);
    pool.on("connect", this.#onConnect);
    own?.on("remove", (client) => this.#open.delete(client));
  }

  /** Of a caller's pool, which is left as it is. */
  static of(pool: PostgresPool, clock: Clock, queryTimeoutMs: number): Connections {
    return new Connections(pool, undefined, clock, queryTimeoutMs);
  }

  /** Of a pool of our own, so many at most. */
  static to(connectionString: string | undefined, max: number, clock: Clock, queryTimeoutMs: number): Connections {
    const pool = new pg.Pool({
      connectionString,
      max,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
      application_name: "wfe",
    });
    return new Connections(pool, pool, clock, queryTimeoutMs);
  }

  /**
   * Takes a client, with a listener to its errors, which would end the process: a pool listens to the clients that nobody has taken.
   * {@link give} it back.
   */
  async take(): Promise<PostgresClient> {
    for (;;) {
      const client = await this.#take();
      if (this.#bornOf(client) === this.#generation) return client;
      // It is as old as one that has led astray.
      this.#giveBack(client, true);
      end(client); // its farewell would wait for an answer
    }
  }

  /** Gives a client back. @param failure - Why it cannot be used further; `undefined` when it can. */
  give(client: PostgresClient, failure?: { readonly cause: unknown }): void {
    // Once for all that are of its age.
    if (failure !== undefined && leadsAstray(failure.cause) && this.#bornOf(client) === this.#generation) this.#generation += 1;
    this.#giveBack(client, failure !== undefined);
  }

  /**
   * Notes that one connection will be kept, until the end.
   *
   * @throws RangeError when none would be left for statements: several databases may have been given one pool.
   */
  keepOne(): void {
    if (this.#own !== undefined) return; // made with room for it
    const count = (kept.get(this.pool) ?? 0) + 1;
    const max = this.pool.options.max ?? 10; // the driver's default
    if (count >= max) {
      throw new RangeError(
        `a pool of ${max} is too small: ${count} databases with notifications would keep a connection of it each, and none would be left for statements; give a larger pool`,
      );
    }
    kept.set(this.pool, count);
    this.#keepsOne = true;
  }

  /** Ends our own connections, by force if need be; lets go of a caller's pool. */
  async close(): Promise<void> {
    this.pool.off("connect", this.#onConnect);
    if (this.#own === undefined) {
      this.pool.off("error", ignore);
      if (this.#keepsOne) kept.set(this.pool, (kept.get(this.pool) ?? 1) - 1);
      this.#keepsOne = false;
      return;
    }
    const removed = Promise.all([...this.#open].map((client) => new Promise<void>((resolve) => void client.on("end", resolve))));
    await new Promise<void>((resolve) => {
      const timer = this.#clock.setTimer(CLOSE_TIMEOUT_MS, resolve);
      void Promise.all([this.#own?.end(), removed]).then(() => {
        timer.cancel();
        resolve();
      }, resolve);
    });
    // A server that is lost to the network does not say farewell, and the process would stay for it.
    for (const client of this.#open) end(client);
  }

  readonly #onConnect = (client: PostgresClient): void => {
    this.#born.set(client, this.#generation);
    if (this.#own !== undefined) this.#open.add(client);
  };

  #bornOf(client: PostgresClient): number {
    return this.#born.get(client) ?? 0; // a caller's that was there before
  }

  #take(): Promise<PostgresClient> {
    return new Promise((resolve, reject) => {
      let given = false;
      // A caller's pool has no limit by itself, and a server that is lost to the network never answers. By the machine's clock, as the driver's limits.
      const timer = systemClock.setTimer(this.#takeTimeoutMs, () => {
        given = true;
        reject(new Error(`the pool has given no connection within ${this.#takeTimeoutMs} ms`));
      });
      const onGiven = (error: Error | undefined, client: PostgresClient | undefined): void => {
        timer.cancel();
        if (client === undefined) return reject(error as Error); // one of the two is given
        if (given) return client.release();
        client.on("error", ignore);
        resolve(client);
      };
      try {
        // By the driver's callback: its promise comes a moment later, and the end of a connection may be in the same packet as its beginning.
        this.pool.connect(onGiven);
      } catch (error) {
        onGiven(error as Error, undefined); // a connection string that cannot be
      }
    });
  }

  #giveBack(client: PostgresClient, destroy: boolean): void {
    client.off("error", ignore);
    client.release(destroy); // which listens again
  }
}

/** Ends a client without a farewell. */
function end(client: PostgresClient): void {
  client.connection?.stream?.destroy();
}
