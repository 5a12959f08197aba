import type { StepDefinition } from "../models/step-definition.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { Entropy } from "../traits/entropy.ts";
import type { CompiledDefinition } from "./compiled-definition.ts";
import type { InstanceState } from "./instance-state.ts";
import { StepContext, type ContextServices, type Undoing } from "./step-context.ts";

/** Limits of one instance. */
export interface InstanceLimits {
  /** Starts without a result after which a step is not taken over again. */
  readonly maxCrashes: number;
  /** Open pointers at most. */
  readonly maxOpenPointers: number;
  /** Sub-workflows in each other at most. */
  readonly maxDepth: number;
  /** How long a saga that is to be compensated waits for running bodies that have no limit of their own. */
  readonly shutdownTimeoutMs: number;
}

/** What the parts of a pass share: the instance, its definition, and the world. Lives as long as the pass. */
export interface PassScope {
  readonly state: InstanceState;
  readonly definition: CompiledDefinition;
  readonly services: ContextServices;
  readonly entropy: Entropy;
  readonly limits: InstanceLimits;
  /** Sagas of which the store has to be asked what is to be undone next. */
  readonly undo: Set<string>;
  /** Pointers whose results have changed the data, until it is looked at who watches it. */
  readonly changedBy: PointerRow[];
  /** Globally unique: a change has the pass's id and its number there for its own, which costs less than a new id. */
  readonly passId: string;
  /** How many changes the pass has made. */
  changes: number;
  /** Encode the data after every result, to find the one that takes it beyond its limit; else only at the commit. */
  checksSizes: boolean;
}

/** What a pass begins with. */
export function passScope(parts: Pick<PassScope, "state" | "definition" | "services" | "entropy" | "limits">): PassScope {
  const { state, definition, services, entropy, limits } = parts;
  return { state, definition, services, entropy, limits, undo: new Set(), changedBy: [], passId: entropy.id(), changes: 0, checksSizes: false };
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

/** The context of a pointer, with the data of this moment. @param run - Whose signal it has. @default one that never aborts */
export function contextOf(scope: PassScope, step: StepDefinition, pointer: PointerRow, run?: { readonly signal: AbortSignal }): StepContext {
  const { state, services } = scope;
  if (pointer.compensates === undefined) return new StepContext(services, state, step, pointer, run);
  return new StepContext(services, state, step, pointer, run, undoingOf(scope, pointer.compensates, pointer));
}

/** What a compensator undoes, with the failure that began it: the saga's, or outside of sagas that of the step itself. */
function undoingOf({ state, definition }: PassScope, undoneId: string, { scope: inside }: PointerRow): Undoing | undefined {
  const pointer = state.undone(undoneId);
  if (pointer === undefined) return undefined;
  const saga = inside.findLast((id) => definition.isSaga(state.pointer(id)?.stepId ?? 0) && state.pointer(id)?.error !== undefined);
  const error = (saga === undefined ? undefined : state.pointer(saga)?.error) ?? pointer.error;
  if (!definition.isSaga(pointer.stepId)) return { pointer, error };
  // What a saga keeps there is the engine's own.
  return { pointer: { ...pointer, persistenceData: undefined }, error };
}
