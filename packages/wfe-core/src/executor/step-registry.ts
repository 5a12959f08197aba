import { StepKeyTakenError, StepNotRegisteredError } from "../errors/definition-errors.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import type { AnyFunctionStep, AnyStep, StepClass, StepRef } from "../traits/step-body.ts";
import type { AnyDefinition } from "../traits/workflow-registry.ts";

/** What the registry can make: a fresh object of a class, or a function. */
export type RegisteredStep =
  | {
      readonly form: "class";
      readonly create: () => AnyStep;
      readonly source: unknown;
      readonly byFactory: boolean;
      readonly needsFactory: boolean;
    }
  | { readonly form: "function"; readonly step: AnyFunctionStep };

/** The steps a host can make, by key. */
export class StepRegistry {
  readonly #steps = new Map<string, RegisteredStep>();

  /**
   * Registers a class or a function step under its key. The same one again does nothing.
   *
   * @throws StepKeyTakenError when another class or function has the key; TypeError for what is neither.
   */
  register(step: StepClass<AnyStep> | AnyFunctionStep): void {
    if (typeof step !== "function" && typeof (step as Partial<AnyFunctionStep> | null | undefined)?.run !== "function")
      throw new TypeError("a step is a class, or what defineStep(key, run) gives");
    checkStepKey(step);
    if (typeof step !== "function") {
      const known = this.#steps.get(step.stepType);
      if (known !== undefined && !(known.form === "function" && known.step === step)) throw keyTaken(step.stepType, known, "the function step");
      this.#steps.set(step.stepType, { form: "function", step });
      return;
    }
    const key = stepKey(step);
    const known = this.#steps.get(key);
    if (known?.form === "class" && known.source === step) return;
    if (known?.form === "class" && known.byFactory && known.source === undefined) {
      this.#steps.set(key, { ...known, source: step }); // what the factory is for; another class of this key is not
      return;
    }
    if (known !== undefined) throw keyTaken(key, known, `the class ${step.name}`);
    const create = (): AnyStep => new (step as unknown as new () => AnyStep)(); // constructor parameters are refused by missing()
    this.#steps.set(key, {
      form: "class",
      create,
      source: step,
      byFactory: false,
      needsFactory: step.length > 0,
    });
  }

  /**
   * Registers how to make a step. In place of a class registered before without a factory; another factory for the same key is refused.
   *
   * @throws StepKeyTakenError; TypeError for what names no step, or makes none.
   */
  registerFactory(step: StepClass<AnyStep> | StepRef<AnyStep> | string, create: () => AnyStep): void {
    if (typeof create !== "function")
      throw new TypeError("a step factory is a function that makes a step: registerStepFactory(MyStep, () => new MyStep(…))");
    const key = checkStepKey(step);
    const source = typeof step === "function" ? step : undefined;
    const known = this.#steps.get(key);
    if (known !== undefined) {
      const sameClass = known.form === "class" && (known.source === undefined || source === undefined || known.source === source);
      if (!sameClass || (known.form === "class" && known.byFactory)) throw keyTaken(key, known, "the factory");
    }
    this.#steps.set(key, {
      form: "class",
      create,
      source: source ?? (known?.form === "class" ? known.source : undefined),
      byFactory: true,
      needsFactory: false,
    });
  }

  /** Takes back what was registered in `work` when it throws. */
  allOrNothing(work: () => void): void {
    const before = new Map(this.#steps);
    try {
      work();
    } catch (error) {
      this.#steps.clear();
      for (const [key, step] of before) this.#steps.set(key, step);
      throw error;
    }
  }

  /** Registers every class and function that a definition carries. @throws StepKeyTakenError */
  registerStepsOf(definition: AnyDefinition): void {
    for (const step of definition.graph.steps) {
      const key = step.functions?.["body"];
      const body = key === undefined ? undefined : definition.functions.get(key);
      if (body !== undefined) this.register(body as StepClass<AnyStep> | AnyFunctionStep); // put there by the builder, which took nothing else
    }
  }

  /** Keys that a definition names and this registry cannot make. */
  missing(definition: AnyDefinition): readonly string[] {
    const named = definition.graph.steps.flatMap((step) => (step.kind === "step" && step.stepType !== undefined ? [step.stepType] : []));
    return [...new Set(named)].filter((key) => {
      const known = this.#steps.get(key);
      return known === undefined || (known.form === "class" && known.needsFactory);
    });
  }

  /** @throws StepNotRegisteredError */
  resolve(step: StepDefinition): RegisteredStep {
    const found = this.#steps.get(step.stepType ?? "");
    if (found === undefined) throw new StepNotRegisteredError([step.stepType ?? step.name]);
    return found;
  }
}

/** Stable key of a step: `static stepType`, or the class name. */
export function stepKey(step: StepClass<AnyStep> | StepRef<AnyStep>): string {
  return typeof step === "function" ? (step.stepType ?? step.name) : step.stepType;
}

function checkStepKey(step: StepClass<AnyStep> | StepRef<AnyStep> | AnyFunctionStep | string): string {
  const named = typeof step === "string" ? { stepType: step } : step;
  const key: unknown = typeof named === "function" ? stepKey(named) : (named as StepRef<AnyStep> | null | undefined)?.stepType;
  if (typeof key !== "string" || key === "")
    throw new TypeError("a step is registered under its key: the name of its class, `static stepType`, or text that is not empty");
  return key;
}

function keyTaken(key: string, known: RegisteredStep, refused: string): StepKeyTakenError {
  const registered =
    known.form === "function" ? "a function step" : typeof known.source === "function" ? `the class ${known.source.name}` : "a factory";
  return new StepKeyTakenError(key, registered, refused);
}
