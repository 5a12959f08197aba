import Database from "better-sqlite3";
import { Redis } from "ioredis";
import pg from "pg";
import type { Place } from "./measured/measured-engine.ts";
import { CHAIN_STEPS, type Counts, type Work } from "./measured/work.ts";

/** Statements that count complete workflows, complete steps and sleeping workflows, by engine. */
const STATEMENTS: Readonly<Record<string, string>> = {
  wfe: wfe("wfe."),
  "wfe-sqlite": wfe("wfe_"),
  dbos: `SELECT
    (SELECT count(*) FROM dbos.workflow_status WHERE status = 'SUCCESS') AS complete,
    (SELECT count(*) FROM dbos.operation_outputs WHERE function_name LIKE 'step%' AND error IS NULL) AS steps,
    (SELECT count(*) FROM dbos.workflow_status WHERE status = 'PENDING') AS sleeping`,
  openworkflow: openWorkflow("openworkflow.", "now()"),
  "openworkflow-sqlite": openWorkflow("", "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"),
  // A chain is complete with the last of its jobs.
  "pg-boss": `SELECT
    count(*) FILTER (WHERE state = 'completed' AND data->>'left' = '0') AS complete,
    count(*) FILTER (WHERE state = 'completed') AS steps,
    count(*) FILTER (WHERE state = 'created' AND start_after > now()) AS sleeping
    FROM pgboss.job WHERE name IN ('steps', 'singles')`,
};

/** Looks into the store of an engine that has ended. @param engine - Its name. */
export async function storedCounts(engine: string, place: Place, work: Work): Promise<Counts> {
  if (engine.startsWith("bullmq")) return await bullMqCounts(place.redisUrl ?? "", work);
  const family = /^(wfe|floor)/.test(engine) ? "wfe" : engine.slice(0, engine.lastIndexOf("-"));
  if (place.sqlitePath !== undefined) return sqliteCounts(place.sqlitePath, STATEMENTS[`${family}-sqlite`] ?? "");
  return await postgresCounts(place.postgresUrl ?? "", STATEMENTS[family] ?? "");
}

function wfe(table: "wfe." | "wfe_"): string {
  return `SELECT
    (SELECT count(*) FROM ${table}workflows WHERE status = 'complete') AS complete,
    (SELECT count(*) FROM ${table}pointers WHERE status = 'complete' AND step_name LIKE 'step%') AS steps,
    (SELECT count(*) FROM ${table}pointers WHERE status = 'sleeping') AS sleeping`;
}

function openWorkflow(schema: string, now: string): string {
  return `SELECT
    (SELECT count(*) FROM ${schema}workflow_runs WHERE status = 'completed') AS complete,
    (SELECT count(*) FROM ${schema}step_attempts WHERE status = 'completed' AND step_name LIKE 'step%') AS steps,
    (SELECT count(*) FROM ${schema}workflow_runs WHERE status = 'running' AND worker_id IS NULL AND available_at > ${now}) AS sleeping`;
}

function sqliteCounts(path: string, statement: string): Counts {
  const database = new Database(path, { readonly: true });
  try {
    return countsOf(database.prepare<[], Record<string, unknown>>(statement).get());
  } finally {
    database.close();
  }
}

async function postgresCounts(url: string, statement: string): Promise<Counts> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return countsOf((await client.query<Record<string, unknown>>(statement)).rows[0]);
  } finally {
    await client.end();
  }
}

async function bullMqCounts(url: string, work: Work): Promise<Counts> {
  const client = new Redis(url);
  try {
    const [parents, branches, singles, chains, sleeping] = await Promise.all([
      client.zcard("bull:parents:completed"),
      client.zcard("bull:branches:completed"),
      client.zcard("bull:singles:completed"),
      client.zrange("bull:chains:completed", 0, -1),
      client.zcard("bull:singles:delayed"),
    ]);
    if (work.workload === "w3") return { complete: parents, steps: branches, sleeping };
    if (work.workload !== "w1") return { complete: singles, steps: singles, sleeping };
    const progress = await Promise.all(chains.map((id) => client.hget(`bull:chains:${id}`, "progress")));
    return { complete: chains.length, steps: progress.reduce((sum, each) => sum + Math.min(CHAIN_STEPS, Number(each)), 0), sleeping };
  } finally {
    client.disconnect();
  }
}

function countsOf(row: Readonly<Record<string, unknown>> | undefined): Counts {
  return { complete: Number(row?.["complete"]), steps: Number(row?.["steps"]), sleeping: Number(row?.["sleeping"]) };
}
