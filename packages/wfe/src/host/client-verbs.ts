import type {
  ActivityDefinition,
  ActivityToken,
  AnyDefinition,
  ArtifactSweep,
  Duration,
  DurableShape,
  EventDefinition,
  ExecutionError,
  ExecutionPointer,
  FinishedWorkflow,
  JsonValue,
  MigrateOptions,
  MigrationPlan,
  Page,
  PageRequest,
  PendingActivity,
  PublishOptions,
  PurgeOptions,
  StartOptions,
  StoredEvent,
  WaitForOptions,
  WorkflowClient,
  WorkflowDefinition,
  WorkflowExplanation,
  WorkflowFilter,
  WorkflowId,
  WorkflowInstance,
} from "wfe-core";
import type { ActivityController, SubmittedFailure } from "./activity-controller.ts";
import { UnderWay } from "./under-way.ts";
import type { WorkflowController } from "./workflow-controller.ts";

/** The verbs of {@link WorkflowClient}, typed for their callers; a controller does the work. */
export abstract class ClientVerbs implements WorkflowClient {
  protected abstract readonly controller: WorkflowController;
  protected abstract readonly activities: ActivityController;
  /** Verbs that are not answered yet: the providers are not stopped before. @internal */
  protected readonly underWay: UnderWay = new UnderWay();

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
  startWorkflow(definition: string | AnyDefinition, ...args: readonly unknown[]): Promise<WorkflowId> {
    return this.underWay.track(this.controller.startWorkflow(definition, args));
  }

  runWorkflow<TData, TInput>(
    definition: WorkflowDefinition<TData, TInput>,
    input: NoInfer<TInput>,
    options?: StartOptions & WaitForOptions,
  ): Promise<TData> {
    return this.underWay.track(this.controller.runWorkflow(definition as AnyDefinition, [input, options], options ?? {})) as Promise<TData>; // the definition's own data
  }

  waitForWorkflow<TData>(definition: WorkflowDefinition<TData, never>, id: string, options?: WaitForOptions): Promise<FinishedWorkflow<TData>>;
  waitForWorkflow<TData>(id: WorkflowId<TData>, options?: WaitForOptions): Promise<FinishedWorkflow<TData>>;
  waitForWorkflow(...args: readonly unknown[]): Promise<FinishedWorkflow<never>> {
    const [id, options] = (typeof args[0] === "string" ? args : args.slice(1)) as [string, WaitForOptions | undefined];
    return this.underWay.track(this.controller.waitForWorkflow(id, options ?? {})) as Promise<FinishedWorkflow<never>>; // as the id's type, or the definition, says
  }

  getWorkflow<TData>(idOrName: WorkflowId<TData>): Promise<WorkflowInstance<TData>> {
    return this.underWay.track(this.controller.getWorkflow(idOrName)) as Promise<WorkflowInstance<TData>>; // as the id's type says
  }

  publishEvent<TPayload>(event: EventDefinition<TPayload>, key: string, payload: NoInfer<TPayload>, options?: PublishOptions): Promise<string>;
  publishEvent<TPayload extends DurableShape<TPayload>>(name: string, key: string, payload: TPayload, options?: PublishOptions): Promise<string>;
  publishEvent(event: string | EventDefinition<unknown>, key: string, payload: unknown, options?: PublishOptions): Promise<string> {
    return this.underWay.track(this.controller.publishEvent(event, key, payload, options ?? {}));
  }

  suspendWorkflow(idOrName: string): Promise<boolean> {
    return this.underWay.track(this.controller.command(idOrName, "suspend"));
  }

  resumeWorkflow(idOrName: string): Promise<boolean> {
    return this.underWay.track(this.controller.command(idOrName, "resume"));
  }

  terminateWorkflow(idOrName: string): Promise<boolean> {
    return this.underWay.track(this.controller.command(idOrName, "terminate"));
  }

  retryWorkflow(idOrName: string): Promise<boolean> {
    return this.underWay.track(this.controller.command(idOrName, "retry"));
  }

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
  migrateWorkflow(idOrName: string, to: unknown, options?: MigrateOptions<never, unknown>): Promise<MigrationPlan<never>> {
    return this.underWay.track(this.controller.migrateWorkflow(idOrName, to, options)) as Promise<MigrationPlan<never>>; // its data as the options make them
  }

  listWorkflows(filter?: WorkflowFilter, page?: PageRequest): Promise<Page<WorkflowInstance>> {
    return this.underWay.track(this.controller.listWorkflows(filter ?? {}, page ?? {}));
  }

  countWorkflows(filter?: WorkflowFilter): Promise<number> {
    return this.underWay.track(this.controller.countWorkflows(filter ?? {}));
  }

  getErrors(idOrName: string): Promise<readonly ExecutionError[]> {
    return this.underWay.track(this.controller.getErrors(idOrName));
  }

  getHistory(idOrName: string): Promise<readonly ExecutionPointer[]> {
    return this.underWay.track(this.controller.getHistory(idOrName));
  }

  explain(idOrName: string): Promise<WorkflowExplanation> {
    return this.underWay.track(this.controller.explain(idOrName));
  }

  getEvent(id: string): Promise<Omit<StoredEvent, "data"> & { readonly data: JsonValue | undefined }> {
    return this.underWay.track(this.controller.getEvent(id));
  }

  purgeWorkflows(options: PurgeOptions): Promise<number> {
    return this.underWay.track(this.controller.purgeWorkflows(options));
  }

  sweepArtifacts(): Promise<ArtifactSweep> {
    return this.underWay.track(this.controller.sweepArtifacts());
  }

  getPendingActivity<TIn, TOut>(
    activity: ActivityDefinition<TIn, TOut> | string,
    workerId: string,
    options: { readonly lease: Duration; readonly wait?: Duration },
  ): Promise<PendingActivity<TIn, TOut> | undefined> {
    const name: unknown = typeof activity === "object" ? (activity as ActivityDefinition<TIn, TOut> | null)?.name : activity;
    const pending = this.underWay.track(this.activities.getPending(name, workerId, options));
    return pending as Promise<PendingActivity<TIn, TOut> | undefined>; // as the definition of the activity says
  }

  submitActivitySuccess<TOut>(token: ActivityToken<TOut>, result: NoInfer<TOut>): Promise<void> {
    return this.underWay.track(this.activities.success(token, result));
  }

  submitActivityFailure(token: ActivityToken<never>, error: SubmittedFailure): Promise<void> {
    return this.underWay.track(this.activities.failure(token, error));
  }

  extendActivity(token: ActivityToken<never>, lease: Duration): Promise<boolean> {
    return this.underWay.track(this.activities.extend(token, lease));
  }

  releaseActivity(token: ActivityToken<never>): Promise<void> {
    return this.underWay.track(this.activities.release(token));
  }
}
