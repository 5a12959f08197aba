import type { WorkflowRow } from "../models/workflow-row.ts";
import type { AnyDefinition, WorkflowRegistry } from "../traits/workflow-registry.ts";

/** The definition that an instance belongs to, by id, version and fingerprint; `undefined` where it is not registered. */
export function knownDefinition(
  registry: Pick<WorkflowRegistry, "getDefinition">,
  { definitionId, version, fingerprint }: Pick<WorkflowRow, "definitionId" | "version" | "fingerprint">,
): AnyDefinition | undefined {
  const registered = registry.getDefinition(definitionId, version);
  return registered?.fingerprint === fingerprint ? registered : undefined;
}
