import { describe, expect, it } from "vitest";
import { DefinitionExistsError, InMemoryWorkflowRegistry, WorkflowBuilder } from "../src/index.ts";

const noop = (): void => {};
const builder = () => new WorkflowBuilder<{ n: number }>().thenFn("a", noop);
const [one, two, ten] = [builder().build("order", 1), builder().build("order", 2), builder().build("order", 10)];
const other = builder().build("other", 1);

function registryOf(...definitions: readonly (typeof one)[]): InMemoryWorkflowRegistry {
  const registry = new InMemoryWorkflowRegistry();
  for (const definition of definitions) registry.register(definition);
  return registry;
}

describe("a registry in memory", () => {
  it("finds a definition by its id and version, or the highest version", () => {
    const registry = registryOf(two, ten, one);

    expect([
      registry.getDefinition("order", 2),
      registry.getDefinition("order"),
      registry.getDefinition("order", 3),
      registry.getDefinition("?"),
    ]).toEqual([two, ten, undefined, undefined]);
    expect([registry.isRegistered("order", 1), registry.isRegistered("order", 3), registry.isRegistered("?", 1)]).toEqual([true, false, false]);
  });

  it("lists its definitions, and what a host has to ask the store for", () => {
    const registry = registryOf(one, two, other);

    expect(registry.getAllDefinitions()).toEqual([one, two, other]);
    expect(registry.keys()).toEqual([one, two, other].map(({ id, version, fingerprint }) => ({ id, version, fingerprint })));
    expect(registry.keys()).toBe(registry.keys());
  });

  it("takes the same graph again and keeps the first, whose functions instances run with", () => {
    const again = builder().build("order", 1);
    const registry = registryOf(one, again);

    expect(registry.getAllDefinitions()).toEqual([one]);
    expect(registry.getDefinition("order", 1)).toBe(one);
  });

  it("refuses another graph under the same id and version", () => {
    const registry = registryOf(one);
    const longer = builder().thenFn("b", noop).build("order", 1);

    expect(() => registry.register(longer)).toThrow(new DefinitionExistsError("order", 1, one.fingerprint, longer.fingerprint));
    expect(registry.getDefinition("order", 1)).toBe(one);
  });

  it("forgets a definition, and says whether it knew it", () => {
    const registry = registryOf(one, ten, other);
    const before = registry.keys();

    expect([registry.deregister("order", 10), registry.deregister("order", 10), registry.deregister("?", 1)]).toEqual([true, false, false]);
    expect(registry.getDefinition("order")).toBe(one);
    expect(registry.keys()).toHaveLength(before.length - 1);
    expect(registry.deregister("order", 1)).toBe(true);

    expect([registry.getDefinition("order"), registry.getAllDefinitions()]).toEqual([undefined, [other]]);
  });

  it("may take another graph once the former one is forgotten", () => {
    const registry = registryOf(one);
    const longer = builder().thenFn("b", noop).build("order", 1);
    registry.deregister("order", 1);

    registry.register(longer);

    expect(registry.keys()).toEqual([{ id: "order", version: 1, fingerprint: longer.fingerprint }]);
  });
});
