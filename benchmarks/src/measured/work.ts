/** The workloads, in the order in which they are measured. */
export const WORKLOADS = ["w1", "w2", "w3", "w4", "w5", "history"] as const;
export type Workload = (typeof WORKLOADS)[number];

/** Steps of a workflow of W1. */
export const CHAIN_STEPS = 10;

/** One piece of work: a workload and its size. */
export type Work =
  /** Many workflows of {@link CHAIN_STEPS} steps. */
  | { readonly workload: "w1"; readonly workflows: number }
  /** One workflow of one step after the other, each from its start to its result. */
  | { readonly workload: "w2"; readonly rounds: number }
  /** One workflow of so many parallel branches of one step. */
  | { readonly workload: "w3"; readonly branches: number }
  /** One workflow after the other that waits for an event, from its publication to the step behind it. */
  | { readonly workload: "w4"; readonly rounds: number }
  /** W2 in an empty store, and again beside so many workflows that sleep for a day. */
  | { readonly workload: "w5"; readonly rounds: number; readonly sleepers: number }
  /** One workflow with a loop of so many iterations of one step. */
  | { readonly workload: "history"; readonly iterations: number };

/** What has to be in the store in the end. */
export interface Counts {
  /** Workflows that are complete. */
  readonly complete: number;
  /** Steps that are complete, in all workflows. */
  readonly steps: number;
  /** Workflows that sleep. */
  readonly sleeping: number;
}

/** Branches of each workflow that W3 warms up with: the same for all sizes, so that a small one is not colder than a large one. */
export const WARM_UP_BRANCHES = 100;

/** Iterations of the loop that the history warms up with: its first thousand are compared with its last, and must not be the cold ones. */
export function warmUpIterations({ iterations }: { readonly iterations: number }): number {
  return Math.min(1_000, iterations);
}

/**
 * Workflows that are run before the clock starts: connections are open then, plans are cached, and code is compiled. That last takes a fast engine more of
 * them than a slow one: after half of the work, an engine whose calls carry hundreds of commits is still getting faster.
 */
export function warmUps(work: Work): number {
  switch (work.workload) {
    case "w1":
      return Math.max(20, work.workflows);
    case "w2":
    case "w4":
    case "w5":
      return Math.max(10, work.rounds);
    case "w3":
      return 5;
    case "history":
      return 1;
  }
}

/** What is in the store when all of it was done once, warm-up included. */
export function expectedCounts(work: Work): Counts {
  const warm = warmUps(work);
  switch (work.workload) {
    case "w1":
      return { complete: work.workflows + warm, steps: (work.workflows + warm) * CHAIN_STEPS, sleeping: 0 };
    case "w2":
    case "w4":
      return { complete: work.rounds + warm, steps: work.rounds + warm, sleeping: 0 };
    case "w3":
      return { complete: 1 + warm, steps: work.branches + warm * WARM_UP_BRANCHES, sleeping: 0 };
    case "w5":
      return { complete: 2 * work.rounds + warm, steps: 2 * work.rounds + warm, sleeping: work.sleepers };
    case "history":
      return { complete: 1 + warm, steps: work.iterations + warmUpIterations(work), sleeping: 0 };
  }
}

/** Steps that are done while the clock runs: what costs are divided by. */
export function measuredSteps(work: Work): number {
  if (work.workload === "w1") return work.workflows * CHAIN_STEPS;
  return work.workload === "w5" ? work.rounds : sizeOf(work);
}

/** The number that a workload's size is told by. */
export function sizeOf(work: Work): number {
  switch (work.workload) {
    case "w1":
      return work.workflows;
    case "w2":
    case "w4":
      return work.rounds;
    case "w3":
      return work.branches;
    case "w5":
      return work.sleepers;
    case "history":
      return work.iterations;
  }
}
