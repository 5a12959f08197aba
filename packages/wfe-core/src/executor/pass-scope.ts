import type { StepDefinition } from "../models/step-definition.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { Entropy } from "../traits/entropy.ts";
import type { CompiledDefinition } from "./compiled-definition.ts";
import type { InstanceState } from "./instance-state.ts";
import { StepContext, type ContextServices } from "./step-context.ts";

/** Limits of one instance. */
export interface InstanceLimits {
  /** Starts without a result after which a step is not taken over again. */
  readonly maxCrashes: number;
  /** Open pointers at most. */
  readonly maxOpenPointers: number;
}

/** What the parts of a pass share: the instance, its definition, and the world. Lives as long as the pass. */
export interface PassScope {
  readonly state: InstanceState;
  readonly definition: CompiledDefinition;
  readonly services: ContextServices;
  readonly entropy: Entropy;
  readonly limits: InstanceLimits;
  /** Encode the data after every result, to find the one that takes it beyond its limit; else only at the commit. */
  checksSizes: boolean;
}

/** The instant of now. */
export function now(scope: PassScope): Date {
  return new Date(scope.services.clock.now());
}

/** The last instant that a `Date` can hold: what is due later is due never. */
const LAST_INSTANT_MS = 8.64e15;

/** The instant of so many epoch milliseconds. */
export function instantOf(epochMs: number): Date {
  return new Date(Math.min(epochMs, LAST_INSTANT_MS));
}

/** The context of a pointer, with the data of this moment. */
export function contextOf(scope: PassScope, step: StepDefinition, pointer: PointerRow, signal?: AbortSignal): StepContext {
  return new StepContext(scope.services, scope.state, step, pointer, signal);
}
