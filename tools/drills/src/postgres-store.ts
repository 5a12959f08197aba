import { Redis } from "ioredis";
import pg from "pg";
import type { PostgresProvidersOptions } from "wfe-postgres";
import { eventually } from "wfe/test-support";
import { type PostgresServer, type RedisServer, startPostgresServer, startRedisServer } from "wfe-test-services";
import type { ClusterPlaces } from "./cluster-places.ts";
import { type Census, censusOf, type ClusterStore, type OpenWait, type OpenWorkflow, statements } from "./cluster-store.ts";

const SQL = statements("wfe.");

/** What a store on a server of its own is made of. */
export interface PostgresStoreParts {
  /** Whether locks and queue are in a Redis of its own. @default false */
  readonly redis?: boolean;
  /** Of the hosts alone. */
  readonly hostOptions?: Partial<PostgresProvidersOptions>;
  /** A folder that the database is in, which the server's user may write to. @default in the server's */
  readonly folder?: string;
}

type Row = Readonly<Record<string, unknown>>;

/** A PostgreSQL server of its own, and perhaps a Redis. */
export class PostgresStore implements ClusterStore {
  readonly server: PostgresServer;
  readonly redis: RedisServer | undefined;
  readonly url: string;
  readonly places: ClusterPlaces;
  readonly hostPlaces: ClusterPlaces;

  /** @param url - Of the database. */
  private constructor(server: PostgresServer, url: string, redis: RedisServer | undefined, hostOptions: Partial<PostgresProvidersOptions>) {
    this.server = server;
    this.url = url;
    this.redis = redis;
    const place = { postgres: { connectionString: url }, ...(redis === undefined ? {} : { redis: { url: redis.url } }) };
    this.places = place;
    this.hostPlaces = { ...place, postgres: { ...place.postgres, ...hostOptions } };
  }

  static async start({ redis = false, hostOptions = {}, folder }: PostgresStoreParts = {}): Promise<PostgresStore> {
    const [server, redisServer] = await Promise.all([startPostgresServer(), redis ? startRedisServer() : undefined]);
    const store = new PostgresStore(server, server.url, redisServer, hostOptions);
    if (folder === undefined) return store;
    try {
      await store.ask(`CREATE TABLESPACE small LOCATION '${folder}'`);
      await store.ask("CREATE DATABASE small TABLESPACE small");
    } catch (error) {
      await store.dispose();
      throw error;
    }
    return new PostgresStore(server, server.url.replace(/postgres$/, "small"), redisServer, hostOptions);
  }

  async census(): Promise<Census> {
    return censusOf(await this.ask(SQL.census));
  }

  async openWaits(): Promise<readonly OpenWait[]> {
    return await this.ask<OpenWait>(SQL.openWaits);
  }

  async openWorkflows(): Promise<readonly OpenWorkflow[]> {
    const rows = await this.ask<{ readonly id: string; readonly revision: string }>(SQL.openWorkflows);
    return rows.map(({ id, revision }) => ({ id, revision: Number(revision) }));
  }

  async forget(): Promise<void> {
    if (this.redis === undefined) await this.ask("WITH hints AS (DELETE FROM wfe.queue) DELETE FROM wfe.leases");
    else await flush(this.redis.url);
  }

  /** Asks the server over a connection of its own, until there is an answer. */
  async ask<T = Row>(text: string, values: readonly unknown[] = []): Promise<readonly T[]> {
    const rows = await eventually(() => this.#askOnce(text, values), { what: `an answer to ${text}`, interval: 50, timeout: "30s" });
    return rows as readonly T[]; // as the statement says
  }

  /** Ends all connections that there are, those of the client here among them. */
  async endConnections(): Promise<number> {
    const [row] = await this.ask(
      "SELECT count(pg_terminate_backend(pid)) AS ended FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
    );
    return Number(row?.["ended"]);
  }

  async dispose(): Promise<void> {
    await this.server.dispose();
    await this.redis?.dispose();
  }

  async #askOnce(text: string, values: readonly unknown[]): Promise<readonly unknown[]> {
    const client = new pg.Client({ connectionString: this.url });
    client.on("error", () => {}); // its end is found by the query
    try {
      await client.connect();
      return (await client.query<Row>(text, [...values])).rows;
    } finally {
      await client.end().catch(() => {});
    }
  }
}

/** Empties a Redis. */
export async function flush(url: string): Promise<void> {
  const client = new Redis(url);
  client.on("error", () => {}); // the failure of the command says it
  try {
    await client.flushall();
  } finally {
    client.disconnect();
  }
}
