import { randomUUID } from "node:crypto";
import { OpenWorkflow, type OpenWorkflowOptions } from "openworkflow";
import { BackendPostgres } from "openworkflow/postgres";
import { BackendSqlite } from "openworkflow/sqlite";
import postgres from "postgres";
import { countdown } from "../countdown.ts";
import { inWindow } from "../in-window.ts";
import { type MeasuredEngine, needed, type Place } from "../measured-engine.ts";
import { until } from "../until.ts";
import { CHAIN_STEPS, type Workload } from "../work.ts";

type Backend = OpenWorkflowOptions["backend"];

/**
 * Runs at once, by what is measured: its documentation says to begin with 10, and to go on from there. Many share the fsyncs of the server's log; but each
 * free slot asks for work of its own, which one workflow at a time only waits for. The pool is sized for it, as the same page asks.
 */
const CONCURRENCY: Readonly<Record<Workload, number>> = { w1: 50, w2: 10, w3: 50, w4: 10, w5: 10, history: 10 };
/** Starts under way at once. */
const STARTS_AT_ONCE = 50;
/** A handle asks for the result once per second, which would be all that is measured: here it asks as often as the others are looked at. */
const RESULT_POLL_MS = 5;
const LOOK_EVERY_MS = 5;

export async function startOnPostgres(place: Place, workload: Workload): Promise<MeasuredEngine> {
  const url = needed(place, "postgresUrl");
  // The tables are made by a backend of its own, whose pool has a fixed size.
  await (await BackendPostgres.connect(url)).stop();
  const pool = postgres(url, { max: CONCURRENCY[workload], transform: { column: { from: postgres.toCamel } } });
  return startOn(BackendPostgres.fromPool(pool), CONCURRENCY[workload], () => pool.end());
}

/** On `node:sqlite`, with the settings that OpenWorkflow gives it: WAL, and `synchronous=FULL` as SQLite's default. */
export async function startOnSqlite(place: Place, workload: Workload): Promise<MeasuredEngine> {
  const backend = BackendSqlite.connect(needed(place, "sqlitePath"));
  return startOn(backend, CONCURRENCY[workload], () => backend.stop());
}

async function startOn(backend: Backend, concurrency: number, close: () => Promise<void>): Promise<MeasuredEngine> {
  const engine = new OpenWorkflow({ backend });
  const resumed = new Map<string, () => void>();
  const instants: number[] = [];
  let finished = (): void => {};
  const nothing = (): void => {};

  const chain = engine.defineWorkflow({ name: "chain" }, async ({ step }) => {
    for (let index = 1; index <= CHAIN_STEPS; index += 1) await step.run({ name: `step ${index}` }, nothing);
    finished();
  });
  const single = engine.defineWorkflow({ name: "single" }, async ({ step }) => {
    await step.run({ name: "step 1" }, nothing);
  });
  const branches = engine.defineWorkflow<number, void>({ name: "branches" }, async ({ input, step }) => {
    await Promise.all(Array.from({ length: input }, (_, index) => step.run({ name: `step ${index}` }, nothing)));
  });
  const waits = engine.defineWorkflow<string, void>({ name: "waits" }, async ({ input, step }) => {
    await step.waitForSignal({ name: "approved", signal: input, timeout: "1h" });
    await step.run({ name: "step 1" }, () => resumed.get(input)?.());
  });
  const sleeper = engine.defineWorkflow({ name: "sleeper" }, async ({ step }) => {
    await step.sleep("a day", "24h");
  });
  const loop = engine.defineWorkflow<number, void>({ name: "loop" }, async ({ input, step }) => {
    for (let index = 0; index < input; index += 1) await step.run({ name: `step ${index}` }, () => void instants.push(performance.now()));
  });
  const worker = engine.newWorker({ concurrency });
  await worker.start();
  let chains = 0;
  const counts = (): ReturnType<Backend["countWorkflowRuns"]> => backend.countWorkflowRuns();

  return {
    chains: async (workflows) => {
      chains += workflows;
      const { done, tell } = countdown(workflows);
      finished = tell;
      await inWindow(workflows, STARTS_AT_ONCE, () => chain.run());
      await done;
      await until(async () => (await counts()).completed >= chains, LOOK_EVERY_MS);
    },
    single: async () => await result(await single.run()),
    branches: async (count) => await result(await branches.run(count)),
    event: async () => {
      const key = randomUUID();
      const handle = await waits.run(key);
      // A signal that nobody waits for is dropped.
      await until(async () => {
        const { data } = await backend.listStepAttempts({ workflowRunId: handle.workflowRun.id });
        return data.some(({ kind }) => kind === "signal-wait");
      }, 1);
      await until(async () => (await backend.getWorkflowRun({ workflowRunId: handle.workflowRun.id }))?.workerId === null, 1);
      const ran = new Promise<number>((resolve) => void resumed.set(key, () => resolve(performance.now())));
      const sent = performance.now();
      await engine.sendSignal({ signal: key, data: true });
      const latencyMs = (await ran) - sent;
      await result(handle);
      return latencyMs;
    },
    sleepers: async (count) => {
      await inWindow(count, STARTS_AT_ONCE, () => sleeper.run());
      await until(async () => {
        const { pending, running } = await counts();
        return pending === 0 && running >= count;
      }, 100);
    },
    iterations: async (count) => {
      instants.length = 0;
      await result(await loop.run(count));
      return instants;
    },
    stop: async () => {
      await worker.stop();
      await close();
    },
  };
}

async function result(handle: { result(options?: { readonly timeoutMs?: number }): Promise<unknown> }): Promise<void> {
  // A private field: there is no option for it.
  Object.assign(handle, { resultPollIntervalMs: RESULT_POLL_MS });
  await handle.result({ timeoutMs: 60 * 60 * 1_000 });
}
