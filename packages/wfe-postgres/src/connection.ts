import { systemClock } from "wfe-core";

/** A value of a parameter; lists become arrays of PostgreSQL. */
export type SqlValue = string | number | boolean | null | readonly (string | number | boolean | null)[];

/** What a statement has given. */
export interface PostgresResult {
  readonly rows: readonly unknown[];
  readonly rowCount: number | null;
}

/** One statement, as the driver takes it. */
export interface PostgresQuery {
  readonly text: string;
  readonly values: unknown[];
  readonly types: { getTypeParser(oid: number, format?: string): (value: string) => unknown };
  readonly query_timeout: number;
}

/** The part of a client of the driver `pg` that is used here. */
export interface PostgresClient {
  query(query: PostgresQuery): Promise<PostgresResult>;
  release(destroy?: boolean): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  on(event: "notification", listener: (message: { readonly channel: string; readonly payload?: string | undefined }) => void): unknown;
  off(event: "error", listener: (error: Error) => void): unknown;
  off(event: "end", listener: () => void): unknown;
  off(event: "notification", listener: (message: { readonly channel: string; readonly payload?: string | undefined }) => void): unknown;
}

/** The part of a `Pool` of the driver `pg` that is used here. */
export interface PostgresPool {
  readonly options: { readonly max?: number };
  connect(): Promise<PostgresClient>;
  connect(callback: (error: Error | undefined, client: PostgresClient | undefined) => void): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  off(event: "error", listener: (error: Error) => void): unknown;
}

// What comes back is text but for these: 64-bit numbers are instants and counters, which stay far below 2^53.
const PARSERS: Readonly<Record<number, (value: string) => unknown>> = {
  16: (value) => value === "t",
  20: Number,
  21: Number,
  23: Number,
  114: (value) => JSON.parse(value) as unknown,
};
const asText = (value: string): unknown => value;
// Given with each statement: what the pool's owner has set for other uses of it stays.
const TYPES: PostgresQuery["types"] = { getTypeParser: (oid) => PARSERS[oid] ?? asText };

/** A failure of a statement, and whether the server may have carried it out all the same. */
export class StatementFailure extends Error {
  override readonly name = "StatementFailure";
  /** What the driver threw. */
  override readonly cause: unknown;
  /** Whether it was on its way to the server. */
  readonly sent: boolean;

  constructor(cause: unknown, sent: boolean) {
    super("a statement has failed");
    this.cause = cause;
    this.sent = sent;
  }
}

/** Runs one statement on a client. */
export async function runOn<TRow>(client: PostgresClient, text: string, values: readonly SqlValue[], timeoutMs: number): Promise<readonly TRow[]> {
  const { rows } = await client.query({ text, values: [...values], types: TYPES, query_timeout: timeoutMs });
  return rows as readonly TRow[]; // the caller knows the columns of its statement
}

/** How long a pool may take to give a connection; one of ours gives up before. */
const TAKE_TIMEOUT_MS = 30_000;

/**
 * Takes a client from a pool, with a listener to its errors, which would end the process: a pool listens to the clients that nobody has taken.
 * By the driver's callback: its promise comes a moment later, and the end of a connection may be in the same packet as its beginning.
 */
export function takeFrom(pool: PostgresPool): Promise<PostgresClient> {
  return new Promise((resolve, reject) => {
    let given = false;
    // A caller's pool has no limit by itself, and a server that is lost to the network never answers. By the machine's clock, as the driver's limits.
    const timer = systemClock.setTimer(TAKE_TIMEOUT_MS, () => {
      given = true;
      reject(new Error(`the pool has given no connection within ${TAKE_TIMEOUT_MS / 1_000} s`));
    });
    pool.connect((error, client) => {
      timer.cancel();
      if (client === undefined) return reject(error as Error); // one of the two is given
      if (given) return client.release();
      client.on("error", ignore);
      resolve(client);
    });
  });
}

/** Gives back what {@link takeFrom} has given. @param destroy - Whether it cannot be used further. */
export function giveBack(client: PostgresClient, destroy: boolean): void {
  client.off("error", ignore);
  client.release(destroy); // which listens again
}

/**
 * Runs one statement on a client of the pool, outside of any transaction.
 *
 * @throws StatementFailure for whatever the pool or the driver throws.
 */
export async function runOnPool<TRow>(
  pool: PostgresPool,
  text: string,
  values: readonly SqlValue[],
  options: { readonly timeoutMs: number; readonly mayKeep: (error: unknown) => boolean },
): Promise<readonly TRow[]> {
  let client: PostgresClient;
  try {
    client = await takeFrom(pool);
  } catch (error) {
    throw new StatementFailure(error, false);
  }
  let destroy = true;
  try {
    const rows = await runOn<TRow>(client, text, values, options.timeoutMs);
    destroy = false;
    return rows;
  } catch (error) {
    destroy = !options.mayKeep(error);
    throw new StatementFailure(error, true);
  } finally {
    giveBack(client, destroy);
  }
}

/** The loss of a connection is found by the next statement on it. */
export function ignore(): void {}

/** Runs one statement, or several without values, within a transaction. */
export type RunInTransaction = <TRow>(text: string, values?: readonly SqlValue[]) => Promise<readonly TRow[]>;

/**
 * Runs several statements in one transaction, at READ COMMITTED: each sees what was committed before it.
 *
 * @throws StatementFailure for whatever the pool or the driver throws; nothing is then changed, unless the answer to the COMMIT was lost.
 */
export async function transactionOnPool<T>(pool: PostgresPool, timeoutMs: number, work: (run: RunInTransaction) => Promise<T>): Promise<T> {
  let client: PostgresClient;
  try {
    client = await takeFrom(pool);
  } catch (error) {
    throw new StatementFailure(error, false);
  }
  const run: RunInTransaction = async <TRow>(text: string, values: readonly SqlValue[] = []): Promise<readonly TRow[]> => {
    try {
      return await runOn<TRow>(client, text, values, timeoutMs);
    } catch (error) {
      throw new StatementFailure(error, true);
    }
  };
  let finished = false;
  try {
    await run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
    const value = await work(run);
    await run("COMMIT");
    finished = true;
    return value;
  } finally {
    giveBack(client, !finished); // the end of a connection rolls back
  }
}
