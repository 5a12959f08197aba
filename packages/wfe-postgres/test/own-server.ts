import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { openTcpProxy, type PostgresServer, type PostgresServerOptions, startPostgresServer, type TcpProxy } from "wfe-test-services";
import type { Provider } from "wfe-core";

/** A server of a test file that it may break, a way to it that it may break, and what looks after both. */
export interface OwnServer {
  readonly server: PostgresServer;
  /** A fresh one for each test. */
  readonly proxy: TcpProxy;
  /** A schema that no other test has. */
  newSchema(): string;
  /** Asks the server itself, over a connection of its own. */
  ask(text: string, values?: readonly unknown[]): Promise<readonly any[]>;
  /** Starts a provider, which is stopped after the test. */
  started<T extends Provider>(provider: T): Promise<T>;
}

/** To be called within `describe` or at the top level of a file. */
export function ownServer(options: PostgresServerOptions = {}): OwnServer {
  let server: PostgresServer | undefined;
  let proxy: TcpProxy | undefined;
  let schemas = 0;
  const providers: Provider[] = [];
  beforeAll(async () => {
    server = await startPostgresServer(options);
  });
  afterEach(async () => {
    proxy?.resume();
    await proxy?.accept();
    for (const provider of providers.splice(0)) await provider.stop();
    await proxy?.close();
    proxy = undefined;
  });
  afterAll(() => server?.dispose());
  const own = (): PostgresServer => server as PostgresServer; // started before the tests
  beforeEach(async () => {
    proxy = await openTcpProxy(own().url);
  });
  return {
    get server() {
      return own();
    },
    get proxy() {
      return proxy as TcpProxy; // opened before each test
    },
    newSchema: () => `s_${(schemas += 1)}`,
    ask: (text, values) => ask(own().url, text, values),
    started: async (provider) => {
      await provider.start();
      providers.push(provider);
      return provider;
    },
  };
}

/** Asks over a connection of its own. */
export async function ask(url: string, text: string, values: readonly unknown[] = []): Promise<readonly any[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {}); // its end is found by the query
  await client.connect();
  try {
    return (await client.query(text, [...values])).rows;
  } finally {
    await client.end();
  }
}
