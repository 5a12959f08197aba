import { setTimeout as sleep } from "node:timers/promises";
import { isWfeError } from "wfe";
import { eventually } from "wfe/test-support";
import { beating } from "../beating-workflow.ts";
import type { Cluster } from "../cluster.ts";
import { timeToComeBack } from "../coming-back.ts";
import { type Blows, type DrillOutcome, type DrillSettings, runDrill, type Scene } from "../drill-run.ts";
import { atLeast, atMost, none, same } from "../finding.ts";
import { SmallDisk } from "../small-disk.ts";
import { SqliteStore } from "../sqlite-store.ts";
import { openStore } from "../store-name.ts";
import { halfWritten } from "../trip-verdict.ts";

const MEGABYTES = 96;
/** Room before the rest is taken, so that this takes a moment only. */
const ROOM_BYTES = 8 * 1_048_576;
const LOCK_TTL_MS = 3_000;
/** How long it stays full after the first host has noticed. */
const STAYS_FULL_MS = 2_000;
const COMES_BACK_WITHIN_MS = 30_000;
const CODE = "WFE_STORE_FULL";
/** Hosts that have nothing to store would not notice: trips come to rest when nobody can start them or publish their notes. */
const BEATING = "beating";

/**
 * The disk of the store is filled to the last byte under running hosts, and has room again a while later.
 *
 * @throws CannotRunHereError where no small disk can be mounted.
 */
export async function diskFull(settings: DrillSettings): Promise<DrillOutcome> {
  const disk = SmallDisk.mount(MEGABYTES);
  try {
    return await runDrill(settings, {
      store: await openStore(settings.store, disk.folder),
      options: { lockTtl: LOCK_TTL_MS },
      // Enough that some are open when it is full.
      underWay: Math.ceil(settings.workflows / 2),
      outlasts: (error) => isWfeError(error, CODE),
      during: async (scene) => await fillOnce(disk, scene),
    });
  } finally {
    await disk.unmount();
  }
}

async function fillOnce(disk: SmallDisk, { cluster, trips, settings }: Scene): Promise<Blows> {
  disk.fill(ROOM_BYTES);
  await cluster.client.startWorkflow(beating(), { count: 0 }, { id: BEATING });
  while (!trips.isOver && trips.done < 0.1) await sleep(10);
  settings.tell("the disk is being filled");
  let halves: readonly unknown[] = [];
  let whileFull = 0;
  const ms = await timeToComeBack(
    cluster,
    async () => {
      // Else commits go on for a while in the room that its log has already.
      if (cluster.store instanceof SqliteStore) cluster.store.checkpoint();
      disk.fill();
      const refill = setInterval(() => disk.fill(), 50);
      try {
        await eventually(() => reportsOf(cluster) > 0, { what: `a host that reports ${CODE}`, timeout: settings.limitMs });
        await sleep(STAYS_FULL_MS);
        halves = await halfWritten(cluster, settings.workflows);
        whileFull = trips.done;
        settings.tell(`full: ${reportsOf(cluster)} reports of ${CODE} so far; now there is room again`);
      } finally {
        clearInterval(refill);
        disk.makeRoom();
      }
    },
    settings.limitMs,
  );
  await cluster.client.terminateWorkflow(BEATING);
  return {
    done: [`the disk of the store (${MEGABYTES} MB) was filled to the last byte, and had room again ${STAYS_FULL_MS} ms after the first report`],
    findings: [
      atLeast(`reports of ${CODE} by hosts`, reportsOf(cluster), 1),
      none("workflows half-written while it was full", halves),
      same("all over before it was full", whileFull === 1 ? "yes" : "no", "no"),
      atMost("until every open workflow has gone on", ms, COMES_BACK_WITHIN_MS, " ms"),
    ],
    figures: { "until every open workflow has gone on": `${ms} ms` },
  };
}

function reportsOf(cluster: Cluster): number {
  return cluster.processes.flatMap(({ messages }) => messages).filter(({ cause }) => cause?.includes(CODE)).length;
}
