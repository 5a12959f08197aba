import { type AnyDefinition, DefinitionExistsError, type DefinitionKey, type WorkflowRegistry } from "wfe-core";

/** Definitions in memory, by id and version. */
export class InMemoryWorkflowRegistry implements WorkflowRegistry {
  readonly #definitions = new Map<string, Map<number, AnyDefinition>>();
  #keys: readonly DefinitionKey[] | undefined;

  register(definition: AnyDefinition): void {
    const versions = this.#definitions.get(definition.id) ?? new Map<number, AnyDefinition>();
    const known = versions.get(definition.version);
    if (known !== undefined && known.fingerprint !== definition.fingerprint) {
      throw new DefinitionExistsError(definition.id, definition.version, known.fingerprint, definition.fingerprint);
    }
    if (known !== undefined) return;
    versions.set(definition.version, definition);
    this.#definitions.set(definition.id, versions);
    this.#keys = undefined;
  }

  getDefinition(id: string, version?: number): AnyDefinition | undefined {
    const versions = this.#definitions.get(id);
    return versions?.get(version ?? Math.max(...versions.keys()));
  }

  isRegistered(id: string, version: number): boolean {
    return this.#definitions.get(id)?.has(version) ?? false;
  }

  deregister(id: string, version: number): boolean {
    const versions = this.#definitions.get(id);
    const removed = versions?.delete(version) ?? false;
    if (versions?.size === 0) this.#definitions.delete(id);
    if (removed) this.#keys = undefined;
    return removed;
  }

  getAllDefinitions(): readonly AnyDefinition[] {
    return [...this.#definitions.values()].flatMap((versions) => [...versions.values()]);
  }

  keys(): readonly DefinitionKey[] {
    this.#keys ??= this.getAllDefinitions().map(({ id, version, fingerprint }) => ({ id, version, fingerprint }));
    return this.#keys;
  }
}
