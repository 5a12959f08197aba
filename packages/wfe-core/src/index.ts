/** The core of wfe: models, errors, provider traits, the builder and the executor. */

// models
export type { ArchiveLimits, ReadArchiveOptions } from "./models/archive-limits.ts";
export {
  ACTIVITY_EVENT,
  defineActivity,
  type ActivityDefinition,
  type ActivityOutcome,
  type ActivityToken,
  type PendingActivity,
} from "./models/activity.ts";
export {
  ARTIFACT_MEDIA_TYPES,
  isArtifactDigest,
  isArtifactRef,
  type ArtifactDigest,
  type ArtifactInfo,
  type ArtifactRef,
} from "./models/artifact.ts";
export {
  ORDER_OPERATORS,
  PRESENCE_OPERATORS,
  VALUE_OPERATORS,
  type Comparison,
  type Condition,
  type OrderOperator,
  type PresenceOperator,
  type ValueOperator,
} from "./models/condition.ts";
export { durationMs, type Duration } from "./models/duration.ts";
export { ErrorBehavior, DEFAULT_ERROR_BEHAVIOR, type RetryOptions } from "./models/error-behavior.ts";
export type { SubscriptionBound, NewSubscription, EventSubscription, Delivery, Topic } from "./models/event-subscription.ts";
export {
  defineEvent,
  ENGINE_EVENT_PREFIX,
  WORKFLOW_COMPLETED_EVENT,
  isEngineEvent,
  type EventRow,
  type StoredEvent,
  type EventDefinition,
} from "./models/event.ts";
export type { InstanceError, ExecutionErrorRow, ExecutionError } from "./models/execution-error.ts";
export type { ExecutionPointer } from "./models/execution-pointer.ts";
export { resultBody, resultOfValue, valueOfResult, ExecutionResult, type ResultBody } from "./models/execution-result.ts";
export type { DataPath, Expression, ValuePlace } from "./models/expression.ts";
export type { WorkflowId } from "./models/ids.ts";
export type { JsonValue, CodecTypes, Durable, DurableShape, MaybePromise } from "./models/json.ts";
export {
  LIFECYCLE_EVENT_TYPES,
  type LifecycleEvent,
  type LifecycleEventOf,
  type LifecycleEventType,
  type StepOfEvent,
} from "./models/lifecycle-event.ts";
export type { MigratedPointer, MigrateOptions, MigrationFault, MigrationFaultReason, MigrationPlan } from "./models/migration.ts";
export { LEFT_BEHIND, type PointerQuery, type PointerRow } from "./models/pointer-row.ts";
export { POLL_METHODS, type PollCondition, type PollEndpointConfig, type PollMethod, type StoredPollConfig } from "./models/poll-endpoint.ts";
export { QUEUE_TYPES, type QueueType } from "./models/queue-type.ts";
export { mayRetry, retryDelayMs } from "./models/retry-policy.ts";
export { TERMINATE_COMMAND, type ScheduledCommand } from "./models/scheduled-command.ts";
export type { SchemaIssue, StandardSchema } from "./models/standard-schema.ts";
export { STEP_KINDS, hasRole, type StepKind, type FunctionKey, type BlockDefinition, type StepDefinition } from "./models/step-definition.ts";
export type { TraceContext } from "./models/trace-context.ts";
export type { MeasuredDefinition, MeasuredOutcome, Measurement } from "./models/measurement.ts";
export type { Consumption, WorkflowChange, CommitResult } from "./models/workflow-change.ts";
export type { WorkflowGraph, WorkflowDefinition, DefinitionKey } from "./models/workflow-definition.ts";
export type { BodyStepJson, StepJson, WorkflowDefinitionJson } from "./models/workflow-definition-json.ts";
export {
  EXPLAINED_AT_MOST,
  type AwaitedEventState,
  type ExplainedError,
  type ExplainedPointer,
  type InstanceReason,
  type LeaseState,
  type PointerReason,
  type StepDifference,
  type UnknownDefinition,
  type WorkflowExplanation,
} from "./models/workflow-explanation.ts";
export type { EndedWorkflows, WorkflowFilter, PageRequest, Page, PurgeOptions } from "./models/workflow-filter.ts";
export type { WorkflowInstance, FinishedWorkflow } from "./models/workflow-instance.ts";
export { DUE_AT_ONCE, type ParentReference, type NewWorkflow, type Counters, type WorkflowRow, type WorkflowRecord } from "./models/workflow-row.ts";
export { WORKFLOW_STATUSES, POINTER_STATUSES, isOpen, isFinal, type WorkflowStatus, type PointerStatus } from "./models/workflow-status.ts";

// errors
export { ArtifactError, type ArtifactErrorCode } from "./errors/artifact-errors.ts";
export { DefinitionError, DefinitionExistsError, StepNotRegisteredError, StepKeyTakenError } from "./errors/definition-errors.ts";
export { ERROR_CODES, type ErrorCode } from "./errors/error-codes.ts";
export {
  WorkflowNotFoundError,
  DefinitionNotFoundError,
  EventNotFoundError,
  SubscriptionNotFoundError,
  StepNotFoundError,
} from "./errors/lookup-errors.ts";
export {
  StepExecutionError,
  NonRetryableError,
  StepCrashedError,
  PointersTooManyError,
  TimeoutError,
  CancelledError,
  type CancelReason,
  ActivityFailedError,
  ChildTerminatedError,
  WorkflowTooDeepError,
  isNonRetryable,
} from "./errors/step-errors.ts";
export { MiddlewareError } from "./errors/middleware-error.ts";
export { PollError, type PollErrorCode } from "./errors/poll-errors.ts";
export { PersistenceError, ConflictError, LockError, QueueError, type ConflictReason, type CurrentState } from "./errors/store-errors.ts";
export { SerializationError, PayloadTooLargeError, InputInvalidError, OutputInvalidError } from "./errors/value-errors.ts";
export { WfeError, isWfeError, type WfeErrorOptions } from "./errors/wfe-error.ts";
export {
  MigrationError,
  shownDefinition,
  WorkflowAlreadyExistsError,
  WorkflowNameTakenError,
  WorkflowSuspendedError,
  WorkflowTerminatedError,
} from "./errors/workflow-errors.ts";

// traits
export type { ArtifactAccess } from "./traits/artifact-access.ts";
export type { ArtifactContent, ArtifactStore, ArtifactSweep, PutArtifactOptions } from "./traits/artifact-store.ts";
export type { Timer, Clock } from "./traits/clock.ts";
export type { Codec } from "./traits/codec.ts";
export type { CommandRepository } from "./traits/command-repository.ts";
export type { Entropy } from "./traits/entropy.ts";
export type { EventPublication, RunnableEvent, EventRepository } from "./traits/event-repository.ts";
export type { HttpClient, HttpRequest, HttpResponse } from "./traits/http-client.ts";
export type { LifecyclePublisher } from "./traits/lifecycle-publisher.ts";
export type {
  InspectedSubscription,
  InspectionRepository,
  InspectionRequest,
  UndeliveredEvent,
  WorkflowInspection,
} from "./traits/inspection-repository.ts";
export type { Lease, LeaseHolder, DistributedLockProvider } from "./traits/lock-provider.ts";
export { LOG_LEVELS, type LogLevel, type LogEntry, type LogSink } from "./traits/log-sink.ts";
export type {
  DeliveredTopic,
  DeliveryContext,
  Middleware,
  PassContext,
  StartContext,
  StepResult,
} from "./traits/middleware.ts";
export type { PersistenceProvider } from "./traits/persistence-provider.ts";
export type { MetricSink } from "./traits/metric-sink.ts";
export type { Provider } from "./traits/provider.ts";
export type { Providers } from "./traits/providers.ts";
export type { WorkItem, QueueProvider } from "./traits/queue-provider.ts";
export {
  stepRef,
  defineStep,
  type ResultFor,
  type StepReturn,
  type StepBody,
  type StepClass,
  type AnyStep,
  type StepRef,
  type FunctionStep,
  type AnyFunctionStep,
} from "./traits/step-body.ts";
export type { StepLog, CompensatedStep, StepExecutionContext } from "./traits/step-execution-context.ts";
export type { SubscriptionRepository } from "./traits/subscription-repository.ts";
export type { StartOptions, WaitForOptions, PublishOptions, WorkflowClient, ActivityClient } from "./traits/workflow-client.ts";
export type { AnyDefinition, WorkflowRegistry } from "./traits/workflow-registry.ts";
export type { LoadedWorkflow, WorkflowSignals, ControlCommand, CommandOptions, WorkflowRepository } from "./traits/workflow-repository.ts";

// artifacts
export type { ArchiveDirectory, ArchiveEntry, ArchiveFile, ArchiveStreamedFile, ArchiveSymlink } from "./artifacts/archives/archive-entry.ts";
export { DEFAULT_ARCHIVE_LIMITS } from "./artifacts/archives/archive-limits.ts";
export { artifactRef, artifactRefsIn, parseArtifactRef } from "./artifacts/artifact-ref.ts";
export { ArtifactVolume, ArtifactVolumePackage, type ArtifactSource } from "./artifacts/artifact-volume.ts";
export { extractArtifactToDir } from "./artifacts/archives/extract-artifact.ts";
export { LocalArtifactStore, type LocalArtifactStoreOptions } from "./artifacts/store/local-artifact-store.ts";
export { packArtifact, type PackOptions } from "./artifacts/archives/pack-artifact.ts";
export type { UnpackOptions } from "./artifacts/volume-package-format.ts";

// runtime
export type { ArtifactStoreLimits } from "./runtime/artifact-arguments.ts";
export { BoundedTimers, type BoundedTimersOptions } from "./runtime/bounded-timers.ts";
export { bufferedLogSink, type BufferedLogSink, type BufferedLogSinkOptions } from "./runtime/buffered-log-sink.ts";
export { consoleLogSink, type ConsoleLogSinkOptions } from "./runtime/console-log-sink.ts";
export { matchesData } from "./runtime/data-filter.ts";
export { indexedPaths, indexedValue, type IndexedPath, type IndexedValue } from "./runtime/indexed-data.ts";
export { createLease, leaseHasEnded, type LeaseRequest } from "./runtime/lease.ts";
export { decodeLifecycleEvent } from "./runtime/lifecycle-decoding.ts";
export { LifecycleListeners, type LifecycleMessage } from "./runtime/lifecycle-listeners.ts";
export { asksForData, countFound, listFound, refuseUnknownFields, type FindWorkflows, type ListingPosition } from "./runtime/listing.ts";
export { harmlessMetrics } from "./runtime/harmless-metrics.ts";
export { MetricSinks } from "./runtime/metric-sinks.ts";
export { knownDefinition } from "./runtime/known-definition.ts";
export { endsWithin } from "./runtime/ends-within.ts";
export { isThenable } from "./runtime/thenable.ts";
export { validated } from "./runtime/validated.ts";
export { DEFAULT_PAYLOAD_LIMITS, Payloads, type PayloadLimits } from "./runtime/payloads.ts";
export { Pauses } from "./runtime/pauses.ts";
export type { PollAllowList } from "./runtime/poll-allow-list.ts";
export type { SecretResolver } from "./runtime/poll-headers.ts";
export { PersistenceOfStores, type PersistenceOfStoresOptions, type PersistenceStores } from "./runtime/persistence-of-stores.ts";
export { pollOnce, type PollAnswer, type PollServices } from "./runtime/poll-request.ts";
export { pollRules, type PollOptions, type PollRules } from "./runtime/poll-rules.ts";
export { type QueueWaiter, QueueWaiters } from "./runtime/queue-waiters.ts";
export { SharedRun, type SharedRunOptions } from "./runtime/shared-run.ts";
export { systemClock } from "./runtime/system-clock.ts";
export { systemEntropy } from "./runtime/system-entropy.ts";
export { systemHttpClient } from "./runtime/system-http-client.ts";
export { Slots } from "./runtime/slots.ts";
export { Timers, type TimersOptions } from "./runtime/timers.ts";
export { writeLog } from "./runtime/write-log.ts";

// primitives
export { primitiveOf, runsBody } from "./primitives/primitives.ts";

// builder
export type { Chain, EndedChain, DecidedChain, UndecidedChain } from "./builder/chain.ts";
export type { FunctionCompensatorBuilder, CompensatorBuilder } from "./builder/compensator-builder.ts";
export { toDot } from "./builder/diagram-dot.ts";
export { toMermaid } from "./builder/diagram-mermaid.ts";
export type { DrawnInstance } from "./builder/diagram-model.ts";
export { definitionFromGraph } from "./builder/definition-from-graph.ts";
export type {
  ArtifactSettings,
  SyncResult,
  Selector,
  Mapping,
  InputMapping,
  TimeLimitOptions,
  WaitOptions,
  AwaitedEvent,
  FirstOf,
} from "./builder/selectors.ts";
export type {
  Block,
  Verbs,
  BranchBuilder,
  StepBuilder,
  CompensationSettings,
  WorkSettings,
  ClassStepBuilder,
  ValueSettings,
  FunctionStepBuilder,
  ValueStepBuilder,
  WaitBuilder,
  OutsideWorkBuilder,
  SagaBuilder,
  ParallelBuilder,
  CaseBuilder,
  DecideBuilder,
} from "./builder/verbs.ts";
export { checkedDefinition } from "./builder/checked-definition.ts";
export {
  WorkflowBuilder,
  buildWorkflow,
  type CheckedWorkflowBuilder,
  type InitializedWorkflowBuilder,
  type WorkflowBuilderConstructor,
  type WorkflowSettings,
  type WorkflowStart,
  type WorkflowWithoutData,
} from "./builder/workflow-builder.ts";

// executor
export type { ExecutorOptions, ExecutorServices } from "./executor/executor-services.ts";
export { createdRow } from "./executor/commit-builder.ts";
export { instanceEvent, stepEvent, errorEvent } from "./executor/lifecycle.ts";
export { checkMiddleware, MiddlewareRunner, type MiddlewareWarning, type Onion } from "./executor/middleware-runner.ts";
export { pendingPointer, started, closed, subscriptionId, idempotencyKey, type PointerPlace } from "./executor/pointer-factory.ts";
export { StepContext, type ChildRequest, type ContextServices, type InstanceSnapshot } from "./executor/step-context.ts";
export { StepRegistry, stepKey, type RegisteredStep } from "./executor/step-registry.ts";
export { retriedPointers } from "./executor/retried-pointers.ts";
export { endpointOf, kindsThatMay, standingOf, type PointerStanding } from "./executor/pointer-standing.ts";
export { migratePointers, type PointerMigration } from "./executor/migration.ts";
export { pointerView, instanceView, decodedInstance, decodedError, errorView } from "./executor/views.ts";
export type { PassEnd } from "./executor/pass-end.ts";
export { completedEvent, type WorkflowEnd } from "./executor/completed-event.ts";
export type { CreatedInstance } from "./executor/created-instance.ts";
export { WorkflowPass } from "./executor/workflow-pass.ts";
