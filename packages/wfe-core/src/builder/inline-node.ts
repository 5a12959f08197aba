import { stepNode, type StepNode } from "./step-node.ts";
import type { WorkflowDraft } from "./workflow-draft.ts";

/**
 * A step that runs a function of the definition.
 *
 * @param verb - What it was made by, for messages.
 */
export function inlineNode(draft: WorkflowDraft, verb: string, name: unknown, fn: unknown): StepNode {
  if (typeof name === "string") return stepNode("inline", name, { functions: { run: fn } });
  draft.fault(() => `${verb} takes a name first, then the function: ${verb}("charge", …)`);
  // The function that stands in the place of its name is fault enough.
  return stepNode("inline", verb, { functions: { run: typeof name === "function" ? name : fn } });
}
