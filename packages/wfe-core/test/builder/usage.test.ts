import { describe, expect, it } from "vitest";
import { definitionFromGraph } from "../../src/builder/definition-from-graph.ts";
import type { AnyDefinition } from "../../src/traits/workflow-registry.ts";
import { long } from "./long-chain.test-d.ts";
import { approval, ci, filled, pizza } from "./usage.test-d.ts";

describe("the workflows of the type tests", () => {
  it.each<[string, AnyDefinition]>([
    ["a pizza order", pizza],
    ["an approval", approval],
    ["a pipeline", ci],
    ["one with initial data", filled],
    ["one of 200 steps", long],
  ])("%s has no faults and survives JSON", (_name, definition) => {
    const { id, version, graph } = JSON.parse(JSON.stringify(definition)) as AnyDefinition;

    expect(definitionFromGraph({ id, version, description: definition.description, graph }, definition.functions)).toEqual(definition);
  });

  it("uses every kind of step but those for outside work and children", () => {
    const kinds = new Set([pizza, approval, ci].flatMap((definition) => definition.graph.steps.map((step) => step.kind)));

    expect([...kinds].toSorted()).toEqual([
      "decide",
      "delay",
      "end",
      "forEach",
      "goTo",
      "if",
      "inline",
      "outcome",
      "parallel",
      "pollEndpoint",
      "recur",
      "schedule",
      "step",
      "timeout",
      "waitFor",
      "waitForAny",
      "while",
    ]);
  });
});
