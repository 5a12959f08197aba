import type { DefinitionKey, WorkflowDefinition } from "../models/workflow-definition.ts";

/** A definition whose types do not matter where it is handled. */
export type AnyDefinition = WorkflowDefinition<unknown, never>;

/** The definitions a host knows. */
export interface WorkflowRegistry {
  /** Adds a definition; the same fingerprint again does nothing. @throws DefinitionExistsError for another graph under the same id and version. */
  register(definition: AnyDefinition): void;
  /** The definition of this id and version; without a version the highest one. */
  getDefinition(id: string, version?: number): AnyDefinition | undefined;
  isRegistered(id: string, version: number): boolean;
  /** @returns Whether it was there. */
  deregister(id: string, version: number): boolean;
  getAllDefinitions(): readonly AnyDefinition[];
  /** What the sweep asks for. */
  keys(): readonly DefinitionKey[];
}
