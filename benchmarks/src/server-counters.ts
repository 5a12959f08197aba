import type { StoreKind } from "./engines.ts";
import { processTreeCpuMs } from "./process-tree-cpu.ts";
import type { Servers } from "./servers.ts";

/** What the servers of a store have done so far, by name. */
export type ServerCounters = Readonly<Record<string, number>>;

/** What is exact at any time. */
export async function serverCounters(servers: Servers, store: StoreKind): Promise<ServerCounters> {
  const postgres = store.startsWith("postgres") ? await postgresCounters(servers) : {};
  const redis = store.endsWith("redis") ? await redisCounters(servers) : {};
  const serverCpuMs = [postgres, redis].map(({ cpuMs }) => cpuMs).filter((each) => each !== undefined);
  const { cpuMs: _, ...counters } = { ...postgres, ...redis };
  return { ...counters, ...(serverCpuMs.length === 0 ? {} : { serverCpuMs: serverCpuMs.reduce((sum, each) => sum + each, 0) }) };
}

/**
 * How often PostgreSQL has synced its log. A connection reports what it did when it ends, or now and then: the number is exact before a measured
 * process begins and after it has ended, and at no time between.
 */
export async function walSyncs(servers: Servers): Promise<number> {
  const { version } = await servers.askPostgres("SELECT current_setting('server_version_num')::int AS version");
  const text =
    Number(version) >= 180_000 ? "SELECT sum(fsyncs) AS syncs FROM pg_stat_io WHERE object = 'wal'" : "SELECT wal_sync AS syncs FROM pg_stat_wal";
  return Number((await servers.askPostgres(text))["syncs"]);
}

async function postgresCounters(servers: Servers): Promise<ServerCounters> {
  const { bytes } = await servers.askPostgres("SELECT pg_current_wal_insert_lsn() - '0/0' AS bytes");
  const cpuMs = servers.postgres.pid === undefined ? undefined : processTreeCpuMs(servers.postgres.pid);
  return { walBytes: Number(bytes), ...(cpuMs === undefined ? {} : { cpuMs }) };
}

async function redisCounters(servers: Servers): Promise<ServerCounters> {
  const [stats, cpu] = [await servers.redisInfo("stats"), await servers.redisInfo("cpu")];
  const seconds = Number(cpu.get("used_cpu_sys")) + Number(cpu.get("used_cpu_user"));
  return { redisCommands: Number(stats.get("total_commands_processed")), cpuMs: seconds * 1_000 };
}
