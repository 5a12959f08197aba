import { DefinitionError } from "../errors/definition-errors.ts";
import type { WorkflowGraph } from "../models/workflow-definition.ts";
import type { WfeErrorOptions } from "../errors/wfe-error.ts";
import type { AnyDefinition } from "../traits/workflow-registry.ts";
import { definitionFaults } from "./definition-check.ts";
import type { DefinitionSource } from "./definition-source.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { STRICT } from "./strict-payloads.ts";

/** Definitions that were made here: checked, and frozen since. */
const MADE = new WeakSet<object>();

/**
 * Checks a graph with its functions and makes a frozen definition of copies of them.
 *
 * @param found - Faults that were found before.
 * @throws DefinitionError with all faults.
 */
export function definitionOf(source: DefinitionSource, functions: ReadonlyMap<string, unknown>, found: readonly string[] = []): AnyDefinition {
  const { id, version, description, graph } = source;
  const faults = [...new Set([...found, ...definitionFaults(source, functions)])];
  if (faults.length > 0) throw refused(source, faults);
  const stored = STRICT.stored(graph, "the graph") as WorkflowGraph; // a copy of a graph is one
  const definition: AnyDefinition = Object.freeze({
    id,
    version,
    ...(description === undefined ? {} : { description }),
    fingerprint: fingerprintOf(stored),
    graph: stored,
    functions: frozenTable(functions),
  });
  MADE.add(definition);
  return definition;
}

/** Whether {@link definitionOf} made this very object, and not a copy of it. */
export function isMade(definition: unknown): definition is AnyDefinition {
  return typeof definition === "object" && definition !== null && MADE.has(definition);
}

/** The error of a definition, whose id and version may be anything too. */
export function refused(
  { id, version }: { readonly id?: unknown; readonly version?: unknown },
  faults: readonly string[],
  options?: WfeErrorOptions,
): DefinitionError {
  return new DefinitionError(typeof id === "string" ? id : "?", typeof version === "number" ? version : Number.NaN, faults, options);
}

/** A copy that refuses changes: freezing a map does not freeze its entries. */
function frozenTable(functions: ReadonlyMap<string, unknown>): ReadonlyMap<string, unknown> {
  const refuse = (): never => {
    throw new TypeError("the functions of a definition cannot be changed");
  };
  return Object.freeze(Object.assign(new Map(functions), { set: refuse, delete: refuse, clear: refuse }));
}
