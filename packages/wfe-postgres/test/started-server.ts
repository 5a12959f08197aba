import pg from "pg";
import { startPostgresServer } from "wfe-test-services";

/** A server of a test file, which may end it and its connections. */
export interface StartedServer {
  /** A schema that no other test has. */
  readonly newSchema: () => string;
  /** @param applicationName - By which the server knows the connection. */
  readonly url: (applicationName?: string) => string;
  readonly query: (text: string, values?: readonly unknown[]) => Promise<readonly any[]>;
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts a server of its own. */
export async function startedServer(): Promise<StartedServer> {
  const server = await startPostgresServer();
  const url = (applicationName = "test"): string => `${server.url}?application_name=${applicationName}`;
  const pool = new pg.Pool({ connectionString: url("witness"), max: 2 });
  pool.on("error", () => {});
  let schemas = 0;
  return {
    newSchema: () => `s_${(schemas += 1)}`,
    url,
    query: async (text, values = []) => (await pool.query(text, [...values])).rows,
    restart: () => server.restart(),
    stop: async () => {
      await pool.end();
      await server.dispose();
    },
  };
}

/** A pool that keeps the text of each statement. */
export function listeningPool(connectionString: string, max = 5): { readonly pool: pg.Pool; readonly statements: string[] } {
  const pool = new pg.Pool({ connectionString, max });
  const statements: string[] = [];
  pool.on("connect", (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    client.query = ((first: string | { readonly text: string }, ...rest: unknown[]) => {
      statements.push(typeof first === "string" ? first : first.text);
      return query(first, ...rest);
    }) as typeof client.query;
  });
  return { pool, statements };
}
