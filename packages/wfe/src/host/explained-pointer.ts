import {
  type AwaitedEventState,
  type AnyDefinition,
  endpointOf,
  type ExplainedError,
  type ExplainedPointer,
  type InspectedSubscription,
  type Payloads,
  type PointerReason,
  type PointerRow,
  standingOf,
  type StepKind,
  type WorkflowInspection,
  type WorkflowRow,
} from "wfe-core";
import { explainedError, unreadable } from "./explained-error.ts";

/** What is known of an instance when its pointers are explained. */
export interface PointerFacts {
  readonly row: WorkflowRow;
  readonly payloads: Payloads;
  readonly now: Date;
  /** Absent where it is not known here. */
  readonly definition: AnyDefinition | undefined;
  readonly inspection: WorkflowInspection;
  /** Open pointers directly in each container. */
  readonly openInside: ReadonlyMap<string, number>;
  /** Whether it is certain that nobody holds the lease. */
  readonly isFree: boolean;
}

/** What an open pointer waits for. */
export function explainPointer(facts: PointerFacts, pointer: PointerRow): ExplainedPointer {
  const { definition, inspection } = facts;
  const { id, stepId, stepName, attempt, index, compensates } = pointer;
  const step = definition?.graph.steps[stepId];
  const last = inspection.lastErrors.findLast((error) => error.pointerId === id);
  const since = pointer.status === "failed" ? pointer.endedAt : later(pointer.startedAt, last?.at);
  return {
    id,
    stepId,
    step: stepName ?? step?.name ?? `step ${stepId}`,
    attempt,
    reason: reasonOf(facts, pointer, step?.kind, last),
    ...(step === undefined ? {} : { stepKind: step.kind }),
    ...(index === undefined ? {} : { index }),
    ...(since === undefined ? {} : { since }),
    ...(compensates === undefined ? {} : { compensates }),
  };
}

/** @param last - The last failure of the pointer. */
function reasonOf(facts: PointerFacts, pointer: PointerRow, kind: StepKind | undefined, last: ExplainedError | undefined): PointerReason {
  const { row, payloads, inspection, openInside, isFree } = facts;
  const { dueAt } = pointer;
  const open = openInside.get(pointer.id) ?? 0;
  const timeout = dueAt === undefined ? {} : { timeoutAt: dueAt };
  const subscriptions = inspection.subscriptions.filter(({ pointerId }) => pointerId === pointer.id);
  const standing = readable(() => standingOf(row, pointer, payloads)) ?? { kind: "running" };
  switch (standing.kind) {
    case "pending":
      return { kind: "ready" };
    case "failed":
      return { kind: "failed", error: explainedError(pointer.error, payloads) ?? UNSPECIFIED };
    case "compensation":
      return { kind: "compensation", phase: standing.phase, error: shownError(standing.error), open };
    case "running":
      return open > 0 ? { kind: "container", open } : { kind: "running", abandoned: isFree };
    case "event":
      return { kind: "event", events: eventsOf(pointer, subscriptions), ...timeout };
    case "activity":
      return activityOf(subscriptions, facts.now, timeout);
    case "child":
      return { ...childOf(facts, standing.childId), ...timeout };
    case "sleep":
      return { kind: "time", why: sleepOf(pointer, kind), until: dueAt ?? facts.now };
    case "poll": {
      const endpoint = readable(() => endpointOf(pointer, payloads));
      return { kind: "poll", until: dueAt ?? facts.now, ...(endpoint === undefined ? {} : { endpoint }) };
    }
    case "retry": {
      const error = last === undefined ? {} : { error: shownError(last) };
      return { kind: "retry", until: dueAt ?? facts.now, failures: pointer.retryCount, ...error };
    }
  }
}

/** A pointer that was moved between two reads has no subscription any more: what it waited for is told by its own fields. */
function eventsOf(pointer: PointerRow, subscriptions: readonly InspectedSubscription[]): readonly AwaitedEventState[] {
  const { eventName, eventKey } = pointer;
  if (subscriptions.length === 0) return eventName === undefined ? [] : [{ name: eventName, key: eventKey ?? "" }];
  return subscriptions.map(({ name, key, bound, eventId, undelivered }) => ({
    name,
    key,
    ...("effectiveDate" in bound ? { effectiveDate: bound.effectiveDate } : {}),
    ...(eventId === undefined ? {} : { given: eventId }),
    ...(undelivered === undefined ? {} : { undelivered }),
  }));
}

function activityOf(subscriptions: readonly InspectedSubscription[], now: Date, timeout: { readonly timeoutAt?: Date }): PointerReason {
  const [offer] = subscriptions;
  const { activity = "", workerId, tokenExpiresAt: until } = offer ?? {};
  const submitted = offer?.eventId !== undefined || offer?.undelivered !== undefined;
  const isClaimed = workerId !== undefined && until !== undefined && until > now;
  return { kind: "activity", activity, submitted, ...(isClaimed ? { claim: { workerId, until } } : {}), ...timeout };
}

function childOf({ inspection, payloads }: PointerFacts, id: string): Extract<PointerReason, { kind: "child" }> {
  const child = inspection.workflows.find((workflow) => workflow.id === id);
  if (child === undefined) return { kind: "child", id };
  const { name, definitionId, version, status } = child;
  const error = explainedError(child.error, payloads);
  return { kind: "child", id, workflow: { name, definitionId, version, status, ...(error === undefined ? {} : { error }) } };
}

function sleepOf({ attempt, predecessorId }: PointerRow, kind: StepKind | undefined): Extract<PointerReason, { kind: "time" }>["why"] {
  if (attempt === 0 && predecessorId === undefined) return "start";
  return kind === "delay" || kind === "schedule" || kind === "recur" ? kind : "sleep";
}

const UNSPECIFIED: ExplainedError = { code: "WFE_STEP_FAILED", message: "the failure was not recorded with the pointer" };

function shownError({ code, message }: ExplainedError): ExplainedError {
  return { code, message };
}

/** `undefined` when it cannot be decoded here: what is known without it is told all the same. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (unreadable(error) === undefined) throw error;
    return undefined;
  }
}

function later(a: Date | undefined, b: Date | undefined): Date | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a > b ? a : b;
}
