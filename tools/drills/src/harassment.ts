import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "./cluster.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** What hosts go through. */
export interface HarassmentOptions {
  /** Between two kills. @default nobody is killed */
  readonly killEveryMs?: number;
  /** For how long one host at a time is frozen, again and again. @default nobody is frozen */
  readonly freezeMs?: readonly [least: number, most: number];
}

/** How often it was done. */
export interface Harassed {
  readonly kills: number;
  readonly freezes: number;
}

/** Between the end of a freeze and the next one. */
const PAUSE_MS = 1_000;

/** Kills a random host again and again, and freezes another one for a while, until it is over. All go on at its end. */
export async function harass(cluster: Cluster, { killEveryMs, freezeMs }: HarassmentOptions, isOver: () => boolean): Promise<Harassed> {
  const [kills, freezes] = await Promise.all([
    killEveryMs === undefined ? 0 : killAgainAndAgain(cluster, killEveryMs, isOver),
    freezeMs === undefined ? 0 : freezeAgainAndAgain(cluster, freezeMs, isOver),
  ]);
  return { kills, freezes };
}

async function killAgainAndAgain(cluster: Cluster, everyMs: number, isOver: () => boolean): Promise<number> {
  let kills = 0;
  const starting: Promise<unknown>[] = [];
  for (await sleep(everyMs); !isOver(); await sleep(everyMs)) {
    // On a busy machine hosts would else be killed faster than they start, and no work be done.
    if (cluster.readyHosts.length < 2) continue;
    await cluster.kill(oneOf(cluster.hosts));
    kills += 1;
    // Another one may be killed before it has started; one that ends by itself is found by the verdict.
    starting.push(cluster.addHost().catch(() => {}));
    cluster.keepSpares(2);
  }
  await Promise.all(starting);
  return kills;
}

async function freezeAgainAndAgain(cluster: Cluster, [least, most]: readonly [number, number], isOver: () => boolean): Promise<number> {
  let freezes = 0;
  for (await sleep(PAUSE_MS); !isOver(); await sleep(PAUSE_MS)) {
    const ready = cluster.readyHosts;
    if (ready.length === 0) continue;
    const host = oneOf(ready);
    host.freeze();
    freezes += 1;
    await sleep(least + Math.random() * (most - least));
    host.thaw();
  }
  return freezes;
}

function oneOf(list: readonly WorkerProcess[]): WorkerProcess {
  const one = list[Math.floor(Math.random() * list.length)];
  if (one === undefined) throw new Error("there is none to choose from");
  return one;
}
