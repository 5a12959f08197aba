import type { LifecycleEvent } from "../models/lifecycle-event.ts";
import type { CommitResult, WorkflowChange } from "../models/workflow-change.ts";
import type { WorkflowRow } from "../models/workflow-row.ts";
import type { Payloads } from "../runtime/payloads.ts";
import type { Clock } from "../traits/clock.ts";
import type { Entropy } from "../traits/entropy.ts";
import type { PersistenceProvider } from "../traits/persistence-provider.ts";
import type { WorkflowRegistry } from "../traits/workflow-registry.ts";
import type { InstanceLimits } from "./pass-scope.ts";
import type { ContextServices } from "./step-context.ts";
import type { StepRegistry } from "./step-registry.ts";

/** Limits of a pass. */
export interface ExecutorOptions extends InstanceLimits {
  /** Bodies of one instance that run at the same time, 1 or more. */
  readonly maxConcurrentSteps: number;
  /** How long a lease lasts unless it is renewed. */
  readonly lockTtlMs: number;
}

/** What passes need of their host. */
export interface ExecutorServices {
  readonly persistence: PersistenceProvider;
  readonly registry: Pick<WorkflowRegistry, "getDefinition">;
  readonly steps: StepRegistry;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly payloads: Payloads;
  readonly context: ContextServices;
  readonly options: ExecutorOptions;
  /** Whether other instances wait for a slot. */
  contended(): boolean;
  /**
   * Hears of each acknowledged commit, at once: keeps timers, wakes those who wait, delivers the events it sent that are not delivered by it. Must not throw.
   *
   * @param row - As it is now.
   */
  committed(change: WorkflowChange, row: WorkflowRow, result: CommitResult): void;
  /** Publishes a lifecycle event; returns at once. Must not throw. */
  publish(event: LifecycleEvent): void;
  /** Notes a trouble that is being dealt with. Must not throw. */
  warn(message: string, error: unknown): void;
}
