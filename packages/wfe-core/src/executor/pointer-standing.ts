import { ACTIVITY_EVENT } from "../models/activity.ts";
import { WORKFLOW_COMPLETED_EVENT } from "../models/event.ts";
import type { InstanceError } from "../models/execution-error.ts";
import type { PointerRow } from "../models/pointer-row.ts";
import type { StepKind } from "../models/step-definition.ts";
import type { WorkflowRow } from "../models/workflow-row.ts";
import type { Payloads } from "../runtime/payloads.ts";
import { childId } from "./pointer-factory.ts";
import { isPolling, pollOf } from "./poll.ts";

/** What an open pointer does, as far as its row tells without the definition. */
export type PointerStanding =
  | { readonly kind: "pending" }
  | { readonly kind: "running" }
  | { readonly kind: "failed" }
  | { readonly kind: "event" }
  | { readonly kind: "activity" }
  | { readonly kind: "child"; readonly childId: string }
  | { readonly kind: "sleep" }
  | { readonly kind: "retry" }
  | { readonly kind: "poll" }
  /** A saga on whose failure everything in it is undone, or will be when the instance is resumed. */
  | { readonly kind: "compensation"; readonly phase: "suspended" | "compensating"; readonly error: InstanceError };

/**
 * What an open pointer does.
 *
 * @throws WfeError `WFE_PAYLOAD_UNREADABLE` when what a saga keeps cannot be decoded.
 */
export function standingOf(row: Pick<WorkflowRow, "id" | "createdAt">, pointer: PointerRow, payloads: Payloads): PointerStanding {
  switch (pointer.status) {
    case "pending":
      return { kind: "pending" };
    case "sleeping":
      // A failure takes a poll off its pointer, and an own sleep sets the failures back.
      if (isPolling(pointer)) return { kind: "poll" };
      return { kind: pointer.retryCount > 0 ? "retry" : "sleep" };
    case "waitingForEvent":
      return waitOf(row, pointer);
    case "failed":
      return { kind: "failed" };
    default:
      return compensationOf(pointer, payloads) ?? { kind: "running" };
  }
}

/** What a pointer that is `waitingForEvent` waits for. */
export function waitOf(
  row: Pick<WorkflowRow, "id" | "createdAt">,
  pointer: PointerRow,
): Extract<PointerStanding, { kind: "event" | "activity" | "child" }> {
  if (pointer.eventName === ACTIVITY_EVENT) return { kind: "activity" };
  const child = childId(row, pointer);
  if (pointer.eventName === WORKFLOW_COMPLETED_EVENT && pointer.eventKey === child) return { kind: "child", childId: child };
  return { kind: "event" };
}

/** Steps that may have a pointer which does this; `undefined` when any may. */
export function kindsThatMay(standing: PointerStanding["kind"], { eventName }: PointerRow, holdsOthers: boolean): ReadonlySet<StepKind> | undefined {
  if (holdsOthers) return HOLDERS;
  switch (standing) {
    case "event":
      return eventName === undefined ? WAITS_FOR_ANY : WAITS;
    case "activity":
      return ACTIVITIES;
    case "child":
      return SUB_WORKFLOWS;
    case "poll":
      return POLLS;
    case "compensation":
      return SAGAS;
    default:
      return undefined;
  }
}

/** Where a pointer that polls asks, and until when; `undefined` when it does not. @throws WfeError `WFE_PAYLOAD_UNREADABLE` */
export function endpointOf(pointer: PointerRow, payloads: Payloads): { readonly url: string; readonly deadline: Date } | undefined {
  if (!isPolling(pointer)) return undefined;
  const { config, deadlineMs } = pollOf(pointer, payloads);
  return { url: config.url, deadline: new Date(deadlineMs) };
}

const WAITS: ReadonlySet<StepKind> = new Set<StepKind>(["waitFor", "step", "inline"]);
const WAITS_FOR_ANY: ReadonlySet<StepKind> = new Set<StepKind>(["waitForAny"]);
const ACTIVITIES: ReadonlySet<StepKind> = new Set<StepKind>(["activity"]);
const SUB_WORKFLOWS: ReadonlySet<StepKind> = new Set<StepKind>(["subWorkflow"]);
const POLLS: ReadonlySet<StepKind> = new Set<StepKind>(["pollEndpoint", "step", "inline"]);
const SAGAS: ReadonlySet<StepKind> = new Set<StepKind>(["saga"]);
/** Steps whose pointers may hold others. */
export const HOLDERS: ReadonlySet<StepKind> = new Set<StepKind>([
  "step",
  "inline",
  "if",
  "while",
  "forEach",
  "parallel",
  "decide",
  "saga",
  "schedule",
  "recur",
  "outcome",
  "timeout",
]);

/** A saga keeps its state, and the error that began it, with its pointer; a body that runs has no error. */
function compensationOf(pointer: PointerRow, payloads: Payloads): PointerStanding | undefined {
  if (pointer.error === undefined || pointer.persistenceData === undefined) return undefined;
  const kept = payloads.decode(pointer.persistenceData, "the state of a saga") as {
    readonly phase?: unknown;
    readonly failed?: unknown;
    readonly error?: InstanceError;
  } | null;
  const { phase, failed, error } = kept ?? {};
  const isSaga = (phase === "suspended" || phase === "compensating") && typeof failed === "string";
  return isSaga && error !== undefined ? { kind: "compensation", phase, error } : undefined;
}
