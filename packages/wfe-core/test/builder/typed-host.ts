import type { ActivityClient, WorkflowClient } from "../../src/traits/workflow-client.ts";
import type { Chain } from "../../src/builder/chain.ts";
import type { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import type { Duration } from "../../src/models/duration.ts";
import type { LifecycleEvent } from "../../src/models/lifecycle-event.ts";
import type { WorkflowDefinition } from "../../src/models/workflow-definition.ts";
import type { AnyFunctionStep, AnyStep, StepClass, StepRef } from "../../src/traits/step-body.ts";
import type { AnyDefinition } from "../../src/traits/workflow-registry.ts";

/** The verbs of a host that type tests use. The host itself stands in another package, above this one. */
export interface TypedHost extends WorkflowClient, ActivityClient, AsyncDisposable {
  registerWorkflow<TData, TInput = TData>(
    id: string,
    version: number,
    block: (b: WorkflowBuilder<TData, TInput>) => Chain,
  ): WorkflowDefinition<TData, TInput>;
  registerWorkflowDefinition(definition: AnyDefinition): void;
  registerStep(step: StepClass<AnyStep> | AnyFunctionStep): void;
  registerStepFactory<TStep extends AnyStep>(step: StepClass<TStep> | StepRef<TStep> | string, create: () => NoInfer<TStep>): void;
  start(): Promise<void>;
  stop(options?: { readonly timeout?: Duration }): Promise<void>;
  events(options?: { readonly signal?: AbortSignal }): AsyncIterableIterator<LifecycleEvent>;
}
