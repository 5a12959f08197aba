import type { EngineStarter, MeasuredEngine, Place } from "./measured-engine.ts";

/** What starts an engine, by name. Each is loaded by the process that measures it alone. */
export const ENGINE_STARTERS: Readonly<Record<string, EngineStarter>> = {
  "wfe-sqlite": wfe("sqlite"),
  "wfe-sqlite-normal": wfe("sqlite-normal"),
  "wfe-postgres": wfe("postgres"),
  "wfe-postgres-redis": wfe("postgres-redis"),
  "floor-sqlite": floor("sqlite"),
  "floor-sqlite-normal": floor("sqlite-normal"),
  "floor-postgres": floor("postgres"),
  "dbos-postgres": async (place) => (await import("./engines/dbos.ts")).startDbos(place),
  "openworkflow-postgres": async (place, workload) => (await import("./engines/open-workflow.ts")).startOnPostgres(place, workload),
  "openworkflow-sqlite": async (place, workload) => (await import("./engines/open-workflow.ts")).startOnSqlite(place, workload),
  "workflow-es-memory": async () => (await import("./engines/workflow-es.ts")).startWorkflowEs(),
  "bullmq-redis": async (place) => (await import("./engines/bullmq.ts")).startBullMq(place),
  "pg-boss-postgres": async (place) => (await import("./engines/pg-boss.ts")).startPgBoss(place),
};

function wfe(store: "sqlite" | "sqlite-normal" | "postgres" | "postgres-redis"): EngineStarter {
  return async (place: Place): Promise<MeasuredEngine> => {
    const [{ startWfe }, { wfeProviders }] = await Promise.all([import("./engines/wfe.ts"), import("./engines/wfe-providers.ts")]);
    return await startWfe(wfeProviders(store, place));
  };
}

function floor(store: "sqlite" | "sqlite-normal" | "postgres"): EngineStarter {
  return async (place: Place): Promise<MeasuredEngine> => {
    const [{ startFloor }, { wfeProviders }] = await Promise.all([import("./engines/commit-floor.ts"), import("./engines/wfe-providers.ts")]);
    return await startFloor(() => wfeProviders(store, place));
  };
}
