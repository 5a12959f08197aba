import { systemClock } from "wfe-core";
import { simulate } from "./simulate.ts";
import type { ProgramFactory } from "./simulated-program.ts";
import type { SimulationOptions, SimulationResult } from "./simulation-options.ts";

const DEFAULT_MOST_SCHEDULES = 400;
const DEFAULT_LONGEST_MS = 20_000;

/** How long a failure is made smaller. */
export interface ShrinkLimits {
  /** Schedules that are tried at most. @default 400 */
  readonly mostSchedules?: number;
  /** By the clock of the machine, in milliseconds. @default 20000 */
  readonly longestMs?: number;
}

/** The smallest schedule that was found to fail in the same way. */
export interface ShrunkFailure {
  readonly options: SimulationOptions;
  readonly result: SimulationResult;
  /** How many were tried. */
  readonly schedules: number;
}

/**
 * Makes a schedule that fails smaller: fewer hosts, fewer faults, and as few picks as can be that are not in order. It fails by the same invariant.
 *
 * @param result - Of `simulate` with these options; returned as it is when it has no violation.
 */
export async function shrink(
  factory: ProgramFactory,
  options: SimulationOptions,
  result: SimulationResult,
  limits: ShrinkLimits = {},
): Promise<ShrunkFailure> {
  const shrinking = new Shrinking(factory, options, result, limits);
  if (result.violations.length > 0) await shrinking.run();
  return shrinking.smallest;
}

class Shrinking {
  readonly #factory: ProgramFactory;
  readonly #invariant: string | undefined;
  readonly #most: number;
  readonly #untilMs: number;
  #options: SimulationOptions;
  #result: SimulationResult;
  #schedules = 0;

  constructor(factory: ProgramFactory, options: SimulationOptions, result: SimulationResult, limits: ShrinkLimits) {
    this.#factory = factory;
    this.#invariant = result.violations[0]?.invariant;
    this.#most = limits.mostSchedules ?? DEFAULT_MOST_SCHEDULES;
    this.#untilMs = systemClock.monotonic() + (limits.longestMs ?? DEFAULT_LONGEST_MS);
    this.#options = options;
    this.#result = result;
  }

  get smallest(): ShrunkFailure {
    return { options: this.#options, result: this.#result, schedules: this.#schedules };
  }

  async run(): Promise<void> {
    // What it had by itself, said: the same schedule.
    this.#options = { ...this.#options, onlyFaults: this.#faults };
    for (const hosts of [1, 2, 3]) if (await this.#tryWith({ hosts })) break;
    await this.#fewerFaults();
    await this.#fewerPicks();
    await this.#fewerFaults();
  }

  get #faults(): readonly number[] {
    return this.#result.faults.map(({ index }) => index);
  }

  /** Leaves parts of the faults out: all, halves, quarters, and so on down to each. */
  async #fewerFaults(): Promise<void> {
    if (this.#faults.length > 0) await this.#tryWith({ onlyFaults: [] });
    for (let size = Math.ceil(this.#faults.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let from = 0; from < this.#faults.length; ) {
        const faults = this.#faults;
        const isSmaller = await this.#tryWith({ onlyFaults: [...faults.slice(0, from), ...faults.slice(from + size)] });
        if (!isSmaller) from += size;
      }
    }
  }

  /** Looks for the shortest beginning that has to be out of order. */
  async #fewerPicks(): Promise<void> {
    let [low, high] = [0, Math.min(this.#options.seededPicks ?? Infinity, this.#result.picks)];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (await this.#tryWith({ seededPicks: middle })) high = middle;
      else low = middle + 1;
    }
  }

  /** @returns Whether it fails in the same way; it is the smallest then. */
  async #tryWith(change: Partial<SimulationOptions>): Promise<boolean> {
    if (this.#schedules >= this.#most || systemClock.monotonic() >= this.#untilMs) return false;
    this.#schedules += 1;
    const options = { ...this.#options, ...change };
    const result = await simulate(this.#factory, options);
    if (result.violations[0]?.invariant !== this.#invariant) return false;
    this.#options = options;
    this.#result = result;
    return true;
  }
}
