import type { StandardSchema } from "../models/standard-schema.ts";
import type { AnyDefinition } from "../traits/workflow-registry.ts";
import { stepNode, type StepNode } from "./step-node.ts";

/** The options of `subWorkflow` as they come in. */
export interface RecordedChildOptions {
  readonly version?: number;
  readonly outputSchema?: StandardSchema;
}

/** A `subWorkflow`. A definition brings its own version; by id a bare number stands for the options with that version. */
export function subWorkflowNode(child: string | AnyDefinition, input: unknown, options: number | RecordedChildOptions = {}): StepNode {
  const { version, outputSchema } = typeof options === "object" ? options : { version: options };
  // What is neither is left to the check of the graph.
  const named: { readonly id?: string; readonly version?: number | undefined } | null | undefined =
    typeof child === "string" ? { id: child, version } : child;
  const { id, version: childVersion } = named ?? {};
  return stepNode("subWorkflow", `subWorkflow ${id}`, {
    settings: { definitionId: id as string, ...(childVersion === undefined ? {} : { version: childVersion }) },
    functions: { input, ...(outputSchema === undefined ? {} : { outputSchema }) },
  });
}
