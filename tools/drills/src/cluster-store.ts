import type { ClusterPlaces } from "./cluster-places.ts";

/** A wait that no event has been given to. */
export interface OpenWait {
  readonly key: string;
  readonly step: string;
}

/** What is in a store besides the instances. */
export interface Census {
  /** Trips. */
  readonly workflows: number;
  readonly notes: number;
  readonly undelivered: number;
  readonly consumed: number;
  readonly distinctConsumed: number;
  readonly subscriptions: number;
  readonly commands: number;
  readonly errorsTwice: number;
}

/** An instance that can run or waits, and how often a commit has moved it. */
export interface OpenWorkflow {
  readonly id: string;
  readonly revision: number;
}

/** The store of a cluster, looked at and meddled with without the engine. */
export interface ClusterStore {
  readonly places: ClusterPlaces;
  /** Those of hosts, where they differ. */
  readonly hostPlaces: ClusterPlaces;
  census(): Promise<Census>;
  openWaits(): Promise<readonly OpenWait[]>;
  openWorkflows(): Promise<readonly OpenWorkflow[]>;
  /** What the store's own check of its files says, where it has one: `ok` when they are sound. */
  readonly integrity?: () => Promise<string>;
  /** Takes all hints and all leases away, under running hosts. */
  forget(): Promise<void>;
  /** Ends it and removes all that is in it. */
  dispose(): Promise<void>;
}

/** The statements of both dialects; tables are called `wfe.events` or `wfe_events`. @param table - What a table's name begins with. */
export function statements(table: "wfe." | "wfe_"): Readonly<Record<"census" | "openWaits" | "openWorkflows", string>> {
  const pointerOf = "p.workflow = s.workflow AND p.id = s.pointer_id";
  return {
    census: `SELECT
      (SELECT count(*) FROM ${table}workflows WHERE id LIKE 't%') AS "workflows",
      (SELECT count(*) FROM ${table}events WHERE name = 'note') AS "notes",
      (SELECT count(*) FROM ${table}events WHERE NOT delivered) AS "undelivered",
      (SELECT count(*) FROM ${table}consumed_events) AS "consumed",
      (SELECT count(DISTINCT event) FROM ${table}consumed_events) AS "distinctConsumed",
      (SELECT count(*) FROM ${table}subscriptions) AS "subscriptions",
      (SELECT count(*) FROM ${table}commands) AS "commands",
      (SELECT count(*) FROM (SELECT 1 FROM ${table}errors GROUP BY workflow, pointer_id, attempt HAVING count(*) > 1) x) AS "errorsTwice"`,
    openWaits: `SELECT s.key AS key, p.step_name AS step FROM ${table}subscriptions s JOIN ${table}pointers p ON ${pointerOf} WHERE s.event IS NULL`,
    openWorkflows: `SELECT id, revision FROM ${table}workflows WHERE status = 'runnable'`,
  };
}

/** The first row of an answer, whose columns are counts that a driver may give as texts. */
export function censusOf(rows: readonly Readonly<Record<string, unknown>>[]): Census {
  return Object.fromEntries(Object.entries(rows[0] ?? {}).map(([name, count]) => [name, Number(count)])) as unknown as Census; // the columns are those
}
