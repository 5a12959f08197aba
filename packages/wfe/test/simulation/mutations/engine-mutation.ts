import type { InvariantName, SimulationOptions } from "../../../src/test-support/index.ts";
import type { SourceEdit } from "./mutated-engine.ts";

/** A way of breaking the engine, or the store that it runs on, by another text in its sources. */
export interface EngineMutation {
  readonly name: string;
  /** Of the list of programs. */
  readonly program: string;
  readonly edits: readonly SourceEdit[];
  /** How its schedules are made. @default with all faults */
  readonly options?: Omit<SimulationOptions, "seed">;
  /** The invariants that may find it first. */
  readonly caughtBy: readonly InvariantName[];
}
