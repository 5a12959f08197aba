import type { EventRow } from "../models/event.ts";
import type { Delivery } from "../models/event-subscription.ts";
import type { PointerQuery, PointerRow } from "../models/pointer-row.ts";
import type { CommitResult, WorkflowChange } from "../models/workflow-change.ts";
import type { DefinitionKey } from "../models/workflow-definition.ts";
import type { EndedWorkflows, Page, PageRequest, WorkflowFilter } from "../models/workflow-filter.ts";
import type { Counters, NewWorkflow, WorkflowRecord, WorkflowRow } from "../models/workflow-row.ts";
import type { WorkflowStatus } from "../models/workflow-status.ts";

/** What a pass needs of an instance. */
export interface LoadedWorkflow {
  readonly row: WorkflowRow;
  /**
   * The open pointers, and of the closed ones those that an open one compensates, each once, in order of creation; absent when the row's revision
   * is the one the caller said it knows.
   */
  readonly pointers?: readonly PointerRow[];
  /** Events assigned to this instance's subscriptions and not yet used, in order of delivery; those of one commit by the time of their events, then by arrival. */
  readonly deliveries: readonly Delivery[];
}

/** The part of an instance that others change. */
export interface WorkflowSignals extends Counters {
  readonly id: string;
  readonly status: WorkflowStatus;
}

/** What moves the status of an instance from outside. */
export type ControlCommand = "suspend" | "resume" | "terminate" | "retry";

/** What a command brings along, besides its instance. */
export interface CommandOptions {
  /** For `terminate`: the engine's event that tells others of the end. @default none */
  readonly completedEvent?: Omit<EventRow, "time" | "eligibleAt">;
  /** For `retry`, which needs it: the revision that the row must have. */
  readonly revision?: number;
  /** For `retry`: the status that the pointers were worked out from; from any other it is not allowed. @default whatever a retry is allowed from */
  readonly from?: WorkflowStatus;
  /** For `retry`: new or changed pointers, whole rows. @default none */
  readonly pointers?: readonly PointerRow[];
}

/** Instances and their pointers. Every method may be called concurrently, from any number of processes. */
export interface WorkflowRepository {
  /**
   * Stores a new instance with its first pointers, whole or not at all; `revision`, `controlSeq` and `inboxSeq` start at 0, `sequence` at the
   * highest `seq` of its pointers, `status` at `runnable`.
   *
   * @returns The id.
   * @throws WorkflowAlreadyExistsError when the id exists, carrying definition, version and input digest of what is stored, and nothing else of it.
   * @throws WorkflowNameTakenError when another instance has the name, or has it as its id, or has the id as its name: a name is usable wherever
   * an id is.
   */
  createNewWorkflow(workflow: NewWorkflow, now: Date): Promise<string>;
  /**
   * Applies one commit, atomically: all of it or nothing. A change whose `commitId` is the row's last is answered as it was the first time.
   * Otherwise the row must hold what `expected` says. Then: the row gets the change's status, definition and data (if given), sequence, error, completedAt
   * and due time (now, if the row's inboxSeq is higher than `seenInboxSeq`), and revision + 1; pointers are upserted; consumed and closed
   * subscriptions go; each opened subscription is given, in the same atomic step, the earliest stored event that it may take (by time,
   * then arrival; eligible at `now`, or found so by a delivery before, whose instant may be ahead; not consumed by this instance), which
   * counts as a delivery (inboxSeq + 1, due now): as one, however many are given. Events that the commit itself sends are stored after that, for a
   * delivery to give them. An event that is eligible, and whose topic no subscription is open on at that moment, may be stored as delivered, and is
   * named in the answer then; waits that open later still find it, as they find any event. The children are stored last.
   *
   * @throws ConflictError when the row holds something else, WorkflowNameTakenError when a child's name or id is taken as that of another,
   * PersistenceError `WFE_PERSISTENCE_FAILED` when an opened subscription has the id of another that stays open; nothing is written.
   */
  persistWorkflow(change: WorkflowChange, now: Date): Promise<CommitResult>;
  /** What a pass starts from, read at one instant. @returns `undefined` when there is no such instance. */
  loadForPass(id: string, options?: { readonly knownRevision?: number }): Promise<LoadedWorkflow | undefined>;
  /** One instance with all its pointers, read at one instant; `undefined` when there is none. */
  getWorkflowInstance(id: string): Promise<WorkflowRecord | undefined>;
  /** Like {@link getWorkflowInstance}, by name (compared exactly). */
  getWorkflowInstanceByName(name: string): Promise<WorkflowRecord | undefined>;
  /** Those of these instances that exist, in the order of `ids`. */
  getWorkflowInstances(ids: readonly string[]): Promise<readonly WorkflowRecord[]>;
  /**
   * Pointers of an instance, open and closed, of which there may be very many: a part of them at a time. Compensable ones are found without
   * looking through the rest. None of an unknown instance.
   *
   * @throws RangeError for a limit that is no whole number of 1 or more.
   */
  getPointers(workflowId: string, query: PointerQuery): Promise<readonly PointerRow[]>;
  /**
   * Runnable instances of these definitions whose due time is at or before `asAt`, the earliest first; moves their due time to `claimUntil` in
   * the same atomic step, so that each goes to one caller per interval.
   */
  claimDueInstances(
    asAt: Date,
    options: {
      readonly definitions: readonly DefinitionKey[];
      readonly limit: number;
      readonly claimUntil: Date;
    },
  ): Promise<readonly string[]>;
  /**
   * Changes the status of an instance in its own atomic step, and moves `controlSeq`; never `revision`.
   *
   * - `suspend`: from runnable, no due time.
   * - `resume`: from suspended, due now, error cleared.
   * - `terminate`: from runnable or suspended; no due time, `completedAt` = now, open pointers become `cancelled` with `endedAt` = now,
   *   subscriptions are closed, `completedEvent` is stored (undelivered, with `now` as its time), and so is a command {@link TERMINATE_COMMAND},
   *   due now, for each instance whose parent this one is and which is not over.
   * - `retry`: from suspended or terminated; due now, error and `completedAt` cleared, `pointers` upserted as by a commit.
   *
   * @returns `true` when it was done, `false` when the status did not allow it, `undefined` when there is no such instance.
   * @throws ConflictError with the reason `revision` when a `retry`, which the status allows, expects another revision; nothing is written.
   * @throws RangeError for a `retry` without a revision.
   */
  command(id: string, command: ControlCommand, now: Date, options?: CommandOptions): Promise<boolean | undefined>;
  /** Counters and status of those of these instances that exist, in one query. */
  readSignals(ids: readonly string[]): Promise<readonly WorkflowSignals[]>;
  /**
   * Reserves numbers of a definition, for names; atomic.
   *
   * @param count - How many, 1 or more.
   * @returns The first of them; the very first is 1.
   */
  nextDefinitionSequence(definitionId: string, count: number): Promise<number>;
  /**
   * Instances that match, the newest first (by creation, then id), without their pointers.
   *
   * Pages are stable: neither part of that order ever changes, so that no instance comes twice, and none is left out that was there, and
   * matched, all the time, whatever others do between two pages.
   *
   * @throws RangeError for a limit that cannot be, and for a cursor that is none, or of another filter or another kind of store; TypeError for
   * an unknown field of the filter.
   */
  listWorkflows(filter: WorkflowFilter, page: PageRequest): Promise<Page<WorkflowRow>>;
  /** How many instances match. @throws TypeError for an unknown field of the filter */
  countWorkflows(filter: WorkflowFilter): Promise<number>;
  /** Ids of instances that have ended, the earliest end first; `limit` at most. */
  getEndedWorkflows(ended: EndedWorkflows, limit: number): Promise<readonly string[]>;
  /**
   * Removes instances that are over, with their pointers, subscriptions, errors and hints; others are left alone.
   *
   * @param only - What has to hold of each at that moment: one that was retried meanwhile, and has ended again, may not be meant any more.
   * @returns How many went.
   */
  deleteWorkflows(ids: readonly string[], only?: EndedWorkflows): Promise<number>;
}
