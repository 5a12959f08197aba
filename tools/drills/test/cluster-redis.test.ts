import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { Cluster } from "../src/cluster.ts";
import { expectHostsWell, expectTripsAsTheyMust, tell } from "./cluster-outcome.ts";
import { harass } from "../src/harassment.ts";
import { flush, PostgresStore } from "../src/postgres-store.ts";
import { Trips } from "../src/trips.ts";

/** How much is done; more than what fits into a run of all tests is for runs by hand. */
const TRIPS = Number(process.env["WFE_TEST_CLUSTER_WORKFLOWS"] ?? 40);
const HOSTS = 4;
const TIMEOUT_MS = 1_000_000;

describe("a cluster of processes on a PostgreSQL database and a Redis", () => {
  let cluster: Cluster<PostgresStore>;
  afterEach(() => cluster.dispose());

  it(
    "does everything once while its hosts are killed and frozen, and Redis loses everything and is restarted",
    async () => {
      // The work of a host that was killed is found when its leases are over.
      // A host that finds no Redis for so long as it is away here does not start.
      const startsAgain = (failure: string): boolean => /WFE_STORE_UNREACHABLE: the Redis .* cannot be reached/.test(failure);
      cluster = await Cluster.start(await PostgresStore.start({ redis: true }), { lockTtl: "3s", maxCrashes: 1_000 }, startsAgain);
      await cluster.addHosts(HOSTS);
      cluster.keepSpares(2);
      const trips = new Trips(cluster, TRIPS, { underWay: TRIPS / 2 });

      const began = performance.now();
      const harassing = harass(cluster, { killEveryMs: 1_000, freezeMs: [1_000, 3_000] }, () => trips.isOver);
      const losing = loseRedis(cluster, trips);
      await trips.run();
      const seconds = (performance.now() - began) / 1_000;
      const done = { ...(await harassing), ...(await losing) };

      expect(done.flushes).toBeGreaterThan(0);
      expect(done.restarts).toBe(2);
      expectHostsWell(cluster);
      const figures = await expectTripsAsTheyMust(cluster, TRIPS);
      expect(await cluster.stopHosts()).toEqual(Array.from({ length: HOSTS }, () => 0));
      tell(`${TRIPS} trips on PostgreSQL and Redis`, seconds, figures, { ...done, ...cluster.warnings() });
    },
    TIMEOUT_MS,
  );
});

/** Empties the Redis again and again, and kills it twice: for a moment, and for longer than an operation is tried again. */
async function loseRedis(cluster: Cluster<PostgresStore>, trips: Trips): Promise<{ readonly flushes: number; readonly restarts: number }> {
  const { redis } = cluster.store;
  if (redis === undefined) throw new Error("the cluster has a Redis");
  const plan = [
    { from: 0.3, awayMs: 0 },
    { from: 0.6, awayMs: 12_000 },
  ];
  let [flushes, restarts] = [0, 0];
  for (let next = performance.now() + 1_000; !trips.isOver; await sleep(20)) {
    const restart = plan[restarts];
    if (restart !== undefined && trips.done >= restart.from) {
      await redis.kill();
      await sleep(restart.awayMs);
      await redis.start({ keepData: false });
      restarts += 1;
    } else if (performance.now() >= next) {
      await flush(redis.url);
      flushes += 1;
      next = performance.now() + 4_000;
    }
  }
  return { flushes, restarts };
}
