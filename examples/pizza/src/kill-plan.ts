/** When to kill the worker. */
export interface PlannedKill {
  /** Share of the steps committed, 0 to 1, from which on it happens. */
  readonly progress: number;
  /** And then so much later: so that it falls anywhere between two commits, not right behind one. */
  readonly delayMs: number;
}

/** Random moments, one in each of `count` equal parts of the run's middle: from 5 to 85 percent. */
export function planKills(count: number, random: () => number): readonly PlannedKill[] {
  return Array.from({ length: count }, (_, index) => ({
    progress: 0.05 + (0.8 * (index + random())) / count,
    delayMs: Math.floor(random() * 60),
  }));
}
