import { DefinitionError } from "../errors/definition-errors.ts";
import type { WorkflowGraph } from "../models/workflow-definition.ts";
import { Payloads } from "../runtime/payloads.ts";
import type { AnyDefinition } from "../traits/workflow-registry.ts";
import { definitionFaults } from "./definition-check.ts";
import type { DefinitionSource } from "./definition-source.ts";
import { fingerprintOf } from "./fingerprint.ts";

const strict = new Payloads();

/**
 * Checks a graph with its functions and makes a frozen definition of copies of them.
 *
 * @param found - Faults that were found before.
 * @throws DefinitionError with all faults.
 */
export function definitionOf(source: DefinitionSource, functions: ReadonlyMap<string, unknown>, found: readonly string[] = []): AnyDefinition {
  const { id, version, description, graph } = source;
  const faults = [...new Set([...found, ...definitionFaults(source, functions)])];
  if (faults.length > 0) throw new DefinitionError(id, version, faults);
  const stored = strict.stored(graph, "the graph") as WorkflowGraph; // a copy of a graph is one
  return Object.freeze({
    id,
    version,
    ...(description === undefined ? {} : { description }),
    fingerprint: fingerprintOf(stored),
    graph: stored,
    functions: frozenTable(functions),
  });
}

/** A copy that refuses changes: freezing a map does not freeze its entries. */
function frozenTable(functions: ReadonlyMap<string, unknown>): ReadonlyMap<string, unknown> {
  const refuse = (): never => {
    throw new TypeError("the functions of a definition cannot be changed");
  };
  return Object.freeze(Object.assign(new Map(functions), { set: refuse, delete: refuse, clear: refuse }));
}
