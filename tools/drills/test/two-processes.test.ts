import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type SqliteProviders, sqliteProviders } from "wfe-sqlite";
import type { WorkflowRecord } from "wfe";
import { eventually } from "wfe/test-support";
import { STEPS } from "./chain-workflow.ts";
import type { WorkerProcess } from "../src/worker-process.ts";
import { startWorker } from "./started-worker.ts";

const WORKFLOWS = 500;
const TIMEOUT_MS = 120_000;

describe("two processes on one SQLite file", () => {
  let folder: string;
  let store: SqliteProviders;
  const workers: WorkerProcess[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "wfe-processes-"));
    store = sqliteProviders({ path: join(folder, "wfe.db") });
    await store.persistence.start();
  });
  afterEach(async () => {
    for (const worker of workers.splice(0)) await worker.kill();
    await store.persistence.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function work(): Promise<WorkerProcess> {
    const worker = await startWorker(join(folder, "wfe.db"), join(folder, "journal"), WORKFLOWS / 2);
    workers.push(worker);
    return worker;
  }

  async function allComplete(): Promise<readonly WorkflowRecord[]> {
    await eventually(async () => (await store.persistence.countWorkflows({ status: "complete" })) === WORKFLOWS, {
      what: "the end of all workflows",
      timeout: TIMEOUT_MS,
      interval: 100,
    });
    const { items } = await store.persistence.listWorkflows({}, { limit: 1_000 });
    return store.persistence.getWorkflowInstances(items.map(({ id }) => id));
  }

  /** Each start of a body: which step of which workflow, which attempt, in which process. */
  function journal(): readonly { readonly step: string; readonly attempt: number; readonly pid: number }[] {
    const lines = readFileSync(join(folder, "journal"), "utf8").trimEnd().split("\n");
    return lines.map((line) => {
      const [id, n, attempt, pid] = line.split(" ");
      return { step: `${id} ${n}`, attempt: Number(attempt), pid: Number(pid) };
    });
  }

  function expectEachStepOnce(records: readonly WorkflowRecord[]): void {
    expect(records).toHaveLength(WORKFLOWS);
    for (const { data, pointers } of records) {
      expect(pointers.map(({ stepName, status }) => `${stepName} ${status}`)).toEqual(
        Array.from({ length: STEPS }, (_, index) => `step ${index + 1} complete`),
      );
      expect((JSON.parse(data) as { total: number }).total).toBe((STEPS * (STEPS + 1)) / 2);
    }
  }

  it(
    "complete 500 workflows of 10 steps, and commit each step once",
    async () => {
      const [first, second] = await Promise.all([work(), work()]);

      first.send("start");
      second.send("start");
      const records = await allComplete();

      expectEachStepOnce(records);
      // A claim commit, a start without one, the steps' ends: never more than one commit a step beside the claim.
      for (const { revision } of records) expect(revision).toBeLessThanOrEqual(STEPS + 1);
      const runs = journal();
      expect(runs).toHaveLength(WORKFLOWS * STEPS);
      expect(new Set(runs.map(({ step }) => step)).size).toBe(WORKFLOWS * STEPS);
      expect(new Set(runs.map(({ pid }) => pid))).toEqual(new Set([first.pid, second.pid]));
      expect([...first.messages, ...second.messages].filter(({ warning }) => warning !== undefined)).toEqual([]);
      expect(await Promise.all([first.stop(), second.stop()])).toEqual([0, 0]);
    },
    TIMEOUT_MS,
  );

  it(
    "lose nothing when one of them is killed: the other takes over within seconds, and each step is committed once",
    async () => {
      const [first, second] = await Promise.all([work(), work()]);
      first.send("start");
      second.send("start");
      await Promise.all([first, second].map((worker) => worker.heard(({ started }) => started !== undefined)));
      await eventually(async () => (await store.persistence.countWorkflows({ status: "complete" })) > 20);

      await first.kill();
      const records = await allComplete();

      expectEachStepOnce(records);
      const again = journal().filter(({ attempt }) => attempt > 1);
      // Only what ran in the killed process at that moment ran again, and nothing ran three times.
      expect(again.every(({ attempt, pid }) => attempt === 2 && pid === second.pid)).toBe(true);
      expect(journal().length).toBeLessThanOrEqual(WORKFLOWS * STEPS + again.length);
      expect(await second.stop()).toBe(0);
    },
    TIMEOUT_MS,
  );
});
