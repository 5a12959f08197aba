import { type ConnectionSource, type PostgresClient, runOn } from "./connection.ts";

/** What {@link keepsSessions} looks at. */
export interface SessionCheckOptions {
  /** The two keys of the advisory lock that the client has just taken for its session. */
  readonly space: number;
  readonly presence: number;
  readonly timeoutMs: number;
}

const BACKEND = "SELECT pg_backend_pid() AS pid";

/**
 * Whether a client has a process of the server to itself. A pooler in transaction mode gives it another one for each transaction; it then
 * neither hears notifications nor holds a lock of its own.
 */
export async function keepsSessions(client: PostgresClient, connections: ConnectionSource, options: SessionCheckOptions): Promise<boolean> {
  const backend = async (of: PostgresClient): Promise<number | undefined> =>
    (await runOn<{ pid: number }>(of, BACKEND, [], options.timeoutMs))[0]?.pid;
  const pid = await backend(client);
  // The server tells its process when a connection begins; what stands between tells a number of its own.
  if ((client as { readonly processID?: unknown }).processID === pid) return true;
  const other = await connections.take();
  let failure: { readonly cause: unknown } | undefined;
  try {
    // While this transaction holds a process of the server, the client is given another one, if it was that of the client.
    await runOn(other, "BEGIN", [], options.timeoutMs);
    const shared = (await backend(other)) === pid;
    const moved = (await backend(client)) !== pid;
    const [held] = await runOn<{ held: boolean }>(
      client,
      `SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = $1::int::oid AND objid = $2::int::oid AND objsubid = 2
         AND pid = pg_backend_pid()) AS held`,
      [options.space, options.presence],
      options.timeoutMs,
    );
    await runOn(other, "COMMIT", [], options.timeoutMs);
    return !shared && !moved && held?.held === true;
  } catch (cause) {
    failure = { cause };
    throw cause;
  } finally {
    connections.give(other, failure);
  }
}
