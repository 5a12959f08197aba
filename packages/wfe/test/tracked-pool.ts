import pg from "pg";
import type { VirtualClock } from "../src/test-support/index.ts";

type Query = (...args: readonly unknown[]) => unknown;

/**
 * A pool for whose connections and queries a virtual clock waits, so that time stands still while the server works. Where a connection listens, the server is
 * asked for what it has to tell: notifications of what is committed come before the answer to a later query.
 */
export class TrackedPool extends pg.Pool {
  #clock: VirtualClock | undefined;
  #endAsking = (): void => {};
  /** Clients that listen, each with its own way to ask. */
  readonly #listening = new Map<pg.PoolClient, Query>();
  /** Queries so far. */
  #sent = 0;
  /** How many there were when all was at rest. */
  #sentAtRest = 0;

  constructor(connectionString: string) {
    super({ connectionString, max: 8 });
    this.setMaxListeners(0); // as many as there are hosts in a test
    this.on("connect", (client) => this.#track(client));
    this.on("release", (_error, client) => this.#listening.delete(client));
  }

  /** Goes by the clock of the test that is run. */
  useClock(clock: VirtualClock | undefined): void {
    this.#endAsking();
    this.#clock = clock;
    this.#endAsking = clock?.askBeforeMoving(() => this.#isAtRest()) ?? ((): void => {});
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: (error: Error | undefined, client: pg.PoolClient | undefined, done: (release?: any) => void) => void): void;
  override connect(callback?: (error: Error | undefined, client: pg.PoolClient | undefined, done: (release?: any) => void) => void): unknown {
    if (callback === undefined) return super.connect();
    let given = (): void => {};
    void this.#clock?.track(new Promise<void>((resolve) => (given = resolve)));
    return super.connect((error, client, done) => {
      given();
      callback(error, client, done);
    });
  }

  #track(client: pg.PoolClient): void {
    const query = client.query.bind(client) as Query;
    Object.assign(client, {
      query: (...args: readonly unknown[]): unknown => {
        this.#sent += 1;
        const [{ text = "" } = {}] = args as readonly [{ readonly text?: string }?];
        if (text.startsWith("LISTEN ")) this.#listening.set(client, query);
        const result = query(...args);
        return result instanceof Promise ? (this.#clock?.track(result) ?? result) : result;
      },
    });
  }

  async #isAtRest(): Promise<boolean> {
    const sent = this.#sent;
    if (sent !== this.#sentAtRest) await Promise.all([...this.#listening.values()].map((query) => query("SELECT 1")));
    this.#sentAtRest = sent;
    return true;
  }
}
