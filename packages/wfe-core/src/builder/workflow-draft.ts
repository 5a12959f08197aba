import type { ErrorBehavior } from "../models/error-behavior.ts";
import type { JsonValue } from "../models/json.ts";
import type { ChainNode } from "./step-node.ts";
import { STRICT } from "./strict-payloads.ts";

/** What one workflow builder and all its chains record into. */
export class WorkflowDraft {
  readonly root: ChainNode = {};
  readonly #faults: (() => string)[] = [];
  description?: string;
  defaultErrorBehavior?: ErrorBehavior;
  inputSchema?: unknown;
  initialData?: unknown;

  /** Notes a fault that the graph will not show; described when `build` reports, so that it can name steps as they are called then. */
  fault(describe: () => string): void {
    this.#faults.push(describe);
  }

  faults(): readonly string[] {
    return this.#faults.map((describe) => describe());
  }

  /** A frozen copy of a fixed value of the author's; one that JSON cannot carry is a fault. */
  fixedValue(value: unknown, what: () => string): JsonValue {
    try {
      return STRICT.stored(value, "it") as JsonValue; // what `stored` gives is JSON
    } catch (cause) {
      this.fault(() => `${what()} is no JSON value: ${cause instanceof Error ? cause.message : String(cause)}`);
      return null;
    }
  }
}
