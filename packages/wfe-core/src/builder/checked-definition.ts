import type { AnyDefinition } from "../traits/workflow-registry.ts";
import { definitionFromGraph } from "./definition-from-graph.ts";
import { isMade } from "./definition-of.ts";
import type { DefinitionSource } from "./definition-source.ts";

/**
 * A definition that can be trusted. One of a builder or of {@link definitionFromGraph} is given back as it is; anything else (a literal, a
 * copy, JSON) is made into one, with a fingerprint of its own.
 *
 * @throws DefinitionError with all faults of what is none; TypeError for a workflow that is not built.
 */
export function checkedDefinition(definition: unknown): AnyDefinition {
  if (isMade(definition)) return definition;
  const { build, functions } = (definition ?? {}) as { readonly build?: unknown; readonly functions?: ReadonlyMap<string, unknown> };
  if (typeof build === "function") throw new TypeError("the workflow is not built: call .build(id, version) first");
  return definitionFromGraph(definition as DefinitionSource, functions); // which believes nothing of either
}
