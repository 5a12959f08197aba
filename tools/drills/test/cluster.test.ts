import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { freePort } from "wfe-test-services";
import { Cluster } from "../src/cluster.ts";
import { expectHostsWell, expectTripsAsTheyMust, tell } from "./cluster-outcome.ts";
import { harass } from "../src/harassment.ts";
import { PostgresStore } from "../src/postgres-store.ts";
import { Trips } from "../src/trips.ts";
import { takeOverTimes } from "../src/take-over.ts";

/** How much is done; more than what fits into a run of all tests is for runs by hand. */
const TRIPS = Number(process.env["WFE_TEST_CLUSTER_WORKFLOWS"] ?? 60);
const TRIPS_WITHOUT_CONNECTIONS = Number(process.env["WFE_TEST_CLUSTER_WORKFLOWS"] ?? 60);
const ROUNDS = Number(process.env["WFE_TEST_CLUSTER_ROUNDS"] ?? 3);
const HOSTS = 4;
const TIMEOUT_MS = 1_000_000;

describe("a cluster of processes on one PostgreSQL database", () => {
  let cluster: Cluster<PostgresStore>;
  afterEach(() => cluster.dispose());

  it(
    "does everything once while its hosts are killed and frozen all the time",
    async () => {
      // On a busy machine a step loses more hosts here than one that is to blame for it would be given.
      cluster = await Cluster.start(await PostgresStore.start(), { maxCrashes: 1_000 });
      await cluster.addHosts(HOSTS);
      cluster.keepSpares(2);
      const trips = new Trips(cluster, TRIPS, { underWay: TRIPS / 2 });

      const began = performance.now();
      const harassing = harass(cluster, { killEveryMs: 1_000, freezeMs: [1_000, 3_000] }, () => trips.isOver);
      await trips.run();
      const seconds = (performance.now() - began) / 1_000;
      const harassed = await harassing;

      expectHostsWell(cluster);
      const figures = await expectTripsAsTheyMust(cluster, TRIPS);
      expect(await cluster.stopHosts()).toEqual(Array.from({ length: HOSTS }, () => 0));
      tell(`${TRIPS} trips`, seconds, figures, { ...harassed, ...cluster.warnings() });
    },
    TIMEOUT_MS,
  );

  it(
    "does everything once while all connections are ended all the time, and the server is restarted",
    async () => {
      cluster = await Cluster.start(await PostgresStore.start());
      await cluster.addHosts(HOSTS);
      const trips = new Trips(cluster, TRIPS_WITHOUT_CONNECTIONS, { underWay: TRIPS_WITHOUT_CONNECTIONS / 10 });

      const began = performance.now();
      const cutting = endConnectionsAndRestart(cluster, trips);
      await trips.run();
      const seconds = (performance.now() - began) / 1_000;
      const cut = await cutting;

      expect(cut.restarts).toEqual(["fast", "immediate"]);
      expectHostsWell(cluster);
      const figures = await expectTripsAsTheyMust(cluster, TRIPS_WITHOUT_CONNECTIONS);
      expect(await cluster.stopHosts()).toEqual(Array.from({ length: HOSTS }, () => 0));
      tell(`${TRIPS_WITHOUT_CONNECTIONS} trips`, seconds, figures, { ...cut, ...cluster.warnings() });
    },
    TIMEOUT_MS,
  );

  it(
    "goes on with the step of a host that was killed within two seconds",
    async () => {
      cluster = await Cluster.start(await PostgresStore.start());
      await cluster.addHosts(2);

      const times = await takeOverTimes(cluster, ROUNDS);

      console.log(`taken over within, in milliseconds: ${times.join(", ")}`);
      expect(times[(times.length - 1) >> 1]).toBeLessThanOrEqual(2_000);
      expectHostsWell(cluster);
      expect(cluster.warnings()).toEqual({});
    },
    TIMEOUT_MS,
  );

  it(
    "goes on with it when its lease is over, without notifications",
    async () => {
      cluster = await Cluster.start(await PostgresStore.start({ hostOptions: { notifications: false } }), { lockTtl: "9s" });
      await cluster.addHosts(2);

      const times = await takeOverTimes(cluster, 1);

      console.log(`taken over without notifications within, in milliseconds: ${times.join(", ")}`);
      // A renewal is three seconds old at most when its host is killed, and more on a busy machine; with the default of 30 s it would take 20.
      expect(times[0]).toBeGreaterThan(3_000);
      expect(times.at(-1)).toBeLessThan(19_000);
      expectHostsWell(cluster);
      expect(cluster.warnings()).toEqual({});
    },
    TIMEOUT_MS,
  );

  it("has no host whose database is not there: it says so, and ends", async () => {
    cluster = await Cluster.start(await PostgresStore.start());
    const port = await freePort();
    const cases = [
      [
        cluster.store.server.url.replace(/postgres$/, "nowhere"),
        'WFE_STORE_UNREACHABLE: the PostgreSQL database "127.0.0.1:',
        'database "nowhere" does not exist',
      ],
      [
        `postgres://wfe@127.0.0.1:${port}/postgres`,
        `WFE_STORE_UNREACHABLE: the PostgreSQL database "127.0.0.1:${port}/postgres" (schema "wfe") cannot be reached`,
        "ECONNREFUSED",
      ],
    ] as const;

    const outcomes = await Promise.all(
      cases.map(async ([connectionString]) => {
        const host = cluster.load({ postgres: { connectionString, retryTimeout: "1s" } });
        await host.heard(({ loaded }) => loaded === true);
        host.send("start");
        const code = await host.ended();
        return { code, output: host.output, failed: host.messages.find(({ failed }) => failed !== undefined)?.failed };
      }),
    );

    expect(outcomes).toEqual(
      cases.map(([, says, why]) => ({ code: 1, output: "", failed: expect.stringMatching(new RegExp(`${escaped(says)}.*${escaped(why)}`)) })),
    );
  });
});

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

async function endConnectionsAndRestart(
  cluster: Cluster<PostgresStore>,
  trips: Trips,
): Promise<{ readonly ended: number; readonly restarts: readonly string[] }> {
  const restarts: ("fast" | "immediate")[] = [];
  const plan = [
    { from: 0.3, mode: "fast" },
    { from: 0.6, mode: "immediate" },
  ] as const;
  let ended = 0;
  for (let next = performance.now() + 500; !trips.isOver; await sleep(20)) {
    const restart = plan[restarts.length];
    if (restart !== undefined && trips.done >= restart.from) {
      await cluster.store.server.restart(restart.mode);
      restarts.push(restart.mode);
    } else if (performance.now() >= next) {
      ended += await cluster.store.endConnections();
      next = performance.now() + 2_000;
    }
  }
  return { ended, restarts };
}
