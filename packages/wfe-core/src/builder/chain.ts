import type { WorkflowDefinition } from "../models/workflow-definition.ts";

declare const atLeastOneStep: unique symbol;
declare const allCasesHandled: unique symbol;

/** The end of a chain that has at least one step. An empty builder is not one: an empty branch does not compile. */
export interface Chain {
  /** Exists for the compiler alone. */
  readonly [atLeastOneStep]: true;
}

/** After a step that has no successor: `goTo` and `endWorkflow`. */
export interface EndedChain<TData, TInput> extends Chain {
  /**
   * Checks the whole graph and makes the definition.
   *
   * @throws DefinitionError with all faults.
   */
  build(id: string, version: number): WorkflowDefinition<TData, TInput>;
}

/** A `decide` that has a case for every value. */
export interface DecidedChain {
  /** Exists for the compiler alone. */
  readonly [allCasesHandled]: true;
}

/** In place of {@link DecidedChain} while values are without a case: the compiler prints which. */
export interface UndecidedChain<TLeft> {
  /** Exists for the compiler alone. */
  readonly [allCasesHandled]: `no case for ${Shown<TLeft>}`;
}

type Shown<T> = T extends string | number | boolean | null ? `${T}` : "a value";

/** Whether the values of a type are too many for a `decide` to have a case for each. */
export type IsOpen<T> = [T] extends [never]
  ? true
  : string extends T
    ? true
    : number extends T
      ? true
      : [T] extends [string | number | boolean | null]
        ? false
        : true;
