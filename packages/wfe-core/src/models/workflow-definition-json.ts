import type { Condition } from "./condition.ts";
import type { ErrorBehavior } from "./error-behavior.ts";
import type { DataPath, Expression } from "./expression.ts";
import type { JsonValue } from "./json.ts";
import type { PollEndpointConfig } from "./poll-endpoint.ts";
import type { BlockDefinition } from "./step-definition.ts";

/**
 * A definition as plain JSON, without any function: what a file, another program or a person writes. Its schema is published as
 * `wfe-core/workflow-definition.schema.json`. What a step of each kind must have is part of the type, so that the compiler finds the slips of a
 * literal; everything is checked when it is registered, which finds more.
 */
export interface WorkflowDefinitionJson {
  /** Address of the schema, for editors. */
  readonly $schema?: string;
  /** Not blank. */
  readonly id: string;
  /** A whole number, 1 or more. */
  readonly version: number;
  /** For people: stored with each instance. */
  readonly description?: string;
  readonly graph: {
    /** Each at the index that is its id; the first one is the entry. */
    readonly steps: readonly StepJson[];
    /** @default retry every 60 s, 3 times */
    readonly defaultErrorBehavior?: ErrorBehavior;
  };
}

/** A step in JSON, by its kind. `inline` is none of them: it is a function. */
export type StepJson =
  | BodyStepJson
  | (StepOf<"if" | "while"> & { readonly expressions: Asked & { readonly condition: Condition } } & Blocks)
  | (StepOf<"forEach"> & {
      readonly expressions: Asked & { readonly items: Expression };
      readonly settings?: { readonly parallel?: boolean };
    } & Blocks)
  | (StepOf<"parallel"> & MayAsk & Blocks)
  | (StepOf<"saga"> & MayAsk & Blocks & Undone)
  | (StepOf<"delay"> & DurationRole)
  | (StepOf<"schedule"> & DurationRole & Blocks)
  | (StepOf<"recur"> & IntervalRole & Blocks)
  | (StepOf<"waitFor"> & WaitRoles & Saves)
  | (StepOf<"waitForAny"> & WaitAnyRoles & Saves)
  | (StepOf<"activity"> & ActivityRoles & Saves & Undone)
  | (StepOf<"subWorkflow"> & SubWorkflowRoles & Saves & Undone & Limited)
  | (StepOf<"pollEndpoint"> & PollRoles & Saves & Undone)
  | (StepOf<"decide"> & { readonly expressions: Asked & { readonly on: Expression } } & Blocks)
  | (StepOf<"outcome" | "timeout"> & Blocks)
  | (StepOf<"goTo"> & { readonly settings: { readonly target: string } } & MayAsk)
  | (StepOf<"end"> & MayAsk);

/** A step that runs a body registered under `stepType`: a class, or a function step made with `defineStep`. */
export type BodyStepJson = StepOf<"step"> & {
  readonly stepType: string;
  readonly stepForm: "function" | "class";
  /** `input` is what a function step is given; of a class it is an `object` with the fields to set. */
  readonly expressions?: Asked & { readonly input?: Expression };
  /** That of `children`, where the step's `branch` goes. */
  readonly blocks?: readonly BlockDefinition[];
} & Saves &
  Undone &
  Limited;

interface StepOf<TKind extends string> {
  /** Its position in the list of steps. */
  readonly id: number;
  /** Not blank. */
  readonly name: string;
  readonly kind: TKind;
  /** Target of `goTo`. */
  readonly externalId?: string;
  /** Id of the step behind it in its chain. */
  readonly next?: number;
  readonly errorBehavior?: ErrorBehavior;
  /** With `cancelWhen`: whether the flow goes on behind the cancelled step. */
  readonly proceedOnCancel?: boolean;
}

/** May stand in the expressions of every step. */
interface Asked {
  readonly when?: Condition;
  readonly cancelWhen?: Condition;
}
interface MayAsk {
  readonly expressions?: Asked;
}
interface Blocks {
  readonly blocks: readonly BlockDefinition[];
}
interface Saves {
  /** For each path in the data what is written there: a path in the value that the step gave, empty for the whole, or an expression. */
  readonly saveAs?: { readonly [target: DataPath]: DataPath | Expression };
}
interface Undone {
  /** Id of the first step of what undoes this one. */
  readonly compensationStep?: number;
}
interface Limited {
  /** Limit of one run. */
  readonly timeoutMs?: number;
  /** Seen as `ctx.step.config`. */
  readonly config?: JsonValue;
}

type DurationRole =
  | ({ readonly settings: { readonly durationMs: number } } & MayAsk)
  | { readonly expressions: Asked & { readonly duration: Expression } };
type IntervalRole =
  | { readonly settings: { readonly intervalMs: number }; readonly expressions: Asked & { readonly until: Condition } }
  | { readonly expressions: Asked & { readonly until: Condition; readonly interval: Expression } };
interface WaitLimits {
  readonly timeoutMs?: number;
  /** ISO 8601 with an offset. */
  readonly effectiveDate?: string;
}
interface WaitExpressions extends Asked {
  readonly timeout?: Expression;
  readonly effectiveDate?: Expression;
}
type WaitRoles =
  | { readonly settings: WaitLimits & { readonly eventName: string; readonly key: string }; readonly expressions?: WaitExpressions }
  | { readonly settings: WaitLimits & { readonly eventName: string }; readonly expressions: WaitExpressions & { readonly key: Expression } };
interface WaitAnyRoles {
  readonly settings: WaitLimits & {
    /** Names of the events, by label. */
    readonly events: { readonly [label: string]: string };
    /** Fixed keys, by label. */
    readonly keys?: { readonly [label: string]: string };
  };
  readonly expressions?: WaitExpressions & { readonly [role: `key.${string}`]: Expression };
}
interface ActivityRoles {
  readonly settings: { readonly activity: string; readonly timeoutMs?: number };
  readonly expressions: Asked & { readonly input: Expression; readonly timeout?: Expression };
}
interface SubWorkflowRoles {
  /** Without a version: the highest that the host knows which runs the step. */
  readonly settings: { readonly definitionId: string; readonly version?: number };
  readonly expressions: Asked & { readonly input: Expression };
}
type PollRoles =
  | ({ readonly settings: { readonly config: PollEndpointConfig } } & MayAsk)
  | { readonly expressions: Asked & { readonly config: Expression } };
