import type { ExecutionResult } from "../models/execution-result.ts";
import type { WorkflowId } from "../models/ids.ts";
import type { MaybePromise } from "../models/json.ts";
import type { WorkflowInstance } from "../models/workflow-instance.ts";
import type { StepExecutionContext } from "./step-execution-context.ts";
import type { StartOptions } from "./workflow-client.ts";

/** A start, as `aroundStart` sees it. */
export interface StartContext {
  readonly definitionId: string;
  readonly version: number;
  /** What the caller gave; neither checked nor copied yet. */
  readonly input: unknown;
  /** A copy of the caller's options. What stands here when `next` is called is what counts: replace it to change the start. */
  options: StartOptions;
}

/** A pass, as `aroundWorkflow` sees it. */
export interface PassContext {
  /** The instance as the pass has found it. */
  readonly workflow: WorkflowInstance;
  /** Aborts when the pass is called off: its lease is lost, the host stops and its time is up, the workflow was terminated; the reason is a `CancelledError`. */
  readonly signal: AbortSignal;
}

/** What comes of a run of a body. */
export type StepResult = ExecutionResult<unknown, unknown>;

/** Events of one name and key that are to be delivered. */
export interface DeliveredTopic {
  readonly name: string;
  readonly key: string;
  /** Events that this host knows of; none when a timer or the sweep has pointed at the topic. Others of the same topic are delivered with them. */
  readonly eventIds: readonly string[];
}

/** A delivery, as `aroundDelivery` sees it: one request to the store for all topics that were wanted in the same moment. */
export interface DeliveryContext {
  readonly topics: readonly DeliveredTopic[];
  /** Aborts when nobody waits for this delivery any more: it took longer than `lockTtl`, or the host stops and its time is up. */
  readonly signal: AbortSignal;
}

/**
 * Onions around starts, passes, runs of step bodies, and deliveries; the first one registered is the outermost. Each method gets what it is
 * about and `next`, which goes on inwards; it may be left out. All may be called concurrently. `next` may be called only until the promise of
 * the method has settled; after that it rejects with `WFE_MIDDLEWARE_INVALID`.
 *
 * Given to a host or a client with `WorkflowHostBuilder.useMiddleware`.
 */
export interface Middleware {
  /**
   * Around `startWorkflow` and `runWorkflow`, also those of `ctx.host` and of a client; not around sub-workflows, which a commit of their parent
   * starts. What it throws before `next` has given an id refuses the start, and nothing is stored. After that the workflow is there: what is
   * thrown then is logged, and the caller gets the id. A `next` that has failed may be called again; the id of the instance stays the same.
   *
   * @returns What `next` gave; or the id of an instance that is there already, without `next`.
   */
  aroundStart?(ctx: StartContext, next: () => Promise<WorkflowId>): Promise<WorkflowId>;
  /**
   * Around one pass: what a host does with an instance from when it takes it up until nothing is left to do now. What it throws before `next`
   * makes it a failed pass: logged, and tried again after a delay that grows; so does a return without `next`. What it throws after `next` is
   * logged alone. `next` rejects when the pass has failed, and may be called once. The pass waits for what comes behind `next` for `lockTtl`
   * at most.
   */
  aroundWorkflow?(ctx: PassContext, next: () => Promise<void>): Promise<void>;
  /**
   * Around a run of a body, of a compensator too; not around containers, waits, polls and sub-workflows. Within the step's `timeout`, behind
   * its input mappings and before its output mappings. `next` may be called again: the body then runs on a fresh step object, its inputs mapped
   * anew; or not at all. The result that leaves the outermost one counts. What it throws is the step's failure. When the run is called off,
   * `ctx.signal` aborts, `next` starts nothing any more, and nobody waits for the rest.
   *
   * @returns A result: one of `next`, of `ExecutionResult`, or of `resultOfValue` in place of a value that a step function would return.
   */
  aroundStep?(ctx: StepExecutionContext, next: () => Promise<StepResult>): MaybePromise<StepResult>;
  /**
   * Around a delivery of events to those that wait for them, by this host. What it throws before `next`, or a return without it, is logged, and
   * the sweep delivers the events; what it throws after `next` is logged alone. `next` gives the ids of the instances that got something, and
   * may be called once. An event that a commit has stored as delivered, as nobody waited for it, comes without a delivery.
   */
  aroundDelivery?(ctx: DeliveryContext, next: () => Promise<readonly WorkflowId[]>): Promise<void>;
}
