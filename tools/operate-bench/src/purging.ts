import { setTimeout as sleep } from "node:timers/promises";
import { purgeWorkflows } from "wfe";
import { ms, table } from "./figures.ts";
import { Load, type LoadFigures } from "./load.ts";
import type { MeasuredStore } from "./store.ts";

/** Removes what is over of a filled store while a load runs on two hosts. @returns A table, and what went. */
export async function measurePurging(store: MeasuredStore, seconds: number): Promise<string> {
  const load = new Load([store.open(), store.open()]);
  const { persistence } = store.open();
  await persistence.start();
  await load.start();
  await sleep(2_000);
  let removed = 0;
  let took = 0;
  const rows: (readonly [string, LoadFigures])[] = [["before", await load.during(() => sleep(seconds * 1_000))]];
  const purge = async (): Promise<void> => {
    const begun = performance.now();
    // What the load makes meanwhile is too young.
    for (const status of ["complete", "terminated"] as const) removed += await purgeWorkflows(persistence, { status, olderThan: "12h" });
    took = performance.now() - begun;
  };
  rows.push(["during the purge", await load.during(purge)]);
  rows.push(["after", await load.during(() => sleep(seconds * 1_000))]);
  await load.stop();
  await persistence.stop();
  const shown = rows.map(([when, { perSecond, latency, stall }]) => [
    when,
    String(Math.round(perSecond)),
    ms(latency.median),
    ms(latency.p99),
    ms(stall),
  ]);
  return `${table(["load", "workflows a second", "p50 ms", "p99 ms", "longest stall ms"], shown)}\n\n${removed} instances were removed in ${ms(took / 1_000)} s.`;
}
