import { type DrillOutcome, type DrillSettings, runDrill } from "../drill-run.ts";
import { atLeast, atMost } from "../finding.ts";
import { harass } from "../harassment.ts";
import { openStore } from "../store-name.ts";
import { takeOverTimes } from "../take-over.ts";

/** Locks of Redis know no presence: the work of a host that was killed is found when its leases are over. */
const LOCK_TTL_MS = 3_000;

/** Hosts are killed by SIGKILL, one after the other, and started again; then, without other work, how soon a step is taken over. */
export async function kill(settings: DrillSettings): Promise<DrillOutcome> {
  const hasPresence = settings.store !== "postgres+redis";
  return await runDrill(settings, {
    store: await openStore(settings.store),
    options: hasPresence ? {} : { lockTtl: LOCK_TTL_MS },
    during: async ({ cluster, trips }) => {
      cluster.keepSpares(2);
      const { kills } = await harass(cluster, { killEveryMs: settings.everyMs }, () => trips.isOver);
      return { done: [`${kills} times a random host was killed by SIGKILL and started again`], findings: [atLeast("kills", kills, 1)] };
    },
    after: async ({ cluster }) => {
      settings.tell(`killing the host of a long step, ${settings.rounds} times`);
      const times = await takeOverTimes(cluster, settings.rounds);
      const median = times[Math.floor(times.length / 2)] ?? 0;
      return {
        done: [`${times.length} times the host of a long step was killed, with no other work`],
        findings: [atMost("take-over of a long step, median", median, hasPresence ? 2_000 : LOCK_TTL_MS + 2_000, " ms")],
        figures: { "take-overs of a long step": `${times.join(", ")} ms` },
      };
    },
  });
}
