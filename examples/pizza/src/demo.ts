import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Presets, SingleBar } from "cli-progress";
import { type DemoOptions, demoOptions } from "./demo-options.ts";
import { readOrders } from "./order.ts";
import { reportTable } from "./report-table.ts";
import { runOrders } from "./run-orders.ts";
import { shopStore } from "./shop-store.ts";

const { orders, kills, seed, keep } = optionsOrExit();

const folder = mkdtempSync(join(tmpdir(), "wfe-pizza-"));
process.once("exit", () => keep || rmSync(folder, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

console.log(`${orders} orders in a process that is killed ${kills === 1 ? "once" : kills === 2 ? "twice" : `${kills} times`} (seed ${seed})`);
const bar = new SingleBar(
  { format: "{bar} {percentage}% | {value}/{total} steps | {orders} orders done | {duration_formatted}", noTTYOutput: true, notTTYSchedule: 1_000 },
  Presets.shades_classic,
);
let steps = 0;
const report = await runOrders({
  folder,
  orders,
  kills,
  seed,
  onProgress: (stepsCommitted, stepsInAll, ordersDone) => {
    if (steps === 0) bar.start(stepsInAll, stepsCommitted, { orders: ordersDone });
    steps = stepsCommitted;
    bar.setTotal(stepsInAll);
    bar.update(stepsCommitted, { orders: ordersDone });
  },
  onKill: (kill, stepsCommitted) => {
    bar.stop();
    console.log(`  kill -9, number ${kill}, after ${stepsCommitted} steps; starting again`);
    steps = 0;
  },
});
bar.stop();

console.log(reportTable(report));
for (const finding of [...report.lost, ...report.duplicated].slice(0, 50)) console.error(`  ${finding}`);
if (keep) console.log(`database: ${shopStore(folder).place}`);
else await shopStore(folder).remove();
process.exitCode = report.lost.length + report.duplicated.length === 0 ? 0 : 1;

function optionsOrExit(): DemoOptions {
  try {
    return demoOptions(process.argv.slice(2), { orders: readOrders().length, seed: randomInt(1_000_000) });
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}
