import type { ExecutionResult } from "../models/execution-result.ts";
import type { Selector } from "./selectors.ts";

/** What a function step gives to `.output` and `saveAs`: what it returns, results and nothing left out. */
export type ValueOf<TOut> =
  Exclude<TOut, ExecutionResult<unknown, unknown>> extends infer V
    ? [V] extends [never]
      ? undefined
      : [V] extends [void]
        ? Exclude<V, void> | undefined
        : V
    : never;

/** The union of the outcomes among what a function step returns. */
export type OutcomeOf<TOut> = TOut extends ExecutionResult<infer O, unknown> ? O : never;

/** The union of the outcomes of a step written as a class. */
export type OutcomeOfStep<TStep> = TStep extends {
  readonly run: (...args: never[]) => infer R;
}
  ? OutcomeOf<Awaited<R>>
  : never;

/** The further arguments of `then`: the selector of the input, exactly when the step takes one. */
export type InputArgs<TData, TItem, TIn> = [TIn] extends [void] ? [] : [input: Selector<TData, TItem, TIn>];

/** Intersected with a key, refuses it when the value does not fit the field of that key. */
export type Holds<TField, TValue> = [TValue] extends [TField] ? unknown : { readonly "the value does not fit this field": TValue };
