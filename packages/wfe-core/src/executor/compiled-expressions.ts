import type { Condition } from "../models/condition.ts";
import type { Expression } from "../models/expression.ts";
import { CONDITION_ROLES, type FunctionKey, type StepDefinition } from "../models/step-definition.ts";
import type { StepExecutionContext } from "../traits/step-execution-context.ts";
import { conditionHolds, type ExpressionScope, expressionValue } from "./expressions.ts";
import { saveValues } from "./saved-values.ts";

type CompiledFunction = (...args: readonly unknown[]) => unknown;

/**
 * Steps in which expressions stand the way functions do, by key, and those functions: who runs a step need not know which of the two its
 * author wrote. A step without expressions is given as it is.
 */
export function compiledExpressions(steps: readonly StepDefinition[]): {
  readonly steps: readonly StepDefinition[];
  readonly functions: ReadonlyMap<FunctionKey, CompiledFunction>;
} {
  const functions = new Map<FunctionKey, CompiledFunction>();
  return { steps: steps.map((step) => compiledStep(step, functions)), functions };
}

function compiledStep(step: StepDefinition, functions: Map<FunctionKey, CompiledFunction>): StepDefinition {
  const { expressions, saveAs, ...rest } = step;
  if (expressions === undefined && saveAs === undefined) return step;
  const put = (role: string, compiled: CompiledFunction): FunctionKey => {
    const key = `expression ${step.id}.${role}`;
    functions.set(key, compiled);
    return key;
  };
  const keys: Record<string, FunctionKey> = { ...step.functions };
  const inputs = [...(step.inputs ?? [])];
  for (const [role, expression] of Object.entries(expressions ?? {})) {
    const what = `the ${role} of the step ${JSON.stringify(step.name)}`;
    if (step.kind === "step" && role === "input") inputs.push(put(role, step.stepForm === "class" ? fieldsOf(expression) : selectorOf(expression)));
    else keys[role] = put(role, CONDITION_ROLES.includes(role) ? conditionOf(expression, what) : selectorOf(expression));
  }
  const outputs = [...(step.outputs ?? [])];
  if (saveAs !== undefined) {
    const what = `saveAs of the step ${JSON.stringify(step.name)}`;
    outputs.push(put("saveAs", (source, draft, ctx) => saveValues(saveAs, source, draft, ctx as StepExecutionContext, what)));
  }
  return { ...rest, functions: keys, inputs, outputs };
}

// What stands at which role, and that an input of a class is an object, the definition check has found out. Each of these functions gets what
// a function of its role gets.

function selectorOf(expression: Expression | Condition): CompiledFunction {
  return (data, ctx) => expressionValue(expression as Expression, scopeOf(data, ctx));
}

function conditionOf(condition: Expression | Condition, what: string): CompiledFunction {
  return (data, ctx) => conditionHolds(condition as Condition, scopeOf(data, ctx), what);
}

function fieldsOf(expression: Expression | Condition): CompiledFunction {
  const select = selectorOf(expression);
  return (body, data, ctx) => void Object.assign(body as object, select(data, ctx));
}

/** `cancelWhen` is given the data alone. */
function scopeOf(data: unknown, ctx: unknown): ExpressionScope {
  const context = ctx as StepExecutionContext | undefined;
  return {
    data: data as Readonly<unknown>,
    get item() {
      return context?.item;
    },
    index: context?.index,
  };
}
