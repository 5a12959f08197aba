import type { WorkflowGraph } from "../models/workflow-definition.ts";

/** A definition without its functions, and without what is worked out from it. */
export interface DefinitionSource {
  readonly id: string;
  readonly version: number;
  readonly description?: string | undefined;
  readonly graph: WorkflowGraph;
}
