import { setTimeout as sleep } from "node:timers/promises";
import { timeToComeBack } from "../coming-back.ts";
import { type Blows, type DrillOutcome, type DrillPlan, type DrillSettings, runDrill, type Scene } from "../drill-run.ts";
import { atMost, same } from "../finding.ts";
import { PostgresStore } from "../postgres-store.ts";
import { SqliteStore } from "../sqlite-store.ts";

const LOCK_TTL_MS = 3_000;
/** The pauses of drivers and of the engine between two tries, a sweep, and what a busy machine needs. */
const COMES_BACK_WITHIN_MS = 30_000;

/** One blow, and when it falls: at which share of the workflows that have ended. */
interface Blow {
  readonly from: number;
  readonly what: string;
  readonly act: () => Promise<void>;
  /** Resolves when what the blow has begun is over. @default with the blow */
  readonly settled?: () => Promise<void>;
}

/** What the workflows are stored by ends and is started again: the server, or, where there is none, all processes at once. */
export async function restart(settings: DrillSettings): Promise<DrillOutcome> {
  if (settings.store === "sqlite") {
    const plan: DrillPlan<SqliteStore> = { store: new SqliteStore(), options: {}, during: async (scene) => await fall(scene, endsOfAll(scene)) };
    return await runDrill(settings, plan);
  }
  const hasRedis = settings.store === "postgres+redis";
  const plan: DrillPlan<PostgresStore> = {
    store: await PostgresStore.start({ redis: hasRedis }),
    options: hasRedis ? { lockTtl: LOCK_TTL_MS } : {},
    during: async (scene) => await fall(scene, endsOfServers(scene)),
  };
  return await runDrill(settings, plan);
}

function endsOfServers({ cluster }: Scene<PostgresStore>): readonly Blow[] {
  const { server, redis } = cluster.store;
  const servers: Blow[] = [
    { from: 0.2, what: "PostgreSQL was restarted, fast", act: () => server.restart("fast") },
    { from: 0.5, what: "PostgreSQL was restarted, immediate (a crash)", act: () => server.restart("immediate") },
  ];
  if (redis === undefined) return servers;
  return [...servers, { from: 0.7, what: "Redis was killed and started without its data", act: () => redis.restart({ keepData: false }) }];
}

function endsOfAll({ cluster, settings }: Scene): readonly Blow[] {
  let starting: Promise<void> | undefined;
  // What it takes to start them again counts.
  const act = async (): Promise<void> => {
    await Promise.all([...cluster.hosts].map((host) => cluster.kill(host)));
    starting = cluster.addHosts(settings.hosts);
  };
  const settled = async (): Promise<void> => await starting;
  return [0.2, 0.6].map((from) => ({ from, what: `all ${settings.hosts} hosts were killed at once and started again`, act, settled }));
}

async function fall({ cluster, trips, settings }: Scene, blows: readonly Blow[]): Promise<Blows> {
  const done: string[] = [];
  const figures: Record<string, string> = {};
  let longest = 0;
  for (const { from, what, act, settled } of blows) {
    while (!trips.isOver && trips.done < from) await sleep(10);
    if (trips.isOver) break;
    settings.tell(what.replace(/ was| were/, " is being").replace("hosts is", "hosts are"));
    const ms = await timeToComeBack(cluster, act, settings.limitMs);
    await settled?.();
    longest = Math.max(longest, ms);
    done.push(what);
    figures[`${done.length}. restart: until every open workflow has gone on`] = `${ms} ms`;
  }
  return {
    done,
    findings: [
      same("restarts", done.length, blows.length),
      atMost("until every open workflow has gone on, longest", longest, COMES_BACK_WITHIN_MS, " ms"),
    ],
    figures,
  };
}
