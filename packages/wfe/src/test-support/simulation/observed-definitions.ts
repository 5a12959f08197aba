import { type AnyDefinition, type AnyFunctionStep, type AnyStep, definitionFromGraph, type StepClass, type StepExecutionContext } from "wfe-core";

type Run = (...args: unknown[]) => unknown;

/** Runs a body where it can be watched: `ctx` is what the body is given. */
export type BodyWatch = (ctx: StepExecutionContext, body: () => unknown) => Promise<unknown>;

/** The same definition, whose bodies are run by `watch`. Conditions and mappings are synchronous and stay as they are. */
export function observedDefinition(definition: AnyDefinition, watch: BodyWatch): AnyDefinition {
  const functions = new Map(definition.functions);
  for (const step of definition.graph.steps) {
    const run = step.functions?.["run"];
    const inline = run === undefined || step.kind !== "inline" ? undefined : functions.get(run);
    if (run !== undefined && inline !== undefined) functions.set(run, (ctx: StepExecutionContext) => watch(ctx, () => (inline as Run)(ctx)));
    const key = step.functions?.["body"];
    const body = key === undefined ? undefined : functions.get(key);
    if (key !== undefined && body !== undefined) functions.set(key, observedBody(body as StepClass<AnyStep> | AnyFunctionStep, watch)); // what the builder puts there
  }
  return definitionFromGraph(definition, functions);
}

const watched = new WeakMap<BodyWatch, Map<unknown, unknown>>();

/** One for each body: a registry takes no two under one key. */
function observedBody(body: StepClass<AnyStep> | AnyFunctionStep, watch: BodyWatch): unknown {
  const known = watched.get(watch) ?? new Map<unknown, unknown>();
  watched.set(watch, known);
  const made: unknown = known.get(body) ?? (typeof body === "function" ? observedClass(body, watch) : observedFunction(body, watch));
  known.set(body, made);
  return made;
}

function observedFunction(step: AnyFunctionStep, watch: BodyWatch): AnyFunctionStep {
  const run = step.run as Run;
  return { ...step, run: (input: unknown, ctx: unknown) => watch(ctx as StepExecutionContext, () => run(input, ctx)) } as AnyFunctionStep;
}

function observedClass(step: StepClass<AnyStep>, watch: BodyWatch): StepClass<AnyStep> {
  const original = step as unknown as new (...args: unknown[]) => { run: Run };
  const observed = class extends original {
    static readonly stepType = (step as { readonly stepType?: string }).stepType ?? step.name;

    constructor(...args: unknown[]) {
      super(...args);
      const run = this.run.bind(this);
      this.run = (ctx: unknown) => watch(ctx as StepExecutionContext, () => run(ctx));
    }
  };
  return observed as unknown as StepClass<AnyStep>;
}
