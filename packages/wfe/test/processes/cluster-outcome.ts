import { expect } from "vitest";
import type { Cluster } from "./cluster.ts";
import type { Figures } from "./cluster-verdict.ts";

/** No process has ended that nobody has ended, and none has written anything: an unhandled rejection, for example. */
export function expectHostsWell({ processes }: Cluster): void {
  expect(
    processes.flatMap(({ pid, endedByItself, output }) => (endedByItself === undefined && output === "" ? [] : [{ pid, endedByItself, output }])),
  ).toEqual([]);
}

/** Prints the figures of a run. */
export function tell(what: string, seconds: number, { steps, bodies, again, longestMs }: Figures, rest: object): void {
  const rate = Math.round(steps / seconds);
  console.log(
    `${what} in ${seconds.toFixed(1)} s: ${steps} steps, ${rate} a second; ${bodies} bodies, ${again} again; ${longestMs} ms for the longest`,
    rest,
  );
}
