import pg from "pg";
import type { VirtualClock } from "../src/test-support/index.ts";

/** A pool for whose connections and queries a virtual clock waits, so that time stands still while the server works. */
export class TrackedPool extends pg.Pool {
  /** The clock of the test that is run. */
  clock: VirtualClock | undefined;

  constructor(connectionString: string) {
    super({ connectionString, max: 8 });
    this.setMaxListeners(0); // as many as there are hosts in a test
    this.on("connect", (client) => this.#track(client));
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: (error: Error | undefined, client: pg.PoolClient | undefined, done: (release?: any) => void) => void): void;
  override connect(callback?: (error: Error | undefined, client: pg.PoolClient | undefined, done: (release?: any) => void) => void): unknown {
    if (callback === undefined) return super.connect();
    let given = (): void => {};
    void this.clock?.track(new Promise<void>((resolve) => (given = resolve)));
    return super.connect((error, client, done) => {
      given();
      callback(error, client, done);
    });
  }

  #track(client: pg.PoolClient): void {
    const query = client.query.bind(client) as (...args: readonly unknown[]) => unknown;
    Object.assign(client, {
      query: (...args: readonly unknown[]): unknown => {
        const result = query(...args);
        return result instanceof Promise ? (this.clock?.track(result) ?? result) : result;
      },
    });
  }
}
