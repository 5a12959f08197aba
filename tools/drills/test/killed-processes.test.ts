import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type SqliteProviders, sqliteProviders } from "wfe-sqlite";
import { type StandaloneClient, WorkflowHostBuilder } from "wfe";
import { eventually } from "wfe/test-support";
import { approval, orders, paid } from "./order-workflow.ts";
import type { WorkerProcess } from "../src/worker-process.ts";
import { startWorker } from "./started-worker.ts";

const ORDERS = 40;
const KILLS = 4;
const TIMEOUT_MS = 120_000;

describe("processes that are killed while they run sagas, sub-workflows, activities and forks", () => {
  let folder: string;
  let store: SqliteProviders;
  let client: StandaloneClient;
  const workers: WorkerProcess[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "wfe-processes-"));
    store = sqliteProviders({ path: join(folder, "wfe.db") });
    await store.persistence.start();
    client = new WorkflowHostBuilder().useProviders(store).buildClient();
    await client.start();
  });
  afterEach(async () => {
    for (const worker of workers.splice(0)) await worker.kill();
    await client.stop();
    await store.persistence.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function work(): Promise<void> {
    workers.push(await startWorker(join(folder, "wfe.db"), join(folder, "journal"), 0));
  }

  /** Approves whatever is offered, and pays for it, until it is told to stop. */
  async function outsideWorker(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const pending = await client.getPendingActivity(approval, "outside", { lease: "10s", wait: 50 });
      if (pending === undefined) continue;
      await client.submitActivitySuccess(pending.token, { by: `clerk of ${pending.input.order}` });
      await client.publishEvent(paid, pending.input.order, 7);
    }
  }

  it(
    "lose nothing: every order ends, its child was started once, and what failed is undone in order",
    async () => {
      await Promise.all([work(), work()]);
      const { order } = orders(() => {});
      const names = Array.from({ length: ORDERS }, (_, n) => `order ${n}`);
      const start = async (name: string, n: number): Promise<string> =>
        client.startWorkflow(order, { order: name, fails: n % 2 === 1, label: "", approvedBy: "", paid: 0 }, { id: name });
      let over = false;
      const outside = outsideWorker(() => over);

      await Promise.all(names.map(start));
      for (let kill = 0; kill < KILLS; kill += 1) {
        await eventually(async () => (await client.countWorkflows({ definitionId: "order", status: "complete" })) >= (kill * ORDERS) / (2 * KILLS), {
          timeout: TIMEOUT_MS,
        });
        await workers.shift()?.kill();
        await work();
      }
      await eventually(async () => (await client.countWorkflows({ status: "complete" })) === 2 * ORDERS, {
        what: "the end of all orders and their children",
        timeout: TIMEOUT_MS,
        interval: 50,
      });
      over = true;
      await outside;

      expect(await client.countWorkflows({})).toBe(2 * ORDERS);
      const lines = readFileSync(join(folder, "journal"), "utf8").trimEnd().split("\n");
      for (const [n, name] of names.entries()) {
        const instance = await client.getWorkflow(name);
        expect(instance).toMatchObject({ status: "complete", data: { label: `label of ${name}`, approvedBy: `clerk of ${name}`, paid: 7 } });
        expect(instance.error?.message).toBe(n % 2 === 1 ? "nobody at home" : undefined);
        // Each at least once; the first time each was done is in order.
        const done = [...new Set(lines.flatMap((line) => (line.startsWith(`${name} `) ? [line.slice(name.length + 1).replace(/ \d+$/, "")] : [])))];
        const undone = n % 2 === 1 ? ["refund", "call back", "release"] : [];
        expect(done.filter((what) => what !== "remind")).toEqual(["reserve", "charge", ...undone, "close"]);
        const history = await client.getHistory(name);
        expect(history.filter(({ status }) => !["complete", "compensated", "cancelled"].includes(status))).toEqual([]);
        expect(history.filter(({ compensates }) => compensates !== undefined).map(({ stepName, status }) => `${stepName} ${status}`)).toEqual(
          undone.map((what) => `${what} complete`),
        );
      }
      expect(await Promise.all(workers.map((worker) => worker.stop()))).toEqual([0, 0]);
    },
    TIMEOUT_MS,
  );
});
