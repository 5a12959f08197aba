import { StepNotFoundError } from "../errors/lookup-errors.ts";
import { DEFAULT_ERROR_BEHAVIOR, type ErrorBehavior } from "../models/error-behavior.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import { runsBody } from "../primitives/primitives.ts";
import type { AnyDefinition } from "../traits/workflow-registry.ts";

/** Runs a function of the definition; its signature depends on the role. */
export type DefinitionFunction = (...args: readonly unknown[]) => unknown;

/** A definition with what a pass asks of it again and again, worked out once. */
export class CompiledDefinition {
  readonly definition: AnyDefinition;
  /** Container of each step, by step id; -1 for steps in no container. */
  readonly #containers: readonly number[];

  constructor(definition: AnyDefinition) {
    this.definition = definition;
    this.#containers = containersOf(definition.graph.steps);
  }

  /** @throws StepNotFoundError */
  step(id: number): StepDefinition {
    const step = this.definition.graph.steps[id];
    if (step === undefined) throw new StepNotFoundError(this.definition.id, this.definition.version, id);
    return step;
  }

  /** Whether a pointer of this step runs a body, and so may be found interrupted. */
  runsBody(stepId: number): boolean {
    return runsBody(this.step(stepId).kind);
  }

  function(key: string): DefinitionFunction {
    const found = this.definition.functions.get(key);
    // The definition check has found every key in the table; one that is missing here was taken out since.
    if (typeof found !== "function")
      throw new TypeError(`the definition ${JSON.stringify(this.definition.id)} has no function ${JSON.stringify(key)}`);
    return found as DefinitionFunction;
  }

  /**
   * What happens when a step fails: its own behavior; else the nearest enclosing container's (not a saga's, which says what follows its
   * compensation); else the definition's; else every 60 s, 3 times.
   */
  errorBehavior(step: StepDefinition): ErrorBehavior {
    if (step.errorBehavior !== undefined) return step.errorBehavior;
    for (let id = this.#containers[step.id] ?? -1; id !== -1; id = this.#containers[id] ?? -1) {
      const container = this.step(id);
      if (container.kind !== "saga" && container.errorBehavior !== undefined) return container.errorBehavior;
    }
    return this.definition.graph.defaultErrorBehavior ?? DEFAULT_ERROR_BEHAVIOR;
  }
}

function containersOf(steps: readonly StepDefinition[]): readonly number[] {
  const containers = steps.map(() => -1);
  for (const container of steps) {
    for (const block of container.blocks ?? []) {
      for (let id: number | undefined = block.entry; id !== undefined; id = steps[id]?.next) containers[id] = container.id;
    }
  }
  return containers;
}

const COMPILED = new WeakMap<AnyDefinition, CompiledDefinition>();

/** The compiled form of a definition, worked out at its first use. */
export function compiled(definition: AnyDefinition): CompiledDefinition {
  let found = COMPILED.get(definition);
  if (found === undefined) {
    found = new CompiledDefinition(definition);
    COMPILED.set(definition, found);
  }
  return found;
}
