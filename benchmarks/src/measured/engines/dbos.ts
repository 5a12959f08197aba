import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { DBOS } from "@dbos-inc/dbos-sdk";
import pg from "pg";
import { inWindow } from "../in-window.ts";
import { type MeasuredEngine, needed, type Place } from "../measured-engine.ts";
import { until } from "../until.ts";
import { CHAIN_STEPS } from "../work.ts";

/** DBOS runs what it is given at once, in the process that starts it; so many workflows are under way together. */
const WORKFLOWS_AT_ONCE = 100;
/** Of its pool: twice the default of 10, so that a connection is not what workflows wait for. */
const POOL_SIZE = 20;
const DAY_MS = 24 * 60 * 60 * 1_000;
const TOPIC = "approved";

/**
 * DBOS as its documentation has it: workflows and steps registered as functions, started with `DBOS.startWorkflow` (which needs no queue and no
 * poll), results by the handle in the same process, messages by `LISTEN`/`NOTIFY`. Logs and its admin server are off.
 */
export async function startDbos(place: Place): Promise<MeasuredEngine> {
  const url = needed(place, "postgresUrl");
  const resumed = new Map<string, () => void>();
  const instants: number[] = [];
  const step = (name: string): Promise<void> => DBOS.runStep(async () => {}, { name });

  const chain = DBOS.registerWorkflow(
    async () => {
      for (let index = 1; index <= CHAIN_STEPS; index += 1) await step(`step ${index}`);
    },
    { name: "chain" },
  );
  const single = DBOS.registerWorkflow(() => step("step 1"), { name: "single" });
  const branches = DBOS.registerWorkflow(
    async (count: number) => {
      // Started in order and awaited together, so that each has the same number when the workflow is run again.
      const results = await Promise.allSettled(Array.from({ length: count }, (_, index) => step(`step ${index}`)));
      for (const result of results) if (result.status === "rejected") throw result.reason;
    },
    { name: "branches" },
  );
  const waits = DBOS.registerWorkflow(
    async (key: string) => {
      await DBOS.recv(TOPIC, { timeoutSeconds: 600 });
      await DBOS.runStep(async () => resumed.get(key)?.(), { name: "step 1" });
    },
    { name: "waits" },
  );
  const sleeper = DBOS.registerWorkflow(() => DBOS.sleep(DAY_MS), { name: "sleeper" });
  const loop = DBOS.registerWorkflow(
    async (count: number) => {
      for (let index = 0; index < count; index += 1) await DBOS.runStep(async () => void instants.push(performance.now()), { name: "step 1" });
    },
    { name: "loop" },
  );
  DBOS.setConfig({ name: "benchmark", systemDatabaseUrl: url, systemDatabasePoolSize: POOL_SIZE, logLevel: "error" });
  await DBOS.launch();

  return {
    chains: (workflows) =>
      inWindow(workflows, WORKFLOWS_AT_ONCE, async () => {
        await (await DBOS.startWorkflow(chain)()).getResult();
      }),
    single: async () => {
      await (await DBOS.startWorkflow(single)()).getResult();
    },
    branches: async (count) => {
      await (await DBOS.startWorkflow(branches)(count)).getResult();
    },
    event: async () => {
      const key = randomUUID();
      const handle = await DBOS.startWorkflow(waits, { workflowID: key })(key);
      // It waits in memory, for which there is no sign in the database.
      await sleep(50);
      const ran = new Promise<number>((resolve) => void resumed.set(key, () => resolve(performance.now())));
      const sent = performance.now();
      await DBOS.send(key, true, TOPIC);
      const latencyMs = (await ran) - sent;
      await handle.getResult();
      return latencyMs;
    },
    sleepers: async (count) => {
      await inWindow(count, WORKFLOWS_AT_ONCE, () => DBOS.startWorkflow(sleeper)());
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await until(async () => {
        const { rows } = await client.query<{ n: string }>("SELECT count(*) AS n FROM dbos.operation_outputs WHERE function_name = 'DBOS.sleep'");
        return Number(rows[0]?.n) >= count;
      }, 100);
      await client.end();
    },
    iterations: async (count) => {
      instants.length = 0;
      await (await DBOS.startWorkflow(loop)(count)).getResult();
      return instants;
    },
    // Its own shutdown waits for workflows that sleep; the process ends anyway.
    stop: async () => {
      await Promise.race([DBOS.shutdown(), sleep(5_000)]);
    },
  };
}
