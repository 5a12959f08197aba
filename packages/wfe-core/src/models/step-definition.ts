import type { ErrorBehavior } from "./error-behavior.ts";
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
  /** Code by role: `run`, `input`, `condition`, `items`, `duration`, `key`, `effectiveDate`, `timeout`, `when`, `cancelWhen`, … */
  readonly functions?: { readonly [role: string]: FunctionKey };
  /** Input mappings in order (of a class), or the one selector of a function step's input. */
  readonly inputs?: readonly FunctionKey[];
  /** Output mappings in order. */
  readonly outputs?: readonly FunctionKey[];
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
