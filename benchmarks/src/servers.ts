import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import pg from "pg";
import { type PostgresServer, type RedisServer, startPostgresServer, startRedisServer } from "wfe-test-services";
import type { StoreKind } from "./engines.ts";
import type { Place } from "./measured/measured-engine.ts";

/** As an administrator would have it on a small machine; what is not named is PostgreSQL's default. Checkpoints are made between measurements. */
const POSTGRES_SETTINGS = {
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
  shared_buffers: "256MB",
  max_wal_size: "4GB",
  checkpoint_timeout: "30min",
  track_wal_io_timing: "off",
} as const;

/** What BullMQ's documentation asks for in production. */
const REDIS_SETTINGS = { appendfsync: "everysec", "maxmemory-policy": "noeviction" } as const;

/** A place for one measurement, which is gone when it is disposed of. */
export interface FreshPlace {
  readonly place: Place;
  readonly dispose: () => Promise<void>;
}

/** The servers of a run. All engines use the same. */
export class Servers {
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
  readonly #admin: pg.Client;
  readonly #redisClient: Redis;
  /** Of SQLite files. */
  readonly #folder = mkdtempSync(join(tmpdir(), "wfe-benchmarks-"));
  #places = 0;

  private constructor(postgres: PostgresServer, redis: RedisServer, admin: pg.Client) {
    this.postgres = postgres;
    this.redis = redis;
    this.#admin = admin;
    this.#redisClient = new Redis(redis.url);
  }

  /** Starts them. They end when they are disposed of, or with this process, and nothing of them is left when it is interrupted. */
  static async start(): Promise<Servers> {
    const postgres = await startPostgresServer({ settings: POSTGRES_SETTINGS });
    try {
      const redis = await startRedisServer({ durable: true, settings: REDIS_SETTINGS });
      const admin = new pg.Client({ connectionString: postgres.url });
      await admin.connect();
      const servers = new Servers(postgres, redis, admin);
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void servers.dispose().finally(() => process.exit(130)));
      return servers;
    } catch (error) {
      await postgres.dispose();
      throw error;
    }
  }

  /** An empty database, an emptied Redis or a path where no file is. What servers have put off until now is done before it is given. */
  async freshPlace(store: StoreKind): Promise<FreshPlace> {
    this.#places += 1;
    const name = `benchmark_${this.#places}`;
    if (store === "memory") return { place: {}, dispose: async () => {} };
    if (store === "sqlite") {
      const folder = mkdtempSync(join(this.#folder, `${name}-`));
      return { place: { sqlitePath: join(folder, "benchmark.db") }, dispose: async () => rmSync(folder, { recursive: true, force: true }) };
    }
    let place: Place = {};
    if (store !== "postgres") {
      await this.#redisClient.flushall();
      place = { ...place, redisUrl: this.redis.url };
    }
    if (store === "redis") return { place, dispose: async () => {} };
    await this.#admin.query(`CREATE DATABASE ${name}`);
    await this.#admin.query("CHECKPOINT");
    const url = new URL(this.postgres.url);
    url.pathname = name;
    return {
      place: { ...place, postgresUrl: url.href },
      dispose: async () => void (await this.#admin.query(`DROP DATABASE ${name} WITH (FORCE)`)),
    };
  }

  /** Asks PostgreSQL over a connection of the run's own. */
  async askPostgres(text: string): Promise<Readonly<Record<string, unknown>>> {
    const { rows } = await this.#admin.query<Record<string, unknown>>(text);
    return rows[0] ?? {};
  }

  /** One section of Redis's `INFO`, by name. */
  async redisInfo(section: string): Promise<ReadonlyMap<string, string>> {
    const lines = (await this.#redisClient.info(section)).split("\r\n");
    return new Map(lines.filter((line) => line.includes(":")).map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
  }

  async dispose(): Promise<void> {
    this.#redisClient.disconnect();
    await this.#admin.end().catch(() => {}); // its end is the server's, too
    await Promise.all([this.postgres.dispose(), this.redis.dispose()]);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
