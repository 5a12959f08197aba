import type { PointerRow } from "../../src/models/pointer-row.ts";
import type { StepDefinition } from "../../src/models/step-definition.ts";
import type { PrimitiveContext } from "../../src/primitives/primitive.ts";
import { Payloads } from "../../src/runtime/payloads.ts";
import { samplePointer } from "../../src/test-support/fixtures.ts";

/** When the primitives of these tests run, in epoch milliseconds. */
export const NOW_MS: number = Date.UTC(2026, 0, 1);

/** What differs from a step without functions at its first run. */
export interface ContextChanges extends Partial<Pick<PrimitiveContext, "hasTimeoutBlock" | "endedIndex">> {
  /** What the step's functions do, by role. */
  readonly functions?: Readonly<Record<string, () => unknown>>;
  readonly pointer?: Partial<PointerRow>;
  readonly state?: unknown;
  readonly outcome?: unknown;
  /** An event that has come, with this payload. */
  readonly event?: { readonly data: unknown };
}

/** What a primitive sees of its run. The step is called "s". */
export function primitiveContext(step: Partial<StepDefinition>, changes: ContextChanges = {}): PrimitiveContext {
  const { functions = {}, event } = changes;
  return {
    step: { id: 0, name: "s", kind: "if", ...step },
    pointer: samplePointer(changes.pointer),
    nowMs: NOW_MS,
    call: (role) => functions[role]?.(),
    stored: (value, what) => new Payloads().stored(value, what),
    has: (role) => role in functions,
    state: () => changes.state,
    outcome: () => changes.outcome,
    eventData: () => event?.data,
    hasEvent: event !== undefined,
    hasTimeoutBlock: changes.hasTimeoutBlock ?? false,
    endedIndex: changes.endedIndex,
  };
}
