import type { Condition } from "../models/condition.ts";
import type { ErrorBehavior } from "../models/error-behavior.ts";
import type { JsonValue } from "../models/json.ts";
import type { StepDefinition, StepKind } from "../models/step-definition.ts";

/** A chain while it is recorded. */
export interface ChainNode {
  first?: StepNode;
}

/** A block while it is recorded. */
export interface BlockNode {
  readonly role: string;
  readonly chain: ChainNode;
  readonly name?: string;
  readonly value?: JsonValue;
}

/**
 * A step while it is recorded: not numbered yet, so that settings may come in any order and the graph depends on its structure alone.
 * `outcomes` and `timeoutBlock` become steps of their own behind it when the graph is written.
 */
export interface StepNode {
  readonly kind: StepKind;
  readonly defaultName: string;
  readonly stepType?: string;
  readonly stepForm?: NonNullable<StepDefinition["stepForm"]>;
  name?: string;
  externalId?: string;
  next?: StepNode;
  readonly blocks: BlockNode[];
  readonly outcomes: BlockNode[];
  timeoutBlock?: BlockNode;
  compensation?: ChainNode;
  /** Code by role. */
  readonly functions: Map<string, unknown>;
  /** Plain data in place of code, by role. */
  readonly expressions: Map<string, Condition>;
  readonly inputs: unknown[];
  readonly outputs: unknown[];
  readonly settings: Record<string, JsonValue>;
  config?: JsonValue;
  errorBehavior?: ErrorBehavior;
  timeoutMs?: number;
  proceedOnCancel?: boolean;
  /** Settings that were given, to notice a second time. */
  readonly given: Set<string>;
}

/** What a step is made of besides its settings. */
export interface StepNodeParts {
  readonly stepType?: string;
  readonly stepForm?: NonNullable<StepDefinition["stepForm"]>;
  readonly functions?: Readonly<Record<string, unknown>>;
  readonly inputs?: readonly unknown[];
  readonly settings?: Readonly<Record<string, JsonValue>>;
}

/** A new step of this kind. */
export function stepNode(kind: StepKind, defaultName: string, parts: StepNodeParts = {}): StepNode {
  return {
    kind,
    defaultName,
    ...(parts.stepType === undefined ? {} : { stepType: parts.stepType }),
    ...(parts.stepForm === undefined ? {} : { stepForm: parts.stepForm }),
    blocks: [],
    outcomes: [],
    functions: new Map(Object.entries(parts.functions ?? {})),
    expressions: new Map(),
    inputs: [...(parts.inputs ?? [])],
    outputs: [],
    settings: { ...parts.settings },
    given: new Set(),
  };
}

/** Name of a step, as messages show it. */
export function shownNode(node: StepNode): string {
  return `the step ${JSON.stringify(node.name ?? node.defaultName)}`;
}
