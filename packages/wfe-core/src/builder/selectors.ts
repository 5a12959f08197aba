import type { ArtifactRef } from "../models/artifact.ts";
import type { Duration } from "../models/duration.ts";
import type { EventDefinition } from "../models/event.ts";
import type { StandardSchema } from "../models/standard-schema.ts";
import type { StepExecutionContext } from "../traits/step-execution-context.ts";

/**
 * What a mapping may return: anything, to allow `(s, d) => (d.total = s.total)` and `d.list.push(x)`, but no promise.
 * `void` alone would let an `async` mapping through, whose writes would come after the commit.
 */
export type SyncResult = undefined | void | null | string | number | boolean | readonly unknown[] | NotAPromise;
type NotAPromise = object & {
  readonly then?: "a mapping is synchronous: await in the step, map its result";
};

/** A question about the data, asked afresh whenever the step runs. Synchronous and pure: it may be asked again. */
export type Selector<TData, TItem, TResult> = (data: Readonly<TData>, ctx: StepExecutionContext<TData, TItem>) => TResult;

/** Moves values between a step and the workflow's data. Synchronous and pure but for `data`, which is a draft of the live data. */
export type Mapping<TSource, TData, TItem> = (source: TSource, data: TData, ctx: StepExecutionContext<TData, TItem>) => SyncResult;

/** Sets the fields of a step object before it runs. Synchronous; the data can only be read. */
export type InputMapping<TStep, TData, TItem> = (step: TStep, data: Readonly<TData>, ctx: StepExecutionContext<TData, TItem>) => SyncResult;

/** What a step takes from the artifact store of the host. */
export interface ArtifactSettings<TData, TItem> {
  /**
   * Declares the artifacts that the step takes, by names of its own: they are looked up and pinned for the workflow before each run, which sees
   * them as `ctx.artifacts.inputs`. One that is missing, or a value that is no reference, fails the step before its body starts.
   */
  artifactInputs(select: Selector<TData, TItem, Readonly<Record<string, ArtifactRef | undefined>>>): this;
}

/** A limit of time on something that is waited for. */
export interface TimeLimitOptions<TData = unknown, TItem = unknown> {
  /** Counts from when the wait begins; `onTimeout` says what follows. @default no limit */
  readonly timeout?: Duration | Selector<TData, TItem, Duration>;
}

/** Options of a wait for events. */
export interface WaitOptions<TData = unknown, TItem = unknown> extends TimeLimitOptions<TData, TItem> {
  /** Events with an event time at or after it count, whenever stored. @default events stored after the instance was created */
  readonly effectiveDate?: Date | Selector<TData, TItem, Date>;
}

/** Options of a sub-workflow. */
export interface ChildOutput<out TOut> {
  /**
   * Checks what the child gave, synchronously or not; what it makes of that goes to `.output` and `saveAs`. A refusal fails the step with
   * `WFE_OUTPUT_INVALID`, and is not retried. @default none
   */
  readonly outputSchema?: StandardSchema<unknown, TOut>;
}

/** One of the events of `waitForAny`. */
export interface AwaitedEvent<TData, TItem, TPayload> {
  readonly event: EventDefinition<TPayload> | string;
  /** Any string, the empty one included. */
  readonly key: string | Selector<TData, TItem, string>;
}

/** A union told apart by the label: `{ first: "paid"; data: Payment } | { first: "cancelled"; data: Reason }`. */
export type FirstOf<TEvents> = {
  [L in keyof TEvents]: { readonly first: L; readonly data: TEvents[L] };
}[keyof TEvents];
