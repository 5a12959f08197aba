import { arrayLiteral } from "./array-literal.ts";

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
  /** Of the prepared statement of this text; the driver has the server prepare it once for each connection. Absent: it is prepared each time. */
  readonly name?: string;
  readonly values: unknown[];
  readonly types: { getTypeParser(oid: number, format?: string): (value: string) => unknown };
  readonly query_timeout: number;
}

/** The part of a client of the driver `pg` that is used here. */
export interface PostgresClient {
  query(query: PostgresQuery): Promise<PostgresResult>;
  release(destroy?: boolean): void;
  /** Process of the server that serves it, as was said when it began. */
  readonly processID?: number | null;
  /** What it goes over; absent with the native driver. */
  readonly connection?: { readonly stream?: { destroy(): unknown } };
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
  connect(callback: (error: Error | undefined, client: PostgresClient | undefined) => void): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "connect", listener: (client: PostgresClient) => void): unknown;
  off(event: "error", listener: (error: Error) => void): unknown;
  off(event: "connect", listener: (client: PostgresClient) => void): unknown;
}

/** Where statements get their connections. */
export interface ConnectionSource {
  take(): Promise<PostgresClient>;
  /** @param failure - Why it cannot be used further; `undefined` when it can. */
  give(client: PostgresClient, failure?: { readonly cause: unknown }): void;
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

function parameter(value: SqlValue): Exclude<SqlValue, readonly unknown[]> {
  return typeof value === "object" && value !== null ? arrayLiteral(value) : value;
}

/** Runs one statement on a client. @param name - Of a statement that stays prepared. @default one that does not */
export async function runOn<TRow>(
  client: PostgresClient,
  text: string,
  values: readonly SqlValue[],
  timeoutMs: number,
  name?: string,
): Promise<readonly TRow[]> {
  const query = { text, values: values.map(parameter), types: TYPES, query_timeout: timeoutMs };
  const { rows } = await client.query(name === undefined ? query : { ...query, name });
  return rows as readonly TRow[]; // the caller knows the columns of its statement
}

/** Of all databases of this process: a connection of a caller's pool may serve several schemas, and takes one text for one name. */
const STATEMENT_NAMES = new Map<string, string>();

/** The name of the prepared statement of a text. Few texts may have one: each stays prepared as long as its connection. */
export function statementName(text: string): string {
  let name = STATEMENT_NAMES.get(text);
  if (name === undefined) {
    name = `wfe_${STATEMENT_NAMES.size + 1}`;
    STATEMENT_NAMES.set(text, name);
  }
  return name;
}

/**
 * Runs one statement on a connection, outside of any transaction.
 *
 * @throws StatementFailure for whatever the pool or the driver throws.
 */
export async function runOnPool<TRow>(
  connections: ConnectionSource,
  text: string,
  values: readonly SqlValue[],
  options: { readonly timeoutMs: number; readonly mayKeep: (error: unknown) => boolean; readonly name?: string | undefined },
): Promise<readonly TRow[]> {
  const client = await taken(connections);
  let failure: { readonly cause: unknown } | undefined;
  try {
    return await runOn<TRow>(client, text, values, options.timeoutMs, options.name);
  } catch (cause) {
    if (!options.mayKeep(cause)) failure = { cause };
    throw new StatementFailure(cause, true);
  } finally {
    connections.give(client, failure);
  }
}

async function taken(connections: ConnectionSource): Promise<PostgresClient> {
  try {
    return await connections.take();
  } catch (error) {
    throw new StatementFailure(error, false);
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
export async function transactionOnPool<T>(
  connections: ConnectionSource,
  timeoutMs: number,
  work: (run: RunInTransaction) => Promise<T>,
): Promise<T> {
  const client = await taken(connections);
  const run: RunInTransaction = async <TRow>(text: string, values: readonly SqlValue[] = []): Promise<readonly TRow[]> => {
    try {
      return await runOn<TRow>(client, text, values, timeoutMs);
    } catch (error) {
      throw new StatementFailure(error, true);
    }
  };
  let failure: { readonly cause: unknown } | undefined;
  try {
    await run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
    const value = await work(run);
    await run("COMMIT");
    return value;
  } catch (error) {
    failure = { cause: error instanceof StatementFailure ? error.cause : error }; // the end of a connection rolls back
    throw error;
  } finally {
    connections.give(client, failure);
  }
}
