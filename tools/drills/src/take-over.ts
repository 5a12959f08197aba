import type { Cluster, JournalLine } from "./cluster.ts";
import { eventually } from "wfe/test-support";
import { longStep } from "./lost-host-workflows.ts";

/** Kills the host that runs a step which does not end, again and again. @returns How long it took until another one ran it, in milliseconds; sorted. */
export async function takeOverTimes(cluster: Cluster, rounds: number): Promise<readonly number[]> {
  const definition = longStep(() => {}); // it runs elsewhere
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const id = `l${round}`;
    await cluster.client.startWorkflow(definition, { attempt: 0 }, { id });
    const runs = (): readonly JournalLine[] => cluster.journal().filter(({ key }) => key.startsWith(`${id}/`));
    const first = await eventually(() => runs()[0], { what: "the first run of the step" });
    const host = cluster.hosts.find(({ pid }) => pid === first.pid);
    if (host === undefined) throw new Error(`the step runs in ${first.pid}, which is no host`);

    const killedAt = Date.now();
    await cluster.kill(host);
    const { data } = await cluster.client.waitForWorkflow(definition, id, { timeout: "60s" });

    const [again, ...more] = runs().slice(1);
    if (data.attempt !== 2 || again?.attempt !== 2 || again.key !== first.key || again.pid === first.pid || more.length > 0) {
      throw new Error(`the step was not run once more, elsewhere: ${JSON.stringify(runs())}`);
    }
    times.push(again.at - killedAt);
    await cluster.addHost();
  }
  return times.toSorted((a, b) => a - b);
}
