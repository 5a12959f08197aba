import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Presets, SingleBar } from "cli-progress";
import { reportTable } from "./report-table.ts";
import { runOrders } from "./run-orders.ts";
import { shopFiles } from "./shop-files.ts";

const { values } = parseArgs({
  // `pnpm demo -- --keep` hands on the two dashes.
  args: process.argv.slice(2).filter((arg) => arg !== "--"),
  options: {
    orders: { type: "string", default: "200" },
    kills: { type: "string", default: "2" },
    seed: { type: "string", default: String(randomInt(1_000_000)) },
    keep: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log("demo [--orders 1..200] [--kills N] [--seed N] [--keep]");
  process.exit(0);
}
const orders = wholeNumber("orders", values.orders, 1);
const kills = wholeNumber("kills", values.kills, 0);
const seed = wholeNumber("seed", values.seed, 0);

const folder = mkdtempSync(join(tmpdir(), "wfe-pizza-"));
process.once("exit", () => values.keep || rmSync(folder, { recursive: true, force: true }));
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
if (values.keep) console.log(`database: ${shopFiles(folder).database}`);
process.exitCode = report.lost.length + report.duplicated.length === 0 ? 0 : 1;

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  console.error(`--${name} must be a whole number, ${least} or more: got ${JSON.stringify(text)}`);
  process.exit(2);
}
