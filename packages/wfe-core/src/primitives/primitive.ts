import type { SubscriptionBound } from "../models/event-subscription.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { BlockDefinition, StepDefinition } from "../models/step-definition.ts";

/** What a primitive sees of its run. */
export interface PrimitiveContext {
  readonly step: StepDefinition;
  readonly pointer: PointerRow;
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /**
   * Evaluates the step's function of this role against the data of this moment.
   *
   * @throws whatever the function throws, and a `StepExecutionError` when it gives a promise.
   */
  call(role: string): unknown;
  /** A value as it would come back from the store. @throws SerializationError */
  stored(value: unknown, what: string): unknown;
  /** Whether the step has a function of this role. */
  has(role: string): boolean;
  /** What the primitive kept with its last action; `undefined` before the first. */
  state(): unknown;
  /** For the block holders behind a step: the outcome of that step. */
  outcome(): unknown;
  /** Payload of the event that came; `undefined` before. */
  eventData(): unknown;
  /** Whether an event has come. */
  readonly hasEvent: boolean;
  /** Whether an `onTimeout` block stands behind the step. */
  readonly hasTimeoutBlock: boolean;
  /** For a container whose block has just ended: the index of that iteration. */
  readonly endedIndex: number | undefined;
}

/** A chain to open inside a container. */
export interface BlockEntry {
  readonly block: BlockDefinition;
  /** The value and position of an iteration; without it the container's own are passed on. */
  readonly item?: { readonly value: unknown; readonly index: number };
}

/** An event to wait for. */
export interface AwaitedTopic {
  readonly name: string;
  readonly key: string;
  readonly bound: SubscriptionBound;
}

/** What becomes of a primitive's pointer. */
export type PrimitiveAction =
  /** It has finished; `value` is the source of its output mappings. `timedOut` leads into the `timeout` block behind it. */
  | { readonly kind: "complete"; readonly value?: unknown; readonly timedOut?: boolean }
  /** It has finished, and the flow went on behind it before: the end of a fork. */
  | { readonly kind: "close" }
  /** It opens these chains and stays open until they have ended. With `forks` the flow goes on behind it now. */
  | { readonly kind: "open"; readonly entries: readonly BlockEntry[]; readonly state?: unknown; readonly forks?: boolean }
  /** It waits for an instant; one that has passed goes on in the same pass. With `forks` the flow goes on behind it now. */
  | { readonly kind: "sleep"; readonly untilMs: number; readonly state: unknown; readonly forks?: boolean }
  /** It waits for an event, the first of several that have labels, until an instant if one is given. */
  | { readonly kind: "wait"; readonly topics: readonly (AwaitedTopic & { readonly label?: string })[]; readonly untilMs?: number }
  /** It offers work to outside workers and waits for what comes of it, until an instant if one is given. */
  | { readonly kind: "offer"; readonly activity: string; readonly input: unknown; readonly untilMs?: number }
  /** What it waited for is a failure: another attempt waits anew. */
  | { readonly kind: "fail"; readonly error: Error }
  /** It goes on at the step with this external id. */
  | { readonly kind: "goTo"; readonly target: string }
  /** It ends the whole instance as complete. */
  | { readonly kind: "end" };

/** A kind of step that the engine runs itself, without a body. Pure: everything comes in through the context. */
export interface Primitive {
  /** The first run, and each one after a failure, of an event's arrival, or at resume. */
  enter(context: PrimitiveContext): PrimitiveAction;
  /** The instant it waited for has come. @default enter */
  due?(context: PrimitiveContext): PrimitiveAction;
  /** The chains it opened have ended. @default it has finished */
  ended?(context: PrimitiveContext): PrimitiveAction;
}
