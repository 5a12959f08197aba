import type { WorkflowDefinitionJson } from "../models/workflow-definition-json.ts";
import type { WorkflowGraph } from "../models/workflow-definition.ts";
import type { AnyDefinition } from "../traits/workflow-registry.ts";
import { definitionOf, refused } from "./definition-of.ts";
import type { DefinitionSource } from "./definition-source.ts";
import { shownValue } from "./shown-value.ts";
import { STRICT } from "./strict-payloads.ts";

/**
 * Makes a definition out of JSON, for example one that was written by another program, or that `JSON.stringify(definition)` gave.
 *
 * @param source - Id, version and graph. Anything else in it is left out; a fingerprint is worked out anew.
 * @param functions - The code that the graph names, by key. Classes and function steps (`{step number}.body`) may be missing: the host can
 * be given them under their keys.
 * @throws DefinitionError with all faults; a missing function is one.
 */
export function definitionFromGraph(
  source: DefinitionSource | WorkflowDefinitionJson,
  functions: ReadonlyMap<string, unknown> | Readonly<Record<string, unknown>> = {},
): AnyDefinition {
  // Both may have come from anywhere, too.
  if (typeof source !== "object" || source === null) throw refused({}, [`${shownValue(source)} is no definition: it has no id, version and graph`]);
  if (typeof functions !== "object" || functions === null) throw refused(source, ["the functions are neither a Map nor a record"]);
  let graph: WorkflowGraph;
  try {
    graph = STRICT.stored(source.graph, "the graph") as WorkflowGraph; // checked next
  } catch (cause) {
    throw refused(source, [cause instanceof Error ? cause.message : String(cause)], { cause });
  }
  return definitionOf({ ...source, graph }, functions instanceof Map ? functions : new Map(Object.entries(functions)));
}
