import type { EventRow } from "../models/event.ts";
import type { NewSubscription } from "../models/event-subscription.ts";
import type { ExecutionErrorRow } from "../models/execution-error.ts";
import type { LifecycleEvent } from "../models/lifecycle-event.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { WorkflowChange } from "../models/workflow-change.ts";
import type { DefinitionKey } from "../models/workflow-definition.ts";
import type { Counters, NewWorkflow } from "../models/workflow-row.ts";

/** Instants of the samples: 2026-01-01T00:00:00.000Z and so many milliseconds after it. */
export function instant(ms = 0): Date {
  return new Date(Date.UTC(2026, 0, 1) + ms);
}

/** The definition the samples belong to. */
export const SAMPLE_DEFINITION: DefinitionKey = { id: "sample", version: 1, fingerprint: "f".repeat(64) };

/** A pending pointer at step 0. @param changes - Fields that differ. */
export function samplePointer(changes: Partial<PointerRow> = {}): PointerRow {
  const seq = changes.seq ?? 1;
  return {
    id: String(seq),
    seq,
    stepId: 0,
    status: "pending",
    scope: [],
    attempt: 0,
    retryCount: 0,
    crashCount: 0,
    resultCount: 0,
    ...changes,
  };
}

/** A new instance with one pointer, due at once. @param id - Its id, from which its name is made. @param changes - Fields that differ. */
export function sampleWorkflow(id: string, changes: Partial<NewWorkflow> = {}): NewWorkflow {
  return {
    id,
    name: `name of ${id}`,
    definitionId: SAMPLE_DEFINITION.id,
    version: SAMPLE_DEFINITION.version,
    fingerprint: SAMPLE_DEFINITION.fingerprint,
    data: '{"total":1}',
    inputDigest: "d".repeat(64),
    createdAt: instant(),
    dueAt: new Date(0),
    pointers: [samplePointer()],
    ...changes,
  };
}

/**
 * A commit of an instance that changes nothing but what is given, expects the counters given, and has seen the whole inbox.
 *
 * @param counters - What the row is expected to hold. @default those of a new instance
 */
export function sampleChange(
  workflowId: string,
  commitId: string,
  changes: Partial<WorkflowChange> = {},
  counters: Counters = { revision: 0, controlSeq: 0, inboxSeq: 0 },
): WorkflowChange {
  return {
    workflowId,
    commitId,
    expected: { revision: counters.revision, controlSeq: counters.controlSeq },
    seenInboxSeq: counters.inboxSeq,
    status: "runnable",
    sequence: 1,
    pointers: [],
    openSubscriptions: [],
    consume: [],
    closeSubscriptions: [],
    children: [],
    events: [],
    commands: [],
    errors: [],
    ...changes,
  };
}

/** A subscription of the first pointer to `(paid, 1)`, for events stored after the creation of its instance. */
export function sampleSubscription(id: string, changes: Partial<NewSubscription> = {}): NewSubscription {
  return { id, pointerId: "1", name: "paid", key: "1", bound: { storedAfter: "creation" }, ...changes };
}

/** An event `(paid, 1)`. */
export function sampleEvent(id: string, changes: Partial<EventRow> = {}): EventRow {
  return { id, name: "paid", key: "1", data: '{"ok":true}', time: instant(), ...changes };
}

/** A failed attempt of an instance's first pointer. */
export function sampleExecutionError(workflowId: string, changes: Partial<ExecutionErrorRow> = {}): ExecutionErrorRow {
  return { workflowId, pointerId: "1", step: "charge", attempt: 1, at: instant(), code: "WFE_STEP_FAILED", message: "card declined", ...changes };
}

/** The start of an instance; the version tells one event from another. */
export function sampleLifecycleEvent(workflowId: string, version = 1): LifecycleEvent {
  return { workflowId, definitionId: SAMPLE_DEFINITION.id, version, reference: "r", at: instant(123), type: "started" };
}

/** A lifecycle event of each type, of one instance. */
export function sampleLifecycleEvents(workflowId: string): readonly LifecycleEvent[] {
  const of = { workflowId, definitionId: SAMPLE_DEFINITION.id, version: 1, at: instant(5) } as const;
  const step = { step: "charge", stepId: 3, pointerId: "1", attempt: 2 } as const;
  return [
    { ...of, type: "started", reference: "r" },
    { ...of, type: "stepStarted", ...step },
    { ...of, type: "error", error: { code: "WFE_STEP_FAILED", message: "card declined" }, ...step },
    { ...of, type: "stepRetrying", ...step },
    { ...of, type: "error", error: { code: "WFE_STEP_FAILED", message: "" } },
    { ...of, type: "suspended" },
    { ...of, type: "resumed" },
    { ...of, type: "stepCompensated", ...step },
    { ...of, type: "stepSkipped", ...step },
    { ...of, type: "stepCompleted", ...step },
    { ...of, type: "completed" },
    { ...of, type: "terminated" },
  ];
}
