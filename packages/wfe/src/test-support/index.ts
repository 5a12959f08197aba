/** Everything of `wfe-core/test-support`. */
export * from "wfe-core/test-support";
/** A host for tests of workflows. */
export { createTestHost, type TestHostOptions } from "./test-host/create-test-host.ts";
export type { StepStatuses } from "./test-host/step-assertions.ts";
export type { MockBody, StepMock } from "./test-host/step-mocks.ts";
export type { TestHost } from "./test-host/test-host.ts";
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
