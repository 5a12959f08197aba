import type { WorkflowStatus } from "./workflow-status.ts";
import type { Duration } from "./duration.ts";

/** Which instances to list; every field given must hold. */
export interface WorkflowFilter {
  readonly status?: WorkflowStatus | readonly WorkflowStatus[];
  readonly definitionId?: string;
  readonly version?: number;
  readonly name?: string;
  readonly reference?: string;
  /** At or after. */
  readonly createdAfter?: Date;
  /** Strictly before. */
  readonly createdBefore?: Date;
  /** Strictly before; instances that are not over never match. */
  readonly completedBefore?: Date;
  readonly hasError?: boolean;
  /** Equality of JSON scalars at dotted paths, type included; a missing path matches nothing. */
  readonly data?: { readonly [path: string]: string | number | boolean | null };
}

/** Which part of a listing. */
export interface PageRequest {
  /** Items at most, 1 to 1000. @default 100 */
  readonly limit?: number;
  /** `cursor` of the page before; opaque. */
  readonly cursor?: string;
}

/** One page of a listing. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Absent on the last page. */
  readonly cursor?: string;
}

/** Instances that have ended. */
export interface EndedWorkflows {
  readonly status: "complete" | "terminated";
  /** `completedAt` is strictly before. */
  readonly before: Date;
}

/** What `purgeWorkflows` removes. */
export interface PurgeOptions {
  readonly status: "complete" | "terminated";
  /** Ended strictly before this instant, or longer ago than this duration. */
  readonly olderThan: Date | Duration;
  /** Instances that are removed at a time, 1 to 1000. @default 500 */
  readonly batchSize?: number;
  /** Counts what would go, and removes nothing. @default false */
  readonly dryRun?: boolean;
}
