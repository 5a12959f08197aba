import { MiddlewareError } from "../errors/middleware-error.ts";
import { resultBody } from "../models/execution-result.ts";
import type { WorkflowId } from "../models/ids.ts";
import type { DeliveryContext, Middleware, PassContext, StartContext, StepResult } from "../traits/middleware.ts";
import type { StepExecutionContext } from "../traits/step-execution-context.ts";

/** Goes through all layers of an onion to its core. */
export type Onion<TContext, TResult> = (ctx: TContext, core: () => Promise<TResult>) => Promise<TResult>;

/** Tells of what a middleware has done wrong when that changes nothing. Must not throw. */
export type MiddlewareWarning = (message: string, error: unknown) => void;

const METHODS = ["aroundStart", "aroundWorkflow", "aroundStep", "aroundDelivery"] as const satisfies readonly (keyof Middleware)[];

/** One method of one middleware; `name` is for errors. */
interface Layer<TContext, TResult> {
  readonly name: string;
  enter(ctx: TContext, next: () => Promise<TResult>): unknown;
}

/** What holds for all layers of an onion. */
interface Rules<TResult> {
  readonly warn: MiddlewareWarning;
  /**
   * What a layer comes to.
   *
   * @param given - What `next` gave last; `undefined` when it was not called, or has failed.
   * @throws MiddlewareError when the layer has given something else than is asked of it
   */
  resultOf(returned: unknown, layer: string, given: { readonly result: TResult } | undefined): TResult;
  /** Whether the core may be gone through again after it has succeeded; else its success stands, whatever the layers around it do then. */
  readonly repeats: boolean;
}

/** The middleware of a host or a client. An onion is `undefined` when nothing is in it, so that nothing is paid for it. */
export class MiddlewareRunner {
  readonly aroundStart: Onion<StartContext, WorkflowId> | undefined;
  readonly aroundWorkflow: Onion<PassContext, void> | undefined;
  readonly aroundStep: Onion<StepExecutionContext, StepResult> | undefined;
  readonly aroundDelivery: Onion<DeliveryContext, readonly WorkflowId[]> | undefined;

  constructor(middleware: readonly Middleware[], warn: MiddlewareWarning) {
    const once = { warn, repeats: false };
    this.aroundStart = onion(middleware, "aroundStart", (one) => one.aroundStart?.bind(one), { ...once, resultOf: idOf });
    this.aroundWorkflow = onion(middleware, "aroundWorkflow", (one) => one.aroundWorkflow?.bind(one), { ...once, resultOf: () => undefined });
    this.aroundStep = onion(middleware, "aroundStep", (one) => one.aroundStep?.bind(one), { warn, repeats: true, resultOf: stepResultOf });
    this.aroundDelivery = onion(middleware, "aroundDelivery", (one) => one.aroundDelivery?.bind(one), { ...once, resultOf: deliveryOf });
  }
}

/** A middleware that a caller gives, who may not have a compiler. @throws TypeError when it is none, or would never be called */
export function checkMiddleware(value: unknown): Middleware {
  const given = (typeof value === "object" && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  const methods = METHODS.filter((method) => given[method] !== undefined);
  if (methods.length === 0) throw new TypeError(`a middleware is an object with at least one of the methods ${METHODS.join(", ")}`);
  for (const method of methods)
    if (typeof given[method] !== "function") throw new TypeError(`${method} of a middleware must be a function: got ${typeof given[method]}`);
  return value as Middleware;
}

function onion<TContext, TResult>(
  middleware: readonly Middleware[],
  method: (typeof METHODS)[number],
  methodOf: (one: Middleware) => Layer<TContext, TResult>["enter"] | undefined,
  rules: Rules<TResult>,
): Onion<TContext, TResult> | undefined {
  const layers = middleware.flatMap((one, index): Layer<TContext, TResult>[] => {
    const enter = methodOf(one);
    return enter === undefined ? [] : [{ name: `${method} of the middleware ${nameOf(one, index)}`, enter }];
  });
  return layers.length === 0 ? undefined : (ctx, core) => goThrough(layers, 0, ctx, core, rules);
}

/** Its place in the order of registration, and the name of its class if it has one. */
function nameOf(middleware: Middleware, index: number): string {
  const name = (middleware.constructor as { readonly name?: string } | undefined)?.name;
  return name === undefined || name === "" || name === "Object" ? `number ${index + 1}` : `${name} (number ${index + 1})`;
}

async function goThrough<TContext, TResult>(
  layers: readonly Layer<TContext, TResult>[],
  depth: number,
  ctx: TContext,
  core: () => Promise<TResult>,
  rules: Rules<TResult>,
): Promise<TResult> {
  const layer = layers[depth];
  if (layer === undefined) return core();
  let isSettled = false;
  let inner: Promise<unknown> | undefined;
  let given: { readonly result: TResult } | undefined;
  const next = (): Promise<TResult> => {
    const refused = refusal(isSettled, !rules.repeats && inner !== undefined);
    if (refused !== undefined) {
      const error = new MiddlewareError(`${layer.name} has called next() ${refused}`);
      rules.warn(error.message, error); // it may well be that nobody looks at the promise
      return handled(Promise.reject(error));
    }
    const going = goThrough(layers, depth + 1, ctx, core, rules).then(
      (result) => {
        given = { result };
        return result;
      },
      (error: unknown) => {
        inner = undefined;
        throw error;
      },
    );
    inner = handled(going);
    return going;
  };
  try {
    let returned: unknown;
    try {
      returned = await layer.enter(ctx, next);
    } finally {
      isSettled = true;
      if (!rules.repeats) await inner?.catch(() => undefined); // what is under way has to be known before it is said what came of it
    }
    return rules.resultOf(returned, layer.name, given);
  } catch (error) {
    if (rules.repeats || given === undefined) throw error;
    rules.warn(`${layer.name} has failed after next(); what it is around was done, and stands`, error);
    return given.result;
  }
}

function refusal(isSettled: boolean, isRepeated: boolean): string | undefined {
  if (isSettled) return "after its own promise had settled: await next() before you return";
  return isRepeated ? "again, though the first call has succeeded, or is under way" : undefined;
}

/** A promise that may be left alone: if it rejects, that is no unhandled rejection. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

function idOf(returned: unknown, layer: string, given: { readonly result: WorkflowId } | undefined): WorkflowId {
  if (typeof returned === "string" && returned !== "" && (given === undefined || returned === given.result)) return returned;
  const wanted = given === undefined ? "the id of a workflow" : `the id that next() gave, ${JSON.stringify(given.result)}`;
  throw new MiddlewareError(`${layer} must return ${wanted}: got ${typeof returned === "string" ? JSON.stringify(returned) : typeof returned}`);
}

function stepResultOf(returned: unknown, layer: string): StepResult {
  if (resultBody(returned) !== undefined) return returned as StepResult; // a result of this package, or of another copy of it
  throw new MiddlewareError(`${layer} must return what next() gave, or another ExecutionResult: got ${returned === null ? "null" : typeof returned}`);
}

function deliveryOf(_returned: unknown, layer: string, given: { readonly result: readonly WorkflowId[] } | undefined): readonly WorkflowId[] {
  if (given !== undefined) return given.result;
  throw new MiddlewareError(`${layer} has returned, but its next() was not called, or has failed`);
}
