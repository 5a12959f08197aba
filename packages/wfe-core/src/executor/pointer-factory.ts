import { createHash } from "node:crypto";
import type { PointerRow } from "../models/pointer-row.ts";
import type { PointerStatus } from "../models/workflow-status.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import type { WorkflowRow } from "../models/workflow-row.ts";

/** Where a new pointer stands. */
export interface PointerPlace {
  readonly seq: number;
  readonly scope: readonly string[];
  readonly predecessorId?: string | undefined;
  /** Encoded value of the innermost iteration. */
  readonly item?: string | undefined;
  readonly index?: number | undefined;
  /** Encoded outcome of the step before, for a holder of outcome blocks. */
  readonly outcome?: string | undefined;
  /** The pointer that it undoes. */
  readonly compensates?: string | undefined;
}

/** A pointer that has not started. Its id is its number within the instance. */
export function pendingPointer(step: StepDefinition, place: PointerPlace): PointerRow {
  const { seq, scope, predecessorId, item, index, outcome, compensates } = place;
  const counts = { attempt: 0, retryCount: 0, crashCount: 0, resultCount: 0 };
  return uniform({
    id: String(seq),
    seq,
    stepId: step.id,
    stepName: step.name,
    status: "pending",
    scope,
    ...counts,
    predecessorId,
    item,
    index,
    outcome,
    compensates,
  });
}

/**
 * The same pointer with all the fields that it may get. Objects of one form are read several times as fast as those of many, and pointers are
 * most of what a pass reads: every one in memory is made here, or is a copy of one that was.
 */
export function uniform(pointer: PointerRow): PointerRow {
  return {
    id: pointer.id,
    seq: pointer.seq,
    stepId: pointer.stepId,
    stepName: pointer.stepName,
    status: pointer.status,
    scope: pointer.scope,
    attempt: pointer.attempt,
    retryCount: pointer.retryCount,
    crashCount: pointer.crashCount,
    resultCount: pointer.resultCount,
    predecessorId: pointer.predecessorId,
    dueAt: pointer.dueAt,
    startedAt: pointer.startedAt,
    endedAt: pointer.endedAt,
    endSeq: pointer.endSeq,
    item: pointer.item,
    index: pointer.index,
    persistenceData: pointer.persistenceData,
    outcome: pointer.outcome,
    eventName: pointer.eventName,
    eventKey: pointer.eventKey,
    eventData: pointer.eventData,
    compensates: pointer.compensates,
    error: pointer.error,
  };
}

/** A pointer without its due time. */
export function withoutDue(pointer: PointerRow): PointerRow {
  return pointer.dueAt === undefined ? pointer : { ...pointer, dueAt: undefined };
}

/** The pointer without the event that its wait came to. */
export function withoutEvent(pointer: PointerRow): PointerRow {
  return pointer.eventData === undefined ? pointer : { ...pointer, eventData: undefined };
}

/** The pointer as it was before it ended. */
export function withoutEnd(pointer: PointerRow): PointerRow {
  return { ...pointer, endedAt: undefined, endSeq: undefined };
}

/** The pointer behind a wait that came to nothing: another attempt waits for something else, of another id. */
export function withoutWait(pointer: PointerRow): PointerRow {
  return { ...withoutDue(withoutEvent(pointer)), resultCount: pointer.resultCount + 1 };
}

/** The pointer as one more start of its body makes it. */
export function started(pointer: PointerRow, now: Date): PointerRow {
  return {
    ...pointer,
    dueAt: undefined,
    status: "running",
    attempt: pointer.attempt + 1,
    startedAt: pointer.startedAt ?? now,
  };
}

/** The pointer as the result that ends it makes it. */
export function closed(
  pointer: PointerRow,
  status: Exclude<PointerStatus, "pending" | "running" | "sleeping" | "waitingForEvent">,
  now: Date,
  endSeq: number,
): PointerRow {
  return { ...pointer, dueAt: undefined, status, endedAt: now, endSeq };
}

/** Id of the subscription that a pointer opens for its current run; the same when a commit is decided anew. */
export function subscriptionId(workflowId: string, pointer: PointerRow): string {
  return `${workflowId}/${pointer.id}/${pointer.resultCount}`;
}

/** Key of the outcome of what a pointer offers in its current run; another one for an instance that has the id of one that was purged. */
export function offerKey(row: Pick<WorkflowRow, "id" | "createdAt">, pointer: PointerRow): string {
  return `${subscriptionId(row.id, pointer)}/${row.createdAt.getTime()}`;
}

/** Ids of all subscriptions that a pointer opens for its current run: one, or one for each event of a `waitForAny`. */
export function subscriptionIds(workflowId: string, step: StepDefinition, pointer: PointerRow): readonly string[] {
  const id = subscriptionId(workflowId, pointer);
  return step.kind === "waitForAny" ? labelsOf(step).map((label) => labelledSubscriptionId(id, label)) : [id];
}

/** Id of the subscription for one of several events. */
export function labelledSubscriptionId(id: string, label: string): string {
  return `${id}/${label}`;
}

/** The labels of a `waitForAny`. */
export function labelsOf(step: StepDefinition): readonly string[] {
  return Object.keys(step.settings?.["events"] ?? {});
}

/**
 * Id of the child that a pointer starts in its current run: the same when the commit is decided anew, another one after each failed child, and for
 * an instance that has the id of one that was purged, whose children may be there still. Has the form of a UUID, however deep the child is.
 */
export function childId({ id, createdAt }: Pick<WorkflowRow, "id" | "createdAt">, pointer: PointerRow): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([id, createdAt.getTime(), pointer.id, pointer.resultCount]))
    .digest("hex");
  // Version 8, made of whatever its maker likes; variant 1.
  return [hash.slice(0, 8), hash.slice(8, 12), `8${hash.slice(13, 16)}`, `a${hash.slice(17, 20)}`, hash.slice(20, 32)].join("-");
}

/** Key that stays over retries and take-overs of one run of a step, and changes after each result. */
export function idempotencyKey(workflowId: string, pointer: PointerRow): string {
  return `${workflowId}/${pointer.id}/${pointer.resultCount}`;
}
