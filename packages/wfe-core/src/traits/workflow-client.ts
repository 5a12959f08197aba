import type { ActivityDefinition, ActivityToken, PendingActivity } from "../models/activity.ts";
import type { Duration } from "../models/duration.ts";
import type { EventDefinition, StoredEvent } from "../models/event.ts";
import type { ExecutionError } from "../models/execution-error.ts";
import type { ExecutionPointer } from "../models/execution-pointer.ts";
import type { WorkflowId } from "../models/ids.ts";
import type { DurableShape, JsonValue } from "../models/json.ts";
import type { MigrateOptions, MigrationPlan } from "../models/migration.ts";
import type { TraceContext } from "../models/trace-context.ts";
import type { WorkflowDefinition } from "../models/workflow-definition.ts";
import type { Page, PageRequest, PurgeOptions, WorkflowFilter } from "../models/workflow-filter.ts";
import type { WorkflowExplanation } from "../models/workflow-explanation.ts";
import type { FinishedWorkflow, WorkflowInstance } from "../models/workflow-instance.ts";
import type { ArtifactSweep } from "./artifact-store.ts";

/** Options of `startWorkflow`. */
export interface StartOptions {
  /**
   * Unique in the store, usable wherever an id is; 1 to 200 bytes, trimmed; may not be blank, look like an id, or look like a generated name.
   *
   * @default `{definitionId}-{n}`
   */
  readonly name?: string;
  /**
   * Makes the start idempotent: a repeat with the same definition, version and input gives this id and starts nothing. 1 to 200 bytes, not blank,
   * and no UUID of version 8: those are the ids of sub-workflows. Compared byte by byte.
   *
   * @default a new UUID
   */
  readonly id?: string;
  /** Any text of the caller's, not unique; `listWorkflows` finds it. @default none */
  readonly reference?: string;
  /** The first step does not start before; an instant that has passed is at once. @default at once */
  readonly startAt?: Date;
  /**
   * The trace that the instance belongs to: `traceparent`, `tracestate`, `baggage`, or the fields of another propagator. Stored beside the data and
   * given to its sub-workflows; no part of the input, so a start that is repeated with another one is a repeat. Names of 1 character or more,
   * values are strings; 8,192 bytes at most, names and values in UTF-8.
   *
   * @default none
   */
  readonly traceContext?: TraceContext;
}

/** Options of `waitForWorkflow`. */
export interface WaitForOptions {
  /** How long to wait; then it rejects with `TimeoutError`, and the instance goes on. @default no limit */
  readonly timeout?: Duration;
  /** Ends the wait with `CancelledError`; the instance goes on. @default none */
  readonly signal?: AbortSignal;
  /** Whether a suspension (the default end of a failing step) rejects with `WorkflowSuspendedError` or is waited out. @default "reject" */
  readonly onSuspended?: "reject" | "wait";
}

/** Options of `publishEvent`. */
export interface PublishOptions {
  /** Event time, in whole milliseconds: orders events; one in the future delays the delivery. @default now */
  readonly time?: Date;
  /** Makes publishing idempotent: the first payload under an id wins. 1 to 200 bytes, not blank, not starting with `wfe.`. @default a new UUID */
  readonly id?: string;
}

/**
 * What outside workers need. Every method may be called concurrently, from any process that has a host or a client on the store; a token made by one
 * is good in all. Each rejects with `WFE_HOST_NOT_RUNNING` where that is not started, and with a TypeError or RangeError for wrong arguments.
 */
export interface ActivityClient {
  /**
   * Claims the activity of this name that was offered first, for a while; offers of suspended instances are left out.
   *
   * @param activity - Its name, not blank; compared exactly.
   * @param workerId - For people: who holds the claim. One worker may hold any number.
   * @param options.lease - How long the claim lasts unless it is extended, longer than 0.
   * @param options.wait - How long to wait for an offer when there is none; 0 asks once. @default not at all
   * @returns `undefined` when there was none.
   * @throws SerializationError when the input cannot be decoded, for example with another codec; the claim is given back then.
   */
  getPendingActivity<TIn, TOut>(
    activity: ActivityDefinition<TIn, TOut> | string,
    workerId: string,
    options: { readonly lease: Duration; readonly wait?: Duration },
  ): Promise<PendingActivity<TIn, TOut> | undefined>;
  /**
   * Tells what came of an activity; resolves when that is stored and delivered. Again with the same result it does nothing.
   *
   * @param result - JSON, or what the codec takes; `undefined` is no result.
   * @throws SerializationError or PayloadTooLargeError (`maxEventSize`) for the result; the claim stays then.
   * @throws WfeError `WFE_ACTIVITY_TOKEN_INVALID` when the token is not the one that holds the activity, has expired, or another outcome was submitted.
   */
  submitActivitySuccess<TOut>(token: ActivityToken<TOut>, result: NoInfer<TOut>): Promise<void>;
  /**
   * Tells that an activity has failed: an attempt of its step, whose error behavior says what follows. A retry offers it anew.
   *
   * @param error - Its message is kept verbatim; `data` is JSON, and reaches `getErrors`, `instance.error` and `ctx.compensates.error`; `retryable: false`, or a `NonRetryableError`, skips the retries.
   * @throws SerializationError, PayloadTooLargeError for `data`; WfeError `WFE_ACTIVITY_TOKEN_INVALID`, as above.
   */
  submitActivityFailure(
    token: ActivityToken<never>,
    error: Error | { readonly message: string; readonly data?: JsonValue; readonly retryable?: boolean },
  ): Promise<void>;
  /**
   * Has a claim last so long from now, as often as it takes.
   *
   * @param lease - Longer than 0; may be shorter than what is left.
   * @returns Whether it was held by this token and not over; `false` changes nothing.
   * @throws WfeError `WFE_ACTIVITY_TOKEN_INVALID` for text that is no token
   */
  extendActivity(token: ActivityToken<never>, lease: Duration): Promise<boolean>;
  /**
   * Gives an activity back, for others to take at once; no attempt is counted.
   *
   * @throws WfeError `WFE_ACTIVITY_TOKEN_INVALID` when the token does not hold it, also the second time
   */
  releaseActivity(token: ActivityToken<never>): Promise<void>;
}

/**
 * What outside code needs to drive workflows; a host is one, and a process that runs no steps can have one too. Every method may be called
 * concurrently. Each rejects with `WFE_HOST_NOT_RUNNING` where the process is not started, and with a TypeError or RangeError for wrong arguments.
 */
export interface WorkflowClient extends ActivityClient {
  /**
   * Stores a new instance and gets it going; resolves when it is stored.
   *
   * @throws DefinitionNotFoundError when the host does not know the definition, InputInvalidError when `inputSchema` refuses the input,
   * SerializationError or PayloadTooLargeError when the data cannot be stored, WorkflowAlreadyExistsError, WorkflowNameTakenError; nothing
   * is stored then.
   */
  startWorkflow<TData, TInput>(
    definition: WorkflowDefinition<TData, TInput>,
    input: NoInfer<TInput>,
    options?: StartOptions,
  ): Promise<WorkflowId<TData>>;
  startWorkflow<TData extends DurableShape<TData>>(
    definitionId: string,
    version: number,
    input: TData,
    options?: StartOptions,
  ): Promise<WorkflowId<unknown>>;
  /**
   * Starts, waits, and gives the data.
   *
   * @throws what `startWorkflow` and `waitForWorkflow` throw, and WorkflowTerminatedError; an option that cannot be starts nothing.
   */
  runWorkflow<TData, TInput>(
    definition: WorkflowDefinition<TData, TInput>,
    input: NoInfer<TInput>,
    options?: StartOptions & WaitForOptions,
  ): Promise<TData>;
  /**
   * Waits for the end of an instance; by notification where this process runs it.
   *
   * @throws WorkflowNotFoundError, WorkflowSuspendedError, TimeoutError, or CancelledError when `signal` aborts.
   */
  waitForWorkflow<TData>(definition: WorkflowDefinition<TData, never>, id: string, options?: WaitForOptions): Promise<FinishedWorkflow<TData>>;
  waitForWorkflow<TData>(id: WorkflowId<TData>, options?: WaitForOptions): Promise<FinishedWorkflow<TData>>;
  /** An instance as it is now, by its id or its name. @throws WorkflowNotFoundError; SerializationError when its data cannot be decoded */
  getWorkflow<TData>(idOrName: WorkflowId<TData>): Promise<WorkflowInstance<TData>>;
  /**
   * Stores an event and delivers it to whoever waits for it; resolves when it is stored.
   *
   * @returns Its id.
   * @throws RangeError for a name of the engine's own, InputInvalidError when the event's schema refuses the payload, SerializationError or
   * PayloadTooLargeError when it cannot be stored.
   */
  publishEvent<TPayload>(event: EventDefinition<TPayload>, key: string, payload: NoInfer<TPayload>, options?: PublishOptions): Promise<string>;
  publishEvent<TPayload extends DurableShape<TPayload>>(name: string, key: string, payload: TPayload, options?: PublishOptions): Promise<string>;
  /** Lets running bodies finish and starts nothing until resumed. @returns Whether it was runnable. @throws WorkflowNotFoundError */
  suspendWorkflow(idOrName: string): Promise<boolean>;
  /** Goes on, and runs failed steps again with fresh retries. @returns Whether it was suspended. @throws WorkflowNotFoundError */
  resumeWorkflow(idOrName: string): Promise<boolean>;
  /** Ends it at once; running bodies are aborted. @returns Whether it was not over yet. @throws WorkflowNotFoundError */
  terminateWorkflow(idOrName: string): Promise<boolean>;
  /**
   * Runs on from the failed steps, with fresh retries, without compensating them: an instance that is suspended, or was terminated by an error and
   * is nobody's child. What that termination cancelled runs again, and waits anew.
   *
   * A pass in progress keeps what it has finished; said by many at once it is done once.
   *
   * @returns Whether it goes on: `false` for one that is runnable or complete, that was terminated by a command, or was terminated and is a child.
   * @throws WorkflowNotFoundError
   */
  retryWorkflow(idOrName: string): Promise<boolean>;
  /**
   * Takes an instance, runnable or suspended, to another version of its definition, or to the graph that this process knows of the same version.
   * One atomic write without the lease: a pass that works on the instance meanwhile is refused and leaves it to whoever knows the new version. What
   * it waits for, its timers, its children and its status stay.
   *
   * Of many that ask for it at once one does it; an instance that belongs to that version already is left as it is, its data too.
   *
   * @param to - A version that is registered here, or a definition; a host has to know it.
   * @returns What was done, or, with `dryRun`, would be.
   * @throws WorkflowNotFoundError; DefinitionNotFoundError, DefinitionExistsError when this process does not know the target; MigrationError naming
   * all that is in the way: nothing is written then. What the stored data or `data` do not let decode: SerializationError.
   */
  migrateWorkflow<TData, TNewData>(
    idOrName: WorkflowId<TData>,
    to: WorkflowDefinition<TNewData, never>,
    options?: MigrateOptions<TData, NoInfer<TNewData>>,
  ): Promise<MigrationPlan<TNewData>>;
  migrateWorkflow<TData, TNewData = TData>(
    idOrName: WorkflowId<TData>,
    to: number,
    options?: MigrateOptions<TData, TNewData>,
  ): Promise<MigrationPlan<TNewData>>;
  /**
   * Instances that match, the newest first. A filter with an unknown field is refused: it would match everything.
   *
   * @throws SerializationError when the data of one cannot be decoded
   */
  listWorkflows(filter?: WorkflowFilter, page?: PageRequest): Promise<Page<WorkflowInstance>>;
  /** How many instances match. */
  countWorkflows(filter?: WorkflowFilter): Promise<number>;
  /** Failed attempts, in the order they were recorded. @throws WorkflowNotFoundError */
  getErrors(idOrName: string): Promise<readonly ExecutionError[]>;
  /** All pointers, in order of creation. @throws WorkflowNotFoundError */
  getHistory(idOrName: string): Promise<readonly ExecutionPointer[]>;
  /**
   * Says why an instance does not move: its status and the error or command behind that, whether somebody works on it, when it is looked at next,
   * what each of its first 100 open pointers waits for (an event, a time, a retry, an activity and who has claimed it, a child and its state, a
   * poll, a compensation), and what would move it on. Takes no lease, changes nothing and holds up no pass; costs six reads by index at most, the
   * largest of which is that of all open pointers. A host also says whether it knows the definition, and what differs here; a client runs no steps
   * and has no lock provider, and leaves both open.
   *
   * @returns Plain data with a `summary` for people; an instance that is over is told so.
   * @throws WorkflowNotFoundError
   */
  explain(idOrName: string): Promise<WorkflowExplanation>;
  /** An event by its id, delivered or not; delivered ones are kept for `eventRetention`. @throws EventNotFoundError */
  getEvent(id: string): Promise<Omit<StoredEvent, "data"> & { readonly data: JsonValue | undefined }>;
  /**
   * Removes instances that are over, with all that belongs to them, their pins of artifacts included; safe beside running hosts, and their ids
   * may be used again.
   *
   * @returns How many went; with `dryRun` how many would go.
   * @throws RangeError for another status, an age or a batch out of bounds, TypeError for an option that does not exist: nothing is removed then
   */
  purgeWorkflows(options: PurgeOptions): Promise<number>;
  /**
   * Removes artifacts that have expired and that no workflow keeps; ends pins of workflows that are no more. To be called now and then, by one
   * process or by several, beside running hosts.
   *
   * @throws WfeError `WFE_ARTIFACT_STORE_MISSING` without a store; ArtifactError when it fails.
   */
  sweepArtifacts(): Promise<ArtifactSweep>;
}
