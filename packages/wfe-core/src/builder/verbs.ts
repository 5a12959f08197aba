// Longer than other files: these interfaces name each other, so cutting them up would make import cycles.
import type { ActivityDefinition } from "../models/activity.ts";
import type { Condition } from "../models/condition.ts";
import type { Duration } from "../models/duration.ts";
import type { ErrorBehavior } from "../models/error-behavior.ts";
import type { EventDefinition } from "../models/event.ts";
import type { DurableShape, JsonValue, MaybePromise } from "../models/json.ts";
import type { PollEndpointConfig } from "../models/poll-endpoint.ts";
import type { WorkflowDefinition } from "../models/workflow-definition.ts";
import type { FunctionStep, ResultFor, StepBody, StepClass, StepRef, StepReturn } from "../traits/step-body.ts";
import type { StepExecutionContext } from "../traits/step-execution-context.ts";
import type { Chain, DecidedChain, EndedChain, IsOpen, UndecidedChain } from "./chain.ts";
import type { CompensatorBuilder, FunctionCompensatorBuilder } from "./compensator-builder.ts";
import type {
  ArtifactSettings,
  AwaitedEvent,
  ChildOutput,
  FirstOf,
  InputMapping,
  Mapping,
  Selector,
  TimeLimitOptions,
  WaitOptions,
} from "./selectors.ts";
import type { Holds, InputArgs, OutcomeOf, OutcomeOfStep, ValueOf } from "./step-values.ts";

/**
 * A block of a container: gets an empty chain, gives back one with at least one step. Called once, while the workflow is built.
 */
export type Block<TData, TItem> = (b: BranchBuilder<TData, TItem>) => Chain;

/**
 * Every verb that adds a step. A block, a workflow and a chain all have them, so anything may come first. Each verb goes on from what it
 * is called on; going on twice from one place is a fault that `build` reports.
 *
 * Covariant in the data: a fragment written for `{ audit: string[] }` fits every workflow whose data has such a field.
 */
export interface Verbs<out TData, out TItem, in TInput> {
  /** Adds a step written as a class, or named by its key. */
  then<TStep extends StepBody<TData, TItem>>(step: StepClass<TStep> | StepRef<TStep>): ClassStepBuilder<TData, TItem, TInput, TStep>;
  /** Adds a function step; `input` is asked for exactly when the step takes one. */
  then<TIn, TOut>(
    step: FunctionStep<TIn, TOut, TData, TItem>,
    ...input: InputArgs<TData, TItem, TIn>
  ): FunctionStepBuilder<TData, TItem, TInput, ValueOf<TOut>, OutcomeOf<TOut>>;
  /** Adds an inline step. The returned value goes to `.output` and `saveAs`. */
  thenFn<TOut extends StepReturn<TOut, TData>>(
    name: string,
    fn: (ctx: StepExecutionContext<TData, TItem>) => MaybePromise<TOut>,
  ): FunctionStepBuilder<TData, TItem, TInput, ValueOf<TOut>, OutcomeOf<TOut>>;

  /**
   * Waits for an event with this name and key; its payload goes to `.output` and `saveAs`. Of the engine's own events only `wfe.workflow.completed`,
   * keyed by an instance's id, may be waited for.
   *
   * @throws RangeError for a bad `timeout` or `effectiveDate`, at once.
   */
  waitFor<TPayload>(
    event: EventDefinition<TPayload>,
    key: string | Selector<TData, TItem, string>,
    options?: WaitOptions<TData, TItem>,
  ): WaitBuilder<TData, TItem, TInput, TPayload>;
  waitFor<TPayload = JsonValue>(
    name: string,
    key: string | Selector<TData, TItem, string>,
    options?: WaitOptions<TData, TItem>,
  ): WaitBuilder<TData, TItem, TInput, TPayload>;
  /** Waits for the first of several events; `{ first, data }` goes to `.output` and `saveAs`. The others stay for later waits. */
  waitForAny<TEvents extends object>(
    events: {
      readonly [L in keyof TEvents]: AwaitedEvent<TData, TItem, TEvents[L]>;
    },
    options?: WaitOptions<TData, TItem>,
  ): WaitBuilder<TData, TItem, TInput, FirstOf<TEvents>>;
  /**
   * Offers work to outside workers and waits for its result, which goes to `.output` and `saveAs`. A failure that a worker submits is an attempt of the
   * step (`WFE_ACTIVITY_FAILED`); a retry offers the work anew.
   *
   * @param activity - Not blank.
   * @param input - Gives JSON, as much as an event may have.
   * @param options.timeout - Counts from the offer, claims included. @throws RangeError for a bad fixed one, at once.
   */
  activity<TIn, TOut>(
    activity: ActivityDefinition<TIn, TOut>,
    input: Selector<TData, TItem, TIn>,
    options?: TimeLimitOptions<TData, TItem>,
  ): OutsideWorkBuilder<TData, TItem, TInput, ValueOf<TOut>>;
  activity<TOut = JsonValue>(
    name: string,
    input: Selector<TData, TItem, unknown>,
    options?: TimeLimitOptions<TData, TItem>,
  ): OutsideWorkBuilder<TData, TItem, TInput, TOut>;
  /**
   * Asks an address until it is content; `{ status, body }` goes to `.output` and `saveAs`. The host has to allow the address.
   *
   * @throws TypeError, RangeError for a bad fixed config, at once; one that a function gives fails the step, as a `PollError` does, without a retry.
   */
  pollEndpoint(
    config: PollEndpointConfig | Selector<TData, TItem, PollEndpointConfig>,
  ): OutsideWorkBuilder<TData, TItem, TInput, { readonly status: number; readonly body: JsonValue }>;
  /**
   * Starts another workflow and waits for its end; its data goes to `.output` and `saveAs`. Nothing else passes between the two. A child that is
   * terminated fails the step with `WFE_CHILD_TERMINATED`; a retry, for which the step itself has to ask, starts another one. `timeout` terminates the
   * child. Not more than `maxSubWorkflowDepth` in each other.
   *
   * @param options.outputSchema - Checks the child's data, and may make something else of it, before `.output` and `saveAs` see it.
   */
  subWorkflow<TChild, TChildInput, TOut = TChild>(
    definition: WorkflowDefinition<TChild, TChildInput>,
    input: Selector<TData, TItem, TChildInput>,
    options?: ChildOutput<TOut>,
  ): ValueStepBuilder<TData, TItem, TInput, TOut, never>;
  /** @param version - @default the highest that the host which runs the step knows */
  subWorkflow<TChild = JsonValue>(
    definitionId: string,
    input: Selector<TData, TItem, unknown>,
    version?: number | (ChildOutput<TChild> & { readonly version?: number }),
  ): ValueStepBuilder<TData, TItem, TInput, TChild, never>;

  /** Goes on after a while. @throws RangeError for a bad duration, at once. */
  delay(duration: Duration | Selector<TData, TItem, Duration>): StepBuilder<TData, TItem, TInput>;
  /** Goes on at once and runs the block after a while, beside what follows. */
  schedule(after: Duration | Selector<TData, TItem, Duration>, block: Block<TData, TItem>): StepBuilder<TData, TItem, TInput>;
  /** Goes on at once and runs the block again and again beside what follows, start to start, until the condition holds. */
  recur(
    interval: Duration | Selector<TData, TItem, Duration>,
    until: Selector<TData, TItem, boolean> | Condition,
    block: Block<TData, TItem>,
  ): StepBuilder<TData, TItem, TInput>;
  /** Runs the first block if the condition holds, else the second if there is one; then joins. */
  ifDo(
    condition: Selector<TData, TItem, boolean> | Condition,
    then: Block<TData, TItem>,
    otherwise?: Block<TData, TItem>,
  ): StepBuilder<TData, TItem, TInput>;
  /** Runs the block as long as the condition holds, which is asked before each iteration. */
  whileDo(condition: Selector<TData, TItem, boolean> | Condition, block: Block<TData, TItem>): StepBuilder<TData, TItem, TInput>;
  /**
   * Runs the block for each value of a list, which is selected once; `ctx.item` and `ctx.index` say which.
   *
   * @param options.parallel - All at once, or one after the other. @default true
   */
  forEach<TEach>(
    items: Selector<TData, TItem, readonly TEach[]>,
    block: Block<TData, TEach>,
    options?: { readonly parallel?: boolean },
  ): StepBuilder<TData, TItem, TInput>;
  /** Runs several branches at once and joins when all have ended. */
  parallel(branches: (p: ParallelBuilder<TData, TItem>) => Chain): StepBuilder<TData, TItem, TInput>;
  /** Runs the first case that equals the selected value (deep JSON equality), else `otherwise`; then joins. */
  decide<const TValue extends DurableShape<TValue>>(
    on: Selector<TData, TItem, TValue>,
    cases: (d: DecideBuilder<TData, TItem, TValue, TValue>) => DecidedChain,
  ): StepBuilder<TData, TItem, TInput>;
  /** Runs the block; when a step in it fails for good, undoes what the block has done, in reverse. */
  saga(block: Block<TData, TItem>): SagaBuilder<TData, TItem, TInput>;

  /** Puts a fragment here: any function from a branch builder to a chain, written for as little data as it needs. */
  use(fragment: Block<TData, TItem>): StepBuilder<TData, TItem, TInput>;
  /**
   * Goes on at the step with this external id; nothing can follow. The target stands in the same chain, or in one that encloses it through
   * `ifDo`, `whileDo`, `decide`, `onOutcome`, `onTimeout` or a sequential `forEach` only; `build` refuses any other.
   */
  goTo(stepId: string): EndedChain<TData, TInput>;
  /** Ends the whole workflow as complete, from any depth. Nothing can follow. */
  endWorkflow(): EndedChain<TData, TInput>;
}

/** A block before its first step. */
export interface BranchBuilder<TData, TItem = unknown, TInput = unknown> extends Verbs<TData, TItem, TInput> {
  /** `then`, under the name that reads better at the start. */
  readonly startWith: Verbs<TData, TItem, TInput>["then"];
}

/** A chain: the settings of its last step, and the verbs for the next. Settings may come in any order, each once unless it says otherwise. */
export interface StepBuilder<TData, TItem, TInput> extends Verbs<TData, TItem, TInput>, Chain {
  /** For people: logs, lifecycle events, diagrams. @default after the kind of step and what it names */
  name(name: string): this;
  /** Stable external id, unique in the definition: target of `goTo`, key of metrics, anchor of an upgrade. */
  id(id: string): this;
  /**
   * What happens when the step fails. On a container it also holds for the steps inside that say nothing (a saga's excepted).
   *
   * @throws RangeError for a bad duration or number, at once.
   */
  onError(behavior: ErrorBehavior): this;
  /** Skips the step if false. */
  when(condition: Selector<TData, TItem, boolean> | Condition): this;
  /**
   * Cancels the step, and all inside it, when true after a result that changed the data. Looks at data alone.
   *
   * @param options.proceed - Whether the flow goes on behind the cancelled step. @default false
   */
  cancelWhen(condition: ((data: Readonly<TData>) => boolean) | Condition, options?: { readonly proceed?: boolean }): this;
  /**
   * Checks the whole graph and makes the definition: frozen, to be used as often as liked.
   *
   * @param id - Not blank.
   * @param version - A whole number, 1 or more. A changed graph needs a new one.
   * @throws DefinitionError with all faults.
   */
  build(id: string, version: number): WorkflowDefinition<TData, TInput>;
}

/** What undoes a step. One of them, once. */
export interface CompensationSettings<TData, TItem> {
  /** Undoes the step with a class. The compensator is a step too: `(c) => c.input(…).onError(…)`. */
  compensateWith<TStep extends StepBody<TData, TItem>>(
    step: StepClass<TStep> | StepRef<TStep>,
    configure?: (c: CompensatorBuilder<TData, TItem, TStep>) => unknown,
  ): this;
  /** Undoes the step with a function step. */
  compensateWith<TIn, TOut>(step: FunctionStep<TIn, TOut, TData, TItem>, ...input: InputArgs<TData, TItem, TIn>): this;
  /** Undoes the step with a function; `ctx.compensates` says what, and why. */
  compensateWithFn(
    name: string,
    fn: (ctx: StepExecutionContext<TData, TItem>) => MaybePromise<ResultFor<TData> | void>,
    configure?: (c: FunctionCompensatorBuilder<TData, TItem>) => unknown,
  ): this;
  /** Undoes the step with a chain, in which `goTo`, `endWorkflow` and compensators are refused. */
  compensateWithSequence(block: Block<TData, TItem>): this;
}

/** Settings of a step that does work of its own (no container, no wait). */
export interface WorkSettings<TData, TItem> extends CompensationSettings<TData, TItem> {
  /** Limit of one run; then `ctx.signal` aborts and the attempt fails. @default no limit @throws RangeError at once */
  timeout(limit: Duration): this;
  /** Fixed JSON, seen as `ctx.step.config`. Copied. */
  config<T extends DurableShape<T>>(config: T): this;
  /** Where `ExecutionResult.branch(values)` of this step goes: the block runs once per value, as a container. */
  children(block: Block<TData, unknown>): this;
}

/** After a step that is a class: `input` sets fields before the run, `output` reads them after it. */
export interface ClassStepBuilder<TData, TItem, TInput, TStep>
  extends StepBuilder<TData, TItem, TInput>,
    WorkSettings<TData, TItem>,
    ArtifactSettings<TData, TItem> {
  /** Sets fields of the step before each run. Any number, applied in order. */
  input(map: InputMapping<TStep, TData, TItem>): this;
  /** Writes to the data when the step's result is processed. Any number, applied in order. */
  output(map: Mapping<TStep, TData, TItem>): this;
  /** Where to go on this outcome: runs the block as a container, then joins. Any number, with different values. */
  onOutcome(value: OutcomeOfStep<TStep>, block: Block<TData, TItem>): this;
}

/** After something that gives a value. */
export interface ValueSettings<TData, TItem, TValue> {
  /** Writes to the data when the value is there. Any number, applied in order. */
  output(map: Mapping<TValue, TData, TItem>): this;
  /** Short for `.output((value, data) => { data[key] = value; })`. */
  saveAs<TKey extends keyof TData>(key: TKey & Holds<TData[TKey], TValue>): this;
}

/** After a step that is a function. */
export interface FunctionStepBuilder<TData, TItem, TInput, TValue, TOutcome>
  extends ValueStepBuilder<TData, TItem, TInput, TValue, TOutcome>,
    ArtifactSettings<TData, TItem> {}

/** After a step that gives a value: a function, a sub-workflow. */
export interface ValueStepBuilder<TData, TItem, TInput, TValue, TOutcome>
  extends StepBuilder<TData, TItem, TInput>,
    WorkSettings<TData, TItem>,
    ValueSettings<TData, TItem, TValue> {
  /** Where to go on this outcome: runs the block as a container, then joins. Any number, with different values. */
  onOutcome(value: TOutcome, block: Block<TData, TItem>): this;
}

/** After a wait. It has no `timeout` setting; the limit is an option of the verb. */
export interface WaitBuilder<TData, TItem, TInput, TValue> extends StepBuilder<TData, TItem, TInput>, ValueSettings<TData, TItem, TValue> {
  /** Runs the block when the limit ends first, and joins; without it an elapsed limit fails the step with `TimeoutError`. */
  onTimeout(block: Block<TData, TItem>): this;
}

/** After work done elsewhere (activity, poll): a wait that can be undone. */
export interface OutsideWorkBuilder<TData, TItem, TInput, TValue>
  extends WaitBuilder<TData, TItem, TInput, TValue>,
    CompensationSettings<TData, TItem> {}

/** After a saga: its own compensator runs last. */
export interface SagaBuilder<TData, TItem, TInput> extends StepBuilder<TData, TItem, TInput>, CompensationSettings<TData, TItem> {}

/** Takes the branches of a `parallel`. Without a branch it is no {@link Chain} and does not compile. */
export interface ParallelBuilder<TData, TItem> {
  branch(block: Block<TData, TItem>): ParallelBuilder<TData, TItem> & Chain;
  /** @param name - For people: diagrams. */
  branch(name: string, block: Block<TData, TItem>): ParallelBuilder<TData, TItem> & Chain;
}

/** Takes the cases of a `decide`. */
export interface CaseBuilder<TData, TItem, TValue, TLeft> {
  /** Runs the block when the selected value equals this one. Two cases with one value are a fault. */
  case<const TCase extends TLeft>(value: TCase, block: Block<TData, TItem>): DecideBuilder<TData, TItem, TValue, Exclude<TLeft, TCase>>;
  /** Runs the block when no case matches. */
  otherwise(block: Block<TData, TItem>): DecidedChain;
}

/** `TLeft` counts down. When the selector gives a union of literals, every one needs a case or there is an `otherwise`. */
export type DecideBuilder<TData, TItem, TValue, TLeft> = CaseBuilder<TData, TItem, TValue, TLeft> &
  (IsOpen<TLeft> extends true ? DecidedChain : UndecidedChain<TLeft>);
