import { compiled } from "../../src/executor/compiled-definition.ts";
import { InstanceState } from "../../src/executor/instance-state.ts";
import type { InstanceLimits, PassScope } from "../../src/executor/pass-scope.ts";
import type { ContextServices } from "../../src/executor/step-context.ts";
import type { InstanceError } from "../../src/models/execution-error.ts";
import type { PointerRow } from "../../src/models/pointer-row.ts";
import type { StepDefinition } from "../../src/models/step-definition.ts";
import type { WorkflowRow } from "../../src/models/workflow-row.ts";
import { Payloads } from "../../src/runtime/payloads.ts";
import { samplePointer, sampleWorkflow } from "../../src/test-support/fixtures.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";
import { VirtualEntropy } from "../../src/test-support/virtual-entropy.ts";
import type { AnyDefinition } from "../../src/traits/workflow-registry.ts";

/** What differs from a runnable instance "w" with the data `{}` and one pointer, whose body runs for the first time at step 0. */
export interface ScopeParts {
  readonly data?: unknown;
  readonly pointers?: readonly PointerRow[];
  readonly row?: Partial<WorkflowRow>;
  readonly error?: InstanceError;
  readonly services?: Partial<ContextServices>;
  readonly limits?: Partial<InstanceLimits>;
}

/** A pass over an instance that stands in memory alone: its parts are called by the test. */
export function scopeOf(definition: AnyDefinition, parts: ScopeParts = {}): PassScope & { readonly clock: VirtualClock } {
  const clock = new VirtualClock();
  const payloads = parts.services?.payloads ?? new Payloads();
  const { pointers: _, ...created } = sampleWorkflow("w", { definitionId: definition.id, version: definition.version });
  const row: WorkflowRow = { ...created, status: "runnable", revision: 1, controlSeq: 0, inboxSeq: 0, sequence: 10, ...parts.row };
  const kinds = compiled(definition);
  const data = payloads.stored(parts.data ?? {}, "the data");
  const client = { startWorkflow: () => Promise.reject(new Error("no host")), publishEvent: () => Promise.reject(new Error("no host")) };
  return {
    state: new InstanceState(row, data, parts.error, parts.pointers ?? [runningPointer()], kinds),
    definition: kinds,
    services: {
      payloads,
      clock,
      log: { write: () => {} },
      client,
      newChild: () => Promise.reject(new Error("no host")),
      polls: {} as never,
      ...parts.services,
    },
    entropy: new VirtualEntropy(1),
    limits: { maxCrashes: 5, maxOpenPointers: 100, maxDepth: 32, shutdownTimeoutMs: 30_000, ...parts.limits },
    undo: new Set(),
    changedBy: [],
    passId: "pass",
    changes: 0,
    checksSizes: false,
    clock,
  };
}

/** A pointer at step 0 whose body runs for the first time. */
export function runningPointer(changes: Partial<PointerRow> = {}): PointerRow {
  return samplePointer({ status: "running", attempt: 1, ...changes });
}

/** A step of a definition. */
export function stepOf(definition: AnyDefinition, id = 0): StepDefinition {
  return compiled(definition).step(id);
}
