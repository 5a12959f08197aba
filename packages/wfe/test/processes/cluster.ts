import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { postgresProviders, type PostgresProvidersOptions } from "wfe-postgres";
import { type RedisOptions, redisProviders } from "wfe-redis";
import { type PostgresServer, type RedisServer, startPostgresServer, startRedisServer } from "wfe-test-services";
import { type HostOptions, type Providers, type StandaloneClient, WorkflowHostBuilder } from "../../src/index.ts";
import { eventually } from "../../src/test-support/index.ts";
import type { Run } from "./trip-workflow.ts";
import { WorkerProcess } from "./worker-processes.ts";

/** What a host of a cluster is started with. */
export interface ClusterSettings {
  readonly journal: string;
  readonly providers: PostgresProvidersOptions;
  /** Where locks and queue are. @default in the database */
  readonly redis?: RedisOptions;
  readonly options: HostOptions;
}

/** What a cluster is made of. */
export interface ClusterParts {
  readonly providers?: Partial<PostgresProvidersOptions>;
  readonly options?: HostOptions;
  /** Whether locks and queue are in a Redis. @default false */
  readonly redis?: boolean;
}

/** The providers of a host of a cluster. */
export function clusterProviders({ providers, redis }: Pick<ClusterSettings, "providers" | "redis">): Providers {
  return redis === undefined ? postgresProviders(providers) : { ...postgresProviders(providers), ...redisProviders(redis) };
}

/** A start of a body, as it stands in the journal. */
export interface JournalLine extends Run {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly pid: number;
}

/** Hosts in processes of their own on a database of their own, and what may be done to them. */
export class Cluster {
  readonly server: PostgresServer;
  readonly redis: RedisServer | undefined;
  readonly providers: Providers;
  readonly client: StandaloneClient;
  /** Those that are to be at work. */
  readonly hosts: WorkerProcess[] = [];
  /** Every process that there was. */
  readonly processes: WorkerProcess[] = [];
  /** Loaded, and not started: a host that is killed is followed by one of them at once. */
  readonly #spares: WorkerProcess[] = [];
  readonly #folder: string;
  readonly #settings: ClusterSettings;

  private constructor(server: PostgresServer, redis: RedisServer | undefined, { providers = {}, options = {} }: ClusterParts) {
    this.server = server;
    this.redis = redis;
    this.#folder = mkdtempSync(join(tmpdir(), "wfe-cluster-"));
    const places = { providers: { connectionString: server.url }, ...(redis === undefined ? {} : { redis: { url: redis.url } }) };
    this.#settings = { ...places, journal: join(this.#folder, "journal"), providers: { ...places.providers, ...providers }, options };
    this.providers = clusterProviders(places);
    this.client = new WorkflowHostBuilder().useProviders(this.providers).buildClient();
  }

  static async start(parts: ClusterParts = {}): Promise<Cluster> {
    const [server, redis] = await Promise.all([startPostgresServer(), parts.redis === true ? startRedisServer() : undefined]);
    const cluster = new Cluster(server, redis, parts);
    await cluster.client.start();
    return cluster;
  }

  async dispose(): Promise<void> {
    await Promise.all(this.processes.map((each) => each.kill()));
    await this.client.stop();
    await this.server.dispose();
    await this.redis?.dispose();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Starts one more host, from a spare if there is one. */
  async addHost(): Promise<WorkerProcess> {
    const host = this.#spares.shift() ?? this.load();
    this.hosts.push(host);
    await host.heard(({ loaded }) => loaded === true);
    host.send("start");
    await host.heard(({ ready }) => ready === true);
    return host;
  }

  async addHosts(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.addHost()));
  }

  keepSpares(count: number): void {
    while (this.#spares.length < count) this.#spares.push(this.load());
  }

  /** A process that waits for its start as a host. */
  load(settings: Partial<PostgresProvidersOptions> = {}): WorkerProcess {
    const providers = { ...this.#settings.providers, ...settings };
    const worker = WorkerProcess.fork("cluster-worker.ts", [JSON.stringify({ ...this.#settings, providers })]);
    this.processes.push(worker);
    return worker;
  }

  async kill(host: WorkerProcess): Promise<void> {
    this.hosts.splice(this.hosts.indexOf(host), 1);
    await host.kill();
  }

  /** Lets all hosts stop in order. @returns Their exit codes. */
  async stopHosts(): Promise<readonly (number | null)[]> {
    return await Promise.all(this.hosts.splice(0).map((host) => host.stop()));
  }

  /** Every start of a body, in order. */
  journal(): readonly JournalLine[] {
    if (!existsSync(this.#settings.journal)) return [];
    const lines = readFileSync(this.#settings.journal, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => {
      const [at, pid, step = "", attempt, key = ""] = line.split(" ");
      return { at: Number(at), pid: Number(pid), step, attempt: Number(attempt), key };
    });
  }

  /** Asks the server over a connection of its own, until there is an answer. */
  async ask(text: string, values: readonly unknown[] = []): Promise<readonly any[]> {
    return await eventually(() => this.#askOnce(text, values), { what: `an answer to ${text}`, interval: 50, timeout: "30s" });
  }

  /** What the hosts have warned of, and how often; without numbers, ids and times. */
  warnings(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { warning, cause } of this.processes.flatMap(({ messages }) => messages)) {
      if (warning === undefined) continue;
      const what = `${warning}${cause === undefined ? "" : ` <- ${cause}`}`.replaceAll(/\bt\d+\b/g, "#").replaceAll(/\d[\d:.TZ-]*/g, "#");
      counts[what] = (counts[what] ?? 0) + 1;
    }
    return counts;
  }

  /** Ends all connections that there are, those of the client here among them. */
  async endConnections(): Promise<number> {
    const [row] = await this.ask(
      "SELECT count(pg_terminate_backend(pid)) AS ended FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
    );
    return Number(row?.ended);
  }

  /**
   * Kills a random host again and again, and freezes another one for a while, until it is told to stop.
   *
   * @returns What was done.
   */
  async harass(everyMs: number, isOver: () => boolean): Promise<{ readonly kills: number; readonly freezes: number }> {
    let kills = 0;
    let freezes = 0;
    let frozen: WorkerProcess | undefined;
    const thawing: Promise<void>[] = [];
    const starting: Promise<unknown>[] = [];
    for (await sleep(everyMs); !isOver(); await sleep(everyMs)) {
      const ready = this.#ready;
      await this.kill(oneOf(ready.length > 1 ? ready : this.hosts));
      kills += 1;
      // Another one may be killed before it has started; one that ends by itself is found by the verdict.
      starting.push(this.addHost().catch(() => {}));
      this.keepSpares(2);
      if (frozen !== undefined || this.#ready.length === 0) continue;
      const host = oneOf(this.#ready);
      frozen = host;
      host.freeze();
      freezes += 1;
      thawing.push(
        sleep(1_000 + Math.random() * 2_000).then(() => {
          host.thaw();
          frozen = undefined;
        }),
      );
    }
    await Promise.all([...thawing, ...starting]);
    return { kills, freezes };
  }

  get #ready(): readonly WorkerProcess[] {
    return this.hosts.filter(({ messages }) => messages.some(({ ready }) => ready));
  }

  async #askOnce(text: string, values: readonly unknown[]): Promise<readonly any[]> {
    const client = new pg.Client({ connectionString: this.server.url });
    client.on("error", () => {}); // its end is found by the query
    try {
      await client.connect();
      return (await client.query(text, [...values])).rows;
    } finally {
      await client.end().catch(() => {});
    }
  }
}

function oneOf<T>(list: readonly T[]): T {
  const one = list[Math.floor(Math.random() * list.length)];
  if (one === undefined) throw new Error("there is none to choose from");
  return one;
}
