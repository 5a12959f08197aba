import type { LifecycleEvent } from "wfe-core";

/** An event of an instance, told from others by its version. */
export function startedEvent(workflowId: string, version = 1): LifecycleEvent {
  return { workflowId, definitionId: "d", version, reference: "r", at: new Date(1_700_000_000_123), type: "started" };
}

const step = { step: "pay", stepId: 3, pointerId: "p", attempt: 2 } as const;
const of = { workflowId: "w", definitionId: "d", version: 1, at: new Date(5) } as const;

/** An event of each type. */
export const EVENTS: readonly LifecycleEvent[] = [
  { ...of, type: "started", reference: "ä\u0000😀" },
  { ...of, type: "resumed" },
  { ...of, type: "suspended" },
  { ...of, type: "error", error: { code: "WFE_STEP_FAILED", message: "no" } },
  { ...of, type: "error", error: { code: "WFE_STEP_FAILED", message: "" }, ...step },
  { ...of, type: "stepStarted", ...step },
  { ...of, type: "stepCompleted", ...step },
  { ...of, type: "stepRetrying", ...step },
  { ...of, type: "stepSkipped", ...step },
  { ...of, type: "stepCompensated", ...step },
  { ...of, type: "completed" },
  { ...of, type: "terminated" },
];
