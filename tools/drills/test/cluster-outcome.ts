import { expect } from "vitest";
import type { Cluster } from "../src/cluster.ts";
import { type Figures, tripVerdict } from "../src/trip-verdict.ts";

/** No process has ended that nobody has ended, and none has written anything: an unhandled rejection, for example. */
export function expectHostsWell({ unwell }: Cluster): void {
  expect(unwell).toEqual([]);
}

/** Every trip has ended as it must, and nothing is left over. */
export async function expectTripsAsTheyMust(cluster: Cluster, count: number): Promise<Figures> {
  const { findings, figures } = await tripVerdict(cluster, count);
  expect(findings.filter(({ isGood }) => !isGood)).toEqual([]);
  return figures;
}

/** Prints the figures of a run. */
export function tell(what: string, seconds: number, { steps, bodies, again, longestMs }: Figures, rest: object): void {
  const rate = Math.round(steps / seconds);
  console.log(
    `${what} in ${seconds.toFixed(1)} s: ${steps} steps, ${rate} a second; ${bodies} bodies, ${again} again; ${longestMs} ms for the longest`,
    rest,
  );
}
