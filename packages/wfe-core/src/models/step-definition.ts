import type { Condition } from "./condition.ts";
import type { ErrorBehavior } from "./error-behavior.ts";
import type { DataPath, Expression } from "./expression.ts";
import type { JsonValue } from "./json.ts";

/** Every kind of step the builder makes. */
export const STEP_KINDS = [
  "step",
  "inline",
  "if",
  "while",
  "forEach",
  "parallel",
  "delay",
  "waitFor",
  "waitForAny",
  "activity",
  "subWorkflow",
  "pollEndpoint",
  "decide",
  "saga",
  "schedule",
  "recur",
  "outcome",
  "timeout",
  "goTo",
  "end",
] as const;
/**
 * Kind of a step. `step` runs a registered body (`stepType`), `inline` a function of the definition; the others belong to the engine.
 * `outcome` and `timeout` hold the blocks of `onOutcome` and `onTimeout` and stand behind the step they belong to.
 */
export type StepKind = (typeof STEP_KINDS)[number];

/** A key into the definition's table of functions: `{step number}.{role}`, for example `"3.condition"`. */
export type FunctionKey = string;

/** A block of a container: a chain with one entry. */
export interface BlockDefinition {
  /** Id of the first step of the chain. */
  readonly entry: number;
  /** Which block of its container it is: `then`, `otherwise`, `body`, `branch`, `case`, `outcome`, `timeout`, `children`. */
  readonly role: string;
  /** Name of a parallel branch. */
  readonly name?: string;
  /** Value of a `case` or an `outcome`. */
  readonly value?: JsonValue;
}

/** One node of a definition's graph. Plain JSON; what is code stands in it by key. */
export interface StepDefinition {
  /** Position in `graph.steps`. */
  readonly id: number;
  /** Stable id given with `.id(…)`. */
  readonly externalId?: string;
  readonly name: string;
  readonly kind: StepKind;
  /** Key of the body, for kind `step`. */
  readonly stepType?: string;
  /** Whether `stepType` names a function step, which takes an input and gives a value, or a class, whose fields are both. */
  readonly stepForm?: "function" | "class";
  /** The step behind this one in its chain. */
  readonly next?: number;
  readonly blocks?: readonly BlockDefinition[];
  /** Code by role: `run`, `input`, `condition`, `items`, `duration`, `key`, `effectiveDate`, `timeout`, `when`, `cancelWhen`, `artifactInputs`, … */
  readonly functions?: { readonly [role: string]: FunctionKey };
  /**
   * Plain data in place of code, by role: a {@link Condition} for `condition`, `until`, `when` and `cancelWhen`, an {@link Expression} for the
   * others. `input` is also that of a function step, and of a class, whose fields it gives as an `object`. A role has one of the two at most.
   */
  readonly expressions?: { readonly [role: string]: Expression | Condition };
  /** Input mappings in order (of a class), or the one selector of a function step's input. */
  readonly inputs?: readonly FunctionKey[];
  /** Output mappings in order. */
  readonly outputs?: readonly FunctionKey[];
  /**
   * An output mapping as plain data, behind the others: for each path in the data what is written there, which is a path in the value that the
   * step gave (in the step object, of a class), or an expression. Objects on the way are made; `-` at the end of a path appends to a list.
   */
  readonly saveAs?: { readonly [target: DataPath]: DataPath | Expression };
  /** Fixed settings of the kind: `{ durationMs }` of a delay, `{ eventName, timeoutMs }` of a wait, `{ parallel }` of a forEach, … */
  readonly settings?: { readonly [name: string]: JsonValue };
  /** What the author gave with `.config(…)`. */
  readonly config?: JsonValue;
  readonly errorBehavior?: ErrorBehavior;
  /** Limit of one run of the body. */
  readonly timeoutMs?: number;
  /** Entry of what undoes this step. */
  readonly compensationStep?: number;
  /** With `cancelWhen`: whether the flow goes on behind the cancelled step. */
  readonly proceedOnCancel?: boolean;
}

/** Role of the schema of what a sub-workflow gives; the one that is no function. */
export const OUTPUT_SCHEMA = "outputSchema";

/** Role of what selects the artifacts that a step takes. */
export const ARTIFACT_INPUTS = "artifactInputs";

/** Roles whose expression is a condition; that of any other selects a value. */
export const CONDITION_ROLES: readonly string[] = ["condition", "until", "when", "cancelWhen"];

/** Whether a step has a function or an expression of this role. */
export function hasRole(step: StepDefinition, role: string): boolean {
  return step.functions?.[role] !== undefined || step.expressions?.[role] !== undefined;
}
