import type { Workload } from "./measured/work.ts";
import { median } from "./measured/percentiles.ts";
import type { FsyncCount, Measurement, Result } from "./result.ts";

/** The results of a run, asked by engine and workload. What is not right in the store is not there. */
export class Measurements {
  readonly #right: readonly Measurement[];
  readonly #fsyncs: readonly FsyncCount[];

  constructor(results: readonly Result[]) {
    this.#right = results.filter((result) => result.kind === "measured").filter(({ isRight }) => isRight);
    this.#fsyncs = results.filter((result) => result.kind === "fsyncs");
  }

  /** Of all repetitions. @param size - Of the workload. @default any */
  of(engine: string, workload: Workload, size?: number): readonly Measurement[] {
    return this.#right.filter((each) => each.engine === engine && each.workload === workload && (size === undefined || each.size === size));
  }

  /** Sizes that a workload was measured at, in order. */
  sizes(workload: Workload): readonly number[] {
    return [...new Set(this.#right.filter((each) => each.workload === workload).map(({ size }) => size))].toSorted((a, b) => a - b);
  }

  /** The middle of all repetitions. */
  median(engine: string, workload: Workload, figure: string, size?: number): number | undefined {
    return middle(this.of(engine, workload, size).map(({ figures }) => figures[figure]));
  }

  /** The middle of a cost by step. */
  perStep(engine: string, workload: Workload, figure: string): number | undefined {
    return middle(this.of(engine, workload).map(({ figures, steps }) => (figures[figure] === undefined ? undefined : figures[figure] / steps)));
  }

  /** The middle of the syncs of a server's log by step: of the whole process, so by all of its steps. */
  syncsPerStep(engine: string, workload: Workload): number | undefined {
    return middle(
      this.of(engine, workload).map(({ figures: { walSyncs }, expected }) => (walSyncs === undefined ? undefined : walSyncs / expected.steps)),
    );
  }

  /** How many times one engine's figure is another's: the middle of what each repetition says, which a slow moment of the machine changes least. */
  ratio(engine: string, other: string, workload: Workload, figure: string): number | undefined {
    const others = this.of(other, workload);
    return middle(
      this.of(engine, workload).map(({ repetition, size, figures }) => {
        const figureOfOther = others.find((each) => each.repetition === repetition && each.size === size)?.figures[figure];
        const own = figures[figure];
        return own === undefined || figureOfOther === undefined ? undefined : own / figureOfOther;
      }),
    );
  }

  /** Of a run that was counted. */
  fsyncsPerStep(engine: string): number | undefined {
    const count = this.#fsyncs.find((each) => each.engine === engine);
    return count === undefined ? undefined : count.fsyncs / count.steps;
  }
}

function middle(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : median(known);
}
