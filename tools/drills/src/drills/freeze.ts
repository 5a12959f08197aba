import { eventually } from "wfe/test-support";
import type { Cluster } from "../cluster.ts";
import { type DrillOutcome, type DrillSettings, runDrill } from "../drill-run.ts";
import { atLeast, same } from "../finding.ts";
import { harass } from "../harassment.ts";
import { frozenStep } from "../lost-host-workflows.ts";
import { openStore } from "../store-name.ts";

const LOCK_TTL_MS = 2_000;
/** A commit that was begun before the freeze goes out in the moment of the waking. */
const LATE_COMMIT_LIMIT = "10s";

/** Hosts are stopped by SIGSTOP for longer than their leases last, and go on; what they commit late is refused. */
export async function freeze(settings: DrillSettings): Promise<DrillOutcome> {
  return await runDrill(settings, {
    store: await openStore(settings.store),
    options: { lockTtl: LOCK_TTL_MS },
    during: async ({ cluster, trips }) => {
      const { freezes } = await harass(cluster, { freezeMs: [LOCK_TTL_MS + 500, LOCK_TTL_MS + 1_500] }, () => trips.isOver);
      return {
        done: [`${freezes} times a random host was frozen by SIGSTOP for longer than its leases last (${LOCK_TTL_MS} ms)`],
        findings: [atLeast("freezes", freezes, 1)],
      };
    },
    after: async ({ cluster }) => {
      settings.tell(`freezing a host in the moment of its commit, ${settings.rounds} times`);
      const results: number[] = [];
      for (let round = 0; round < settings.rounds; round += 1) results.push(await resultAfterFreeze(cluster, `f${round}`));
      const refused = Array.from(results, (_, round) => cluster.refusals((id) => id === `f${round}`) > 0).filter(Boolean).length;
      return {
        done: [`${settings.rounds} times a host was frozen when it had begun a commit, and went on when another host had committed the same step`],
        findings: [
          same("late commits that were refused", refused, settings.rounds),
          same("attempts whose results stand afterwards", results.join(", "), results.map(() => 2).join(", ")),
        ],
      };
    },
  });
}

/** @returns The attempt whose result stands when the host that was frozen during the first has gone on. */
async function resultAfterFreeze(cluster: Cluster, id: string): Promise<number> {
  const definition = frozenStep(() => {}); // it runs elsewhere
  await cluster.client.startWorkflow(definition, { attempt: 0 }, { id });
  const first = await eventually(() => cluster.journal().find(({ key }) => key.startsWith(`${id}/`)), { what: "the first run of the step" });
  const host = cluster.hosts.find(({ pid }) => pid === first.pid);
  await cluster.client.waitForWorkflow(definition, id, { timeout: "60s" });
  host?.thaw();
  // The verdict says it when there was none.
  await eventually(() => cluster.refusals((refused) => refused === id) > 0, { timeout: LATE_COMMIT_LIMIT }).catch(() => {});
  return (await cluster.client.waitForWorkflow(definition, id)).data.attempt;
}
