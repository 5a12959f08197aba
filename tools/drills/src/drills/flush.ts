import { setTimeout as sleep } from "node:timers/promises";
import { timeToComeBack } from "../coming-back.ts";
import { type DrillOutcome, type DrillSettings, runDrill } from "../drill-run.ts";
import { atLeast, atMost } from "../finding.ts";
import { openStore } from "../store-name.ts";

const LOCK_TTL_MS = 3_000;
/** A renewal, a sweep, and what a busy machine needs. */
const COMES_BACK_WITHIN_MS = 15_000;

/** All hints and all leases are taken away under running hosts, again and again. */
export async function flush(settings: DrillSettings): Promise<DrillOutcome> {
  const how = settings.store === "postgres+redis" ? "FLUSHALL" : "an SQL DELETE of the tables of queue and leases";
  return await runDrill(settings, {
    store: await openStore(settings.store),
    options: { lockTtl: LOCK_TTL_MS },
    during: async ({ cluster, trips }) => {
      const times: number[] = [];
      for (await sleep(settings.everyMs / 2); !trips.isOver; await sleep(settings.everyMs)) {
        times.push(await timeToComeBack(cluster, () => cluster.store.forget(), settings.limitMs));
      }
      const sorted = times.toSorted((a, b) => a - b);
      return {
        done: [`${times.length} times all hints and leases were removed: ${how}`],
        findings: [
          atLeast("times that all was removed", times.length, 1),
          atMost("until every open workflow has gone on, longest", sorted.at(-1) ?? 0, COMES_BACK_WITHIN_MS, " ms"),
        ],
        figures: { "until every open workflow has gone on": `${sorted[Math.floor(sorted.length / 2)]} ms median, ${sorted.at(-1)} ms longest` },
      };
    },
  });
}
