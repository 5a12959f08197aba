import type { Workload } from "./measured/work.ts";

/** Where an engine keeps its state. */
export type StoreKind = "postgres" | "redis" | "postgres+redis" | "sqlite" | "memory";

/** What is known of an engine without loading it. */
export interface Engine {
  readonly name: string;
  /** As the tables have it. */
  readonly title: string;
  /** Of the package that is measured. */
  readonly package: string;
  readonly store: StoreKind;
  /** Whether each write waits for the disk. */
  readonly durability: string;
  /** Of its process: some peers do not run on Node.js 20. */
  readonly node: 20 | 22;
  /** Workloads it has no answer to, with the reason. */
  readonly cannot: Partial<Record<Workload, string>>;
  /** The largest size of a workload that it can do, with the reason. */
  readonly most: Partial<Record<Workload, { readonly size: number; readonly reason: string }>>;
}

const ONLY_COMMITS = "a floor is the commits of W1 alone";
const FLOOR_CANNOT = { w2: ONLY_COMMITS, w3: ONLY_COMMITS, w4: ONLY_COMMITS, w5: ONLY_COMMITS, history: ONLY_COMMITS };
const NO_WAIT = "a job does not wait for an event";
const NO_LOOP = "a job has no durable steps whose history could grow";
const STEP_LIMIT = { size: 1_000, reason: "it refuses workflows of more than 1,000 steps" };
/** Of the two workloads that are about growth, and take minutes: the engines that no target of theirs is about do them in the small sizes alone. */
const GROWTH = { size: 10_000, reason: "it would take minutes, and no target is about it: the small sizes have it" };
const GROWTH_LIMITS = { w5: GROWTH, history: GROWTH } as const;
const FSYNC = "fsync for each commit";
const NORMAL = "no fsync for most commits";
const AOF = "append-only file, fsync once per second";
const OPEN_WORKFLOW = { package: "openworkflow", cannot: {}, most: { w3: STEP_LIMIT, w5: GROWTH, history: STEP_LIMIT } } as const;

function wfe(store: string, rest: Pick<Engine, "title" | "store" | "durability"> & Partial<Pick<Engine, "most">>): Engine {
  return { name: `wfe-${store}`, package: "wfe", node: 20, cannot: {}, most: {}, ...rest };
}

function floor(store: string, rest: Pick<Engine, "title" | "store" | "durability">): Engine {
  return { name: `floor-${store}`, package: "wfe", node: 20, cannot: FLOOR_CANNOT, most: {}, ...rest };
}

/** Every engine, in the order of the tables. */
export const ENGINES: readonly Engine[] = [
  wfe("sqlite", { title: "wfe, SQLite FULL", store: "sqlite", durability: FSYNC }),
  wfe("sqlite-normal", { title: "wfe, SQLite NORMAL", store: "sqlite", durability: NORMAL, most: GROWTH_LIMITS }),
  wfe("postgres", { title: "wfe, Postgres", store: "postgres", durability: FSYNC }),
  wfe("postgres-redis", { title: "wfe, Postgres + Redis", store: "postgres+redis", durability: FSYNC }),
  floor("sqlite", { title: "commit floor, SQLite FULL", store: "sqlite", durability: FSYNC }),
  floor("sqlite-normal", { title: "commit floor, SQLite NORMAL", store: "sqlite", durability: NORMAL }),
  floor("postgres", { title: "commit floor, Postgres", store: "postgres", durability: FSYNC }),
  {
    name: "dbos-postgres",
    title: "DBOS, Postgres",
    package: "@dbos-inc/dbos-sdk",
    store: "postgres",
    durability: FSYNC,
    node: 20,
    cannot: {},
    most: GROWTH_LIMITS,
  },
  { ...OPEN_WORKFLOW, name: "openworkflow-postgres", title: "OpenWorkflow, Postgres", store: "postgres", durability: FSYNC, node: 20 },
  // Its driver is node:sqlite, which Node.js 20 does not have.
  { ...OPEN_WORKFLOW, name: "openworkflow-sqlite", title: "OpenWorkflow, SQLite FULL", store: "sqlite", durability: FSYNC, node: 22 },
  {
    name: "pg-boss-postgres",
    title: "pg-boss, Postgres (chain of ten jobs)",
    package: "pg-boss",
    store: "postgres",
    durability: FSYNC,
    node: 22,
    cannot: { w3: "a chain of jobs has no join; its dependencies between jobs are not measured", w4: NO_WAIT, history: NO_LOOP },
    most: { w5: GROWTH },
  },
  {
    name: "bullmq-redis",
    title: "BullMQ, Redis (job with ten progress updates)",
    package: "bullmq",
    store: "redis",
    durability: AOF,
    node: 20,
    cannot: { w4: NO_WAIT, history: NO_LOOP },
    most: { w5: GROWTH },
  },
  {
    name: "workflow-es-memory",
    title: "workflow-es, in memory",
    package: "workflow-es",
    store: "memory",
    durability: "none: it ends with its process",
    node: 20,
    cannot: { history: "it looks at its queue every 100 ms, once for each pass: the loop would take hours" },
    most: { w5: GROWTH, w3: { size: 1_000, reason: "the time of its joins grows with the square of the branches" } },
  },
];

/** Why an engine cannot do a piece of work of this size; `undefined` when it can. */
export function whyNot(engine: Engine, workload: Workload, size: number): string | undefined {
  const most = engine.most[workload];
  return engine.cannot[workload] ?? (most !== undefined && size > most.size ? most.reason : undefined);
}
