import type { Figures } from "./measured/protocol.ts";
import type { Counts, Workload } from "./measured/work.ts";

/** What every line of the results says. */
export interface ResultHead {
  readonly workload: Workload;
  /** Workflows, rounds, branches, sleepers or iterations. */
  readonly size: number;
  readonly engine: string;
}

/** A measurement that came to an end. */
export interface Measurement extends ResultHead {
  readonly kind: "measured";
  /** From 1. */
  readonly repetition: number;
  /** Of the measured process. */
  readonly node: string;
  /** Steps while the clock ran. */
  readonly steps: number;
  /** By name; the unit is the end of the name. All are of the time that is measured, but for `walSyncs`, which are of the whole process. */
  readonly figures: Figures;
  /** What is in the store afterwards, and what has to be. */
  readonly stored: Counts;
  readonly expected: Counts;
  readonly isRight: boolean;
}

/** A count of what cannot be counted without slowing the work down: not a measurement of time. */
export interface FsyncCount extends ResultHead {
  readonly kind: "fsyncs";
  readonly steps: number;
  readonly fsyncs: number;
}

export type Result =
  | Measurement
  | FsyncCount
  | (ResultHead & { readonly kind: "failed"; readonly repetition: number; readonly error: string })
  | (ResultHead & { readonly kind: "cannot"; readonly reason: string });
