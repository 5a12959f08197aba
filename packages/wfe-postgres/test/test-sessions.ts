import pg from "pg";
import { afterAll } from "vitest";
import { eventually } from "wfe-core/test-support";
import type { TestSchema } from "wfe-test-services/vitest";
import type { PostgresClient, PostgresPool, PostgresQuery, PostgresResult } from "../src/connection.ts";

/** Sessions beside those of the providers, which hold rows and locks, and look at what is stored. */
export interface TestSessions {
  /** Of the server, under a name by which {@link blocked} knows who is meant. */
  readonly url: string;
  query(text: string, values?: readonly unknown[]): Promise<readonly any[]>;
  /** A session of its own, within a transaction. */
  begin(text?: string, values?: readonly unknown[]): Promise<pg.Client>;
  /** Ends the transaction of such a session, and the session. */
  end(session: pg.Client, how?: "COMMIT" | "ROLLBACK"): Promise<void>;
  /** Resolves when so many sessions under the name wait for a lock. */
  blocked(count: number): Promise<void>;
}

/** To be called at the top level of a file, or within `describe`. */
export function testSessions(server: TestSchema): TestSessions {
  const name = `test ${server.schema}`;
  const url = new URL(server.url);
  url.searchParams.set("application_name", name);
  const open = new Set<pg.Client>();
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: server.url });
    client.on("error", () => {}); // the server of a run outlives its tests
    await client.connect();
    open.add(client);
    return client;
  };
  let shared: Promise<pg.Client> | undefined;
  const query: TestSessions["query"] = async (text, values = []) => {
    shared ??= connect();
    return (await (await shared).query(text, [...values])).rows;
  };
  afterAll(async () => {
    for (const client of open) await client.end();
  });
  return {
    url: url.href,
    query,
    begin: async (text, values = []) => {
      const client = await connect();
      await client.query("BEGIN");
      if (text !== undefined) await client.query(text, [...values]);
      return client;
    },
    end: async (session, how = "COMMIT") => {
      await session.query(how);
      await session.end();
      open.delete(session);
    },
    blocked: async (count) => {
      await eventually(
        async () => {
          const [found] = await query(
            "SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'",
            [name],
          );
          if (found.count !== count) throw new Error(`${found.count} wait`);
          return true;
        },
        { what: `that ${count} sessions wait for a lock`, interval: 2 },
      );
    },
  };
}

/** A pool that remembers what is run on it. */
export interface WatchedPool extends PostgresPool {
  /** Statements, in the order in which they were sent. */
  readonly sent: PostgresQuery[];
  /** Codes of what has failed. */
  readonly failed: string[];
  /** Connections that somebody has taken. */
  readonly taken: number;
  /** Called with each before it is sent. */
  before: ((query: PostgresQuery) => Promise<void>) | undefined;
  /** One of its clients; release it. */
  take(): Promise<PostgresClient>;
  end(): Promise<void>;
}

/** A pool of a caller, of so many connections. @param onConnect - What each new client does first. */
export function watchedPool(url: string, max: number, onConnect?: (client: pg.PoolClient) => void): WatchedPool {
  const pool = new pg.Pool({ connectionString: url, max });
  pool.on("error", () => {});
  if (onConnect !== undefined) pool.on("connect", onConnect);
  const watched: WatchedPool = {
    options: pool.options,
    sent: [],
    failed: [],
    get taken() {
      return pool.totalCount - pool.idleCount;
    },
    before: undefined,
    on: pool.on.bind(pool),
    off: pool.off.bind(pool),
    end: () => pool.end(),
    connect: (callback) => pool.connect((error, client) => callback(error, client === undefined ? undefined : watchedClient(client))),
    take: () =>
      new Promise((resolve, reject) => watched.connect((error, client) => (client === undefined ? reject(error as Error) : resolve(client)))),
  };
  const watchedClient = (client: pg.PoolClient): PostgresClient =>
    new Proxy(client as any, {
      get: (target, key) => {
        if (key !== "query") return typeof target[key] === "function" ? target[key].bind(target) : target[key];
        return async (query: PostgresQuery): Promise<PostgresResult> => {
          watched.sent.push(query);
          await watched.before?.(query);
          try {
            return await target.query(query);
          } catch (error) {
            watched.failed.push(String((error as { readonly code?: unknown }).code));
            throw error;
          }
        };
      },
    });
  return watched;
}
