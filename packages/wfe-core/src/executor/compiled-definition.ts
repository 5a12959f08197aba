import { StepNotFoundError } from "../errors/lookup-errors.ts";
import { DEFAULT_ERROR_BEHAVIOR, type ErrorBehavior } from "../models/error-behavior.ts";
import { type BlockDefinition, type FunctionKey, hasRole, type StepDefinition } from "../models/step-definition.ts";
import { runsBody } from "../primitives/primitives.ts";
import type { AnyDefinition } from "../traits/workflow-registry.ts";
import { compiledExpressions } from "./compiled-expressions.ts";

/** Runs a function of the definition; its signature depends on the role. */
export type DefinitionFunction = (...args: readonly unknown[]) => unknown;

/** Of what a step is a part: a container whose block its chain is, or a step that its chain undoes. */
export interface ChainOwner {
  readonly step: StepDefinition;
  readonly relation: "block" | "compensator";
  /** Which of its blocks. */
  readonly block?: BlockDefinition;
}

/** A definition with what a pass asks of it again and again, worked out once. */
export class CompiledDefinition {
  readonly definition: AnyDefinition;
  /** Whether any step is a saga. */
  readonly hasSagas: boolean;
  /** Steps that something undoes, by themselves; a saga's own compensator included. */
  readonly compensable: readonly number[];
  /** By their ids. Their expressions stand in them as functions. */
  readonly steps: readonly StepDefinition[];
  readonly #expressions: ReadonlyMap<FunctionKey, DefinitionFunction>;
  /** Of each step, by id; `undefined` for the steps of the main chain. */
  readonly #owners: readonly (ChainOwner | undefined)[];
  readonly #watching: ReadonlySet<number>;
  readonly #behaviors = new Map<StepDefinition, StepErrorBehavior>();
  readonly #byExternalId: ReadonlyMap<string, StepDefinition>;

  constructor(definition: AnyDefinition) {
    const { steps, functions } = compiledExpressions(definition.graph.steps);
    this.definition = definition;
    this.steps = steps;
    this.#expressions = functions;
    this.hasSagas = steps.some(({ kind }) => kind === "saga");
    this.compensable = steps.filter(({ compensationStep }) => compensationStep !== undefined).map(({ id }) => id);
    this.#owners = ownersOf(steps);
    this.#watching = new Set(steps.filter((step) => step.kind === "recur" || hasRole(step, "cancelWhen")).map(({ id }) => id));
    this.#byExternalId = new Map(steps.flatMap((step) => (step.externalId === undefined ? [] : [[step.externalId, step]])));
  }

  /** @throws StepNotFoundError */
  step(id: number): StepDefinition {
    const step = this.steps[id];
    if (step === undefined) throw new StepNotFoundError(this.definition.id, this.definition.version, id);
    return step;
  }

  /** The step with this external id; a definition whose `goTo` names one that does not exist is not built. */
  stepWithId(externalId: string): StepDefinition | undefined {
    return this.#byExternalId.get(externalId);
  }

  /** Whether a pointer of this step runs a body, and so may be found interrupted. */
  runsBody(stepId: number): boolean {
    return runsBody(this.step(stepId).kind);
  }

  /** Whether a change of the data can end a pointer of this step. */
  watchesData(stepId: number): boolean {
    return this.#watching.has(stepId);
  }

  /** Whether an `onTimeout` block stands behind a step. */
  hasTimeoutBlock({ next }: StepDefinition): boolean {
    return next !== undefined && this.step(next).kind === "timeout";
  }

  isSaga(stepId: number): boolean {
    return this.hasSagas && this.step(stepId).kind === "saga";
  }

  /** What the chain of a step belongs to. */
  ownerOf(stepId: number): ChainOwner | undefined {
    return this.#owners[stepId];
  }

  /** The step that the chain of a step undoes, where it is the chain of a compensator itself and no block inside one. */
  undoes(stepId: number): StepDefinition | undefined {
    const owner = this.#owners[stepId];
    return owner?.relation === "compensator" ? owner.step : undefined;
  }

  function(key: FunctionKey): DefinitionFunction {
    const found = this.#expressions.get(key) ?? this.definition.functions.get(key);
    // The definition check has found every key in the table; one that is missing here was taken out since.
    if (typeof found !== "function")
      throw new TypeError(`the definition ${JSON.stringify(this.definition.id)} has no function ${JSON.stringify(key)}`);
    return found as DefinitionFunction;
  }

  /**
   * What happens when a step fails, and when its retries are used up. Its own behavior (not a saga's, which says what follows its compensation);
   * else the nearest enclosing container's (a saga's excepted); else `compensate` if the step has a compensator or stands in a saga; else the
   * definition's; else every 60 s, 3 times. A compensator has its own, else the definition's unless that would compensate, else it suspends.
   */
  errorBehavior(step: StepDefinition): StepErrorBehavior {
    let found = this.#behaviors.get(step);
    if (found === undefined) {
      found = this.#behaviorOf(step);
      this.#behaviors.set(step, found);
    }
    return found;
  }

  #behaviorOf(step: StepDefinition): StepErrorBehavior {
    const { defaultErrorBehavior = DEFAULT_ERROR_BEHAVIOR } = this.definition.graph;
    const enclosing = this.#enclosing(step);
    if (enclosing.some(({ relation }) => relation === "compensator")) {
      const usual: ErrorBehavior = defaultErrorBehavior.kind === "compensate" ? { kind: "suspend" } : defaultErrorBehavior;
      const behavior = step.errorBehavior ?? usual;
      return { behavior, exhausted: behavior.kind === "retry" && behavior.onExhausted === "terminate" ? "terminate" : "suspend" };
    }
    const undoes = step.compensationStep !== undefined || enclosing.some((owner) => owner.step.kind === "saga");
    const container = enclosing.find((owner) => owner.step.kind !== "saga" && owner.step.errorBehavior !== undefined);
    const own = step.kind === "saga" ? undefined : step.errorBehavior;
    const behavior = own ?? container?.step.errorBehavior ?? (undoes ? { kind: "compensate" } : defaultErrorBehavior);
    const exhausted = (behavior.kind === "retry" ? behavior.onExhausted : undefined) ?? (undoes ? "compensate" : "suspend");
    return { behavior, exhausted };
  }

  /** What a step stands in, the innermost first. */
  #enclosing(step: StepDefinition): readonly ChainOwner[] {
    const owners: ChainOwner[] = [];
    for (let owner = this.#owners[step.id]; owner !== undefined; owner = this.#owners[owner.step.id]) owners.push(owner);
    return owners;
  }
}

/** What happens when a step fails. */
export interface StepErrorBehavior {
  readonly behavior: ErrorBehavior;
  /** What follows the last retry. */
  readonly exhausted: "suspend" | "terminate" | "compensate";
}

function ownersOf(steps: readonly StepDefinition[]): readonly (ChainOwner | undefined)[] {
  const owners: (ChainOwner | undefined)[] = steps.map(() => undefined);
  const claim = (entry: number, owner: ChainOwner): void => {
    for (let id: number | undefined = entry; id !== undefined; id = steps[id]?.next) owners[id] = owner;
  };
  for (const step of steps) {
    for (const block of step.blocks ?? []) claim(block.entry, { step, relation: "block", block });
    if (step.compensationStep !== undefined) claim(step.compensationStep, { step, relation: "compensator" });
  }
  return owners;
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
