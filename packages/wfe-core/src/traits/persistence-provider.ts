import type { ExecutionErrorRow } from "../models/execution-error.ts";
import type { CommandRepository } from "./command-repository.ts";
import type { EventRepository } from "./event-repository.ts";
import type { InspectionRepository } from "./inspection-repository.ts";
import type { MetricSink } from "./metric-sink.ts";
import type { Provider } from "./provider.ts";
import type { SubscriptionRepository } from "./subscription-repository.ts";
import type { WorkflowRepository } from "./workflow-repository.ts";

/**
 * The store: the truth about every instance. Payloads are opaque strings at this level and come back byte for byte; instants are whole
 * milliseconds; a store gets `now` as a parameter and asks no clock for it.
 *
 * Every method rejects with a `PersistenceError` (`WFE_PROVIDER_NOT_RUNNING` before `start` and after `stop`, `ensureStoreExists` excepted) when
 * the store fails; nothing is then half-written. Arguments that make no sense are a `RangeError`. `retryable` says whether the same call may succeed later; a commit may always be sent again, its
 * `commitId` answers whether it has happened.
 */
export interface PersistenceProvider
  extends Provider,
    WorkflowRepository,
    EventRepository,
    SubscriptionRepository,
    CommandRepository,
    InspectionRepository {
  /** Creates or upgrades tables; idempotent, safe when several processes race. `start` does it too; it needs no start, for a deploy step of its own. */
  ensureStoreExists(): Promise<void>;
  /** Failed attempts of an instance, in the order they were recorded. */
  getErrors(workflowId: string): Promise<readonly ExecutionErrorRow[]>;
  /**
   * Tells a sink from now on of what is written together (`batchWritten`), all that share the store included. The same sink several times is told
   * once. A store that has no batches leaves the method out.
   *
   * @param sink - Never throws.
   * @returns Ends it; idempotent.
   */
  recordMetrics?(sink: MetricSink): () => void;
}
