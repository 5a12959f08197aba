import type { ExecutionResult } from "../models/execution-result.ts";
import type { DurableShape, MaybePromise } from "../models/json.ts";
import type { StepExecutionContext } from "./step-execution-context.ts";

/** A result whose patch fits the data. */
export type ResultFor<TData> = ExecutionResult<unknown, Partial<TData>>;
/** What a step function may return: a result, nothing, or a JSON value. */
export type StepReturn<T, TData = unknown> = ResultFor<TData> | void | DurableShape<T>;

/**
 * A step as a class. A `run` that gives nothing has finished, as with `ExecutionResult.next()`. It is a property type on purpose: methods
 * would be compared bivariantly and let a wrong `TData` through.
 */
export interface StepBody<TData = unknown, in TItem = unknown> {
  readonly run: (ctx: StepExecutionContext<TData, TItem>) => MaybePromise<ResultFor<TData> | void>;
}

/** Any class that makes such a step; one with constructor parameters needs `registerStepFactory`. */
export type StepClass<TStep> = (abstract new (...args: never[]) => TStep) & { readonly stepType?: string };

/** A step for any workflow: where the workflow is not known, as at registration. */
export interface AnyStep {
  readonly run: (ctx: never) => unknown;
}

/** Names a step whose class is not importable here (another bundle): `stepRef<ChargePayment>("charge-payment")`. */
export interface StepRef<out TStep> {
  readonly kind: "stepRef";
  readonly stepType: string;
  readonly "~step"?: TStep;
}

/**
 * Refers to a step by its key; the host must be given a factory for it.
 *
 * @throws RangeError when the key is empty.
 */
export function stepRef<TStep extends AnyStep>(stepType: string): StepRef<TStep> {
  if (stepType === "") throw new RangeError("a step reference needs a key that is not empty");
  return { kind: "stepRef", stepType };
}

/** A reusable step as a function: typed input in, JSON value out. See {@link defineStep}. */
export interface FunctionStep<in TIn, out TOut, in TData = unknown, in TItem = unknown> {
  readonly kind: "function";
  readonly stepType: string;
  readonly run: (input: TIn, ctx: StepExecutionContext<TData, TItem>) => MaybePromise<TOut>;
}

/** Any function step: where the workflow is not known, as at registration. */
export type AnyFunctionStep = FunctionStep<never, unknown, never, never>;

/**
 * Makes a reusable step out of a function.
 *
 * @param stepType - Stable key of the step; stored in definitions' fingerprints, unique on a host.
 * @param run - Gets the input that the workflow selects for it. What it returns goes to `.output` and `saveAs`; an `ExecutionResult` steers.
 * @throws RangeError when the key is empty.
 */
export function defineStep<TIn = void, TOut extends StepReturn<TOut> = void, TData = unknown, TItem = unknown>(
  stepType: string,
  run: (input: TIn, ctx: StepExecutionContext<TData, TItem>) => MaybePromise<TOut>,
): FunctionStep<TIn, TOut, TData, TItem> {
  if (stepType === "") throw new RangeError("a step needs a key that is not empty");
  return Object.freeze({ kind: "function", stepType, run } as const);
}
