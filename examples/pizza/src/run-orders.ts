import { setTimeout as sleep } from "node:timers/promises";
import { WorkflowHostBuilder } from "wfe";
import type { Payment } from "./card-payments.ts";
import { expectedSteps } from "./expected-steps.ts";
import type { JournalEntry } from "./journal.ts";
import { planKills } from "./kill-plan.ts";
import { readOrders } from "./order.ts";
import { readRecords } from "./record-file.ts";
import { seededRandom } from "./seeded-random.ts";
import { shopFiles } from "./shop-files.ts";
import { shopStore } from "./shop-store.ts";
import { type Verdict, verify } from "./verdict.ts";
import { runWorker } from "./worker-process.ts";

/** What to run, and who is told of it. */
export interface RunOptions {
  /** An empty folder for the database, if that is a file, and the shop's files. */
  readonly folder: string;
  /** How many of the orders in `orders.json`. */
  readonly orders: number;
  /** How often the worker is killed. */
  readonly kills: number;
  /** Decides when. */
  readonly seed: number;
  readonly onProgress?: (stepsCommitted: number, stepsInAll: number, ordersDone: number) => void;
  readonly onKill?: (kill: number, stepsCommitted: number) => void;
}

/** What came out. */
export interface RunReport extends Verdict {
  /** How often the worker was killed. */
  readonly kills: number;
  readonly seconds: number;
}

/** Runs the orders in worker processes, kills those as planned, and looks afterwards into the store for what has happened. */
export async function runOrders({ folder, orders: count, kills, seed, onProgress, onKill }: RunOptions): Promise<RunReport> {
  const started = Date.now();
  const orders = readOrders(count);
  const stepsInAll = orders.reduce((sum, order) => sum + expectedSteps(order).length, 0);
  const plan = planKills(kills, seededRandom(seed));
  let killed = 0;
  let end: "finished" | "killed";
  do {
    const next = plan[killed];
    let doomed = false;
    end = await runWorker(folder, count, ({ stepsCommitted, ordersDone }, kill) => {
      onProgress?.(stepsCommitted, stepsInAll, ordersDone);
      if (doomed || next === undefined || stepsCommitted < next.progress * stepsInAll) return;
      doomed = true;
      void sleep(next.delayMs).then(() => {
        kill();
        onKill?.(killed + 1, stepsCommitted);
      });
    });
    if (end === "killed") killed += 1;
  } while (end === "killed");
  onProgress?.(stepsInAll, stepsInAll, count);

  const files = shopFiles(folder);
  const evidence = { journal: readRecords<JournalEntry>(files.journal), payments: readRecords<Payment>(files.payments) };
  const client = new WorkflowHostBuilder().useProviders(shopStore(folder).providers()).buildClient();
  await client.start();
  try {
    return { ...(await verify(client, orders, evidence)), kills: killed, seconds: (Date.now() - started) / 1_000 };
  } finally {
    await client.stop();
  }
}
