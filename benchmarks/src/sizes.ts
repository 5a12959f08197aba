import type { Work, Workload } from "./measured/work.ts";

/** How much of each workload is done. */
export interface Sizes {
  readonly name: string;
  readonly repetitions: number;
  readonly works: Readonly<Record<Workload, readonly Work[]>>;
}

interface Numbers {
  readonly workflows: number;
  readonly rounds: number;
  readonly branches: readonly number[];
  readonly sleepers: number;
  readonly iterations: number;
}

function sizes(name: string, repetitions: number, numbers: Numbers): Sizes {
  const { workflows, rounds, branches, sleepers, iterations } = numbers;
  return {
    name,
    repetitions,
    works: {
      w1: [{ workload: "w1", workflows }],
      w2: [{ workload: "w2", rounds }],
      w3: branches.map((each): Work => ({ workload: "w3", branches: each })),
      w4: [{ workload: "w4", rounds }],
      w5: [{ workload: "w5", rounds, sleepers }],
      history: [{ workload: "history", iterations }],
    },
  };
}

/** By name. */
export const SIZES = {
  /** Large enough for conclusions, on a machine that does nothing else. */
  full: sizes("full", 3, { workflows: 5_000, rounds: 500, branches: [100, 1_000, 10_000], sleepers: 100_000, iterations: 100_000 }),
  /** For a look within three minutes. */
  quick: sizes("quick", 1, { workflows: 500, rounds: 30, branches: [100, 1_000], sleepers: 1_000, iterations: 1_000 }),
  /** Whether everything works; its figures mean nothing. */
  smoke: sizes("smoke", 1, { workflows: 50, rounds: 5, branches: [10, 100], sleepers: 50, iterations: 50 }),
} as const satisfies Record<string, Sizes>;

export type SizeName = keyof typeof SIZES;
