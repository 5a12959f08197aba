/** Everything of `wfe-core/test-support`. */
export * from "wfe-core/test-support";
/** Simulation of several hosts. */
export {
  CALL_FAULTS,
  DEFAULT_FAULT_WEIGHTS,
  type Fault,
  FAULT_KINDS,
  type FaultKind,
  type FaultWeights,
  WORLD_FAULTS,
} from "./simulation/fault-plan.ts";
export { failureReport, replayLine } from "./simulation/failure-report.ts";
export { shrink, type ShrinkLimits, type ShrunkFailure } from "./simulation/shrink.ts";
export { simulate } from "./simulation/simulate.ts";
export type {
  FinalState,
  ProgramFactory,
  SimulatedBodies,
  SimulatedConsumption,
  SimulatedProgram,
  SimulatedRun,
  Stimulus,
  StimulusAnswer,
} from "./simulation/simulated-program.ts";
export type { FaultyParts, SimulationOptions, SimulationResult } from "./simulation/simulation-options.ts";
export type { InvariantName, Violation } from "./simulation/violations.ts";
