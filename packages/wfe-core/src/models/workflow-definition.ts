import type { ErrorBehavior } from "./error-behavior.ts";
import type { StepDefinition } from "./step-definition.ts";

/** The nodes and edges of a definition. Plain JSON. */
export interface WorkflowGraph {
  /** Each at the index that is its id; the first one is the entry. */
  readonly steps: readonly StepDefinition[];
  /** @default retry every 60 s, 3 times */
  readonly defaultErrorBehavior?: ErrorBehavior;
}

/** A built workflow: the graph (plain JSON) and the functions it names. Carries the types for `startWorkflow` and `subWorkflow`. */
export interface WorkflowDefinition<out TData = unknown, in TInput = TData> {
  readonly id: string;
  /** A whole number, 1 or more. */
  readonly version: number;
  readonly description?: string;
  /**
   * SHA-256 (hexadecimal) over step ids, kinds, edges, blocks, compensators and step keys; not over names, functions, durations,
   * retry settings or config. Instances belong to (id, version, fingerprint).
   */
  readonly fingerprint: string;
  readonly graph: WorkflowGraph;
  /** By {@link FunctionKey}; besides them `initialData` and `inputSchema` of the definition. */
  readonly functions: ReadonlyMap<string, unknown>;
  readonly "~data"?: TData;
  readonly "~input"?: (input: TInput) => void;
}

/** What an instance belongs to, and what a host says it knows. */
export interface DefinitionKey {
  readonly id: string;
  readonly version: number;
  readonly fingerprint: string;
}
